//! Listening sockets: bound on any thread, listened to on one (or on several, for those shared). Knows
//! nothing of what is done with a connection.

use crate::kernel::Handle;
use crate::options::ListenOptions;
use crate::runtime::{self, kernel, with, with_io};
use crate::slot::{READ, WRITE, Watch};
use crate::sock::open_slot;
use crate::{Addr, Interests, Sock, linux, unix_path, wait};
use rustix::fd::{FromRawFd, IntoRawFd, OwnedFd};
use rustix::io::FdFlags;
use rustix::net::sockopt;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

/// Connections that died between the handshake and `accept` are skipped, up to this many at once.
const ABORTED_IN_A_ROW: u32 = 64;

/// A listening socket that no runtime watches yet; it can be sent to the thread that shall.
pub struct Bound {
    handle: Handle,
    addr: Addr,
    shared: bool,
}

impl Bound {
    /// Binds and listens. Within a runtime its kernel is asked, elsewhere Linux.
    ///
    /// A unix socket's path appears by rename, replacing a stale socket. Errors: the system's;
    /// `AlreadyExists` when the path names something that is not a socket.
    pub fn open(at: &Addr, options: &ListenOptions) -> io::Result<Bound> {
        let asked = with(|rt| kernel!(rt, Other, listen(at, options)));
        let handle = asked.unwrap_or_else(|| linux::listen(at, options))?;
        let local = with(|rt| kernel!(rt, Other, local_addr(handle)));
        let addr = match local.unwrap_or_else(|| linux::local_addr(handle)) {
            // The path that clients use, not the one the socket was bound to before its rename.
            Ok(local) if !at.is_unix() => local,
            _ => *at,
        };
        Ok(Bound { handle, addr, shared: at.is_unix() || !options.reuse_port })
    }

    /// Takes over a listening socket that was inherited or received. Errors: `InvalidInput` when it doesn't
    /// listen.
    pub fn from_fd(fd: OwnedFd) -> io::Result<Bound> {
        if !sockopt::socket_acceptconn(&fd)? {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a listening socket"));
        }
        rustix::io::ioctl_fionbio(&fd, true)?;
        rustix::io::fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
        let handle = fd.into_raw_fd();
        let addr = linux::local_addr(handle).unwrap_or_default();
        Ok(Bound { handle, addr, shared: true })
    }

    /// As [`Bound::from_fd`], for a socket that another process opened for the same address, with this one's options.
    pub fn adopt(fd: OwnedFd, options: &ListenOptions) -> io::Result<Bound> {
        let mut bound = Bound::from_fd(fd)?;
        if !bound.addr.is_unix() {
            crate::sockopt::listener_tcp(linux::borrow(bound.handle)?, &bound.addr, options)?;
            bound.shared = !options.reuse_port;
        }
        linux::listen_again(bound.handle)?;
        Ok(bound)
    }

    /// Another descriptor of the same socket, for another thread; both are then watched as shared ones.
    /// Real kernel only.
    pub fn share(&mut self) -> io::Result<Bound> {
        let fd = linux::borrow(self.handle)?.try_clone_to_owned()?;
        self.shared = true;
        Ok(Bound { handle: fd.into_raw_fd(), addr: self.addr, shared: true })
    }

    /// A descriptor of the same socket to pass on to another process. Real kernel only.
    pub fn try_clone_fd(&self) -> io::Result<OwnedFd> {
        linux::borrow(self.handle)?.try_clone_to_owned()
    }

    /// The address it is bound to; with port 0 asked for, the one that was given.
    pub fn addr(&self) -> Addr {
        self.addr
    }

    /// Removes the file of a unix socket; nothing for others. To be called when the socket stops for good,
    /// not when another process has taken it over.
    pub fn unlink(&self) -> io::Result<()> {
        unix_path::unlink(&self.addr)
    }

    fn take(mut self) -> Handle {
        std::mem::replace(&mut self.handle, -1)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if self.handle >= 0 {
            runtime::close(self.handle);
        }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bound({}, {})", self.handle, self.addr)
    }
}

/// What kept a connection from being accepted.
#[derive(Debug)]
pub enum AcceptError {
    /// Nobody waits: [`Listener::wait`].
    WouldBlock,
    /// The process is out of descriptors (`EMFILE`): accepting must pause until some are closed.
    ProcessLimit,
    /// The system is out of descriptors (`ENFILE`), or of memory for sockets: accepting must pause.
    SystemLimit,
    /// Anything else.
    Other(io::Error),
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcceptError::WouldBlock => f.write_str("no connection waits"),
            AcceptError::ProcessLimit => f.write_str("the process is out of file descriptors"),
            AcceptError::SystemLimit => f.write_str("the system is out of file descriptors or memory"),
            AcceptError::Other(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for AcceptError {}

impl From<io::Error> for AcceptError {
    fn from(e: io::Error) -> AcceptError {
        match e.raw_os_error() {
            Some(libc::EMFILE) => AcceptError::ProcessLimit,
            Some(libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => AcceptError::SystemLimit,
            _ if e.kind() == io::ErrorKind::WouldBlock => AcceptError::WouldBlock,
            _ => AcceptError::Other(e),
        }
    }
}

/// A listening socket of this thread's runtime.
pub struct Listener {
    bound: Bound,
    _local: PhantomData<*const ()>,
}

impl Listener {
    /// Listens here. Errors: not within a runtime.
    pub fn new(bound: Bound) -> io::Result<Listener> {
        let (addr, shared) = (bound.addr, bound.shared);
        with_io(|rt| {
            let handle = bound.take();
            rt.adopt(handle, READ)?;
            Ok(Listener { bound: Bound { handle, addr, shared }, _local: PhantomData })
        })
    }

    /// [`Bound::open`] and [`Listener::new`] in one.
    pub fn bind(at: &Addr, options: &ListenOptions) -> io::Result<Listener> {
        Listener::new(Bound::open(at, options)?)
    }

    /// The next connection and its peer's address. Tries before it ever waits; makes no system call while
    /// nobody is known to be there. Accept until `WouldBlock`, or come back: the rest is remembered.
    pub fn accept(&self) -> Result<(Sock, Addr), AcceptError> {
        let accepted = with_io(|rt| {
            let slot = open_slot(rt, self.bound.handle)?;
            if !slot.has(READ) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            for _ in 0..ABORTED_IN_A_ROW {
                match kernel!(rt, Accept, accept(self.bound.handle)) {
                    Ok((handle, peer)) => {
                        rt.adopt(handle, READ | WRITE)?;
                        return Ok((Sock::from_handle(handle), peer));
                    }
                    Err(e) if died_early(&e) => {}
                    Err(e) => {
                        if e.kind() == io::ErrorKind::WouldBlock {
                            slot.clear(READ);
                        }
                        return Err(e);
                    }
                }
            }
            Err(io::ErrorKind::ConnectionAborted.into())
        });
        Ok(accepted?)
    }

    /// Waits until a connection may be there.
    pub async fn wait(&self) {
        wait(|w| self.interest(w)).await;
    }

    /// Adds the wait for a connection to a wait for other things. Prefer it to [`Interests::read`], which
    /// would have every thread woken for a connection of a shared listener.
    pub fn interest(&self, interests: &mut Interests) {
        if self.bound.shared {
            interests.shared_read(self.bound.handle);
        } else {
            interests.read(self);
        }
    }

    /// Stops the kernel from telling of connections, for a listener that won't be accepted from for a while.
    /// A shared one must be paused, or its connections would keep this thread awake. The next wait ends it.
    pub fn pause(&self) {
        with(|rt| {
            let Some(slot) = rt.slots.get(self.bound.handle) else { return };
            if slot.watch.replace(Watch::No) != Watch::No {
                // Only a descriptor that isn't registered can fail here, which is what's wanted.
                let _ = kernel!(rt, Register, deregister(self.bound.handle));
            }
        });
    }

    /// Stops listening: clients are refused, while the address stays this socket's. [`Listener::listen`] ends it. Real
    /// kernel only. Errors: the system's; unix sockets can't be silenced.
    pub fn silence(&self) -> io::Result<()> {
        self.pause();
        if self.bound.addr.is_unix() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        linux::silence(self.bound.handle)
    }

    /// Listens again.
    pub fn listen(&self) -> io::Result<()> {
        linux::listen_again(self.bound.handle)
    }

    /// The address it is bound to.
    pub fn addr(&self) -> Addr {
        self.bound.addr
    }

    /// The number of its descriptor.
    pub fn descriptor(&self) -> i32 {
        self.bound.handle
    }

    /// See [`Bound::unlink`].
    pub fn unlink(&self) -> io::Result<()> {
        self.bound.unlink()
    }

    /// See [`Bound::try_clone_fd`].
    pub fn try_clone_fd(&self) -> io::Result<OwnedFd> {
        self.bound.try_clone_fd()
    }

    /// Leaves this runtime, for another thread to take.
    pub fn into_bound(self) -> Bound {
        self.pause();
        let Listener { bound, .. } = self;
        with(|rt| rt.forget(bound.handle));
        bound
    }

    pub(crate) fn raw(&self) -> Handle {
        self.bound.handle
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({}, {})", self.bound.handle, self.bound.addr)
    }
}

/// accept(2): errors of the network that belong to the one connection, which is gone.
fn died_early(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EINTR
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH
                | libc::ENONET
        )
    )
}

/// Takes over the descriptor `number` that the parent process left open (`fd@N`); it is closed on exec from
/// now on.
///
/// Errors: `InvalidInput` when it can't be an inherited one. Such a descriptor has survived exec, so it isn't
/// marked to be closed then, while every one that this process opened itself is; so a second taking is
/// refused too.
#[allow(unsafe_code, reason = "a number from the command line or configuration names a descriptor")]
pub fn inherited(number: i32) -> io::Result<OwnedFd> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let fd = linux::borrow(number)?;
    if rustix::io::fcntl_getfd(fd)?.contains(FdFlags::CLOEXEC) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an inherited descriptor"));
    }
    rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    // SAFETY: the descriptor is open and owned by nobody else in the process: it was there before the process
    // began, and the mark just set, under the lock, keeps it from being given away again.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
