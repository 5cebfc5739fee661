//! Sends the messages of rings to their servers: a task for each server, which connects for as long as it takes (manual
//! 12.5). They run on the main thread, so that no server's slowness touches traffic.

use std::io;
use std::sync::Arc;

use net::{Addr, ConnectOptions, Sock, Time};
use state::World;
use state::ring::{Ring, RingAddress, RingServer};

use crate::exchange::deadline;

/// How long to wait before a server is tried again.
const PAUSE_MS: u64 = 1000;
/// How long an attempt may take where `timeout connect` says nothing.
const CONNECT_MS: u32 = 1000;
/// Bytes taken from a ring at a time.
const BATCH: usize = 64 * 1024;

/// Starts the tasks of all rings.
pub fn attend(world: &World) {
    world.rings.iter().for_each(begin);
}

fn begin(ring: &Ring) {
    for number in 0..ring.servers.len() {
        net::spawn(forward(ring.clone(), number));
    }
}

/// A World takes the place of another: rings that it has more are attended to, those that it has no more are emptied.
pub fn turn(new: &World, old: &World) {
    let is_in = |world: &World, ring: &Ring| world.rings.iter().any(|r| Arc::ptr_eq(&r.store, &ring.store));
    new.rings.iter().filter(|ring| !is_in(old, ring)).for_each(begin);
    old.rings.iter().filter(|ring| !is_in(new, ring)).for_each(|ring| ring.store.close());
}

/// What is on its way to a server: bytes, and where in them the messages begin.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    sent: usize,
    starts: Vec<usize>,
    message: Vec<u8>,
}

impl Batch {
    /// Takes what the ring has for this server, up to the batch's size; false if that is nothing.
    fn fill(&mut self, ring: &Ring, server: &RingServer, number: usize) -> bool {
        self.bytes.clear();
        self.starts.clear();
        self.sent = 0;
        while self.bytes.len() < BATCH {
            self.message.clear();
            if ring.store.next(number, &mut self.message).is_none() {
                break;
            }
            self.starts.push(self.bytes.len());
            if server.octet_count {
                let length = self.message.len() as u64;
                self.bytes.extend_from_slice(http::reply::decimal(length, &mut [0; 20]));
                self.bytes.push(b' ');
            }
            self.bytes.extend_from_slice(&self.message);
            if !server.octet_count {
                self.bytes.push(b'\n');
            }
        }
        !self.bytes.is_empty()
    }

    /// The connection broke: what was sent in part is sent again as a whole.
    fn rewind(&mut self) {
        let whole = self.starts.partition_point(|start| *start <= self.sent);
        self.sent = whole.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or(0);
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }
}

async fn forward(ring: Ring, number: usize) {
    let ring = &ring;
    let Some(server) = ring.servers.get(number) else { return };
    let Some(task) = net::current_task() else { return };
    ring.store.wake_by(number, Box::new(move || task.notify()));
    let mut batch = Batch::default();
    loop {
        if let Ok(sock) = connect(ring, server).await {
            // Why it ended makes no difference: there is nobody to tell.
            let _ = serve(ring, server, number, &sock, &mut batch).await;
            batch.rewind();
        }
        if ring.store.is_closed() {
            return;
        }
        net::sleep_until(net::now().plus_millis(PAUSE_MS)).await;
    }
}

async fn connect(ring: &Ring, server: &RingServer) -> io::Result<Sock> {
    let address = match &server.address {
        RingAddress::Inet(at) => Addr::from(*at),
        RingAddress::Unix(path) => match path.strip_prefix('\0') {
            Some(name) => Addr::abns(name.as_bytes())?,
            None => Addr::unix(path.as_bytes())?,
        },
    };
    let sock = Sock::connect(&address, &ConnectOptions::default())?;
    let until = deadline(Some(ring.connect_ms.unwrap_or(CONNECT_MS)));
    loop {
        let woken = net::wait(|w| {
            w.write(&sock).notified().until(until);
        })
        .await;
        if woken.timed_out() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if woken.any_ready() {
            sock.take_error()?;
            break;
        }
    }
    if let Some(tls) = &server.tls {
        let (config, name) = tls.config(None, false);
        let stands = net::tls::connect(&sock, config, name, &[], until).await;
        stands.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?;
    }
    Ok(sock)
}

/// Sends to a connected server until it fails.
async fn serve(
    ring: &Ring,
    server: &RingServer,
    number: usize,
    sock: &Sock,
    batch: &mut Batch,
) -> io::Result<()> {
    let mut until = deadline(ring.server_ms);
    loop {
        if batch.left().is_empty() {
            if !batch.fill(ring, server, number) {
                if ring.store.is_closed() {
                    return Ok(());
                }
                idle(sock).await?;
                continue;
            }
            until = deadline(ring.server_ms);
        }
        match sock.try_write(batch.left()) {
            Ok(n) => {
                batch.sent += n;
                until = deadline(ring.server_ms);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => writable(sock, until).await?,
            Err(e) => return Err(e),
        }
    }
}

/// Waits for something to send. What a server says is of no interest, but its end is.
async fn idle(sock: &Sock) -> io::Result<()> {
    net::wait(|w| {
        w.read(sock).notified();
    })
    .await;
    match sock.try_read(&mut [0; 1024]) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
        _ => Ok(()),
    }
}

async fn writable(sock: &Sock, until: Time) -> io::Result<()> {
    let woken = net::wait(|w| {
        w.write(sock).until(until);
    })
    .await;
    if woken.timed_out() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_in_part_is_sent_again() {
        let mut batch =
            Batch { bytes: b"one\ntwo\nthree\n".to_vec(), starts: vec![0, 4, 8], ..Batch::default() };
        for (sent, from) in [(0, 0), (3, 0), (4, 4), (7, 4), (8, 8), (13, 8)] {
            batch.sent = sent;
            batch.rewind();
            assert_eq!(batch.sent, from);
        }
        Batch::default().rewind();
    }
}
