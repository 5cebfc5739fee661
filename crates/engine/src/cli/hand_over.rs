//! `_getsocks`: the listening sockets for a process that is to take this one's place (management manual 3, "-x"), as
//! HAProxy hands them over. First how many there are; then, up to 253 at a time, the descriptors, each with the name of
//! its namespace, that of its interface, each behind its length, and a number that says nothing; after each of these
//! parts the other side answers with a number, which says nothing either.

use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use net::{Sock, Time};

use super::{Cli, chore};
use crate::listener::Exposed;

/// The command.
pub(super) const COMMAND: &[u8] = b"_getsocks";
/// Descriptors of one part.
const PART: usize = 252;
/// How long to wait for room in the socket.
const AGAIN_MS: u64 = 5;

/// Hands over what clients, and those of the Runtime API, come in by. Errors: the connection's, `TimedOut`.
pub(super) async fn all(cli: &Rc<Cli>, sock: &Sock, until: Time) -> io::Result<()> {
    let sockets = gather(cli).await;
    let count = i32::try_from(sockets.len()).unwrap_or(i32::MAX);
    pass(sock, &count.to_ne_bytes(), &[], until).await?;
    for part in sockets.chunks(PART) {
        let mut words = Vec::new();
        for exposed in part {
            name(exposed.namespace.as_deref(), &mut words);
            name(exposed.interface.as_deref(), &mut words);
            words.extend_from_slice(&0i32.to_ne_bytes());
        }
        pass(sock, &words, part, until).await?;
    }
    Ok(())
}

/// A name behind its length; one that is too long for that is none.
fn name(name: Option<&str>, out: &mut Vec<u8>) {
    let name = name.filter(|name| name.len() <= 255).unwrap_or_default();
    out.push(u8::try_from(name.len()).unwrap_or(0));
    out.extend_from_slice(name.as_bytes());
}

async fn pass(sock: &Sock, mut bytes: &[u8], sockets: &[Exposed], until: Time) -> io::Result<()> {
    let mut sockets: Vec<_> = sockets.iter().map(|exposed| exposed.socket.as_fd()).collect();
    while !bytes.is_empty() {
        match sock.try_pass(bytes, &sockets) {
            Ok(n) => {
                bytes = bytes.get(n..).unwrap_or_default();
                sockets.clear();
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock && net::now() < until => {
                net::sleep_until(net::now().plus_millis(AGAIN_MS)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn gather(cli: &Rc<Cli>) -> Vec<Exposed> {
    let all = Arc::new(Mutex::new(Vec::new()));
    let found = Arc::clone(&all);
    chore::by_all(&cli.crew, move |worker| {
        let world = worker.world();
        let here: Vec<Exposed> =
            worker.listeners.borrow().iter().filter_map(|open| open.exposed(&world)).collect();
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(here);
    })
    .await;
    let mut all = std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner));
    let doors = cli.doors.borrow();
    all.extend(doors.iter().filter_map(|door| Exposed::of(&*door.listener.upgrade()?, &door.of.bind)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_their_length() {
        let mut out = Vec::new();
        name(Some("lo"), &mut out);
        name(None, &mut out);
        name(Some(&"x".repeat(300)), &mut out);
        assert_eq!(out, b"\x02lo\0\0");
    }
}
