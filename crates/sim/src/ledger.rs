//! What was asked, what came of it, and what was wrong with that: the account that all peers of a run keep together.
//! Knows the promises of a proxy (manual 8.5, RFC 9110), not how it keeps them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::script::{Conduct, Fault, Framing, Request};

/// Faults that are kept; one is enough to fail, a few tell more.
const KEPT: usize = 20;

/// The account, shared by the peers of a run.
pub type Shared = Rc<RefCell<Ledger>>;

/// What a client got for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client never came to ask, or left first.
    None,
    /// The whole answer of the server.
    Exact,
    /// The proxy's own answer.
    Own(u16),
    /// A part of the server's answer, then the end.
    Cut,
    /// The connection ended instead.
    Nothing,
}

/// A request and its fate.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub request: Request,
    pub conduct: Conduct,
    /// Whether it is the first request of its client's connection.
    pub first: bool,
    /// How often its head, and its whole body, came to a server.
    pub heads: u32,
    pub bodies: u32,
    pub outcome: Outcome,
}

/// What may happen to good clients of good servers in this run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Excuses {
    /// Servers may be full, unreachable, or descriptors lacking: 503.
    pub busy: bool,
    /// Servers reset connections that they accepted: 502.
    pub slams: bool,
    /// Servers close idle connections without a word: 502 for what may not be sent twice.
    pub idle_close: bool,
    /// The proxy is told to stop while clients are there.
    pub stops: bool,
    /// The process ends at once.
    pub killed: bool,
    /// A client that ends its direction is taken for one that left.
    pub aborts: bool,
}

/// The account.
#[derive(Debug, Default)]
pub struct Ledger {
    pub asked: BTreeMap<u64, Asked>,
    pub excuses: Excuses,
    /// Clients that aren't done.
    pub clients: u32,
    /// Tunnels that were served in full.
    pub tunnels: u32,
    /// What became of the clients of plays (see [`crate::play`]), in the order in which they ended.
    pub played: Vec<crate::peer::player::Played>,
    pub faults: Vec<String>,
}

impl Ledger {
    /// Notes that something is wrong.
    pub fn fault(&mut self, what: String) {
        if self.faults.len() < KEPT {
            self.faults.push(what);
        }
    }

    /// Enters a request that a client will make.
    pub fn expect(&mut self, request: Request, conduct: Conduct, first: bool) {
        self.asked.insert(
            request.id,
            Asked { request, conduct, first, heads: 0, bodies: 0, outcome: Outcome::None },
        );
    }

    /// A server was asked; the request as the client meant it, unless nobody did.
    pub fn served(&mut self, id: u64) -> Option<Request> {
        let asked = self.asked.get_mut(&id)?;
        asked.heads += 1;
        let (request, heads) = (asked.request, asked.heads);
        if heads > 1 && !request.is_idempotent() {
            self.fault(format!("request {id} is not idempotent and was sent {heads} times"));
        }
        Some(request)
    }

    /// A server has all of a request.
    pub fn read(&mut self, id: u64) {
        if let Some(asked) = self.asked.get_mut(&id) {
            asked.bodies += 1;
        }
    }

    /// A client has its answer, or will get none. `excused`: the connection's end had been announced.
    pub fn settle(&mut self, id: u64, outcome: Outcome, excused: bool) {
        let excuses = self.excuses;
        let Some(asked) = self.asked.get_mut(&id) else { return };
        asked.outcome = outcome;
        let asked = *asked;
        if !asked.allows(outcome, excuses, excused) {
            self.fault(format!(
                "request {id}: {outcome:?} is not deserved: {:?} {:?}",
                asked.request, asked.conduct
            ));
        }
        if outcome == Outcome::Exact && asked.heads == 0 {
            self.fault(format!("request {id} was answered without being sent"));
        }
    }
}

impl Asked {
    /// Whether the client did nothing that could have it answered otherwise.
    pub fn is_good(&self, excuses: Excuses) -> bool {
        self.conduct.is_good() && !(excuses.aborts && self.conduct == Conduct::HalfClose)
    }

    fn allows(&self, outcome: Outcome, excuses: Excuses, excused: bool) -> bool {
        let fault = self.request.answer.fault;
        let good = self.is_good(excuses);
        match outcome {
            Outcome::None | Outcome::Exact => true,
            Outcome::Own(400 | 408) => !good,
            Outcome::Own(502) => {
                let once = !self.request.is_idempotent() || self.request.framing != Framing::None;
                matches!(fault, Fault::Mute | Fault::Reset(_) | Fault::Close(_) | Fault::Garbage)
                    || excuses.slams
                    || excuses.idle_close && once
                    || !good && once
            }
            Outcome::Own(503) => excuses.busy,
            Outcome::Own(504) => matches!(fault, Fault::Stall(_)),
            Outcome::Own(_) => false,
            Outcome::Cut => {
                excuses.stops || !good || matches!(fault, Fault::Reset(_) | Fault::Close(_) | Fault::Stall(_))
            }
            Outcome::Nothing => !good || excused || excuses.stops || self.left_to_the_client(excuses),
        }
    }

    /// Whether the proxy may end the connection without a word, nor a line in the log, so that the client asks again: a
    /// server's connection that was used before ended in answer to a request that was not the client's first.
    pub fn left_to_the_client(&self, excuses: Excuses) -> bool {
        let ended = matches!(
            self.request.answer.fault,
            Fault::Mute | Fault::Reset(_) | Fault::Close(_) | Fault::Garbage
        );
        !self.first && (ended || excuses.slams || excuses.idle_close)
    }
}
