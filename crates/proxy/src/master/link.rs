//! The line between a master and a worker: the worker reports once whether it serves and what was said until then; from
//! then on the master passes clients of its socket on to it, a descriptor and a byte each. When the line breaks the
//! master is gone, and the worker ends.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use net::{Remote, Sock};

use crate::say;

/// The variables that name the descriptors of the line, and of one to the worker before.
const VARIABLE: &str = "SLUICE_MASTER_LINE";
const BEFORE: &str = "SLUICE_WORKER_BEFORE";
/// The most that a report is listened to.
const LOGS_MAX: usize = 1 << 20;

/// The worker's end.
static LINE: OnceLock<Mutex<UnixStream>> = OnceLock::new();

/// What a worker says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traits {
    /// `reload-mode auto`: it applies another configuration itself where it can.
    pub(crate) applies: bool,
    /// `mworker-max-reloads`.
    pub(crate) max_reloads: Option<u32>,
}

/// What a worker reported.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) logs: String,
    /// None: it does not serve.
    pub(super) traits: Option<Traits>,
}

/// Has a program that is about to be started know the descriptor of its end.
pub(super) fn hand_over(command: &mut Command, end: &UnixStream) {
    command.env(VARIABLE, end.as_raw_fd().to_string()).env("HAPROXY_MWORKER", "1");
}

/// Has a worker that is about to be started know the descriptor of a line to the Runtime API of the one before it.
pub(super) fn introduce(command: &mut Command, before: Option<&UnixStream>) {
    match before {
        Some(line) => command.env(BEFORE, line.as_raw_fd().to_string()),
        None => command.env_remove(BEFORE),
    };
}

/// A line to the Runtime API of the worker before this one, if there is one to ask for its sockets.
pub(crate) fn predecessor() -> Option<UnixStream> {
    let number = std::env::var(BEFORE).ok()?.parse().ok()?;
    is_worker().then(|| net::inherited(number).ok().map(UnixStream::from))?
}

/// Listens to a worker until it serves or is gone.
pub(super) async fn report(sock: &Sock) -> Report {
    let mut bytes = Vec::new();
    let mut room = [0; 4096];
    loop {
        if let Some(report) = read(&bytes) {
            return report;
        }
        match sock.try_read(&mut room) {
            Ok(n @ 1..) if bytes.len() < LOGS_MAX => {
                bytes.extend_from_slice(room.get(..n).unwrap_or_default());
            }
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.read(sock);
                })
                .await;
            }
            _ => return Report { logs: String::from_utf8_lossy(&bytes).into_owned(), traits: None },
        }
    }
}

/// A report that is complete: what was said, NUL, and whether it applies and how many reloads it may outlive.
fn read(bytes: &[u8]) -> Option<Report> {
    let at = bytes.iter().position(|b| *b == 0)?;
    let (logs, rest) = (bytes.get(..at)?, bytes.get(at + 1..)?);
    let end = rest.iter().position(|b| *b == b'\n')?;
    let text = String::from_utf8_lossy(rest.get(..end)?).into_owned();
    let mut words = text.split(' ');
    let traits = Traits {
        applies: words.next() == Some("auto"),
        max_reloads: words.next().and_then(|n| n.parse().ok()),
    };
    Some(Report { logs: String::from_utf8_lossy(logs).into_owned(), traits: Some(traits) })
}

/// Finds out whether this process is a worker. To be called first of all.
pub(crate) fn find() {
    let number = std::env::var(VARIABLE).ok().and_then(|number| number.parse().ok());
    if let Some(line) = number.and_then(|number| net::inherited(number).ok()) {
        say::record();
        let _ = LINE.set(Mutex::new(UnixStream::from(line)));
    }
}

/// Whether this process has a master.
pub(crate) fn is_worker() -> bool {
    LINE.get().is_some()
}

/// Tells the master that this worker serves, or, without traits, that it won't.
pub(crate) fn tell(traits: Option<Traits>) {
    use std::io::Write as _;
    let Some(line) = LINE.get() else { return };
    let mut words = say::recorded().into_bytes();
    words.retain(|byte| *byte != 0);
    if let Some(Traits { applies, max_reloads }) = traits {
        let mode = if applies { "auto" } else { "classic" };
        let most = max_reloads.map(|most| most.to_string()).unwrap_or_default();
        words.extend_from_slice(format!("\0{mode} {most}\n").as_bytes());
    }
    // Without a master there is nobody to tell.
    let _ = line.lock().unwrap_or_else(PoisonError::into_inner).write_all(&words);
}

/// Takes clients from the master, on a thread of its own, and has them served in a runtime; ends the process when the master
/// is gone.
pub(crate) fn listen(to: Remote, serve: fn(OwnedFd)) -> std::io::Result<()> {
    let Some(line) = LINE.get() else { return Ok(()) };
    let line = line.lock().unwrap_or_else(PoisonError::into_inner).try_clone()?;
    let take = move || {
        let (mut byte, mut fds) = ([0; 1], Vec::new());
        while let Ok(1..) = net::fd_pass::recv(&line, &mut byte, &mut fds) {
            for fd in fds.drain(..) {
                // A runtime that ended serves nobody.
                let _ = to.send(Box::new(move || serve(fd)));
            }
        }
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    };
    std::thread::Builder::new().name("master".to_owned()).spawn(take).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_complete_or_not() {
        assert!(read(b"said").is_none() && read(b"said\0auto 3").is_none());
        let report = read(b"said\0auto 3\n").unwrap();
        let traits = report.traits.unwrap();
        assert_eq!((report.logs.as_str(), traits.applies, traits.max_reloads), ("said", true, Some(3)));
        let traits = read(b"\0classic \n").unwrap().traits.unwrap();
        assert!(!traits.applies && traits.max_reloads.is_none());
    }
}
