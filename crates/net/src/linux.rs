//! [`Kernel`] answered by Linux: epoll, sockets, pipes. Knows no tasks; keeps nothing but the epoll
//! descriptor.

use crate::kernel::{Event, Handle, How, Interest, Kernel, Ready};
use crate::options::{ConnectOptions, DgramOptions, ListenOptions, SockOpt, TcpInfo};
use crate::{Addr, Time, namespace, sockopt, unix_path};
use rustix::event::epoll;
use rustix::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, MMsgHdr, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, SocketFlags, SocketType,
    ipproto,
};
use rustix::pipe::{PipeFlags, SpliceFlags};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::time::Duration;

/// Events taken from the kernel in one call.
const EVENTS: usize = 256;
/// Datagrams handed to the kernel in one call.
const BATCH: usize = 64;

pub(crate) struct Linux {
    epoll: OwnedFd,
    buffer: RefCell<Vec<epoll::Event>>,
}

impl Linux {
    pub(crate) fn new() -> io::Result<Linux> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Linux { epoll, buffer: RefCell::new(Vec::with_capacity(EVENTS)) })
    }
}

impl Kernel for Linux {
    fn monotonic(&self) -> Time {
        monotonic()
    }

    fn wall(&self) -> u64 {
        wall()
    }

    fn wait(&self, timeout: Option<Duration>, events: &mut Vec<Event>) -> io::Result<()> {
        let timeout = timeout.map(round_up);
        let mut buffer = self.buffer.borrow_mut();
        buffer.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut buffer), timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(()),
            Err(e) => return Err(e.into()),
        }
        events.extend(buffer.iter().map(|e| Event { token: e.data.u64(), ready: ready(e.flags) }));
        Ok(())
    }

    fn register(&self, handle: Handle, token: u64, interest: Interest, again: bool) -> io::Result<()> {
        use epoll::EventFlags as F;
        let flags = match interest {
            Interest::Read => F::IN | F::RDHUP | F::ET,
            Interest::ReadWrite => F::IN | F::OUT | F::RDHUP | F::ET,
            Interest::Shared => F::IN | F::EXCLUSIVE,
        };
        let data = epoll::EventData::new_u64(token);
        let fd = borrow(handle)?;
        let done = if again {
            epoll::modify(&self.epoll, fd, data, flags)
        } else {
            epoll::add(&self.epoll, fd, data, flags)
        };
        Ok(done?)
    }

    fn deregister(&self, handle: Handle) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, borrow(handle)?)?)
    }

    fn listen(&self, at: &Addr, options: &ListenOptions) -> io::Result<Handle> {
        listen(at, options)
    }

    fn accept(&self, listener: Handle) -> io::Result<(Handle, Addr)> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let (fd, peer) = rustix::net::acceptfrom_with(borrow(listener)?, flags)?;
        Ok((fd.into_raw_fd(), Addr::from_peer(peer)))
    }

    fn connect(&self, to: &Addr, options: &ConnectOptions) -> io::Result<(Handle, bool)> {
        let fd = namespace::within(options.namespace.as_deref(), || stream_socket(to, options.mptcp))?;
        sockopt::connector(fd.as_fd(), to, options)?;
        if let Some(source) = &options.source {
            sockopt::source(fd.as_fd(), source)?;
            rustix::net::bind(&fd, &source.to_any()?)?;
        }
        match rustix::net::connect(&fd, &to.to_any()?) {
            Ok(()) => Ok((fd.into_raw_fd(), true)),
            Err(Errno::INPROGRESS | Errno::INTR) => Ok((fd.into_raw_fd(), false)),
            Err(e) => Err(e.into()),
        }
    }

    fn take_error(&self, handle: Handle) -> io::Result<()> {
        Ok(rustix::net::sockopt::socket_error(borrow(handle)?)??)
    }

    #[inline]
    fn recv(&self, handle: Handle, buf: &mut [u8], peek: bool) -> io::Result<usize> {
        let flags = if peek { RecvFlags::PEEK } else { RecvFlags::empty() };
        Ok(rustix::net::recv(borrow(handle)?, buf, flags)?.0)
    }

    #[inline]
    fn send(&self, handle: Handle, buf: &[u8], more: bool) -> io::Result<usize> {
        Ok(rustix::net::send(borrow(handle)?, buf, send_flags(more))?)
    }

    #[inline]
    fn writev(&self, handle: Handle, bufs: &[IoSlice<'_>], more: bool) -> io::Result<usize> {
        let mut control = SendAncillaryBuffer::default();
        Ok(rustix::net::sendmsg(borrow(handle)?, bufs, &mut control, send_flags(more))?)
    }

    fn shutdown(&self, handle: Handle, how: How) -> io::Result<()> {
        let how = match how {
            How::Read => Shutdown::Read,
            How::Write => Shutdown::Write,
            How::Both => Shutdown::Both,
        };
        Ok(rustix::net::shutdown(borrow(handle)?, how)?)
    }

    fn close(&self, handle: Handle) {
        close(handle);
    }

    fn local_addr(&self, handle: Handle) -> io::Result<Addr> {
        local_addr(handle)
    }

    fn peer_addr(&self, handle: Handle) -> io::Result<Addr> {
        Ok(Addr::from_peer(rustix::net::getpeername(borrow(handle)?)?))
    }

    fn original_dst(&self, handle: Handle) -> io::Result<Addr> {
        sockopt::original_dst(borrow(handle)?)
    }

    fn set(&self, handle: Handle, option: SockOpt) -> io::Result<()> {
        sockopt::set(borrow(handle)?, option)
    }

    fn saved_syn(&self, handle: Handle, buf: &mut [u8]) -> io::Result<usize> {
        sockopt::saved_syn(borrow(handle)?, buf)
    }

    fn tcp_info(&self, handle: Handle) -> io::Result<TcpInfo> {
        sockopt::tcp_info(borrow(handle)?)
    }

    fn pipe(&self, size: usize) -> io::Result<(Handle, Handle, usize)> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        // Beyond /proc/sys/fs/pipe-max-size or the user's page quota the default size must do.
        let holds = match rustix::pipe::fcntl_setpipe_size(&write, size) {
            Ok(holds) => holds,
            Err(_) => rustix::pipe::fcntl_getpipe_size(&write)?,
        };
        Ok((read.into_raw_fd(), write.into_raw_fd(), holds))
    }

    fn splice(&self, from: Handle, to: Handle, max: usize, more: bool) -> io::Result<usize> {
        let mut flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        if more {
            flags |= SpliceFlags::MORE;
        }
        Ok(rustix::pipe::splice(borrow(from)?, None, borrow(to)?, None, max, flags)?)
    }

    fn dgram(
        &self,
        local: Option<&Addr>,
        remote: Option<&Addr>,
        options: &DgramOptions,
    ) -> io::Result<Handle> {
        dgram(local, remote, options)
    }

    fn send_batch(&self, handle: Handle, datagrams: &[&[u8]]) -> io::Result<usize> {
        let fd = borrow(handle)?;
        if let [one] = datagrams {
            return Ok(rustix::net::send(fd, one, send_flags(false)).map(|_| 1)?);
        }
        let mut sent = 0;
        for chunk in datagrams.chunks(BATCH) {
            let mut parts: [_; BATCH] = std::array::from_fn(|i| {
                let datagram = chunk.get(i).copied().unwrap_or_default();
                ([IoSlice::new(datagram)], SendAncillaryBuffer::default())
            });
            let mut heads = parts.each_mut().map(|(buf, control)| MMsgHdr::new(buf, control));
            let heads = heads.get_mut(..chunk.len()).unwrap_or_default();
            match rustix::net::sendmmsg(fd, heads, send_flags(false)) {
                Ok(n) => sent += n,
                Err(e) if sent == 0 => return Err(e.into()),
                Err(_) => return Ok(sent),
            }
        }
        Ok(sent)
    }

    fn send_to(&self, handle: Handle, datagram: &[u8], to: &Addr) -> io::Result<usize> {
        Ok(rustix::net::sendto(borrow(handle)?, datagram, send_flags(false), &to.to_any()?)?)
    }

    fn recv_from(&self, handle: Handle, buf: &mut [u8]) -> io::Result<(usize, Addr)> {
        let (n, _, from) = rustix::net::recvfrom(borrow(handle)?, buf, RecvFlags::empty())?;
        Ok((n, Addr::from_peer(from)))
    }
}

/// What this thread had of the processor, nanoseconds.
pub(crate) fn thread_cpu() -> u64 {
    nanos(&clock_gettime(ClockId::ThreadCPUTime))
}

/// The monotonic clock, also for code that runs outside a runtime.
pub(crate) fn monotonic() -> Time {
    let t = clock_gettime(ClockId::Monotonic);
    Time(nanos(&t))
}

/// The wall clock in microseconds.
pub(crate) fn wall() -> u64 {
    nanos(&clock_gettime(ClockId::Realtime)) / 1000
}

/// A listening socket, also for code that binds before any runtime exists.
pub(crate) fn listen(at: &Addr, options: &ListenOptions) -> io::Result<Handle> {
    let fd = namespace::within(options.namespace.as_deref(), || stream_socket(at, options.mptcp))?;
    sockopt::listener(fd.as_fd(), at, options)?;
    let backlog = match options.backlog {
        0 => i32::MAX,
        n => i32::try_from(n).unwrap_or(i32::MAX),
    };
    unix_path::bind_stream(&fd, at, options, backlog)?;
    sockopt::listening(fd.as_fd(), at, options)?;
    Ok(fd.into_raw_fd())
}

/// A socket that listens doesn't any more, but keeps its address.
pub(crate) fn silence(listener: Handle) -> io::Result<()> {
    Ok(rustix::net::shutdown(borrow(listener)?, Shutdown::Read)?)
}

/// Ends [`silence`].
pub(crate) fn listen_again(listener: Handle) -> io::Result<()> {
    Ok(rustix::net::listen(borrow(listener)?, i32::MAX)?)
}

/// A datagram socket, also for code that binds before any runtime exists.
pub(crate) fn dgram(
    local: Option<&Addr>,
    remote: Option<&Addr>,
    options: &DgramOptions,
) -> io::Result<Handle> {
    let shape = remote.or(local).ok_or(io::ErrorKind::InvalidInput)?;
    let open = || socket(shape.family()?, SocketType::DGRAM, None);
    let fd = namespace::within(options.namespace.as_deref(), open)?;
    sockopt::dgram(fd.as_fd(), shape, options)?;
    if let Some(local) = local {
        unix_path::bind_dgram(&fd, local, options.mode)?;
    }
    if let Some(remote) = remote {
        rustix::net::connect(&fd, &remote.to_any()?)?;
    }
    Ok(fd.into_raw_fd())
}

pub(crate) fn local_addr(handle: Handle) -> io::Result<Addr> {
    Ok(Addr::from_local(rustix::net::getsockname(borrow(handle)?)?))
}

#[allow(unsafe_code, reason = "a handle stands for a descriptor that its owner gave up by into_raw_fd")]
pub(crate) fn close(handle: Handle) {
    if handle >= 0 {
        // SAFETY: the types that hold a handle (Sock, Listener, Dgram, Pipe) hold it alone and call this
        // once, from their Drop.
        drop(unsafe { OwnedFd::from_raw_fd(handle) });
    }
}

/// The descriptor behind a handle, for the length of one call.
#[allow(unsafe_code, reason = "a handle stands for a descriptor that its owner gave up by into_raw_fd")]
pub(crate) fn borrow<'a>(handle: Handle) -> io::Result<BorrowedFd<'a>> {
    if handle < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: not -1, and open: callers pass the handle of an object (Sock, Listener, Dgram, Pipe) they
    // borrow, which closes it only when dropped. Nobody keeps the result.
    Ok(unsafe { BorrowedFd::borrow_raw(handle) })
}

fn stream_socket(addr: &Addr, mptcp: bool) -> io::Result<OwnedFd> {
    let protocol = if mptcp && !addr.is_unix() { Some(ipproto::MPTCP) } else { None };
    socket(addr.family()?, SocketType::STREAM, protocol)
}

fn socket(
    family: AddressFamily,
    kind: SocketType,
    protocol: Option<rustix::net::Protocol>,
) -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    Ok(rustix::net::socket_with(family, kind, flags, protocol)?)
}

fn send_flags(more: bool) -> SendFlags {
    if more { SendFlags::NOSIGNAL | SendFlags::MORE } else { SendFlags::NOSIGNAL }
}

fn ready(flags: epoll::EventFlags) -> Ready {
    use epoll::EventFlags as F;
    let mut ready = Ready(0);
    for (flag, means) in [
        (F::IN, Ready::READ),
        (F::OUT, Ready::WRITE),
        (F::RDHUP, Ready::HUP),
        (F::HUP, Ready::ERROR),
        (F::ERR, Ready::ERROR),
    ] {
        if flags.contains(flag) {
            ready = ready.with(means);
        }
    }
    ready
}

/// Whole milliseconds, the resolution of epoll_wait before Linux 5.11; rounded up so as not to wake too
/// early.
fn round_up(timeout: Duration) -> Timespec {
    let millis = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i64;
    Timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 }
}

fn nanos(t: &Timespec) -> u64 {
    let secs = u64::try_from(t.tv_sec).unwrap_or(0);
    secs.saturating_mul(1_000_000_000).saturating_add(u64::try_from(t.tv_nsec).unwrap_or(0))
}
