//! A client: sends its requests as its script says, and reads every answer to the last byte.

use net::Addr;

use crate::ledger::{Outcome, Shared};
use crate::network::{Actor, Network, Port, Read, Why};
use crate::reader::{Body, Head, Piece, Reader};
use crate::script::{Client as Script, Conduct, MS, Method, Pattern, Request};

const SEND: u32 = 1;
const SIP: u32 = 2;
const IMPATIENCE: u32 = 3;
const VERDICT: u32 = 4;
/// How long the body waits for a 100.
const EXPECT: u64 = 300 * MS;
/// When a client that never reads looks whether the proxy has given up on it.
const PATIENCE: u64 = 120_000 * MS;

/// A client on one connection.
pub struct Client {
    script: Script,
    to: Addr,
    ledger: Shared,
    port: Option<Port>,
    out: Vec<u8>,
    sent: usize,
    /// A body that waits for a 100.
    held: Option<Vec<u8>>,
    /// Requests written so far, and answers read.
    asked: usize,
    answered: usize,
    reader: Reader,
    answer: Option<Answer>,
    received: usize,
    /// The last answer announced the end, or was none that another could follow.
    excused: bool,
    ended: bool,
    timed: [bool; 2],
    done: bool,
}

/// The answer being read.
struct Answer {
    pattern: Pattern,
    status: u16,
    /// From the server, not the proxy's own.
    real: bool,
    interim: bool,
    size: usize,
}

impl Client {
    /// A client that will connect to `to`. It is entered in the ledger.
    pub fn new(script: Script, to: Addr, ledger: Shared) -> Client {
        {
            let mut ledger = ledger.borrow_mut();
            ledger.clients += 1;
            for (place, request) in script.requests.iter().enumerate() {
                ledger.expect(*request, script.conduct, place == 0);
            }
        }
        Client {
            script,
            to,
            ledger,
            port: None,
            out: Vec::new(),
            sent: 0,
            held: None,
            asked: 0,
            answered: 0,
            reader: Reader::default(),
            answer: None,
            received: 0,
            excused: false,
            ended: false,
            timed: [false; 2],
            done: false,
        }
    }

    fn request(&self, at: usize) -> Option<Request> {
        self.script.requests.get(at).copied()
    }

    /// Writes the requests that may be under way into `out`.
    fn fill(&mut self, me: usize, net: &mut Network) {
        while self.asked < self.answered + self.script.depth && self.held.is_none() && !self.excused {
            let Some(request) = self.request(self.asked) else { break };
            self.asked += 1;
            let (head, body) = request.bytes();
            self.out.extend_from_slice(&head);
            if request.expect {
                self.held = Some(body);
                net.timer(me, EXPECT, IMPATIENCE);
            } else {
                self.out.extend_from_slice(&body);
            }
        }
        if self.script.conduct == Conduct::Garbage && self.sent == 0 {
            let mut garbage = net.rng.next().to_be_bytes().to_vec();
            garbage.extend_from_slice(b"\r\n\r\n");
            self.out.splice(..0, garbage);
        }
    }

    fn release(&mut self) {
        if let Some(body) = self.held.take() {
            self.out.extend_from_slice(&body);
        }
    }

    fn send(&mut self, me: usize, net: &mut Network) {
        let Some(port) = self.port.filter(|_| !self.done) else { return };
        let limit = match self.script.conduct {
            Conduct::CutOff(at) | Conduct::LeaveSending(at, _) | Conduct::Stall(at) => at,
            _ => usize::MAX,
        };
        while self.sent < self.out.len().min(limit) {
            let mut end = self.out.len().min(limit);
            if let Some((piece, gap)) = self.script.pace {
                if self.timed.first() == Some(&true) {
                    return;
                }
                end = end.min(self.sent + piece);
                self.timed = [true, self.timed.last() == Some(&true)];
                net.timer(me, gap, SEND);
            }
            match net.write(port, self.out.get(self.sent..end).unwrap_or_default()) {
                Some(0) | None => return,
                Some(n) => self.sent += n,
            }
        }
        if self.sent >= limit {
            match self.script.conduct {
                Conduct::CutOff(_) => net.finish(port),
                Conduct::LeaveSending(_, abort) => self.leave(net, abort),
                _ => {}
            }
        } else if self.script.conduct == Conduct::HalfClose
            && self.asked == self.script.requests.len()
            && self.held.is_none()
        {
            net.finish(port);
        }
    }

    fn receive(&mut self, me: usize, net: &mut Network) {
        let Some(port) = self.port else { return };
        if self.script.conduct == Conduct::NeverRead {
            return;
        }
        while !self.done && !self.ended {
            let mut most = 16_384;
            if let Some((sip, gap)) = self.script.sips {
                if self.timed.last() == Some(&true) {
                    return;
                }
                most = sip;
                self.timed = [self.timed.first() == Some(&true), true];
                net.timer(me, gap, SIP);
            }
            match net.read(port, self.reader.room(), most) {
                Read::Nothing => {
                    return;
                }
                Read::Bytes(n) => self.received += n,
                Read::End | Read::Reset => {
                    self.ended = true;
                    self.reader.close();
                }
            }
            self.digest(me, net);
            if let Conduct::LeaveReceiving(at, abort) = self.script.conduct
                && self.received >= at
            {
                return self.leave(net, abort);
            }
        }
        if self.ended && !self.done {
            self.over(net);
        }
    }

    fn digest(&mut self, me: usize, net: &mut Network) {
        loop {
            match self.reader.next_piece() {
                Piece::More => return,
                Piece::Bad(why) => {
                    let id = self.request(self.answered).map(|r| r.id);
                    self.ledger
                        .borrow_mut()
                        .fault(format!("an answer to request {id:?} can't be read: {why}"));
                    return self.leave(net, true);
                }
                Piece::Head(head) => self.head(&head, net),
                Piece::Data(data) => self.data(&data),
                Piece::End => self.end(me, net),
            }
            if self.done {
                return;
            }
        }
    }

    fn head(&mut self, head: &Head, net: &mut Network) {
        let status: u16 = head.line.get(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let asked = self.request(self.answered).filter(|_| self.answered < self.asked);
        let Some(request) = asked else {
            if self.script.conduct.is_good() {
                self.ledger.borrow_mut().fault(format!("an answer {status} that nobody asked for"));
            }
            return self.leave(net, true);
        };
        let interim = (100..200).contains(&status);
        let real = head.get("x-id").is_some();
        let bare = request.method == Method::Head && real || status == 204 || interim;
        let framing = if bare { Ok(Body::None) } else { head.body(Body::UntilClose) };
        if let Some(id) = head.get("x-id")
            && (id != request.id.to_string() || status != request.answer.status)
        {
            self.ledger.borrow_mut().fault(format!("request {} got {status} meant for {id}", request.id));
        }
        if !interim {
            self.excused |= head.connection("close")
                || request.old && !head.connection("keep-alive")
                || request.close
                || framing == Ok(Body::UntilClose);
        }
        match framing {
            // What the proxy says itself to HEAD has no body either.
            Ok(_) if request.method == Method::Head => self.reader.expect(Body::None),
            Ok(body) => self.reader.expect(body),
            Err(why) => {
                self.ledger.borrow_mut().fault(format!("request {}: {why}", request.id));
                return self.leave(net, true);
            }
        }
        self.answer = Some(Answer { pattern: Pattern::of(request.id), status, real, interim, size: 0 });
        if interim {
            self.release();
        }
    }

    fn data(&mut self, data: &[u8]) {
        let Some(answer) = &mut self.answer else { return };
        if answer.real && !answer.pattern.is(answer.size, data) {
            let id = self.script.requests.get(self.answered).map(|r| r.id);
            let at = answer.size;
            self.ledger.borrow_mut().fault(format!("the answer to request {id:?} is wrong after byte {at}"));
        }
        answer.size += data.len();
    }

    fn end(&mut self, me: usize, net: &mut Network) {
        let (Some(answer), Some(request)) = (self.answer.take(), self.request(self.answered)) else { return };
        if answer.interim {
            return self.send(me, net);
        }
        let outcome = match answer {
            Answer { real: false, status, .. } => Outcome::Own(status),
            Answer { size, .. } if size == request.answer_size() => Outcome::Exact,
            Answer { .. } => Outcome::Cut,
        };
        self.ledger.borrow_mut().settle(request.id, outcome, self.excused);
        self.answered += 1;
        if self.answered == self.asked {
            self.held = None;
        }
        // A body that the server didn't wait for may not be wanted any more, then the connection can't go on.
        self.excused |= request.answer.early || request.expect;
        if self.answered == self.script.requests.len() {
            if !self.script.lingers && self.script.conduct != Conduct::HalfClose {
                self.leave(net, false);
            }
            return;
        }
        self.fill(me, net);
        self.send(me, net);
    }

    /// The other side has ended.
    fn over(&mut self, net: &mut Network) {
        // A slow client's next request may come after the proxy has stopped waiting for one.
        let slow = self.script.sips.is_some() || self.script.pace.is_some();
        let mut excused = self.excused || slow && self.answered > 0;
        for at in self.answered..self.asked {
            let Some(request) = self.request(at) else { break };
            let outcome = match self.answer.take() {
                Some(answer) if !answer.interim => Outcome::Cut,
                _ if at == self.answered && !self.reader.is_between() => Outcome::Cut,
                _ => Outcome::Nothing,
            };
            self.ledger.borrow_mut().settle(request.id, outcome, excused);
            excused = true;
        }
        self.leave(net, false);
    }

    fn leave(&mut self, net: &mut Network, abort: bool) {
        if let Some(port) = self.port {
            net.hang_up(port, abort);
        }
        if !self.done {
            self.done = true;
            self.ledger.borrow_mut().clients -= 1;
        }
    }
}

impl Actor for Client {
    fn wake(&mut self, me: usize, why: Why, net: &mut Network) {
        if self.done {
            return;
        }
        match why {
            Why::Start => {
                self.port = Some(net.dial(me, self.to));
                if self.script.conduct == Conduct::NeverRead {
                    net.timer(me, PATIENCE, VERDICT);
                }
                return;
            }
            Why::Connected => self.fill(me, net),
            Why::Refused => {
                let stops = self.ledger.borrow().excuses.stops;
                if !stops {
                    self.ledger.borrow_mut().fault("a client was refused".into());
                }
                return self.leave(net, false);
            }
            Why::Timer(SEND) => self.timed = [false, self.timed.last() == Some(&true)],
            Why::Timer(SIP) => self.timed = [self.timed.first() == Some(&true), false],
            Why::Timer(IMPATIENCE) => self.release(),
            Why::Timer(_) => {
                if self.port.is_some_and(|port| !net.is_left(port.peer())) {
                    self.ledger.borrow_mut().fault("a client that never reads is kept for ever".into());
                }
                return self.leave(net, true);
            }
            Why::Stirred => {}
        }
        self.send(me, net);
        self.receive(me, net);
    }
}
