//! Both ends of a tunnel (`mode tcp`): a line with a number, then that number's bytes both ways, then both ends.

use net::Addr;

use crate::ledger::Shared;
use crate::network::{Actor, Answer, Network, Port, Read, Site, Why};
use crate::script::{Conduct, Pattern, Tunnel};

/// The client's line: a number of this many digits and a line feed.
const DIGITS: usize = 12;

/// The end that connects.
pub struct Caller {
    script: Tunnel,
    conduct: Conduct,
    to: Addr,
    ledger: Shared,
    port: Option<Port>,
    out: Vec<u8>,
    sent: usize,
    received: usize,
    /// The server has ended its direction.
    ended: bool,
    done: bool,
}

impl Caller {
    /// A client that will connect to `to`. It is entered in the ledger.
    pub fn new(script: Tunnel, conduct: Conduct, to: Addr, ledger: Shared) -> Caller {
        ledger.borrow_mut().clients += 1;
        let mut out = format!("{:0DIGITS$}\n", script.id).into_bytes();
        Pattern::of(script.id).write(0, script.up, &mut out);
        Caller {
            script,
            conduct,
            to,
            ledger,
            port: None,
            out,
            sent: 0,
            received: 0,
            ended: false,
            done: false,
        }
    }

    fn leave(&mut self, net: &mut Network, abort: bool) {
        if let Some(port) = self.port {
            net.hang_up(port, abort);
        }
        self.done = true;
        self.ledger.borrow_mut().clients -= 1;
    }

    fn send(&mut self, net: &mut Network) {
        let Some(port) = self.port else { return };
        let limit = match self.conduct {
            Conduct::LeaveSending(at, _) => at,
            _ => usize::MAX,
        };
        let end = self.out.len().min(limit);
        while self.sent < end {
            match net.write(port, self.out.get(self.sent..end).unwrap_or_default()) {
                Some(0) => return,
                Some(n) => self.sent += n,
                // The reader will learn why, unless it has read all.
                None if self.ended => return self.leave(net, false),
                None => return,
            }
        }
        match self.conduct {
            Conduct::LeaveSending(at, abort) if self.sent >= at => self.leave(net, abort),
            _ => net.finish(port),
        }
        if self.ended && !self.done {
            self.leave(net, false);
        }
    }

    fn receive(&mut self, net: &mut Network) {
        let Some(port) = self.port else { return };
        let pattern = Pattern::of(self.script.id);
        while !self.done && !self.ended {
            let mut bytes = Vec::new();
            let read = net.read(port, &mut bytes, 16_384);
            match read {
                Read::Nothing => return,
                Read::Bytes(n) => {
                    if !pattern.is(self.received, &bytes) {
                        let at = self.received;
                        self.ledger
                            .borrow_mut()
                            .fault(format!("tunnel {} is wrong after byte {at}", self.script.id));
                    }
                    self.received += n;
                    if let Conduct::LeaveReceiving(at, abort) = self.conduct
                        && self.received >= at
                    {
                        return self.leave(net, abort);
                    }
                }
                Read::End | Read::Reset => {
                    let whole = self.received == self.script.down;
                    let mut ledger = self.ledger.borrow_mut();
                    let excuses = ledger.excuses;
                    let excused = excuses.killed || self.received == 0 && (excuses.busy || excuses.stops);
                    if self.conduct.is_good() && !whole && !excused {
                        let (id, got) = (self.script.id, self.received);
                        ledger.fault(format!("tunnel {id} gave {got} bytes of {:?}", self.script));
                    }
                    ledger.tunnels += u32::from(whole);
                    drop(ledger);
                    self.ended = true;
                    // What is still to be sent the server may want.
                    let over = read == Read::Reset || !whole || self.sent == self.out.len();
                    return if over { self.leave(net, false) } else { self.send(net) };
                }
            }
        }
    }
}

impl Actor for Caller {
    fn wake(&mut self, me: usize, why: Why, net: &mut Network) {
        if self.done {
            return;
        }
        match why {
            Why::Start => {
                self.port = Some(net.dial(me, self.to));
                return;
            }
            Why::Refused => {
                if !self.ledger.borrow().excuses.stops {
                    self.ledger.borrow_mut().fault("a client was refused".into());
                }
                return self.leave(net, false);
            }
            Why::Connected | Why::Stirred | Why::Timer(_) => {}
        }
        self.send(net);
        if !self.done {
            self.receive(net);
        }
    }
}

/// The end that is connected to.
pub struct Callee {
    tunnels: Vec<(Tunnel, Conduct)>,
    ledger: Shared,
}

impl Callee {
    /// A server that knows these tunnels, and how their clients behave.
    pub fn new(tunnels: Vec<(Tunnel, Conduct)>, ledger: Shared) -> Callee {
        Callee { tunnels, ledger }
    }
}

impl Site for Callee {
    fn knock(&mut self, _: &mut Network) -> Answer {
        let (tunnels, ledger) = (self.tunnels.clone(), self.ledger.clone());
        Answer::Accept(Box::new(move |port| {
            Box::new(Far {
                tunnels,
                ledger,
                port,
                line: Vec::new(),
                script: None,
                received: 0,
                out: None,
                sent: 0,
                ended: false,
                gone: false,
            })
        }))
    }
}

struct Far {
    tunnels: Vec<(Tunnel, Conduct)>,
    ledger: Shared,
    port: Port,
    line: Vec<u8>,
    script: Option<(Tunnel, Conduct)>,
    received: usize,
    out: Option<Vec<u8>>,
    sent: usize,
    ended: bool,
    gone: bool,
}

impl Far {
    fn receive(&mut self, net: &mut Network) {
        while !self.ended {
            let most = if self.script.is_some() { 16_384 } else { DIGITS + 1 - self.line.len() };
            let mut bytes = Vec::new();
            match net.read(self.port, &mut bytes, most) {
                Read::Nothing => return,
                Read::Bytes(n) => match &self.script {
                    None => self.number(&bytes),
                    Some((tunnel, _)) => {
                        if !Pattern::of(tunnel.id).is(self.received, &bytes) {
                            let at = self.received;
                            self.ledger
                                .borrow_mut()
                                .fault(format!("tunnel {} is wrong after byte {at}", tunnel.id));
                        }
                        self.received += n;
                    }
                },
                Read::End => {
                    self.ended = true;
                    if let Some((tunnel, conduct)) = self.script
                        && conduct.is_good()
                        && self.received != tunnel.up
                        && !self.ledger.borrow().excuses.killed
                    {
                        let got = self.received;
                        self.ledger.borrow_mut().fault(format!("the server got {got} bytes of {tunnel:?}"));
                    }
                }
                Read::Reset => {
                    self.gone = true;
                    return net.hang_up(self.port, false);
                }
            }
        }
    }

    fn number(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        if self.line.len() <= DIGITS {
            return;
        }
        let id = std::str::from_utf8(&self.line).ok().and_then(|line| line.trim_end().parse::<u64>().ok());
        self.script = self.tunnels.iter().find(|(tunnel, _)| Some(tunnel.id) == id).copied();
        if self.script.is_none() {
            self.ledger.borrow_mut().fault(format!("a tunnel begins with {:?}", self.line));
            self.ended = true;
        }
    }

    fn send(&mut self, net: &mut Network) {
        let Some((tunnel, _)) = self.script else {
            // Whoever left before the line was complete is left, too.
            if self.ended {
                self.gone = true;
                net.hang_up(self.port, false);
            }
            return;
        };
        if tunnel.turns && !self.ended {
            return;
        }
        let out = self.out.get_or_insert_with(|| {
            let mut out = Vec::new();
            Pattern::of(tunnel.id).write(0, tunnel.down, &mut out);
            out
        });
        while self.sent < out.len() {
            match net.write(self.port, out.get(self.sent..).unwrap_or_default()) {
                Some(0) => return,
                Some(n) => self.sent += n,
                None => {
                    self.gone = true;
                    return net.hang_up(self.port, false);
                }
            }
        }
        net.finish(self.port);
        if self.ended {
            self.gone = true;
            net.hang_up(self.port, false);
        }
    }
}

impl Actor for Far {
    fn wake(&mut self, _: usize, _: Why, net: &mut Network) {
        if !self.gone {
            self.receive(net);
        }
        if !self.gone {
            self.send(net);
        }
    }
}
