//! Moving bytes from socket to socket without copying them: splice(2) through pooled pipes. Knows nothing of
//! what the bytes are.

use crate::Sock;
use crate::kernel::Handle;
use crate::runtime::{self, kernel, with, with_io};
use crate::slot::{FRESH, READ, TLS, WRITE};
use crate::sock::open_slot;
use std::io;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// The size asked for unless [`limit_pipes`] says another; what can't be had is made do without.
const SIZE: usize = 1 << 20;
/// Empty pipes that a runtime keeps.
const KEEP: usize = 64;

/// How many pipes this process has open, how many it may have, how large they are made.
static OPEN: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(u32::MAX);
static EACH: AtomicUsize = AtomicUsize::new(SIZE);

/// Lets this process have at most `most` pipes from now on (`maxpipes`), and makes new ones of so many bytes
/// (`tune.pipesize`); `None` leaves what suits.
pub fn limit_pipes(most: Option<u32>, size: Option<usize>) {
    MOST.store(most.unwrap_or(u32::MAX), Relaxed);
    EACH.store(size.unwrap_or(SIZE), Relaxed);
}

/// How many pipes this process has open.
pub fn pipes() -> u32 {
    OPEN.load(Relaxed)
}

/// How many of them this thread keeps to use them again.
pub fn idle_pipes() -> u32 {
    with(|rt| u32::try_from(rt.pipes.borrow().len()).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// The descriptors of a pipe were closed.
pub(crate) fn closed() {
    OPEN.fetch_sub(1, Relaxed);
}

/// A pipe to splice through. Back into the runtime's pool when dropped empty, closed otherwise.
pub struct Pipe {
    ends: Ends,
    held: usize,
    _local: PhantomData<*const ()>,
}

#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) read: Handle,
    pub(crate) write: Handle,
    size: usize,
}

impl Pipe {
    /// A pipe from the pool, or a new one of up to 1 MiB. Errors: `EMFILE`, `QuotaExceeded` when there are as many as
    /// there may be.
    pub fn get() -> io::Result<Pipe> {
        with_io(|rt| {
            let pooled = rt.pipes.borrow_mut().pop();
            let ends = match pooled {
                Some(ends) => ends,
                None => open(rt)?,
            };
            Ok(Pipe { ends, held: 0, _local: PhantomData })
        })
    }

    /// Bytes in it.
    pub fn held(&self) -> usize {
        self.held
    }

    /// About how many bytes fit (in whole pages: small segments fill it sooner).
    pub fn size(&self) -> usize {
        self.ends.size
    }

    /// Moves what it holds to `sock`; `more` says that more follows at once. Gives the bytes moved. Errors:
    /// `WouldBlock` (wait until `sock` is writable), `InvalidInput` when it's empty, the connection's own.
    pub fn splice_to(&mut self, sock: &Sock, more: bool) -> io::Result<usize> {
        if self.held == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let moved = with_io(|rt| {
            if sock.is_device() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let slot = open_slot(rt, sock.raw())?;
            if slot.has(TLS) {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            if !slot.has(WRITE | FRESH) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let answer = kernel!(rt, Splice, splice(self.ends.read, sock.raw(), self.held, more));
            // A short count may end at a page's border: only a refusal tells that the socket is full.
            if matches!(&answer, Err(e) if e.kind() == io::ErrorKind::WouldBlock) {
                slot.clear(WRITE | FRESH);
            }
            answer
        })?;
        self.held = self.held.saturating_sub(moved);
        Ok(moved)
    }
}

/// The most that is asked for at once: Linux takes larger numbers for negative ones.
const SPLICE_MAX: usize = 1 << 30;

impl Sock {
    /// Moves up to `max` bytes into `pipe`; `Ok(0)` is the end of the stream. Errors: `WouldBlock`,
    /// `InvalidInput` for a `max` of 0 and on a socket that speaks TLS, the connection's own.
    ///
    /// A pipe that holds something may refuse for want of room: empty it, then try again, and only wait for
    /// the socket after a `WouldBlock` with an empty pipe.
    pub fn splice_to(&self, pipe: &mut Pipe, max: usize) -> io::Result<usize> {
        if max == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let moved = with_io(|rt| {
            if self.is_device() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            let slot = open_slot(rt, self.raw())?;
            if slot.has(TLS) {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            if !slot.has(READ) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let answer = kernel!(rt, Splice, splice(self.raw(), pipe.ends.write, max.min(SPLICE_MAX), false));
            if pipe.held == 0 && matches!(&answer, Err(e) if e.kind() == io::ErrorKind::WouldBlock) {
                slot.clear(READ);
            }
            if matches!(answer, Ok(0)) {
                slot.resets.set(false);
            }
            answer
        })?;
        pipe.held += moved;
        Ok(moved)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let kept = with(|rt| {
            let mut pool = rt.pipes.borrow_mut();
            let keep = self.held == 0 && pool.len() < KEEP;
            if keep {
                pool.push(self.ends);
            }
            keep
        });
        if kept != Some(true) {
            runtime::close(self.ends.read);
            runtime::close(self.ends.write);
            closed();
        }
    }
}

fn open(rt: &runtime::Rt) -> io::Result<Ends> {
    if OPEN.fetch_add(1, Relaxed) >= MOST.load(Relaxed) {
        closed();
        return Err(io::ErrorKind::QuotaExceeded.into());
    }
    match kernel!(rt, Other, pipe(EACH.load(Relaxed))) {
        Ok((read, write, size)) => Ok(Ends { read, write, size }),
        Err(error) => {
            closed();
            Err(error)
        }
    }
}
