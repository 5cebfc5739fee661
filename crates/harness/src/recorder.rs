//! An origin that remembers: every request it got, byte for byte, and answers by a function of the request.
//! One thread a connection; for comparing behaviour, not for measuring.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::origin::request_length;

/// Longest request read.
const REQUEST_MAX: usize = 4 << 20;

/// One request as an origin saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which of the recorder's ports it came in on, counted from 0.
    pub server: usize,
    /// Head and body as received, framing included.
    pub bytes: Vec<u8>,
    /// The header of the PROXY protocol that its connection began with, where it is the first on that.
    pub preface: Vec<u8>,
}

/// What a recorder answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// How long to wait before it is sent.
    pub delay: Duration,
    /// The bytes to send, head and body.
    pub bytes: Vec<u8>,
    /// Close after them.
    pub close: bool,
}

type Script = dyn Fn(&Recorded) -> Answer + Send + Sync;

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Recorded>>,
    stop: AtomicBool,
}

/// A running recorder; it stops on drop.
pub struct Recorder {
    shared: Arc<Shared>,
    ports: Vec<u16>,
    threads: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Listens on `ports` free ports and answers by `script`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start(
        ports: usize,
        script: impl Fn(&Recorded) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Recorder> {
        let shared = Arc::new(Shared {
            script: Box::new(script),
            seen: Mutex::new(Vec::new()),
            stop: AtomicBool::new(false),
        });
        let mut recorder = Recorder { shared, ports: Vec::new(), threads: Vec::new() };
        for server in 0..ports {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            recorder.ports.push(listener.local_addr()?.port());
            let shared = Arc::clone(&recorder.shared);
            recorder.threads.push(std::thread::spawn(move || accept(&listener, server, &shared)));
        }
        Ok(recorder)
    }

    /// The ports it listens on.
    #[must_use]
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// How many requests were seen since the last [`Recorder::take`].
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes what was seen since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for &port in &self.ports {
            // Wakes the thread that waits in accept.
            let _ = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)));
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, server: usize, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(stream) = stream {
            let shared = Arc::clone(shared);
            std::thread::spawn(move || {
                let _ = serve(stream, server, &shared);
            });
        }
    }
}

fn serve(mut stream: TcpStream, server: usize, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    let mut input = Vec::new();
    let mut preface = Preface::Open;
    let mut scratch = vec![0; 64 << 10];
    loop {
        preface.cut(&mut input);
        while preface.is_over()
            && let Some(whole) = request_length(&input)
        {
            let bytes = input.drain(..whole).collect();
            let recorded = Recorded { server, bytes, preface: preface.take() };
            let answer = (shared.script)(&recorded);
            shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
            std::thread::sleep(answer.delay);
            stream.write_all(&answer.bytes)?;
            if answer.close {
                return Ok(());
            }
        }
        match stream.read(&mut scratch) {
            Ok(0) => break,
            Ok(length) => input.extend_from_slice(&scratch[..length]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        if shared.stop.load(Ordering::Relaxed) || input.len() > REQUEST_MAX {
            break;
        }
    }
    if !input.is_empty() {
        // A request cut short is a thing that was seen, too.
        let recorded = Recorded { server, bytes: input, preface: preface.take() };
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    }
    Ok(())
}

/// How version 2 of the PROXY protocol begins.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// What comes in front of a connection's first request.
enum Preface {
    /// Too few bytes to tell.
    Open,
    Over(Vec<u8>),
}

impl Preface {
    /// Cuts a header of the PROXY protocol off the front of a connection's bytes.
    fn cut(&mut self, input: &mut Vec<u8>) {
        if self.is_over() || input.is_empty() {
            return;
        }
        let length = if input.starts_with(b"PROXY ") {
            input.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
        } else if input.starts_with(SIGNATURE) {
            let length = input.get(14..16).map(|two| usize::from(u16::from_be_bytes([two[0], two[1]])) + 16);
            length.filter(|length| input.len() >= *length)
        } else if SIGNATURE.starts_with(input) || b"PROXY ".starts_with(input) {
            None
        } else {
            Some(0)
        };
        if let Some(length) = length {
            *self = Preface::Over(input.drain(..length).collect());
        }
    }

    fn is_over(&self) -> bool {
        matches!(self, Preface::Over(_))
    }

    fn take(&mut self) -> Vec<u8> {
        match self {
            Preface::Open => Vec::new(),
            Preface::Over(bytes) => std::mem::take(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Until, exchange};

    #[test]
    fn what_comes_in_front_is_told_apart() {
        let version_2 = [SIGNATURE, b"\x21\x11\0\x02ab"].concat();
        for (front, rest) in [(&b"PROXY UNKNOWN\r\n"[..], &b"GET"[..]), (&version_2, b"x"), (b"", b"PRO")] {
            let (mut preface, mut input) = (Preface::Open, Vec::new());
            for byte in [front, rest].concat() {
                input.push(byte);
                preface.cut(&mut input);
            }
            let open = rest == b"PRO";
            assert_eq!((preface.is_over(), preface.take(), input), (!open, front.to_vec(), rest.to_vec()));
        }
    }

    #[test]
    fn remembers_and_answers() {
        let recorder = Recorder::start(2, |seen| Answer {
            delay: Duration::ZERO,
            bytes: format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}", seen.server).into_bytes(),
            close: true,
        })
        .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], recorder.ports()[1]));
        let got =
            exchange(address, b"GET /x HTTP/1.1\r\n\r\n", Until::closed(), Duration::from_secs(60)).unwrap();
        assert!(got.bytes.ends_with(b"1"));
        let seen = recorder.take();
        let bytes = b"GET /x HTTP/1.1\r\n\r\n".to_vec();
        assert_eq!(seen, [Recorded { server: 1, bytes, preface: Vec::new() }]);
        assert!(recorder.take().is_empty());
    }
}
