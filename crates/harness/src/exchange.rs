//! Raw bytes out, raw bytes in, with a limit on everything. It knows no protocol.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Most bytes read of one answer.
const ANSWER_MAX: usize = 64 << 20;

/// Whether the bytes received so far are all we wanted.
type Enough<'a> = dyn Fn(&[u8]) -> bool + 'a;

/// When an exchange is over; in any case when the other side closes.
#[derive(Clone, Copy, Default)]
pub struct Until<'a> {
    enough: Option<&'a Enough<'a>>,
    quiet: Option<Duration>,
}

impl<'a> Until<'a> {
    /// The other side closes.
    #[must_use]
    pub fn closed() -> Until<'a> {
        Until::default()
    }

    /// What came is enough by the word of this function.
    #[must_use]
    pub fn enough(enough: &'a dyn Fn(&[u8]) -> bool) -> Until<'a> {
        Until { enough: Some(enough), quiet: None }
    }

    /// When nothing moves for so long, our sending side is closed and the wait goes on.
    #[must_use]
    pub fn half_close_after(self, quiet: Duration) -> Until<'a> {
        Until { quiet: Some(quiet), ..self }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Every byte received.
    pub bytes: Vec<u8>,
    /// Whether the other side closed (or reset) the connection.
    pub closed: bool,
    /// Our port: what a log line calls the client's.
    pub local_port: u16,
}

/// Connects, sends `request` and reads until `until` says so, at most `limit`.
///
/// # Errors
/// When the connection cannot be opened. A connection that breaks later is an answer, not an error.
pub fn exchange(
    address: SocketAddr,
    request: &[u8],
    until: Until<'_>,
    limit: Duration,
) -> io::Result<Exchange> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_nodelay(true)?;
    let local_port = stream.local_addr()?.port();
    stream.set_write_timeout(Some(limit))?;
    // A proxy may refuse and close before it has read everything: its answer still counts.
    let _ = stream.write_all(request);
    let mut answer = Exchange { bytes: Vec::new(), closed: false, local_port };
    read(&mut stream, &mut answer, until, limit)?;
    Ok(answer)
}

fn read(stream: &mut TcpStream, answer: &mut Exchange, until: Until<'_>, limit: Duration) -> io::Result<()> {
    let end = Instant::now() + limit;
    let mut half_closed = false;
    let mut scratch = vec![0; 64 << 10];
    loop {
        if until.enough.is_some_and(|enough| enough(&answer.bytes)) {
            return Ok(());
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || answer.bytes.len() > ANSWER_MAX {
            return Ok(());
        }
        let patience = match until.quiet {
            Some(quiet) if !half_closed => left.min(quiet),
            _ => left,
        };
        stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
        match stream.read(&mut scratch) {
            Ok(0) => {
                answer.closed = true;
                return Ok(());
            }
            Ok(length) => answer.bytes.extend_from_slice(&scratch[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if until.quiet.is_some() && !half_closed {
                    half_closed = true;
                    let _ = stream.shutdown(Shutdown::Write);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => {
                answer.closed = true;
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_silent_server_sees_the_end_of_our_side() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = Vec::new();
            stream.read_to_end(&mut got).unwrap();
            stream.write_all(b"bye").unwrap();
            got
        });
        let until = Until::closed().half_close_after(Duration::from_millis(20));
        let answer = exchange(address, b"half", until, Duration::from_secs(60)).unwrap();
        assert_eq!((answer.bytes.as_slice(), answer.closed), (&b"bye"[..], true));
        assert_eq!(server.join().unwrap(), b"half");
    }
}
