//! The smuggling corpus (`tests/smuggling`): cases of hostile or doubtful framing, run against a proxy as a process
//! between a raw client and a server that reads by the letter. Nothing may be forwarded as more than, or other than, what
//! the RFCs say it is.

pub mod case;
mod origin;
pub mod strict;

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

pub use case::{Case, Via};
use origin::{Origin, PROBE};
use strict::Outcome;

use crate::port;
use crate::process::Process;
use crate::scratch::Scratch;

const LIMIT: Duration = Duration::from_secs(60);
/// How long nothing comes before our direction ends, where less comes than the case says.
const QUIET: Duration = Duration::from_millis(300);

/// What came of a case, written as the corpus does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub origin: Vec<String>,
    pub client: String,
}

impl Observed {
    /// Whether it is what the case wants.
    #[must_use]
    pub fn fits(&self, case: &Case) -> bool {
        self.origin == case.origin && fits(&case.client, &self.client)
    }
}

/// Reads every file of a folder.
///
/// # Errors
/// A file that can't be read, or is none of the corpus; a name that stands twice.
pub fn corpus(folder: &Path) -> Result<Vec<Case>, String> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(|e| format!("{}: {e}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        for case in case::parse(&text).map_err(|e| format!("{}: {e}", file.display()))? {
            if cases.iter().any(|other| other.name == case.name) {
                return Err(format!("{}: the case {} stands twice", file.display(), case.name));
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

/// A proxy under test.
pub struct Bench {
    process: Process,
    origin: Origin,
    ports: Vec<u16>,
    _scratch: Scratch,
}

impl Bench {
    /// Starts `program` in front of an origin. `modern`: it knows the unsafe options by their new names.
    ///
    /// # Errors
    /// When it doesn't come to listen.
    pub fn start(program: &Path, modern: bool) -> io::Result<Bench> {
        let (origin, scratch) = (Origin::start()?, Scratch::new("smuggling")?);
        let ports = port::free(3)?;
        scratch.write("proxy.cfg", configuration(&ports, origin.port(), modern))?;
        let mut command = Command::new(program);
        command.current_dir(scratch.path()).args(["-db", "-f", "proxy.cfg"]);
        let mut process = Process::start(command, scratch.path().join("out"))?;
        for port in &ports {
            process.wait_listening(SocketAddr::from(([127, 0, 0, 1], *port)), LIMIT)?;
        }
        Ok(Bench { process, origin, ports, _scratch: scratch })
    }

    /// Runs one case.
    ///
    /// # Errors
    /// When the proxy can't be reached, or is gone.
    pub fn run(&mut self, case: &Case) -> io::Result<Observed> {
        let port = self.ports[case.via as usize];
        let answer = case.answer.as_deref().or(case.close.then_some(b""));
        self.origin.begin(answer, case.close);
        let enough = |bytes: &[u8]| count(&answers(bytes, &case.send, false)) >= count(&case.client);
        let bytes = converse(port, &case.send, &enough)?;
        // What was forwarded behind the client's back comes before this.
        let probe = format!("GET {PROBE} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
        converse(self.ports[0], probe.as_bytes(), &|_| false)?;
        if !self.process.is_running()? {
            return Err(io::Error::other(format!("the proxy ended: {}", self.process.printed())));
        }
        Ok(Observed { origin: self.origin.take(), client: answers(&bytes, &case.send, true) })
    }
}

fn configuration(ports: &[u16], origin: u16, modern: bool) -> String {
    let option = if modern { "accept-unsafe-violations-in-http" } else { "accept-invalid-http" };
    let mut text =
        "global\n    nbthread 1\n    maxconn 200\ndefaults\n    mode http\n    timeout connect 20s\n    \
                    timeout client 20s\n    timeout server 20s\n    retries 0\n"
            .to_owned();
    for (name, port, line) in [
        ("plain", ports[0], String::new()),
        ("unsafe", ports[1], format!("    option {option}-request\n")),
        ("buffered", ports[2], "    option http-buffer-request\n".to_owned()),
    ] {
        let response =
            if name == "unsafe" { format!("    option {option}-response\n") } else { String::new() };
        text.push_str(&format!(
            "frontend {name}\n    bind 127.0.0.1:{port}\n{line}    default_backend {name}_b\nbackend \
             {name}_b\n{response}    server s 127.0.0.1:{origin}\n"
        ));
    }
    text
}

/// Sends the bytes, ends our direction when enough came back or nothing comes any more (some proxies take the end for an
/// abort), and reads to the end of the other.
fn converse(port: u16, bytes: &[u8], enough: &dyn Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(QUIET))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    // A proxy that refuses may stop reading: what it said still counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut piece = [0; 16 << 10];
    let mut ended = false;
    loop {
        let over = match stream.read(&mut piece) {
            Ok(0) => return Ok(answer),
            Ok(length) => {
                answer.extend_from_slice(&piece[..length]);
                enough(&answer)
            }
            Err(e) => match e.kind() {
                io::ErrorKind::Interrupted => false,
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut if !ended => true,
                _ => return Ok(answer),
            },
        };
        if over && !ended {
            ended = true;
            stream.set_read_timeout(Some(LIMIT))?;
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

/// How many answers these are.
fn count(answers: &str) -> usize {
    words(answers).iter().filter(|word| word.bytes().all(|b| b.is_ascii_digit())).count()
}

/// The answers in `bytes`: `200 "ok" 400 "..."`; `closed`: nothing more will come.
fn answers(bytes: &[u8], sent: &[u8], closed: bool) -> String {
    let mut methods: VecDeque<bool> = sent
        .split(|byte| *byte == b'\n')
        .filter(|line| line.ends_with(b"HTTP/1.1\r") || line.ends_with(b"HTTP/1.0\r"))
        .map(|line| line.starts_with(b"HEAD "))
        .collect();
    let mut rest = bytes;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let head = methods.front().copied().unwrap_or(false);
        match strict::response(rest, head, closed) {
            Outcome::Complete(message) => {
                let status = message.line.get(9..12).unwrap_or("???").to_owned();
                if !status.starts_with('1') {
                    methods.pop_front();
                }
                out.push(format!("{status} \"{}\"", case::escape(&message.body)));
                rest = &rest[message.length..];
            }
            Outcome::Incomplete => {
                out.push(format!("incomplete: {}", case::escape(rest)));
                break;
            }
            Outcome::Malformed(why) => {
                out.push(format!("malformed: {why}: {}", case::escape(rest)));
                break;
            }
        }
    }
    if out.is_empty() { "-".to_owned() } else { out.join(" ") }
}

/// Whether the answers got are those wanted; a status without a body there fits any body.
fn fits(wanted: &str, got: &str) -> bool {
    let (wanted, got) = (words(wanted), words(got));
    let mut got = got.into_iter().peekable();
    for (at, word) in wanted.iter().enumerate() {
        if word == "incomplete" {
            return got.next().is_some_and(|next| next == "incomplete:");
        }
        if got.next().as_deref() != Some(word) {
            return false;
        }
        let body_wanted = wanted.get(at + 1).is_some_and(|next| next.starts_with('"'));
        if !word.starts_with('"') && !body_wanted && got.peek().is_some_and(|next| next.starts_with('"')) {
            got.next();
        }
    }
    got.next().is_none()
}

/// Words, quoted ones whole.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut quoted = false;
    let mut fresh = true;
    for character in text.chars() {
        if character == ' ' && !quoted {
            fresh = true;
            continue;
        }
        if fresh {
            out.push(String::new());
            fresh = false;
        }
        quoted ^= character == '"';
        if let Some(word) = out.last_mut() {
            word.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_as_far_as_they_are_wanted() {
        assert!(fits("200 400", "200 \"ok\" 400 \"a b\""));
        assert!(fits("200 \"ok\" 400", "200 \"ok\" 400 \"\""));
        assert!(
            !fits("200 \"no\"", "200 \"ok\"") && !fits("200", "200 \"ok\" 200 \"ok\"") && !fits("200", "-")
        );
        assert!(fits("-", "-"));
    }

    #[test]
    fn answers_are_told_apart() {
        let bytes =
            b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
        let sent = b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(answers(bytes, sent, true), "100 \"\" 200 \"\" 204 \"\"");
    }
}
