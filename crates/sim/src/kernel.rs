//! [`net::Kernel`] answered by the simulated network. Watching is edge-triggered as Linux's: an edge for new data, room
//! after a refused or short write, an end; a condition that holds when a handle is registered is told by the next
//! wait. Knows nothing of who runs on it.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::time::Duration;

use net::kernel::{Event, Handle, How, Interest, Ready};
use net::{Addr, ConnectOptions, DgramOptions, Kernel, ListenOptions, SockOpt, TcpInfo, Time};

use crate::network::{Network, Owner, errno};
use crate::objects::{Kind, Watch};
use crate::weather::Canary;

/// The wall clock when the monotonic one is zero: 2026-01-01 UTC, in microseconds.
const EPOCH: u64 = 1_767_225_600_000_000;
/// The most time that a turn of the loop takes, in nanoseconds.
const TURN: u64 = 3000;

/// One runtime's view of the network.
pub struct SimKernel {
    network: Rc<RefCell<Network>>,
    number: usize,
}

impl SimKernel {
    /// The kernel that the runtime `number` runs on.
    pub fn new(network: Rc<RefCell<Network>>, number: usize) -> SimKernel {
        SimKernel { network, number }
    }

    fn with<R>(&self, act: impl FnOnce(&mut Network) -> R) -> R {
        act(&mut self.network.borrow_mut())
    }

    fn collect(&self, net: &mut Network, events: &mut Vec<Event>) {
        let mut told = net.objects.take_ready(self.number);
        // Between sockets the order is anybody's guess.
        for at in (1..told.len()).rev() {
            let other = net.rng.index(at + 1);
            told.swap(at, other);
        }
        let late = net.weather.late_event;
        for handle in told {
            let Some(watch) = net.objects.get(handle).ok().and_then(|object| object.watch) else { continue };
            if net.rng.permille(late) {
                net.objects.mark(handle);
                continue;
            }
            let ready = state(net, handle, watch.interest);
            if ready == Ready(0) {
                continue;
            }
            net.trace.note(net.now, "event", handle as u64, u64::from(ready.0));
            events.push(Event { token: watch.token, ready });
            if watch.interest == Interest::Shared {
                net.objects.mark(handle);
            }
        }
        if net.rng.permille(net.weather.spurious)
            && let Some((watch, port)) = net.objects.any_watched(self.number, &mut net.rng)
            // Linux never says so of a connection that isn't established, and nobody could tell.
            && port.is_none_or(|port| net.is_open(port))
        {
            let ready = net.rng.one([Ready::READ, Ready::WRITE, Ready::READ.with(Ready::WRITE)]);
            net.trace.note(net.now, "spurious", watch.token, u64::from(ready.0));
            events.push(Event { token: watch.token, ready });
        }
    }
}

/// What holds of a handle now, as far as it was asked for.
fn state(net: &mut Network, handle: Handle, interest: Interest) -> Ready {
    let port = match net.objects.get(handle).map(|object| &object.kind) {
        Ok(Kind::Stream(port)) => *port,
        Ok(Kind::Listener(_, queue)) if !queue.is_empty() => return Ready::READ,
        _ => return Ready(0),
    };
    let asked = match interest {
        Interest::Read | Interest::Shared => Ready::READ.with(Ready::HUP).with(Ready::ERROR),
        Interest::ReadWrite => Ready(u8::MAX),
    };
    Ready(net.readiness(port).0 & asked.0)
}

impl Kernel for SimKernel {
    fn monotonic(&self) -> Time {
        Time::from_nanos(self.with(|net| net.now))
    }

    fn wall(&self) -> u64 {
        EPOCH + self.with(|net| net.now) / 1000
    }

    fn wait(&self, timeout: Option<Duration>, events: &mut Vec<Event>) -> io::Result<()> {
        self.with(|net| {
            net.now += net.rng.below(TURN);
            let until =
                timeout.map(|t| net.now.saturating_add(u64::try_from(t.as_nanos()).unwrap_or(u64::MAX)));
            loop {
                net.catch_up();
                self.collect(net, events);
                if !events.is_empty() || until.is_some_and(|until| until <= net.now) {
                    return Ok(());
                }
                if net.objects.has_ready(self.number) {
                    net.now += 1000;
                    continue;
                }
                net.now = match (net.next_time(), until) {
                    (Some(next), Some(until)) => next.min(until),
                    (Some(next), None) => next,
                    (None, Some(until)) => until,
                    (None, None) => return Err(io::Error::other("deadlock: nothing will ever happen")),
                }
                .max(net.now);
            }
        })
    }

    fn register(&self, handle: Handle, token: u64, interest: Interest, _again: bool) -> io::Result<()> {
        self.with(|net| {
            net.objects.get(handle)?.watch = Some(Watch { token, interest, kernel: self.number });
            net.objects.mark(handle);
            Ok(())
        })
    }

    fn deregister(&self, handle: Handle) -> io::Result<()> {
        self.with(|net| net.objects.forget(handle))
    }

    fn listen(&self, at: &Addr, _: &ListenOptions) -> io::Result<Handle> {
        Ok(self.with(|net| net.objects.open(Kind::Listener(*at, Default::default()))))
    }

    fn accept(&self, listener: Handle) -> io::Result<(Handle, Addr)> {
        self.with(|net| {
            let out = net.rng.permille(net.weather.no_handles);
            let Kind::Listener(_, queue) = &mut net.objects.get(listener)?.kind else {
                return Err(errno(libc::EINVAL));
            };
            if queue.is_empty() {
                return Err(errno(libc::EAGAIN));
            }
            if out {
                return Err(net.lacking(libc::ENFILE));
            }
            let Some(port) = queue.pop_front() else { return Err(errno(libc::EAGAIN)) };
            if net.is_dead(port) && net.rng.permille(500) {
                net.hang_up(port, true);
                return Err(errno(libc::ECONNABORTED));
            }
            let handle = net.objects.open(Kind::Stream(port));
            let peer = net.adopt(port, Owner::Handle(handle));
            net.trace.note(net.now, "accept", handle as u64, port.number());
            Ok((handle, peer))
        })
    }

    fn connect(&self, to: &Addr, _: &ConnectOptions) -> io::Result<(Handle, bool)> {
        self.with(|net| {
            if net.weather.no_connect || net.rng.permille(net.weather.no_handles) {
                return Err(net.lacking(libc::EADDRNOTAVAIL));
            }
            // The handle is known before the connection: one can't be had without the other.
            let handle = net.objects.open(Kind::Dgram);
            let port = net.connect(Owner::Handle(handle), *to);
            net.objects.get(handle)?.kind = Kind::Stream(port);
            net.trace.note(net.now, "connect", handle as u64, port.number());
            Ok((handle, false))
        })
    }

    fn take_error(&self, handle: Handle) -> io::Result<()> {
        self.with(|net| {
            let port = net.objects.port(handle)?;
            net.take_error(port)
        })
    }

    fn recv(&self, handle: Handle, buf: &mut [u8], peek: bool) -> io::Result<usize> {
        self.with(|net| {
            net.meanwhile();
            let port = net.objects.port(handle)?;
            let n = net.take(port, buf, peek)?;
            if n > 0
                && !peek
                && net.weather.blunder(Canary::FlippedByte)
                && let Some(byte) = buf.get_mut(n - 1)
            {
                *byte ^= 1;
            }
            net.trace.bytes(buf.get(..n).unwrap_or_default());
            Ok(n)
        })
    }

    fn send(&self, handle: Handle, buf: &[u8], _more: bool) -> io::Result<usize> {
        self.with(|net| {
            net.meanwhile();
            let port = net.objects.port(handle)?;
            let n = net.put(port, &[buf])?;
            net.trace.bytes(buf.get(..n).unwrap_or_default());
            if buf.starts_with(b"HTTP/1.1 200")
                && n == buf.len()
                && net.weather.blunder(Canary::DoubledAnswer)
            {
                net.put(port, &[buf])?;
            }
            Ok(n)
        })
    }

    fn writev(&self, handle: Handle, bufs: &[IoSlice<'_>], _more: bool) -> io::Result<usize> {
        self.with(|net| {
            net.meanwhile();
            let port = net.objects.port(handle)?;
            let parts: Vec<&[u8]> = bufs.iter().map(|b| &**b).collect();
            let n = net.put(port, &parts)?;
            net.trace.bytes(
                parts.first().map(|p| p.get(..n.min(p.len())).unwrap_or_default()).unwrap_or_default(),
            );
            Ok(n)
        })
    }

    fn shutdown(&self, handle: Handle, how: How) -> io::Result<()> {
        self.with(|net| {
            let port = net.objects.port(handle)?;
            if net.is_dead(port) {
                return Err(errno(libc::ENOTCONN));
            }
            if how != How::Read {
                net.finish(port);
            }
            Ok(())
        })
    }

    fn close(&self, handle: Handle) {
        self.with(|net| {
            if net.weather.blunder(Canary::LeakedHandle) {
                return;
            }
            match net.objects.close(handle) {
                Some(Kind::Stream(port)) => net.hang_up(port, false),
                Some(Kind::Listener(_, queue)) => {
                    for port in queue {
                        net.hang_up(port, true);
                    }
                }
                Some(Kind::PipeRead(_) | Kind::PipeWrite(_) | Kind::Dgram) | None => {}
            }
        });
    }

    fn local_addr(&self, handle: Handle) -> io::Result<Addr> {
        self.with(|net| match net.objects.get(handle)?.kind {
            Kind::Stream(port) => Ok(net.addresses(port).0),
            Kind::Listener(addr, _) => Ok(addr),
            _ => Err(errno(libc::ENOTSOCK)),
        })
    }

    fn peer_addr(&self, handle: Handle) -> io::Result<Addr> {
        self.with(|net| {
            let port = net.objects.port(handle)?;
            Ok(net.addresses(port).1)
        })
    }

    fn original_dst(&self, _: Handle) -> io::Result<Addr> {
        Err(errno(libc::ENOENT))
    }

    fn set(&self, handle: Handle, option: SockOpt) -> io::Result<()> {
        self.with(|net| {
            let port = net.objects.port(handle)?;
            if option == SockOpt::LingerZero {
                net.linger_zero(port);
            }
            Ok(())
        })
    }

    fn saved_syn(&self, _: Handle, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn tcp_info(&self, _: Handle) -> io::Result<TcpInfo> {
        Ok(TcpInfo::default())
    }

    fn pipe(&self, size: usize) -> io::Result<(Handle, Handle, usize)> {
        self.with(|net| {
            if net.rng.permille(net.weather.no_handles) {
                return Err(errno(libc::EMFILE));
            }
            let size = net.rng.one([4096, 65_536, size]);
            let tube = net.objects.new_tube(size);
            Ok((net.objects.open(Kind::PipeRead(tube)), net.objects.open(Kind::PipeWrite(tube)), size))
        })
    }

    fn splice(&self, from: Handle, to: Handle, max: usize, _more: bool) -> io::Result<usize> {
        self.with(|net| match (&net.objects.get(from)?.kind, max) {
            (_, 0) => Ok(0),
            (Kind::Stream(port), _) => {
                let port = *port;
                let Kind::PipeWrite(tube) = net.objects.get(to)?.kind else {
                    return Err(errno(libc::EINVAL));
                };
                fill_pipe(net, port, tube, max)
            }
            (Kind::PipeRead(tube), _) => {
                let tube = *tube;
                let port = net.objects.port(to)?;
                drain_pipe(net, tube, port, max)
            }
            _ => Err(errno(libc::EINVAL)),
        })
    }

    fn dgram(&self, _: Option<&Addr>, _: Option<&Addr>, _: &DgramOptions) -> io::Result<Handle> {
        Ok(self.with(|net| net.objects.open(Kind::Dgram)))
    }

    fn send_batch(&self, _: Handle, datagrams: &[&[u8]]) -> io::Result<usize> {
        self.with(|net| {
            net.last_datagram = net.now;
            for datagram in datagrams {
                net.trace.bytes(datagram);
                if net.weather.blunder(Canary::DoubledDatagram) {
                    net.datagrams.push(datagram.to_vec());
                }
                if !net.weather.blunder(Canary::LostDatagram) {
                    let told = net.misheard(datagram);
                    net.datagrams.push(told);
                }
            }
            Ok(datagrams.len())
        })
    }

    fn send_to(&self, handle: Handle, datagram: &[u8], _: &Addr) -> io::Result<usize> {
        self.send_batch(handle, &[datagram]).map(|_| datagram.len())
    }

    fn recv_from(&self, _: Handle, _: &mut [u8]) -> io::Result<(usize, Addr)> {
        Err(errno(libc::EAGAIN))
    }
}

fn fill_pipe(net: &mut Network, port: crate::network::Port, tube: usize, max: usize) -> io::Result<usize> {
    let held = net.objects.tube(tube)?;
    let free = held.size.saturating_sub(held.bytes.len());
    if free == 0 {
        return Err(errno(libc::EAGAIN));
    }
    let mut most = free.min(max);
    if net.rng.permille(net.weather.short_write) {
        most = 1 + net.rng.index(most);
    }
    let mut bytes = vec![0; most];
    let n = net.take(port, &mut bytes, false)?;
    net.objects.tube(tube)?.bytes.extend(bytes.get(..n).unwrap_or_default());
    Ok(n)
}

fn drain_pipe(net: &mut Network, tube: usize, port: crate::network::Port, max: usize) -> io::Result<usize> {
    let bytes: Vec<u8> = net.objects.tube(tube)?.bytes.iter().take(max).copied().collect();
    if bytes.is_empty() {
        return Err(errno(libc::EAGAIN));
    }
    let n = net.put(port, &[&bytes])?;
    net.objects.tube(tube)?.bytes.drain(..n);
    Ok(n)
}
