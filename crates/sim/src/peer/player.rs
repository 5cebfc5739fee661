//! A peer that does one thing after the other: sends, waits, reads so much, ends, leaves. For plays in which who does what
//! when is written down (see [`crate::play`]). Knows no protocol.

use std::collections::VecDeque;

use net::Addr;

use crate::ledger::Shared;
use crate::network::{Actor, Answer, Network, Port, Read, Site, Why};
use crate::script::MS;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Send(Vec<u8>),
    /// Sends so many bytes, whatever they are.
    Flood(usize),
    /// Waits so many milliseconds.
    Pause(u64),
    /// Waits for an empty line after what was taken so far.
    Head,
    /// Waits for so many more bytes.
    Take(usize),
    /// Reads nothing from now on.
    Deaf,
    /// Ends one's own direction.
    Shut,
    Close,
    Reset,
    /// Goes on until the other side ends, then closes: what any script ends with.
    End,
}

/// How a client's connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The other side ended its direction, or reset the connection.
    Fin,
    Reset,
    /// The client closed it first.
    Left,
    Refused,
}

/// What a client got.
#[derive(Clone, Debug)]
pub struct Played {
    /// The client's place in its play.
    pub number: usize,
    pub got: Vec<u8>,
    pub ending: Ending,
    /// From its start to the end, in milliseconds.
    pub lasted: u64,
}

/// One side of a connection.
pub struct Player {
    steps: VecDeque<Step>,
    /// A client's place, and where it connects to.
    client: Option<(usize, Addr)>,
    ledger: Shared,
    port: Option<Port>,
    begun: u64,
    got: Vec<u8>,
    /// Bytes of `got` that steps have waited for.
    taken: usize,
    /// Bytes of the present step that were sent.
    sent: usize,
    pausing: bool,
    deaf: bool,
    ended: Option<Ending>,
    gone: bool,
}

impl Player {
    /// A client that will connect to `to`; it is reported in the ledger as the one of this number.
    pub fn client(number: usize, to: Addr, steps: Vec<Step>, ledger: Shared) -> Player {
        ledger.borrow_mut().clients += 1;
        Player::new(Some((number, to)), None, steps, ledger)
    }

    fn new(client: Option<(usize, Addr)>, port: Option<Port>, steps: Vec<Step>, ledger: Shared) -> Player {
        Player {
            steps: steps.into(),
            client,
            ledger,
            port,
            begun: 0,
            got: Vec::new(),
            taken: 0,
            sent: 0,
            pausing: false,
            deaf: false,
            ended: None,
            gone: false,
        }
    }

    fn leave(&mut self, net: &mut Network, ending: Ending, abort: bool) {
        if let Some(port) = self.port {
            net.hang_up(port, abort);
        }
        self.gone = true;
        if let Some((number, _)) = self.client {
            let mut ledger = self.ledger.borrow_mut();
            ledger.clients -= 1;
            let lasted = (net.now - self.begun) / MS;
            ledger.played.push(Played { number, got: std::mem::take(&mut self.got), ending, lasted });
        }
    }

    fn hear(&mut self, port: Port, net: &mut Network) {
        while !self.deaf && self.ended.is_none() {
            match net.read(port, &mut self.got, 65_536) {
                Read::Nothing => return,
                Read::Bytes(_) => {}
                Read::End => self.ended = Some(Ending::Fin),
                Read::Reset => self.ended = Some(Ending::Reset),
            }
        }
    }

    /// Sends what the present step has left; whether that is over.
    fn say(&mut self, port: Port, bytes: &[u8], net: &mut Network) -> bool {
        while let Some(rest) = bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match net.write(port, rest) {
                Some(0) => return false,
                Some(n) => self.sent += n,
                None => break,
            }
        }
        self.sent = 0;
        true
    }

    /// Does the present step as far as it goes; whether it is over.
    fn act(&mut self, me: usize, port: Port, step: &Step, net: &mut Network) -> bool {
        match step {
            Step::Send(bytes) => return self.say(port, bytes, net),
            Step::Flood(n) => return self.say(port, &vec![b'y'; *n], net),
            Step::Pause(ms) => {
                net.timer(me, ms * MS, 0);
                self.pausing = true;
            }
            Step::Head => {
                let rest = self.got.get(self.taken..).unwrap_or_default();
                match rest.windows(4).position(|four| four == b"\r\n\r\n") {
                    Some(at) => self.taken += at + 4,
                    None => return self.ended.is_some(),
                }
            }
            Step::Take(n) if self.got.len() >= self.taken + n => self.taken += n,
            Step::Take(_) => return self.ended.is_some(),
            Step::Deaf => self.deaf = true,
            Step::Shut => net.finish(port),
            Step::Close => self.leave(net, self.ended.unwrap_or(Ending::Left), false),
            Step::Reset => self.leave(net, self.ended.unwrap_or(Ending::Left), true),
            Step::End => match self.ended {
                Some(ending) => self.leave(net, ending, false),
                None => return false,
            },
        }
        true
    }
}

impl Actor for Player {
    fn wake(&mut self, me: usize, why: Why, net: &mut Network) {
        if self.gone {
            return;
        }
        match (why, self.client) {
            (Why::Start, Some((_, to))) => {
                self.begun = net.now;
                self.port = Some(net.dial(me, to));
                return;
            }
            (Why::Refused, _) => return self.leave(net, Ending::Refused, false),
            (Why::Timer(_), _) => self.pausing = false,
            _ => {}
        }
        let Some(port) = self.port else { return };
        self.hear(port, net);
        while !self.gone && !self.pausing {
            let step = self.steps.pop_front().unwrap_or(Step::End);
            if !self.act(me, port, &step, net) {
                self.steps.push_front(step);
                return;
            }
        }
    }
}

/// Makes the script of a server's next connection.
pub type Script = Box<dyn FnMut() -> Vec<Step>>;

/// A server that plays a script on each connection, or doesn't take any.
pub enum Stage {
    Plays(Script, Shared),
    Refuses,
    Silent,
}

impl Site for Stage {
    fn knock(&mut self, _: &mut Network) -> Answer {
        match self {
            Stage::Refuses => Answer::Refuse,
            Stage::Silent => Answer::Silence,
            Stage::Plays(script, ledger) => {
                let (steps, ledger) = (script(), ledger.clone());
                Answer::Accept(Box::new(move |port| Box::new(Player::new(None, Some(port), steps, ledger))))
            }
        }
    }
}
