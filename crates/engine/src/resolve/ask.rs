//! A question to the name servers of a `resolvers` section, over UDP and TCP, until one of them answers it or it is given
//! up (manual 5.3.2). Knows no cache, and not what the answer is for.

use std::io;
use std::net::IpAddr;

use net::{Addr, ConnectOptions, Dgram, Sock, Time};
use state::resolvers::{Asked, Failure, NameServer, Resolvers, count};
use state::world::Families;
use wire::dns::{self, Answer, Kind, Name, Service};

/// What is asked of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'q> {
    pub resolvers: &'q Resolvers,
    pub name: &'q Name,
    /// One after the other, until there is an answer.
    pub kinds: &'static [Kind],
}

/// A good answer.
#[derive(Debug)]
pub(super) struct Found {
    pub records: Records,
    /// The position of the server that gave it.
    pub by: usize,
}

#[derive(Debug)]
pub(super) enum Records {
    Addresses(Vec<IpAddr>),
    Services(Vec<Service>),
}

/// Which families are asked for when this one is wanted first.
pub(super) fn families(accepted: Families, first: Kind) -> &'static [Kind] {
    match (first, accepted) {
        (Kind::Srv, _) => &[Kind::Srv],
        (_, Families::V4) => &[Kind::A],
        (_, Families::V6) => &[Kind::Aaaa],
        (_, Families::Auto) if !net::routes_v6() => &[Kind::A],
        (Kind::A, _) => &[Kind::A, Kind::Aaaa],
        (Kind::Aaaa, _) => &[Kind::Aaaa, Kind::A],
    }
}

/// Asks for one kind and then for the next, several times; an answer in time ends it. Errors: what was wrong last.
pub(super) async fn ask(question: &Question<'_>, random: impl Fn() -> u64) -> Result<Found, Failure> {
    let Resolvers { retries, retry_ms, .. } = *question.resolvers;
    let mut last = Failure::Timeout;
    let mut kind = question.kinds.iter().copied().cycle().peekable();
    for round in 0..retries.max(1) {
        let until = net::now().plus_millis(u64::from(retry_ms));
        loop {
            let Some(&asked) = kind.peek() else { return Err(last) };
            last = match put(question, asked, until, &random).await {
                Ok(found) => return Ok(found),
                Err(failure) => failure,
            };
            if last == Failure::Timeout {
                break;
            }
            kind.next();
            if kind.peek() == question.kinds.first() {
                if round + 1 < retries {
                    net::sleep_until(until).await;
                }
                break;
            }
        }
    }
    Err(last)
}

/// A question to one server on its way.
struct Sent<'q> {
    server: &'q NameServer,
    /// The server's position.
    number: usize,
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

/// Puts a question to the servers, as many at once as can be waited for. Errors: what was wrong with the last answer.
async fn put(
    question: &Question<'_>,
    kind: Kind,
    until: Time,
    random: &impl Fn() -> u64,
) -> Result<Found, Failure> {
    let mut wrong = None;
    let mut numbered = (0..).zip(&question.resolvers.servers).peekable();
    while numbered.peek().is_some() {
        // The upper bits of the generator are its better ones.
        let id = || (random() >> 48) as u16;
        let few = numbered.by_ref().take(AT_ONCE);
        let mut open: Vec<Sent<'_>> =
            few.filter_map(|(number, server)| Sent::open(number, server, id(), question, kind)).collect();
        while !open.is_empty() {
            let mut at = 0;
            while let Some(sent) = open.get_mut(at) {
                match sent.read(question.name, kind) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => at += 1,
                    said => {
                        let sent = open.swap_remove(at);
                        match judge(&sent.server.asked, said) {
                            Ok(records) => return Ok(Found { records, by: sent.number }),
                            // What was wrong with one counts if nobody knows better.
                            Err(failure) => wrong = failure.or(wrong),
                        }
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
                open.iter().for_each(|sent| count(&sent.server.asked.timeout));
                break;
            }
        }
    }
    if wrong.is_none() {
        net::sleep_until(until).await;
    }
    Err(wrong.unwrap_or(Failure::Timeout))
}

/// Counts what a server said. Errors: what was wrong with it, unless nothing came.
fn judge(asked: &Asked, said: io::Result<Answer>) -> Result<Records, Option<Failure>> {
    let (counter, failure) = match said {
        Ok(Answer::Addresses(addresses)) => {
            count(&asked.valid);
            return Ok(Records::Addresses(addresses.into_iter().map(|(address, _)| address).collect()));
        }
        Ok(Answer::Services(services)) => {
            count(&asked.valid);
            return Ok(Records::Services(services));
        }
        Ok(Answer::Refused(NX)) => (&asked.nx, Failure::Nx),
        Ok(Answer::Refused(REFUSED)) => (&asked.refused, Failure::Refused),
        Ok(Answer::Refused(_)) => (&asked.other, Failure::Other),
        Ok(Answer::Truncated) => (&asked.truncated, Failure::Other),
        Ok(Answer::Empty) => (&asked.empty, Failure::Other),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => (&asked.invalid, Failure::Other),
        Err(_) => {
            count(&asked.send_error);
            return Err(None);
        }
    };
    count(counter);
    Err(Some(failure))
}

/// Numbers of answers (RFC 1035 4.1.1): there is no such name; the server won't tell.
const NX: u8 = 3;
const REFUSED: u8 = 5;

impl<'q> Sent<'q> {
    /// Puts a question to a server; none if it can't be.
    fn open(
        number: usize,
        server: &'q NameServer,
        id: u16,
        question: &Question<'q>,
        kind: Kind,
    ) -> Option<Self> {
        let asked = dns::question(id, question.name, kind, question.resolvers.payload);
        match Socket::open(server, asked) {
            Ok(socket) => {
                count(&server.asked.sent);
                Some(Self { server, number, socket, id })
            }
            Err(_) => {
                count(&server.asked.send_error);
                None
            }
        }
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
                    return Err(io::ErrorKind::InvalidData.into());
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

impl Socket {
    /// A socket of its own for the question, so that nobody can guess its port.
    fn open(server: &NameServer, question: Vec<u8>) -> io::Result<Self> {
        let to = Addr::from(server.address);
        Ok(if server.stream {
            let mut out = u16::try_from(question.len()).map_or(Vec::new(), |n| n.to_be_bytes().to_vec());
            out.extend(question);
            Self::Stream { sock: Sock::connect(&to, &ConnectOptions::default())?, out, came: Vec::new() }
        } else {
            let socket = Dgram::new(&to)?;
            socket.send_batch(&[&question]);
            Self::Datagrams(socket)
        })
    }
}
