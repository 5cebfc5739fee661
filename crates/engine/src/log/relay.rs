//! Log messages of others: taken in as datagrams and streams, passed on as the targets want them (manual 12.6).

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use net::{AcceptError, Addr, Bound, BoundDgram, Dgram, Listener, Sock, Time};
use state::World;
use state::log_forward::LogForward;
use wire::syslog::{Frame, Message, frame};

use super::relayed::Relayed;
use crate::exchange::deadline;
use crate::listener::Open;
use crate::worker::Worker;

/// The longest datagram there can be.
const DATAGRAM: usize = 65_535;
/// Messages taken in a row before other work gets its turn.
const IN_A_ROW: u32 = 64;
/// How long to hold back when there is no room for another stream.
const PAUSE_MS: u64 = 10;

/// A socket of a `log-forward` section, by its position in the World.
#[derive(Debug)]
pub enum Socket {
    /// With the position among the addresses for streams.
    Stream(Bound, u32, usize),
    Datagram(BoundDgram, u32),
}

/// Starts the task that takes messages from a socket.
pub fn start(worker: &Rc<Worker>, socket: Socket) -> io::Result<()> {
    let task = match socket {
        Socket::Stream(bound, section, bind) => {
            net::spawn(accept(Rc::clone(worker), Listener::new(bound)?, (section, bind)))
        }
        Socket::Datagram(bound, section) => net::spawn(receive(Rc::clone(worker), bound.watched()?, section)),
    };
    worker.listeners.borrow_mut().push(Open::Relay(task));
    Ok(())
}

async fn receive(worker: Rc<Worker>, socket: Dgram, section: u32) {
    let mut room = vec![0; DATAGRAM];
    let mut taken = 0;
    loop {
        match socket.try_recv_from(&mut room) {
            Ok((length, from)) => {
                relay(&worker, section, room.get(..length).unwrap_or_default(), address(&from));
                taken += 1;
                if taken == IN_A_ROW {
                    taken = 0;
                    net::yield_now().await;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.read(&socket);
                })
                .await;
            }
            // What went wrong with one message, such as a refused port of an earlier answer, says nothing of the next.
            Err(_) => net::sleep_until(net::now().plus_millis(PAUSE_MS)).await,
        }
    }
}

async fn accept(worker: Rc<Worker>, listener: Listener, (section, bind): (u32, usize)) {
    loop {
        listener.wait().await;
        let world = worker.world();
        let Some(forward) = forward(&world, section) else { return };
        if !forward.open.try_enter(forward.maxconn) {
            hold_back(&listener).await;
            continue;
        }
        match listener.accept() {
            Ok((sock, from)) => {
                net::spawn(stream(Rc::clone(&worker), sock, address(&from), (section, bind)));
            }
            Err(error) => {
                forward.open.leave();
                if matches!(error, AcceptError::ProcessLimit | AcceptError::SystemLimit) {
                    hold_back(&listener).await;
                }
            }
        }
    }
}

async fn hold_back(listener: &Listener) {
    listener.pause();
    net::sleep_until(net::now().plus_millis(PAUSE_MS)).await;
}

/// Takes the messages of one stream until it ends, breaks the rules, or is silent for too long.
async fn stream(worker: Rc<Worker>, sock: Sock, from: Option<IpAddr>, (section, bind): (u32, usize)) {
    let world = worker.world();
    let Some(forward) = forward(&world, section) else { return };
    let _place = Place(forward);
    if let Some(served) = forward.streams.get(bind).and_then(|bind| bind.tls.as_ref())
        && !crate::handshake::simple(&sock, served, deadline(forward.client_ms)).await
    {
        return;
    }
    let max = usize::try_from(world.global.buffer_size).unwrap_or(DATAGRAM);
    let mut bytes = Vec::new();
    let mut room = vec![0; 16 * 1024];
    let mut until = deadline(forward.client_ms);
    loop {
        match sock.try_read(&mut room) {
            Ok(0) => return,
            Ok(n) => {
                bytes.extend_from_slice(room.get(..n).unwrap_or_default());
                if !take_frames(&worker, forward, section, &mut bytes, max, from) {
                    return;
                }
                until = deadline(forward.client_ms);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                if !readable(&sock, until).await {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// Whether there is something to read in time.
async fn readable(sock: &Sock, until: Time) -> bool {
    let woken = net::wait(|w| {
        w.read(sock).until(until);
    });
    !woken.await.timed_out()
}

/// Passes on the whole messages in `bytes` and takes them out; false if what follows can't be one.
fn take_frames(
    worker: &Worker,
    forward: &LogForward,
    section: u32,
    bytes: &mut Vec<u8>,
    max: usize,
    from: Option<IpAddr>,
) -> bool {
    let mut done = 0;
    let whole = loop {
        match frame(bytes.get(done..).unwrap_or_default(), max, forward.lines) {
            Frame::Message(message, length) => {
                relay(worker, section, message, from);
                done += length;
            }
            Frame::Partial => break true,
            Frame::Broken => break false,
        }
    };
    bytes.drain(..done);
    whole
}

fn relay(worker: &Worker, section: u32, bytes: &[u8], from: Option<IpAddr>) {
    let world = worker.world();
    let Some(forward) = forward(&world, section) else { return };
    world.process.received_logs.fetch_add(1, Relaxed);
    let message =
        if forward.opaque { Message { text: bytes, ..Message::default() } } else { Message::parse(bytes) };
    let from = from.filter(|_| !forward.opaque);
    if !message.text.is_empty() {
        let relayed = Relayed { message, from, host: forward.host };
        worker.log.borrow_mut().relay(&world, &forward.targets, &relayed);
    }
}

fn forward(world: &World, section: u32) -> Option<&LogForward> {
    world.log_forwards.get(usize::try_from(section).ok()?)
}

fn address(from: &Addr) -> Option<IpAddr> {
    crate::listener::endpoint(from).and_then(|end| end.ip())
}

/// A stream's place among those of its section.
struct Place<'f>(&'f LogForward);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.open.leave();
    }
}
