//! Going to the background with a parent that waits: errors of the start are still seen and still fail the
//! command that started it, and a pid file is there when that command returns. Knows nothing of what is
//! started.

use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::io;

/// Which of the two processes this is after [`fork`].
#[derive(Debug)]
pub enum Side {
    /// The one that goes on, in a session of its own, until [`Starting::ready`] still with the terminal's
    /// output.
    Child(Starting),
    /// The first process: the child is ready. All that's left is to end with status 0.
    Ready,
    /// The first process: the child ended before it was ready.
    Ended {
        /// Its id.
        child: u32,
        /// Its exit status, or 128 and the signal's number.
        status: i32,
    },
}

/// A child whose parent waits. Dropping it, as ending does, tells the parent of a failure.
#[derive(Debug)]
pub struct Starting {
    parent: OwnedFd,
    /// /dev/null, which a process that has changed its root directory since could not open.
    null: OwnedFd,
}

/// Forks; the parent returns when the child said that it is ready, or ended.
///
/// Errors: `Unsupported` when other threads run already, which the child would lack; fork's and setsid's own.
pub fn fork() -> io::Result<Side> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "other threads run already"));
    }
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, rustix::fs::Mode::empty())?;
    let (child_end, own_end) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    #[allow(unsafe_code, reason = "fork is libc's")]
    // SAFETY: this is the process's only thread (asked above), so that no lock is left held in the child.
    match unsafe { libc::fork() } {
        ..=-1 => Err(io::Error::last_os_error()),
        0 => {
            drop(child_end);
            rustix::process::setsid()?;
            Ok(Side::Child(Starting { parent: own_end, null }))
        }
        child => {
            drop(own_end);
            wait(&child_end, child)
        }
    }
}

fn wait(child_end: &OwnedFd, child: i32) -> io::Result<Side> {
    let mut byte = [0u8; 1];
    if rustix::io::retry_on_intr(|| rustix::io::read(child_end, &mut byte))? == 1 {
        return Ok(Side::Ready);
    }
    let pid = Pid::from_raw(child);
    let status = rustix::io::retry_on_intr(|| waitpid(pid, WaitOptions::empty()))?;
    let status = status.map_or(1, |(_, s)| {
        s.exit_status().or_else(|| s.terminating_signal().map(|signal| 128 + signal)).unwrap_or(1)
    });
    Ok(Side::Ended { child: child.unsigned_abs(), status })
}

impl Starting {
    /// Leaves the terminal (standard input, output and error become /dev/null) and lets the parent end.
    pub fn ready(self) -> io::Result<()> {
        rustix::stdio::dup2_stdin(&self.null)?;
        rustix::stdio::dup2_stdout(&self.null)?;
        rustix::stdio::dup2_stderr(&self.null)?;
        rustix::io::write(&self.parent, b"+")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_fork_with_threads() {
        let (ask, answer) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || answer.recv());
        assert_eq!(fork().unwrap_err().kind(), io::ErrorKind::Unsupported);
        drop(ask);
        let _ = other.join();
    }
}
