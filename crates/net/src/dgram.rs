//! Datagrams (UDP, unix) and plain descriptors, for log lines above all: never blocking, what can't be sent
//! is dropped and counted. Knows nothing of what is in them.

use crate::kernel::Handle;
use crate::options::DgramOptions;
use crate::runtime::{self, kernel, with_io};
use crate::slot::{READ, WRITE};
use crate::sock::open_slot;
use crate::{Addr, linux};
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use std::cell::Cell;
use std::io;
use std::marker::PhantomData;

const PIPE_BUF: usize = 4096;

/// A datagram socket of this thread's runtime, closed when dropped.
pub struct Dgram {
    handle: Handle,
    dropped: Cell<u64>,
    _local: PhantomData<*const ()>,
}

impl Dgram {
    /// A socket that sends to `to`. Errors: the system's; a unix socket's server must be there.
    pub fn new(to: &Addr) -> io::Result<Dgram> {
        Dgram::open(None, Some(to), &DgramOptions::default())
    }

    /// A socket that receives at `at`.
    pub fn bind(at: &Addr, options: &DgramOptions) -> io::Result<Dgram> {
        Dgram::open(Some(at), None, options)
    }

    /// A socket bound to `local` and connected to `remote`, where given; one of them must be.
    pub fn open(local: Option<&Addr>, remote: Option<&Addr>, options: &DgramOptions) -> io::Result<Dgram> {
        with_io(|rt| {
            let handle = kernel!(rt, Dgram, dgram(local, remote, options))?;
            rt.adopt(handle, READ | WRITE)?;
            Ok(Dgram { handle, dropped: Cell::new(0), _local: PhantomData })
        })
    }

    /// Sends each buffer as one datagram; gives how many left. The others are dropped and counted, whatever
    /// the reason: a full buffer, a server that isn't there.
    pub fn send_batch(&self, datagrams: &[&[u8]]) -> usize {
        let mut rest = datagrams;
        let mut sent = 0;
        // A refused port is reported by the next send, which then sent nothing: that one is worth another
        // try.
        let mut tries = 2;
        while !rest.is_empty() && tries > 0 {
            match with_io(|rt| kernel!(rt, Dgram, send_batch(self.handle, rest))) {
                Ok(n) if n > 0 => {
                    sent += n;
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => tries -= 1,
                _ => break,
            }
        }
        self.dropped.set(self.dropped.get() + rest.len() as u64);
        sent
    }

    /// Datagrams that couldn't be sent so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Sends one datagram to `to`. Errors: the system's, `WouldBlock` among them.
    pub fn try_send_to(&self, datagram: &[u8], to: &Addr) -> io::Result<usize> {
        with_io(|rt| kernel!(rt, Dgram, send_to(self.handle, datagram, to)))
    }

    /// Receives one datagram: its length (what didn't fit is lost) and its sender. Errors: `WouldBlock` (then
    /// wait).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, Addr)> {
        with_io(|rt| {
            let slot = open_slot(rt, self.handle)?;
            if !slot.has(READ) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let answer = kernel!(rt, Dgram, recv_from(self.handle, buf));
            if matches!(&answer, Err(e) if e.kind() == io::ErrorKind::WouldBlock) {
                slot.clear(READ);
            }
            answer
        })
    }

    /// Our address.
    pub fn local_addr(&self) -> io::Result<Addr> {
        with_io(|rt| kernel!(rt, Other, local_addr(self.handle)))
    }

    pub(crate) fn raw(&self) -> Handle {
        self.handle
    }
}

/// A datagram socket that no runtime watches yet; it can be sent to the thread that shall. Real kernel only.
#[derive(Debug)]
pub struct BoundDgram {
    handle: Handle,
}

impl BoundDgram {
    /// A socket that receives at `at`. Errors: the system's.
    pub fn open(at: &Addr, options: &DgramOptions) -> io::Result<BoundDgram> {
        Ok(BoundDgram { handle: linux::dgram(Some(at), None, options)? })
    }

    /// The socket in this thread's runtime.
    pub fn watched(mut self) -> io::Result<Dgram> {
        let handle = std::mem::replace(&mut self.handle, -1);
        with_io(|rt| {
            rt.adopt(handle, READ | WRITE)?;
            Ok(Dgram { handle, dropped: Cell::new(0), _local: PhantomData })
        })
    }
}

impl Drop for BoundDgram {
    fn drop(&mut self) {
        if self.handle >= 0 {
            runtime::close(self.handle);
        }
    }
}

impl Drop for Dgram {
    fn drop(&mut self) {
        runtime::close(self.handle);
    }
}

/// Writes to a plain descriptor: standard output, a pipe, a file. Real kernel only; usable on any thread.
#[derive(Debug)]
pub struct FdWriter {
    fd: OwnedFd,
    dropped: Cell<u64>,
}

impl FdWriter {
    /// A writer on a descriptor that is ours alone.
    pub fn new(fd: OwnedFd) -> FdWriter {
        FdWriter { fd, dropped: Cell::new(0) }
    }

    /// A writer on a duplicate of descriptor `number`, such as 1 for the standard output. Errors: it is not
    /// open.
    pub fn duplicate(number: i32) -> io::Result<FdWriter> {
        let fd = linux::borrow(number)?;
        Ok(FdWriter::new(rustix::io::fcntl_dupfd_cloexec(fd, 3)?))
    }

    /// Writes `line` if the other side takes it at once; else it is dropped and counted. Gives whether it
    /// went out whole.
    ///
    /// Doesn't wait for a slow reader: whether there's room is asked first, since the descriptor may be
    /// shared with other processes and isn't made non-blocking. A line of more than 4 KiB goes out in parts
    /// of that size (what a pipe with room for anything takes, pipe(7)), and is cut short when the room ends.
    pub fn write(&self, line: &[u8]) -> bool {
        let mut parts = line.chunks(PIPE_BUF);
        let written = parts.all(|part| {
            self.is_writable() && rustix::io::write(&self.fd, part).is_ok_and(|n| n == part.len())
        });
        self.dropped.set(self.dropped.get() + u64::from(!written));
        written
    }

    /// Lines that couldn't be written so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// The descriptor's number.
    pub fn number(&self) -> i32 {
        self.fd.as_raw_fd()
    }

    fn is_writable(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut asked = [PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::OUT)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut asked, Some(&now)).is_ok_and(|n| n > 0)
            && asked.iter().all(|fd| fd.revents().contains(PollFlags::OUT))
    }
}
