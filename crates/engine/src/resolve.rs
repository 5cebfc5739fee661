//! Addresses of names for rules (`do-resolve`): questions to the name servers of a `resolvers` section, over UDP and TCP,
//! and the answers for as long as they hold (manual 5.3.2). Each thread asks for itself and keeps what it learnt.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use keywords::action::Resolved;
use net::{Addr, ConnectOptions, Dgram, Sock, Time};
use state::expr::Side;
use state::resolvers::{Lookup, NameServer, Resolvers};
use wire::dns::{self, Answer, Kind, Name};

use crate::exchange::Exchange;
use crate::rules;

/// Names that a thread remembers at most.
const NAMES_MAX: usize = 4096;
/// The longest that an answer holds, whatever is configured.
const HOLD_MAX_MS: u64 = 24 * 3_600_000;

/// What a thread has learnt.
#[derive(Debug, Default)]
pub struct Known(RefCell<HashMap<Asked, Held>>);

/// A question: to whom, about what, and what is asked for first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    resolvers: Box<str>,
    name: Name,
    first: Kind,
}

#[derive(Debug)]
struct Held {
    addresses: Vec<IpAddr>,
    /// The one that goes out next.
    next: usize,
    until_ns: u64,
}

/// Looks up what the rule that waits wants, and sets its variable.
pub async fn lookup(x: &mut Exchange<'_>) {
    let Some(lookup) = x.stream.trail.lookup.take() else { return };
    let Some(address) = find(x, &lookup).await else { return };
    let found = Resolved { var: lookup.var, address };
    rules::act(x.worker, x.world, &mut x.client.session, x.stream, Side::Request, &found);
}

async fn find(x: &Exchange<'_>, lookup: &Lookup) -> Option<IpAddr> {
    let resolvers = Arc::clone(x.world.resolvers.get(usize::try_from(lookup.resolvers).ok()?)?);
    let first = if lookup.v4_first { Kind::A } else { Kind::Aaaa };
    let asked = Asked { resolvers: resolvers.name.clone(), name: Name::read(&lookup.name)?, first };
    if let Some(address) = x.worker.known.get(&asked) {
        return Some(address);
    }
    let addresses = ask(&resolvers, &asked.name, first, || x.worker.random()).await?;
    x.worker.known.put(asked.clone(), addresses, u64::from(resolvers.valid_ms));
    x.worker.known.get(&asked)
}

impl Known {
    /// An address that still holds; another one each time if there are several.
    fn get(&self, asked: &Asked) -> Option<IpAddr> {
        let mut known = self.0.borrow_mut();
        let held = known.get_mut(asked).filter(|held| net::now().as_nanos() < held.until_ns)?;
        let address = held.addresses.get(held.next % held.addresses.len().max(1)).copied();
        held.next = held.next.wrapping_add(1);
        address
    }

    fn put(&self, asked: Asked, addresses: Vec<IpAddr>, hold_ms: u64) {
        let now = net::now().as_nanos();
        let mut known = self.0.borrow_mut();
        if known.len() >= NAMES_MAX {
            known.retain(|_, held| now < held.until_ns);
        }
        if known.len() >= NAMES_MAX {
            known.clear();
        }
        // Whoever waits for it gets it even where nothing is to be kept.
        let until_ns = now.saturating_add(hold_ms.min(HOLD_MAX_MS) * 1_000_000).max(now + 1);
        known.insert(asked, Held { addresses, next: 0, until_ns });
    }
}

/// What became of asking all servers once.
enum Outcome {
    Found(Vec<IpAddr>),
    /// Somebody answered, and not with addresses.
    Nothing,
    Silence,
}

/// Asks for the one family and then for the other, several times; an answer in time ends it.
async fn ask(
    resolvers: &Resolvers,
    name: &Name,
    first: Kind,
    random: impl Fn() -> u64,
) -> Option<Vec<IpAddr>> {
    let other = if first == Kind::A { Kind::Aaaa } else { Kind::A };
    let mut kind = first;
    for round in 0..resolvers.retries.max(1) {
        let until = net::now().plus_millis(u64::from(resolvers.retry_ms));
        loop {
            match put(resolvers, name, kind, until, &random).await {
                Outcome::Found(addresses) => return Some(addresses),
                Outcome::Silence => break,
                Outcome::Nothing if kind == first => kind = other,
                Outcome::Nothing => {
                    kind = first;
                    if round + 1 < resolvers.retries {
                        net::sleep_until(until).await;
                    }
                    break;
                }
            }
        }
    }
    None
}

/// A question to one server on its way.
struct Sent {
    socket: Socket,
    id: u16,
}

enum Socket {
    Datagrams(Dgram),
    /// What is still to be sent, and what has come.
    Stream {
        sock: Sock,
        out: Vec<u8>,
        came: Vec<u8>,
    },
}

/// As many servers as can be waited for at once.
const AT_ONCE: usize = net::INTERESTS_MAX;

/// Puts a question to the servers, as many at once as can be waited for.
async fn put(
    resolvers: &Resolvers,
    name: &Name,
    kind: Kind,
    until: Time,
    random: &impl Fn() -> u64,
) -> Outcome {
    let mut answered = false;
    for servers in resolvers.servers.chunks(AT_ONCE) {
        let mut open: Vec<Sent> = servers
            .iter()
            .filter_map(|server| {
                // The upper bits of the generator are its better ones.
                let id = (random() >> 48) as u16;
                Sent::open(server, id, dns::question(id, name, kind, resolvers.payload)).ok()
            })
            .collect();
        while !open.is_empty() {
            let mut at = 0;
            while let Some(sent) = open.get_mut(at) {
                match sent.read(name, kind) {
                    Ok(Answer::Addresses(addresses)) => {
                        return Outcome::Found(addresses.into_iter().map(|(address, _)| address).collect());
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => at += 1,
                    // What was wrong with one counts if nobody knows better.
                    said => {
                        answered |= said.is_ok();
                        open.swap_remove(at);
                    }
                }
            }
            if open.is_empty() {
                break;
            }
            let woken = net::wait(|w| {
                w.until(until);
                for sent in &open {
                    sent.interest(w);
                }
            });
            let woken = woken.await;
            if woken.timed_out() && !woken.any_ready() {
                break;
            }
        }
    }
    if !answered {
        net::sleep_until(until).await;
    }
    if answered { Outcome::Nothing } else { Outcome::Silence }
}

impl Sent {
    /// Opens a socket of its own for the question, so that nobody can guess its port.
    fn open(server: &NameServer, id: u16, question: Vec<u8>) -> io::Result<Self> {
        let to = Addr::from(server.address);
        let socket = if server.stream {
            let mut out = u16::try_from(question.len()).map_or(Vec::new(), |n| n.to_be_bytes().to_vec());
            out.extend(question);
            Socket::Stream { sock: Sock::connect(&to, &ConnectOptions::default())?, out, came: Vec::new() }
        } else {
            let socket = Dgram::new(&to)?;
            socket.send_batch(&[&question]);
            Socket::Datagrams(socket)
        };
        Ok(Self { socket, id })
    }

    fn interest(&self, w: &mut net::Interests) {
        match &self.socket {
            Socket::Datagrams(socket) => w.read(socket),
            Socket::Stream { sock, out, .. } if out.is_empty() => w.read(sock),
            Socket::Stream { sock, .. } => w.write(sock),
        };
    }

    /// The answer, if it has come: what is none is dropped, for the true one may follow.
    fn read(&mut self, name: &Name, kind: Kind) -> io::Result<Answer> {
        let mut room = [0; u16::MAX as usize];
        match &mut self.socket {
            Socket::Datagrams(socket) => loop {
                let (length, _) = socket.try_recv_from(&mut room)?;
                let message = room.get(..length).unwrap_or_default();
                if let Some(answer) = dns::answer(message, self.id, name, kind) {
                    return Ok(answer);
                }
                if message.get(..2) == Some(&self.id.to_be_bytes()) {
                    return Ok(Answer::Empty);
                }
            },
            Socket::Stream { sock, out, came } => {
                while !out.is_empty() {
                    let sent = sock.try_write(out)?;
                    out.drain(..sent.min(out.len()));
                }
                loop {
                    let whole = came.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)) + 2);
                    if let Some(message) = whole.and_then(|whole| came.get(2..whole)) {
                        let answer = dns::answer(message, self.id, name, kind);
                        return answer.ok_or_else(|| io::ErrorKind::InvalidData.into());
                    }
                    match sock.try_read(&mut room)? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        n => came.extend(room.get(..n).unwrap_or_default()),
                    }
                }
            }
        }
    }
}
