//! The master CLI (`-S`, management manual 9.4): commands for the master itself, and the way to its workers: `@1`, `@!PID`.
//! What is meant for a worker is passed on as it is, and the answer comes back as it is.

use std::io::{self, ErrorKind};
use std::rc::Rc;

use net::{Listener, Sock};
use state::world::Level;

use super::{Master, State, Worker, address};
use crate::version;

/// How much is read at once, and the most that a line with its payload may have.
const READ: usize = 16 * 1024;
const LINE_MAX: usize = 32 << 20;

/// Its commands, as `-dK` lists them.
pub(crate) const COMMANDS: &[&str] =
    &["@!<pid>", "@<relative pid>", "@master", "hard-reload", "reload", "show proc"];

const HELP: &str = "The following commands are valid at this level:
  @!<pid>                                 : send a command to the <pid> process
  @<relative pid>                         : send a command to the <relative pid> process
  @master                                 : send a command to the master process
  hard-reload                             : achieve a hard-reload (-st) of the workers
  reload                                  : achieve a soft-reload (-sf) of the workers
  show proc                               : show processes status
  show startup-logs                       : report logs emitted during the last start of a worker
  show version                            : show version of the current process
  help                                    : list all commands
  prompt                                  : toggle interactive mode with prompt
  quit                                    : disconnect
";

/// Begins to serve one address.
pub(super) fn open(master: &Rc<Master>, socket: &str) -> io::Result<()> {
    let (bound, level) = address::open(socket)?;
    net::spawn(accept(Rc::clone(master), Listener::new(bound)?, level));
    Ok(())
}

async fn accept(master: Rc<Master>, listener: Listener, level: Level) {
    loop {
        listener.wait().await;
        match listener.accept() {
            Ok((sock, _)) => {
                let talk = Talk {
                    master: Rc::clone(&master),
                    sock,
                    level,
                    input: Vec::new(),
                    at: None,
                    prompts: false,
                };
                net::spawn(async move {
                    // Whatever went wrong, there is nobody left to tell.
                    let _ = talk.run().await;
                });
            }
            Err(net::AcceptError::WouldBlock) => {}
            Err(_) => {
                listener.pause();
                net::sleep_until(net::now().plus_millis(20)).await;
            }
        }
    }
}

/// One client.
struct Talk {
    master: Rc<Master>,
    sock: Sock,
    level: Level,
    input: Vec<u8>,
    /// Whom commands without a prefix are for; none: the master.
    at: Option<Rc<Worker>>,
    prompts: bool,
}

/// Whether a client is listened to any longer.
type Goes = bool;

impl Talk {
    async fn run(mut self) -> io::Result<()> {
        loop {
            if self.prompts {
                let prompt = match &self.at {
                    Some(worker) => format!("\n{}> ", worker.pid),
                    None => "\nmaster> ".to_owned(),
                };
                write(&self.sock, prompt.as_bytes()).await?;
            }
            let Some((line, payload)) = self.line().await? else { return Ok(()) };
            if !self.obey(&line, &payload).await? || !self.prompts {
                return self.sock.shutdown_write();
            }
        }
    }

    /// A line without its end, and the payload that it announces, as they came.
    async fn line(&mut self) -> io::Result<Option<(String, Vec<u8>)>> {
        loop {
            if let Some(end) = self.input.iter().position(|b| *b == b'\n') {
                let line = String::from_utf8_lossy(self.input.get(..end).unwrap_or_default()).into_owned();
                let line = line.trim_end_matches('\r').to_owned();
                let rest = self.input.get(end + 1..).unwrap_or_default();
                match payload_end(&line, rest) {
                    Some(len) => {
                        let payload = rest.get(..len).unwrap_or_default().to_vec();
                        self.input.drain(..end + 1 + len);
                        return Ok(Some((line, payload)));
                    }
                    None if self.input.len() > LINE_MAX => return Ok(None),
                    None => {}
                }
            }
            let mut room = [0; READ];
            let n = read(&self.sock, &mut room).await?;
            if n == 0 || self.input.len() > LINE_MAX {
                return Ok(None);
            }
            self.input.extend_from_slice(room.get(..n).unwrap_or_default());
        }
    }

    async fn obey(&mut self, line: &str, payload: &[u8]) -> io::Result<Goes> {
        let commands = split(line);
        let mut next = 0;
        while let Some(command) = commands.get(next) {
            next += 1;
            let command = command.trim();
            let (to, words) = match command.strip_prefix('@') {
                None => (self.at.clone(), command),
                Some(rest) => {
                    let (prefix, words) = rest.split_once(' ').unwrap_or((rest, ""));
                    let to = match prefix.trim_start_matches('@') {
                        "" | "master" => None,
                        name => match self.master.named(name) {
                            Some(worker) => Some(worker),
                            None => {
                                let words =
                                    format!("Can't find the target PID matching the prefix '@{prefix}'\n");
                                write(&self.sock, words.as_bytes()).await?;
                                return Ok(self.prompts);
                            }
                        },
                    };
                    if words.trim().is_empty() {
                        self.at = to;
                        continue;
                    }
                    (to, words.trim())
                }
            };
            let Some(worker) = to else {
                if !self.command(words).await? {
                    return Ok(false);
                }
                continue;
            };
            let mut all = words.to_owned();
            // What follows is for the same, with what was switched on before.
            while let Some(more) =
                commands.get(next).filter(|c| self.at.is_some() && !c.trim().starts_with('@'))
            {
                all = format!("{all};{more}");
                next += 1;
            }
            let level = match self.level {
                Level::User => "user;",
                Level::Operator => "operator;",
                Level::Admin => "",
            };
            let mut bytes = format!("{level}{all}\n").into_bytes();
            bytes.extend_from_slice(payload);
            let sock = &self.sock;
            pass(&worker, &bytes, async |part| write(sock, part).await).await?;
        }
        Ok(true)
    }

    /// A command for the master.
    async fn command(&mut self, words: &str) -> io::Result<Goes> {
        let mut list = words.split_whitespace();
        let answer = match (list.next(), list.next()) {
            (None, _) => return Ok(true),
            (Some("show"), Some("proc")) => processes(&self.master),
            (Some("show"), Some("version")) => format!("{}\n", version::program().version),
            (Some("show"), Some("startup-logs")) => self.master.logs.borrow().clone(),
            (Some(reload @ ("reload" | "hard-reload")), None) if self.level == Level::Admin => {
                let success = self.master.reload(reload == "hard-reload").await;
                format!("Success={}\n--\n{}", u8::from(success), self.master.logs.borrow())
            }
            (Some("reload" | "hard-reload"), None) => "Permission denied\n".to_owned(),
            (Some("prompt"), _) => {
                self.prompts = !self.prompts;
                return Ok(true);
            }
            (Some("quit"), _) => return Ok(false),
            (Some("help"), _) => HELP.to_owned(),
            _ => format!("Unknown command: '{words}'. {HELP}"),
        };
        write(&self.sock, format!("{answer}\n").as_bytes()).await?;
        Ok(true)
    }
}

/// `show proc`.
fn processes(master: &Master) -> String {
    let row = |cells: [&str; 5]| {
        let [pid, kind, reloads, uptime, version] = cells;
        format!("{pid:<15} {kind:<15} {reloads:<15} {uptime:<15} {version:<15}\n")
    };
    let since = |began: net::Time| {
        let s = net::now().millis_since(began) / 1000;
        format!("{}d{:02}h{:02}m{:02}s", s / 86_400, s / 3600 % 24, s / 60 % 60, s % 60)
    };
    let version = version::program().version;
    let mut out = row(["#<PID>", "<type>", "<reloads>", "<uptime>", "<version>"]);
    let counts = format!("{} [failed: {}]", master.reloads.get(), master.failed.get());
    out.push_str(&row([&std::process::id().to_string(), "master", &counts, &since(master.began), &version]));
    let workers = master.workers.borrow();
    let of = |state: State| workers.iter().filter(move |worker| worker.state.get() == state);
    let line = |worker: &Rc<Worker>| {
        let reloads = worker.reloads.get().to_string();
        row([&worker.pid.to_string(), "worker", &reloads, &since(worker.began), &version])
    };
    out.push_str("# workers\n");
    of(State::Current).for_each(|worker| out.push_str(&line(worker)));
    if of(State::Old).next().is_some() {
        out.push_str("# old workers\n");
        of(State::Old).for_each(|worker| out.push_str(&line(worker)));
    }
    out
}

/// Passes a line on to a worker, and each part of its answer back.
async fn pass(
    worker: &Worker,
    bytes: &[u8],
    mut take: impl AsyncFnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let sock = Sock::from_fd(worker.call()?.into())?;
    write(&sock, bytes).await?;
    let mut room = vec![0; READ];
    loop {
        match read(&sock, &mut room).await? {
            0 => return Ok(()),
            n => take(room.get(..n).unwrap_or_default()).await?,
        }
    }
}

/// What became of asking a worker to apply its files.
pub(super) enum Applied {
    Done(String),
    /// Only a new process can do it.
    Cannot,
    Wrong(String),
}

/// Has a worker apply what its files say now.
pub(super) async fn apply(worker: &Worker) -> Applied {
    let mut answer = Vec::new();
    let asked = pass(worker, b"config apply\n", async |part| {
        answer.extend_from_slice(part);
        Ok(())
    });
    if asked.await.is_err() {
        return Applied::Cannot;
    }
    let words = format!("{}\n", String::from_utf8_lossy(&answer).trim_end());
    if words.contains(crate::changes::APPLIED) {
        Applied::Done(words)
    } else if words.contains(crate::frozen::NOT_LIVE) {
        Applied::Cannot
    } else {
        Applied::Wrong(words)
    }
}

/// The commands of a line: `;` without a backslash in front ends one.
fn split(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut escaped = false;
    for c in line.chars() {
        if c == ';' && !escaped {
            all.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all
}

/// How long the payload is that a line announces, with the line that ends it; none: it isn't all there.
fn payload_end(line: &str, rest: &[u8]) -> Option<usize> {
    let Some(until) = line.rsplit([' ', '\t']).next().and_then(|last| last.strip_prefix("<<")) else {
        return Some(0);
    };
    let mut at = 0;
    for part in rest.split_inclusive(|b| *b == b'\n') {
        at += part.len();
        let text = part.strip_suffix(b"\n")?;
        if text.strip_suffix(b"\r").unwrap_or(text) == until.as_bytes() {
            return Some(at);
        }
    }
    None
}

async fn read(sock: &Sock, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match sock.try_read(room) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.read(sock);
                })
                .await;
            }
            other => return other,
        }
    }
}

async fn write(sock: &Sock, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match sock.try_write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.write(sock);
                })
                .await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_payloads() {
        assert_eq!(split(r"a;b\;c; d"), ["a", r"b\;c", " d"]);
        assert_eq!(payload_end("show info", b"x\n"), Some(0));
        assert_eq!(payload_end("add map x <<", b"a b\n\nrest"), Some(5));
        assert_eq!(payload_end("add map x <<E", b"a\nE\n"), Some(4));
        assert_eq!(payload_end("add map x <<E", b"a\nE"), None);
    }
}
