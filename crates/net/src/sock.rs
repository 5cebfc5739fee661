//! A connected stream socket: try first, wait on `WouldBlock`. Knows readiness flags, not protocols or
//! buffers.

use crate::kernel::{Handle, How};
use crate::options::{ConnectOptions, Keepalive, SockOpt, TcpInfo};
use crate::runtime::{self, Rt, kernel, with_io};
use crate::slot::{BROKEN, ERROR, FRESH, HUP, READ, Slot, TLS, WRITE};
use crate::{Addr, device, fd_pass, linux, tls};
use rustix::fd::{BorrowedFd, IntoRawFd, OwnedFd};
use std::fmt;
use std::io::{self, IoSlice};
use std::marker::PhantomData;

/// A stream socket (TCP or unix), closed when dropped. Belongs to the runtime it was made in.
///
/// Every `try_` call gives `WouldBlock` without a system call while the socket is known not to be ready.
/// After that error wait with [`wait`](crate::wait) and try again.
pub struct Sock {
    handle: Handle,
    /// Readiness lives in the thread's runtime.
    _local: PhantomData<*const ()>,
}

/// What the kernel knows of a connection of this thread by its descriptor (`TCP_INFO`).
pub fn tcp_info(descriptor: i32) -> io::Result<TcpInfo> {
    with_io(|rt| kernel!(rt, Other, tcp_info(descriptor)))
}

/// The packet that began a connection of this thread, by its descriptor, where its listener keeps those
/// ([`save_syn`](crate::ListenOptions::save_syn)). The system gives it once; what is longer than `buf` is left out.
pub fn saved_syn(descriptor: i32, buf: &mut [u8]) -> io::Result<usize> {
    with_io(|rt| kernel!(rt, Other, saved_syn(descriptor, buf)))
}

impl Sock {
    /// Begins to connect. The first write may be tried at once (a connection within the host is established
    /// by then); otherwise wait until it's writable, then ask [`Sock::take_error`] how the attempt ended.
    ///
    /// Errors: those of socket, setsockopt, bind and connect, among them `EMFILE`, `EADDRNOTAVAIL` (no source
    /// port is left), `WouldBlock` (a unix socket's backlog is full).
    pub fn connect(to: &Addr, options: &ConnectOptions) -> io::Result<Sock> {
        with_io(|rt| {
            let (handle, done) = kernel!(rt, Connect, connect(to, options))?;
            rt.adopt(handle, if done { WRITE } else { FRESH })?;
            Ok(Sock::from_handle(handle))
        })
    }

    /// Takes over a connected socket, which is made non-blocking. For the real kernel only.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Sock> {
        rustix::io::ioctl_fionbio(&fd, true)?;
        with_io(|rt| {
            let handle = fd.into_raw_fd();
            rt.adopt(handle, READ | WRITE)?;
            Ok(Sock::from_handle(handle))
        })
    }

    /// Gives the socket up as a plain descriptor, for another thread or process. For the real kernel only: a
    /// simulated one, and one that speaks TLS, gives an error and keeps the socket closed.
    pub fn into_fd(self) -> io::Result<OwnedFd> {
        let handle = self.handle;
        // A duplicate leaves this thread's epoll when the original is closed only after it is deregistered.
        with_io(|rt| {
            let layered = rt.slots.get(handle).is_some_and(|slot| slot.has(TLS)) || device::is(handle);
            if rt.over().is_some() || layered {
                return Err(io::ErrorKind::Unsupported.into());
            }
            let _ = rt.kernel().deregister(handle);
            Ok(())
        })?;
        linux::borrow(handle)?.try_clone_to_owned()
    }

    /// Writes with descriptors attached, see [`fd_pass::send`]. For unix sockets of the real kernel
    /// only. Errors: as there; after `WouldBlock`, which isn't remembered here, try again in a while.
    pub fn try_pass(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        fd_pass::send(linux::borrow(self.handle)?, bytes, fds)
    }

    /// Reads into `buf`; `Ok(0)` is the end of the stream. Errors: `WouldBlock`, `InvalidInput` for an empty
    /// buffer, the connection's own.
    #[inline]
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv(buf, false)
    }

    /// As [`Sock::try_read`], but leaves the bytes to be read again.
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv(buf, true)
    }

    /// Writes as much of `buf` as the kernel takes now. Errors: `WouldBlock`, `BrokenPipe`, the connection's
    /// own.
    #[inline]
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.write(&[IoSlice::new(buf)], |rt, handle| kernel!(rt, Send, send(handle, buf, false)))
    }

    /// As [`Sock::try_write`], telling the kernel that more follows at once: it may hold back an incomplete
    /// segment (up to 200 ms), so the last write of a message must be a plain one.
    pub fn try_write_more(&self, buf: &[u8]) -> io::Result<usize> {
        self.write(&[IoSlice::new(buf)], |rt, handle| kernel!(rt, Send, send(handle, buf, true)))
    }

    /// Writes two buffers in one go, as if they were one. An empty one costs nothing.
    pub fn try_write2(&self, first: &[u8], second: &[u8]) -> io::Result<usize> {
        match (first.is_empty(), second.is_empty()) {
            (_, true) => self.try_write(first),
            (true, _) => self.try_write(second),
            _ => self.try_writev(&[IoSlice::new(first), IoSlice::new(second)], false),
        }
    }

    /// Writes several buffers in one go, at most 1,024 of them (`UIO_MAXIOV`). `more` as in
    /// [`Sock::try_write_more`].
    pub fn try_writev(&self, bufs: &[IoSlice<'_>], more: bool) -> io::Result<usize> {
        self.write(bufs, |rt, handle| kernel!(rt, Send, writev(handle, bufs, more)))
    }

    /// Sends the end of our stream; reading goes on.
    pub fn shutdown_write(&self) -> io::Result<()> {
        with_io(|rt| match rt.slots.get(self.handle).filter(|slot| slot.has(TLS)) {
            Some(slot) => tls::shutdown(rt, self.handle, slot),
            None if device::is(self.handle) => device::get(rt, self.handle).map(|device| device.shutdown()),
            None => kernel!(rt, Other, shutdown(self.handle, How::Write)),
        })
    }

    /// Ends both directions, after what is queued was sent.
    pub fn shutdown(&self) -> io::Result<()> {
        with_io(|rt| match device::is(self.handle) {
            false => kernel!(rt, Other, shutdown(self.handle, How::Both)),
            true => device::get(rt, self.handle).map(|device| device.shutdown()),
        })
    }

    /// Makes the coming close a reset: the peer gets an RST, unsent data is forgotten.
    pub fn set_linger_zero(&self) -> io::Result<()> {
        self.set(SockOpt::LingerZero)
    }

    /// Makes closing the connection before the peer's end was seen a reset, which costs two packets less than an
    /// orderly end and leaves nothing behind: for whoever has had all it wanted.
    pub fn reset_unless_ended(&self) -> io::Result<()> {
        with_io(|rt| {
            open_slot(rt, self.handle)?.resets.set(true);
            Ok(())
        })
    }

    /// `TCP_NODELAY`. Connections of a listener with `nodelay` have it already.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.set(SockOpt::Nodelay(on))
    }

    /// Keep-alive probes.
    pub fn set_keepalive(&self, keepalive: Keepalive) -> io::Result<()> {
        self.set(SockOpt::Keepalive(keepalive))
    }

    /// `TCP_QUICKACK`: off lets an ACK wait for data to travel with.
    pub fn set_quickack(&self, on: bool) -> io::Result<()> {
        self.set(SockOpt::Quickack(on))
    }

    /// Any of the options that can be changed.
    pub fn set(&self, option: SockOpt) -> io::Result<()> {
        with_io(|rt| match device::is(self.handle) {
            false => kernel!(rt, Other, set(self.handle, option)),
            true => device::set(rt, self.handle, option),
        })
    }

    /// The socket's pending error, such as that of a connection attempt; it is reported once.
    pub fn take_error(&self) -> io::Result<()> {
        with_io(|rt| {
            if rt.slots.get(self.handle).is_some_and(|slot| slot.has(BROKEN)) {
                return Err(refused());
            }
            if device::is(self.handle) {
                return device::get(rt, self.handle)?.fault().map_or(Ok(()), |kind| Err(kind.into()));
            }
            kernel!(rt, Other, take_error(self.handle))
        })
    }

    /// Our address.
    pub fn local_addr(&self) -> io::Result<Addr> {
        device::addr(self.handle, Sock::local_addr)
            .unwrap_or_else(|| with_io(|rt| kernel!(rt, Other, local_addr(self.handle))))
    }

    /// The peer's address; [`Addr::UNNAMED`] for every unix socket.
    pub fn peer_addr(&self) -> io::Result<Addr> {
        device::addr(self.handle, Sock::peer_addr)
            .unwrap_or_else(|| with_io(|rt| kernel!(rt, Other, peer_addr(self.handle))))
    }

    /// Where the client meant to connect before the firewall redirected it (`SO_ORIGINAL_DST`).
    pub fn original_dst(&self) -> io::Result<Addr> {
        device::addr(self.handle, Sock::original_dst)
            .unwrap_or_else(|| with_io(|rt| kernel!(rt, Other, original_dst(self.handle))))
    }

    /// What the kernel knows of the connection (`TCP_INFO`).
    pub fn tcp_info(&self) -> io::Result<TcpInfo> {
        tcp_info(self.descriptor())
    }

    /// The number of the descriptor, for [`tcp_info`] while the connection is open; a device's is the one of the
    /// connection below, if there is one.
    pub fn descriptor(&self) -> i32 {
        match device::is(self.handle) {
            false => self.handle,
            true => with_io(|rt| device::ask(rt, self.handle, |sock| Ok(sock.descriptor()))).unwrap_or(-1),
        }
    }

    /// Whether an idle connection can still be used: no end or error was seen, and it holds no data out of
    /// turn. "Readable" alone is no proof of either, so that it is settled by a peek.
    pub fn is_alive(&self) -> bool {
        let state = runtime::with(|rt| rt.slots.get(self.handle).map(|s| s.flags.get())).flatten();
        match state {
            None => false,
            Some(flags) if flags & (HUP | ERROR | BROKEN) != 0 => false,
            Some(flags) if flags & READ == 0 => true,
            Some(_) => self.try_peek(&mut [0]).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock),
        }
    }

    /// Whether the peer's end, or an error, was reported by an event. Needs no system call; `false` proves
    /// nothing.
    pub fn hup_seen(&self) -> bool {
        runtime::with(|rt| rt.slots.get(self.handle).is_some_and(|s| s.has(HUP | ERROR))).unwrap_or(true)
    }

    pub(crate) fn from_handle(handle: Handle) -> Sock {
        Sock { handle, _local: PhantomData }
    }

    pub(crate) fn raw(&self) -> Handle {
        self.handle
    }

    #[inline]
    fn recv(&self, buf: &mut [u8], peek: bool) -> io::Result<usize> {
        let asked = buf.len();
        if asked == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        with_io(|rt| {
            let slot = open_slot(rt, self.handle)?;
            if !slot.has(READ) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            if slot.has(TLS) {
                return tls::recv(rt, self.handle, slot, buf, peek);
            }
            if device::is(self.handle) {
                return device::recv(rt, self.handle, buf, peek);
            }
            let answer = kernel!(rt, Recv, recv(self.handle, buf, peek));
            match &answer {
                // All there was: the next byte, or the end, will be an edge. After a hang-up there's none to
                // come.
                Ok(n) if *n < asked && *n > 0 && !peek && !slot.has(HUP) => slot.clear(READ),
                Ok(0) => slot.resets.set(false),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => slot.clear(READ),
                _ => {}
            }
            answer
        })
    }

    #[inline]
    fn write(
        &self,
        bufs: &[IoSlice<'_>],
        call: impl FnOnce(&Rt, Handle) -> io::Result<usize>,
    ) -> io::Result<usize> {
        with_io(|rt| {
            let slot = open_slot(rt, self.handle)?;
            if !slot.has(WRITE | FRESH) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            if slot.has(TLS) {
                return tls::send(rt, self.handle, slot, bufs);
            }
            let asked: usize = bufs.iter().map(|b| b.len()).sum();
            let answer = match device::is(self.handle) {
                false => call(rt, self.handle),
                true => device::get(rt, self.handle)?.write(bufs),
            };
            match &answer {
                Ok(n) if *n < asked => slot.clear(WRITE | FRESH),
                Ok(_) if slot.has(FRESH) => {
                    slot.clear(FRESH);
                    slot.set(WRITE);
                }
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => slot.clear(WRITE | FRESH),
                Err(e) if e.kind() == io::ErrorKind::NotConnected && slot.has(FRESH) => {
                    slot.clear(FRESH);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(_) => {}
            }
            answer
        })
    }
}

impl Drop for Sock {
    fn drop(&mut self) {
        runtime::close(self.handle);
    }
}

impl fmt::Debug for Sock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sock({})", self.handle)
    }
}

/// The slot of a handle in use; an error when the kernel refused to watch it.
#[inline]
pub(crate) fn open_slot(rt: &Rt, handle: Handle) -> io::Result<&Slot> {
    match rt.slots.get(handle) {
        Some(slot) if slot.has(BROKEN) => Err(refused()),
        Some(slot) => Ok(slot),
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

fn refused() -> io::Error {
    io::Error::other("the kernel refused to watch the descriptor (fs.epoll.max_user_watches?)")
}
