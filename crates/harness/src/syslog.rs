//! A syslog receiver on UDP: every datagram as one line of text, in order of arrival.

use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest datagram kept.
const DATAGRAM_MAX: usize = 65_536;

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Vec<String>>,
    arrived: Condvar,
    stop: AtomicBool,
}

/// The receiver; it stops on drop.
#[derive(Debug)]
pub struct Syslog {
    shared: Arc<Shared>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

impl Syslog {
    /// Listens on a free UDP port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound.
    pub fn start() -> io::Result<Syslog> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 8 << 20)?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let port = socket.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || receive(&socket, &theirs));
        Ok(Syslog { shared, port, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.locked().clone()
    }

    /// Forgets what came so far.
    pub fn clear(&self) {
        self.locked().clear();
    }

    /// Waits until `enough` says so of the lines so far, at most `limit`; returns them in any case.
    #[must_use]
    pub fn wait_until(&self, limit: Duration, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let end = Instant::now() + limit;
        let mut lines = self.locked();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if enough(&lines) || left.is_zero() {
                return lines.clone();
            }
            lines = match self.shared.arrived.wait_timeout(lines, left) {
                Ok((lines, _)) => lines,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<String>> {
        self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn receive(socket: &UdpSocket, shared: &Shared) {
    let mut datagram = vec![0; DATAGRAM_MAX];
    while !shared.stop.load(Ordering::Relaxed) {
        let Ok(length) = socket.recv(&mut datagram) else { continue };
        let line = String::from_utf8_lossy(&datagram[..length]).trim_end().to_owned();
        shared.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        shared.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_lines_in_order() {
        let syslog = Syslog::start().unwrap();
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        for line in ["<134>one\n", "<134>two\n"] {
            socket.send_to(line.as_bytes(), ("127.0.0.1", syslog.port())).unwrap();
        }
        let lines = syslog.wait_until(Duration::from_secs(60), |lines| lines.len() == 2);
        assert_eq!(lines, ["<134>one", "<134>two"]);
    }
}
