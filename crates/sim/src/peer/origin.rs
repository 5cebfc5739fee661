//! A server: reads requests, checks that they are what a client meant, and answers as the request's script says.

use crate::ledger::Shared;
use crate::network::{Actor, Answer as Reply, Network, Port, Read, Site, Why};
use crate::reader::{Body, Head, Piece, Reader};
use crate::script::{Fault, Framing, MS, Method, Pattern, Request};

const ANSWER: u32 = 1;
const SEND: u32 = 2;
/// Timers of this number and above close an idle connection.
const IDLE: u32 = 16;

/// How a server treats connections. Odds are out of 1,000.
#[derive(Clone, Copy, Debug, Default)]
pub struct Habits {
    pub refuse: u64,
    pub silence: u64,
    /// Accepts, then resets at once.
    pub slam: u64,
    /// Closes an idle connection after a while.
    pub idle_close: u64,
    /// Closes a connection at the moment when it is used again.
    pub drop_reused: u64,
}

/// A server's address.
pub struct Server {
    habits: Habits,
    ledger: Shared,
}

impl Server {
    pub fn new(habits: Habits, ledger: Shared) -> Server {
        Server { habits, ledger }
    }
}

impl Site for Server {
    fn knock(&mut self, net: &mut Network) -> Reply {
        if net.rng.permille(self.habits.refuse) {
            return Reply::Refuse;
        }
        if net.rng.permille(self.habits.silence) {
            return Reply::Silence;
        }
        let (habits, ledger) = (self.habits, self.ledger.clone());
        Reply::Accept(Box::new(move |port| Box::new(Connection::new(port, habits, ledger))))
    }
}

struct Connection {
    port: Port,
    habits: Habits,
    ledger: Shared,
    reader: Reader,
    /// The request under way: what it should be, and how much of its body came.
    current: Option<(Request, Pattern, usize)>,
    /// Its body is complete.
    read: bool,
    out: Vec<u8>,
    sent: usize,
    /// The whole answer is in `out`.
    answering: bool,
    timed: bool,
    /// Our end was sent; the other's is waited for.
    closing: bool,
    served: u32,
    /// Has served a request, and nothing of the next one has come.
    reused: bool,
    gone: bool,
}

impl Connection {
    fn new(port: Port, habits: Habits, ledger: Shared) -> Connection {
        Connection {
            port,
            habits,
            ledger,
            reader: Reader::default(),
            current: None,
            read: false,
            out: Vec::new(),
            sent: 0,
            answering: false,
            timed: false,
            closing: false,
            served: 0,
            reused: false,
            gone: false,
        }
    }

    fn fault(&self, what: String) {
        self.ledger.borrow_mut().fault(what);
    }

    fn leave(&mut self, net: &mut Network, abort: bool) {
        self.gone = true;
        net.hang_up(self.port, abort);
    }

    fn receive(&mut self, me: usize, net: &mut Network) {
        while !self.gone {
            match net.read(self.port, self.reader.room(), 65_536) {
                Read::Nothing => return,
                Read::Bytes(_) if self.closing => self.reader.room().clear(),
                Read::Bytes(_) if self.reused && net.rng.permille(self.habits.drop_reused) => {
                    net.trace.note(net.now, "dropped", self.port.number(), 0);
                    return self.leave(net, true);
                }
                Read::Bytes(_) => {
                    self.reused = false;
                    self.digest(me, net);
                }
                Read::End | Read::Reset => return self.leave(net, false),
            }
        }
    }

    fn digest(&mut self, me: usize, net: &mut Network) {
        while !self.gone {
            match self.reader.next_piece() {
                Piece::More => return,
                Piece::Bad(why) => {
                    self.fault(format!("a server was sent {why}"));
                    return self.leave(net, true);
                }
                Piece::Head(head) => self.head(&head, me, net),
                Piece::Data(data) => self.data(&data),
                Piece::End => self.body_end(me, net),
            }
        }
    }

    fn head(&mut self, head: &Head, me: usize, net: &mut Network) {
        let number = head.line.get(1).and_then(|path| path.strip_prefix("/r/")).and_then(|n| n.parse().ok());
        let request = number.and_then(|id: u64| self.ledger.borrow_mut().served(id));
        let Some(request) = request else {
            self.fault(format!("a server was sent {:?}, which nobody asked", head.line));
            return self.leave(net, true);
        };
        if self.current.is_some() {
            self.fault(format!(
                "request {} was sent before the answer to the one before it was through",
                request.id
            ));
        }
        let body = head.body(Body::None);
        let right = match (request.framing, &body) {
            (Framing::None, Ok(Body::None)) | (Framing::Chunked { .. }, Ok(Body::Chunked)) => true,
            (Framing::Length(n), Ok(Body::Length(m))) => n == *m,
            _ => false,
        };
        let method = head.line.first().is_some_and(|word| word == request.method.word());
        let version = head.line.get(2).map(String::as_str);
        let version = version == Some("HTTP/1.1") || request.old && version == Some("HTTP/1.0");
        if !(right && method && version && head.get("host") == Some("sim")) {
            self.fault(format!("request {} came as {head:?}", request.id));
        }
        self.reader.expect(body.unwrap_or(Body::None));
        self.current = Some((request, Pattern::of(request.id), 0));
        self.read = false;
        self.answering = false;
        if request.answer.interim {
            self.out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        if request.answer.early {
            net.timer(me, request.answer.delay, ANSWER);
        }
    }

    fn data(&mut self, data: &[u8]) {
        let Some((request, pattern, size)) = &mut self.current else { return };
        let (right, id, at) = (pattern.is(*size, data), request.id, *size);
        *size += data.len();
        if !right {
            self.fault(format!("the body of request {id} is wrong after byte {at}"));
        }
    }

    fn body_end(&mut self, me: usize, net: &mut Network) {
        let Some((request, _, size)) = &self.current else { return };
        let (request, size) = (*request, *size);
        self.read = true;
        if size != request.framing.size() {
            self.fault(format!("the body of request {} has {size} bytes", request.id));
        }
        self.ledger.borrow_mut().read(request.id);
        if !request.answer.early {
            net.timer(me, request.answer.delay, ANSWER);
        }
    }

    fn answer(&mut self, net: &mut Network) {
        let Some((request, ..)) = self.current.as_ref().filter(|_| !self.answering) else { return };
        self.answering = true;
        let mut bytes = request.answer.bytes(request.id, request.method == Method::Head);
        match request.answer.fault {
            Fault::Mute => return self.leave(net, false),
            Fault::Garbage => bytes = b"\x16\x03\x01 what?\r\n\r\n".to_vec(),
            Fault::Reset(at) | Fault::Close(at) | Fault::Stall(at) => bytes.truncate(at),
            Fault::None => {}
        }
        self.out.extend_from_slice(&bytes);
    }

    fn send(&mut self, me: usize, net: &mut Network) {
        let pace = self.current.as_ref().and_then(|(request, ..)| request.answer.pace);
        while !self.gone && self.sent < self.out.len() {
            let mut end = self.out.len();
            if let Some((piece, gap)) = pace {
                if self.timed {
                    return;
                }
                self.timed = true;
                end = end.min(self.sent + piece);
                net.timer(me, gap, SEND);
            }
            match net.write(self.port, self.out.get(self.sent..end).unwrap_or_default()) {
                Some(0) => return,
                Some(n) => self.sent += n,
                None => return self.leave(net, false),
            }
        }
        if !self.gone && self.answering && !self.closing {
            self.after(me, net);
        }
    }

    /// The answer is out.
    fn after(&mut self, me: usize, net: &mut Network) {
        let Some((request, ..)) = &self.current else { return };
        let answer = request.answer;
        match answer.fault {
            Fault::Reset(_) => return self.leave(net, true),
            Fault::Close(_) | Fault::Garbage => return self.leave(net, false),
            Fault::Stall(_) => return,
            Fault::Mute | Fault::None => {}
        }
        let unframed = matches!(answer.framing, Framing::UntilClose(_));
        if answer.close || unframed && answer.status != 204 && request.method != Method::Head {
            self.closing = true;
            return net.finish(self.port);
        }
        if !self.read {
            return;
        }
        self.current = None;
        self.out.clear();
        self.sent = 0;
        self.answering = false;
        self.served += 1;
        self.reused = true;
        if net.rng.permille(self.habits.idle_close) {
            let delay = net.rng.one([0, MS, 100 * MS, 4000 * MS]);
            let delay = net.rng.below(delay + 1);
            net.timer(me, delay, IDLE + self.served);
        }
    }
}

impl Actor for Connection {
    fn wake(&mut self, me: usize, why: Why, net: &mut Network) {
        if self.gone {
            return;
        }
        match why {
            Why::Start => {
                if net.rng.permille(self.habits.slam) {
                    return self.leave(net, true);
                }
            }
            Why::Timer(ANSWER) => self.answer(net),
            Why::Timer(SEND) => self.timed = false,
            Why::Timer(tag) => {
                if tag == IDLE + self.served && self.current.is_none() && self.reader.is_between() {
                    return self.leave(net, false);
                }
            }
            Why::Connected | Why::Refused | Why::Stirred => {}
        }
        if !self.gone {
            self.receive(me, net);
            self.send(me, net);
        }
    }
}
