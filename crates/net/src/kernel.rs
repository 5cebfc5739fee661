//! The few operations the runtime needs from an operating system, by plain integer handles. `linux` answers
//! them for real; a simulator answers them on its own clock and network. Knows neither tasks nor buffers.

use crate::options::{ConnectOptions, DgramOptions, ListenOptions, SockOpt, TcpInfo};
use crate::{Addr, Time};
use std::io::{self, IoSlice};
use std::time::Duration;

/// A kernel object. Small, dense, never negative: the runtime indexes an array with it (limit 4,194,303).
pub type Handle = i32;

/// What [`Kernel::wait`] saw of one handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number given to [`Kernel::register`].
    pub token: u64,
    /// What became possible.
    pub ready: Ready,
}

/// A set of `READ`, `WRITE`, `HUP`, `ERROR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ready(pub u8);

impl Ready {
    /// Data, a connection to accept, or an end of stream can be read.
    pub const READ: Ready = Ready(1);
    /// Data can be written, or a connection attempt ended.
    pub const WRITE: Ready = Ready(2);
    /// The peer sends no more (EPOLLRDHUP).
    pub const HUP: Ready = Ready(4);
    /// Both directions are over, or an error is pending (EPOLLHUP, EPOLLERR).
    pub const ERROR: Ready = Ready(8);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }

    /// Whether any of `other` is in this set.
    pub const fn has(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }
}

/// What to be told of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Edges of readability and of the peer's end.
    Read,
    /// Edges of readability, writability and of the peer's end.
    ReadWrite,
    /// Readability as long as it lasts, one thread of many (EPOLLEXCLUSIVE): a listener shared by threads.
    Shared,
}

/// Which direction to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// No more will be read.
    Read,
    /// No more will be written: the peer sees the end of the stream.
    Write,
    /// Both.
    Both,
}

/// The operating system as the runtime sees it. All sockets are non-blocking and closed on exec.
///
/// Errors are the system's own (`errno`), `WouldBlock` among them. An implementation must not call back into
/// the runtime and must not panic.
pub trait Kernel {
    /// The monotonic clock.
    fn monotonic(&self) -> Time;
    /// The wall clock: microseconds since 1970-01-01 UTC.
    fn wall(&self) -> u64;
    /// Sleeps until an event or `timeout` (`None`: for ever) and appends what happened to `events`.
    fn wait(&self, timeout: Option<Duration>, events: &mut Vec<Event>) -> io::Result<()>;
    /// Asks for events of `handle`; `again` when it is registered and only the interest grows.
    /// A condition that already holds is reported by the next wait.
    fn register(&self, handle: Handle, token: u64, interest: Interest, again: bool) -> io::Result<()>;
    /// Ends what `register` began. Closing does so by itself.
    fn deregister(&self, handle: Handle) -> io::Result<()>;

    /// A listening stream socket.
    fn listen(&self, at: &Addr, options: &ListenOptions) -> io::Result<Handle>;
    /// The next connection and its peer's address.
    fn accept(&self, listener: Handle) -> io::Result<(Handle, Addr)>;
    /// Begins to connect. The flag says whether the connection is established already.
    fn connect(&self, to: &Addr, options: &ConnectOptions) -> io::Result<(Handle, bool)>;
    /// The pending error of a socket, which is taken from it (`SO_ERROR`).
    fn take_error(&self, handle: Handle) -> io::Result<()>;
    /// Reads; `Ok(0)` is the end of the stream. `peek` leaves the bytes where they are.
    fn recv(&self, handle: Handle, buf: &mut [u8], peek: bool) -> io::Result<usize>;
    /// Writes. `more` tells the kernel that more follows at once (`MSG_MORE`). Never raises SIGPIPE.
    fn send(&self, handle: Handle, buf: &[u8], more: bool) -> io::Result<usize>;
    /// Writes several buffers in one go.
    fn writev(&self, handle: Handle, bufs: &[IoSlice<'_>], more: bool) -> io::Result<usize>;
    /// Ends a direction.
    fn shutdown(&self, handle: Handle, how: How) -> io::Result<()>;
    /// Closes the handle. Never fails: there is nothing to be done about it.
    fn close(&self, handle: Handle);

    /// The address a socket is bound to.
    fn local_addr(&self, handle: Handle) -> io::Result<Addr>;
    /// The address a socket is connected to.
    fn peer_addr(&self, handle: Handle) -> io::Result<Addr>;
    /// Where a redirected connection was meant to go (`SO_ORIGINAL_DST`).
    fn original_dst(&self, handle: Handle) -> io::Result<Addr>;
    /// Changes an option.
    fn set(&self, handle: Handle, option: SockOpt) -> io::Result<()>;
    /// What is known of a TCP connection.
    fn tcp_info(&self, handle: Handle) -> io::Result<TcpInfo>;
    /// `TCP_SAVED_SYN`: puts the packet that began the connection into `buf`; gives its length.
    fn saved_syn(&self, handle: Handle, buf: &mut [u8]) -> io::Result<usize>;

    /// A pipe of about `size` bytes: its read end, its write end and what it really holds.
    fn pipe(&self, size: usize) -> io::Result<(Handle, Handle, usize)>;
    /// Moves up to `max` bytes between a pipe and a socket without copying. `Ok(0)` is the end of the stream.
    fn splice(&self, from: Handle, to: Handle, max: usize, more: bool) -> io::Result<usize>;

    /// A datagram socket, bound to `local` and connected to `remote` where given.
    fn dgram(
        &self,
        local: Option<&Addr>,
        remote: Option<&Addr>,
        options: &DgramOptions,
    ) -> io::Result<Handle>;
    /// Sends each buffer as a datagram to the connected address; gives how many of them left.
    fn send_batch(&self, handle: Handle, datagrams: &[&[u8]]) -> io::Result<usize>;
    /// Sends one datagram to `to`.
    fn send_to(&self, handle: Handle, datagram: &[u8], to: &Addr) -> io::Result<usize>;
    /// Receives one datagram: its length (what didn't fit is lost) and its sender.
    fn recv_from(&self, handle: Handle, buf: &mut [u8]) -> io::Result<(usize, Addr)>;
}
