//! The server behind the proxy: it keeps every byte, reads requests by the letter ([`super::strict`]) and writes down
//! what it got.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::case::escape;
use super::strict::{self, Outcome};

/// A request of the harness itself, that the record leaves out.
pub(super) const PROBE: &str = "/-probe-";

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// How long what came of a request may stay incomplete before it counts as that.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct State {
    /// What was got, as the corpus writes it.
    seen: Vec<String>,
    /// What the first request of the case is answered with.
    script: Option<(Vec<u8>, bool)>,
    /// Connections that hold the beginning of a request.
    begun: usize,
}

/// A running one; its threads end with the process.
#[derive(Clone)]
pub(super) struct Origin {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl Origin {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub(super) fn start() -> io::Result<Origin> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let origin = Origin { state: Arc::default(), port: listener.local_addr()?.port() };
        let accepting = origin.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let origin = accepting.clone();
                thread::spawn(move || origin.serve(stream));
            }
        });
        Ok(origin)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a case.
    pub(super) fn begin(&self, answer: Option<&[u8]>, close: bool) {
        let mut state = self.state();
        state.seen.clear();
        state.script = answer.map(|bytes| (bytes.to_vec(), close));
    }

    /// What was got since.
    pub(super) fn take(&self) -> Vec<String> {
        let end = std::time::Instant::now() + PATIENCE;
        while self.state().begun > 0 && std::time::Instant::now() < end {
            thread::sleep(Duration::from_millis(2));
        }
        std::mem::take(&mut self.state().seen)
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut input = Vec::new();
        let mut piece = [0; 16 << 10];
        let mut begun = false;
        loop {
            loop {
                match strict::request(&input) {
                    Outcome::Complete(message) => {
                        input.drain(..message.length);
                        if !self.answer(&mut stream, &message) {
                            self.mark(&mut begun, false);
                            return;
                        }
                    }
                    Outcome::Incomplete => break,
                    Outcome::Malformed(why) => {
                        self.mark(&mut begun, false);
                        self.state().seen.push(format!("malformed: {why}: {}", escape(&input)));
                        return;
                    }
                }
            }
            self.mark(&mut begun, !input.is_empty());
            match stream.read(&mut piece) {
                Ok(length) if length > 0 => input.extend_from_slice(&piece[..length]),
                _ => break,
            }
        }
        if !input.is_empty() {
            let line = input.split(|byte| *byte == b'\r').next().unwrap_or_default();
            let start: Vec<&[u8]> = line.split(|byte| *byte == b' ').take(2).collect();
            self.state().seen.push(format!("{} ...", escape(&start.join(&b' '))));
        }
        self.mark(&mut begun, false);
    }

    fn mark(&self, begun: &mut bool, now: bool) {
        if *begun != now {
            let mut state = self.state();
            state.begun = if now { state.begun + 1 } else { state.begun - 1 };
            *begun = now;
        }
    }

    /// Writes a request down and answers it; whether the connection goes on.
    fn answer(&self, stream: &mut TcpStream, message: &strict::Message) -> bool {
        let start = message.line.rsplit_once(' ').map_or("", |(start, _)| start);
        if start.ends_with(PROBE) {
            return stream.write_all(PLAIN).is_ok();
        }
        let script = {
            let mut state = self.state();
            state.seen.push(format!("{start} \"{}\"", escape(&message.body)));
            state.script.take()
        };
        let (bytes, close) = script.as_ref().map_or((PLAIN, false), |(bytes, close)| (bytes, *close));
        if message.line.starts_with("HEAD") && script.is_none() {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
            return stream.write_all(head).is_ok();
        }
        stream.write_all(bytes).is_ok() && !close
    }
}
