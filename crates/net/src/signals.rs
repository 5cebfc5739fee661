//! Signals as events of one runtime. Knows nothing of what a signal means.

use crate::kernel::Handle;
use crate::runtime::{self, with_io};
use crate::slot::READ;
use crate::{linux, wait};
use rustix::fd::{FromRawFd, IntoRawFd, OwnedFd};
use std::io;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of};

/// The signals that Sluice listens to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
    /// SIGHUP.
    Hup,
    /// SIGQUIT.
    Quit,
    /// SIGUSR1.
    Usr1,
    /// SIGUSR2.
    Usr2,
    /// SIGCHLD.
    Child,
    /// SIGTTIN.
    TtyIn,
    /// SIGTTOU.
    TtyOut,
}

const KNOWN: [(Signal, i32); 9] = [
    (Signal::Term, libc::SIGTERM),
    (Signal::Int, libc::SIGINT),
    (Signal::Hup, libc::SIGHUP),
    (Signal::Quit, libc::SIGQUIT),
    (Signal::Usr1, libc::SIGUSR1),
    (Signal::Usr2, libc::SIGUSR2),
    (Signal::Child, libc::SIGCHLD),
    (Signal::TtyIn, libc::SIGTTIN),
    (Signal::TtyOut, libc::SIGTTOU),
];

/// Keeps all of [`Signal`] from interrupting this thread and those it starts from now on. To be called on the
/// main thread before any other exists; they are then read through [`Signals`].
pub fn block() -> io::Result<()> {
    change_mask(libc::SIG_BLOCK)
}

/// Undoes [`block`] on this thread, for the time around starting another program: a child inherits the mask.
pub fn unblock() -> io::Result<()> {
    change_mask(libc::SIG_UNBLOCK)
}

/// Has a signal end the process again, also where whoever started it had it ignored (as shells do in the background).
#[allow(unsafe_code, reason = "rustix leaves dispositions to libc")]
pub fn restore(signal: Signal) -> io::Result<()> {
    let number = KNOWN.iter().find(|(known, _)| *known == signal).map_or(0, |(_, number)| *number);
    // SAFETY: no handler of ours is put in place, nor is one replaced: this process has none.
    match unsafe { libc::signal(number, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The process's pending signals, read by one task. Closed when dropped.
pub struct Signals {
    handle: Handle,
    _local: PhantomData<*const ()>,
}

impl Signals {
    /// Reads all of [`Signal`], which must be [`block`]ed. Real kernel only.
    pub fn new() -> io::Result<Signals> {
        let fd = signalfd()?;
        with_io(|rt| {
            let handle = fd.into_raw_fd();
            rt.adopt(handle, READ)?;
            Ok(Signals { handle, _local: PhantomData })
        })
    }

    /// The next signal. Equal ones that come before the first is read count as one, as always (signal(7)).
    pub async fn next(&self) -> io::Result<Signal> {
        loop {
            match self.try_next() {
                Ok(Some(signal)) => return Ok(signal),
                Ok(None) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    runtime::with(|rt| rt.slots.get(self.handle).map(|slot| slot.clear(READ)));
                    wait(|w| {
                        w.read(self);
                    })
                    .await;
                }
                Err(e) => return Err(e),
            }
        }
    }

    fn try_next(&self) -> io::Result<Option<Signal>> {
        let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
        rustix::io::read(linux::borrow(self.handle)?, &mut info)?;
        // `ssi_signo` is the structure's first field.
        let number = info.first_chunk().map_or(0, |n| u32::from_ne_bytes(*n));
        Ok(KNOWN.iter().find(|(_, n)| *n as u32 == number).map(|(signal, _)| *signal))
    }

    pub(crate) fn raw(&self) -> Handle {
        self.handle
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        runtime::close(self.handle);
    }
}

#[allow(unsafe_code, reason = "signal sets are libc's")]
fn set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the whole set; sigaddset gets that set and numbers of real signals.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for (_, number) in KNOWN {
            libc::sigaddset(set.as_mut_ptr(), number);
        }
        set.assume_init()
    }
}

#[allow(unsafe_code, reason = "rustix leaves the signal mask to libc")]
fn change_mask(how: i32) -> io::Result<()> {
    let set = set();
    // SAFETY: the set is initialised and only read; the former mask isn't asked for.
    match unsafe { libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[allow(unsafe_code, reason = "rustix lacks signalfd")]
fn signalfd() -> io::Result<OwnedFd> {
    let set = set();
    // SAFETY: -1 asks for a new descriptor; the set is initialised and only read.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor that nobody else knows of.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
