//! Commands on the proxy's socket: the stats socket, or the master's, through which its worker is reached.
//!
//! One connection a command; the answer carries its severity, so that success and failure are told apart.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Kind};

/// How long the proxy may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may keep silent where the question can be repeated.
const IMPATIENCE: Duration = Duration::from_secs(2);
/// How often a question is repeated.
const RETRIES: usize = 5;
/// How long before it is.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest answer that is read; more than any proxy tells.
const MOST: u64 = 256 << 20;

/// A socket of the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// The socket's file.
    pub socket: PathBuf,
    /// Whether it is the master's.
    pub master: bool,
}

impl Runtime {
    /// What the worker answers to a command; a failure if it says so.
    pub fn command(&self, command: &str) -> Result<String, Error> {
        checked(command)?;
        self.worker(command)
    }

    /// A command with a payload (`<<`): lines, of which none is empty.
    pub fn command_with(&self, command: &str, payload: &str) -> Result<String, Error> {
        checked(command)?;
        let lines: Vec<&str> = payload.lines().filter(|line| !line.trim().is_empty()).collect();
        self.worker(&format!("{command} <<\n{}\n", lines.join("\n")))
    }

    /// A command with a text as its payload, as it is. HAProxy before 2.9 doesn't know how it ends.
    pub fn command_with_text(&self, command: &str, text: &[u8]) -> Result<String, Error> {
        checked(command)?;
        let end = format!("%{}%", crate::disk::random_id()?);
        self.worker(&format!("{command} <<{end}\n{}\n{end}\n", String::from_utf8_lossy(text)))
    }

    /// Asks the master to reload; gives what it logged at the start.
    pub fn reload(&self) -> Result<String, Error> {
        let answer = self.exchange("reload\n")?;
        match answer.split_once("\n--\n") {
            Some(("Success=1", log)) => Ok(log.trim().to_owned()),
            Some(("Success=0", log)) => Err(Error::invalid(log.trim())),
            _ => Err(Error::new(Kind::System, format!("the master answered to a reload: {}", answer.trim()))),
        }
    }

    fn worker(&self, command: &str) -> Result<String, Error> {
        let line = if self.master {
            format!("@1 set severity-output number;{command}\n")
        } else {
            format!("set severity-output number;{command}\n")
        };
        let answer = self.ask(&line, command.starts_with("show "))?;
        let answer = answer.trim_start_matches('\n').trim_end_matches(['\n', '>', ' ']);
        let Some((severity, text)) = answer.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) else {
            return Ok(answer.to_owned());
        };
        match severity.parse::<u8>() {
            Ok(0..=3) => Err(Error::invalid(text.trim())),
            Ok(_) => Ok(text.trim().to_owned()),
            Err(_) => Ok(answer.to_owned()),
        }
    }

    /// While the proxy reloads its socket changes hands: what only asks is asked again, and a command that
    /// nobody took is given again.
    fn ask(&self, line: &str, harmless: bool) -> Result<String, Error> {
        let patience = if harmless { IMPATIENCE } else { PATIENCE };
        for _ in 0..RETRIES {
            match self.try_exchange(line, patience) {
                Ok(answer) if !answer.is_empty() || !harmless => return Ok(answer),
                Err(error) if !harmless && !nobody_there(&error) => return Err(self.failed(&error)),
                _ => std::thread::sleep(PAUSE),
            }
        }
        self.exchange(line)
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::system(self.socket.display(), error)
    }

    fn exchange(&self, line: &str) -> Result<String, Error> {
        self.try_exchange(line, PATIENCE).map_err(|error| self.failed(&error))
    }

    fn try_exchange(&self, line: &str, patience: Duration) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.write_all(line.as_bytes())?;
        // The master keeps its prompt open as long as we do.
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// Whether a connection was lost before anybody had it: of a listener that went away.
fn nobody_there(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotConnected, NotFound};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | NotFound | NotConnected)
}

/// A command is one command: nothing in it ends it.
fn checked(command: &str) -> Result<(), Error> {
    if command.contains([';', '\n', '\r', '\0']) {
        return Err(Error::new(
            Kind::Schema,
            "a command of the runtime API can't hold a semicolon or a line break",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A socket that answers once, and tells what it was asked.
    fn socket(answer: &'static str) -> (Runtime, std::thread::JoinHandle<String>) {
        let id = crate::disk::random_id().unwrap();
        let path = std::env::temp_dir().join(format!("rt-{id}"));
        let listener = UnixListener::bind(&path).unwrap();
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            text
        });
        (Runtime { socket: path, master: false }, asked)
    }

    #[test]
    fn severities_tell_failures() {
        let (runtime, asked) = socket("\n[3]: No such server.\n\n");
        assert_eq!(runtime.command("set server a/b weight 1").unwrap_err().message, "No such server.");
        assert_eq!(asked.join().unwrap(), "set severity-output number;set server a/b weight 1\n");
        let (runtime, asked) = socket("\n[6]: New server registered.\n\n");
        assert_eq!(runtime.command("x").unwrap(), "New server registered.");
        asked.join().unwrap();
        let (runtime, asked) = socket("Success=0\n--\n[ALERT] no\n");
        assert_eq!(runtime.reload().unwrap_err().message, "[ALERT] no");
        asked.join().unwrap();
        assert!(runtime.command("a;b").is_err() && runtime.command("a\nb").is_err());
    }
}
