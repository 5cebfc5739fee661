//! Mail about servers going up and down, by SMTP (RFC 5321; manual 4.2 "email-alert"): one conversation at a time with each
//! mail server, in the order of events. What can't be delivered is dropped: logs have it all.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;

use net::{Addr, ConnectOptions, Sock, Time};
use state::mail::EmailAlert;

/// Mails that wait for a server at most.
const WAITING_MAX: usize = 1024;
/// The longest line of an answer.
const LINE_MAX: usize = 4096;

/// A mail on its way to one server.
#[derive(Debug)]
struct Mail {
    /// What is said, and the beginning of what is expected to be answered; at first it is the server's turn.
    steps: [(Vec<u8>, &'static [u8]); 6],
    timeout_ms: u32,
}

thread_local! {
    /// What waits, by server; a server that is here is being talked to.
    static WAITING: RefCell<HashMap<SocketAddr, VecDeque<Mail>>> = RefCell::default();
}

/// Sends what is to be told, if it matters enough. `host`: this system's name.
pub(crate) fn send(alert: &EmailAlert, level: u8, text: &str, host: &str) {
    if level > alert.level {
        return;
    }
    for server in &alert.mailers.servers {
        let mail = Mail { steps: steps(alert, text, host), timeout_ms: alert.mailers.timeout_ms };
        WAITING.with_borrow_mut(|waiting| match waiting.get_mut(server) {
            Some(queue) if queue.len() < WAITING_MAX => queue.push_back(mail),
            Some(_) => {}
            None => {
                waiting.insert(*server, VecDeque::from([mail]));
                net::spawn(deliver(*server));
            }
        });
    }
}

/// The conversation about one mail.
fn steps(alert: &EmailAlert, text: &str, host: &str) -> [(Vec<u8>, &'static [u8]); 6] {
    let EmailAlert { from, to, .. } = alert;
    let host = alert.host.as_deref().unwrap_or(host);
    let date = keywords::clock::mail_date(net::wall());
    // Whatever a server said of itself in it: one line, which doesn't end the mail.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim_end_matches('.');
    let body = format!(
        "From: {from}\r\nTo: {to}\r\nDate: {date}\r\nSubject: [HAProxy Alert] {text}\r\n\r\n{text}\r\n\r\n.\r\n"
    );
    [
        (format!("HELO {host}\r\n").into_bytes(), b"220"),
        (format!("MAIL FROM:<{from}>\r\n").into_bytes(), b"250"),
        (format!("RCPT TO:<{to}>\r\n").into_bytes(), b"250"),
        (b"DATA\r\n".to_vec(), b"250"),
        (body.into_bytes(), b"354"),
        (b"QUIT\r\n".to_vec(), b"250"),
    ]
}

/// Delivers what waits for a server, one after the other.
async fn deliver(server: SocketAddr) {
    loop {
        let next = WAITING.with_borrow_mut(|waiting| {
            let next = waiting.get_mut(&server).and_then(VecDeque::pop_front);
            if next.is_none() {
                waiting.remove(&server);
            }
            next
        });
        let Some(mail) = next else { return };
        // What can't be delivered is dropped.
        let _ = converse(server, &mail).await;
    }
}

async fn converse(server: SocketAddr, mail: &Mail) -> io::Result<()> {
    let until = net::now().plus_millis(u64::from(mail.timeout_ms));
    let sock = Sock::connect(&Addr::from(server), &ConnectOptions::default())?;
    let mut came = Vec::new();
    for (say, expected) in &mail.steps {
        hear(&sock, &mut came, expected, until).await?;
        tell(&sock, say, until).await?;
    }
    // The server says good-bye, too.
    hear(&sock, &mut came, b"221", until).await
}

/// Waits for an answer; of several lines the last counts. Errors: it is another one than this, or none.
async fn hear(sock: &Sock, came: &mut Vec<u8>, expected: &[u8], until: Time) -> io::Result<()> {
    let mut room = [0; 1024];
    loop {
        while let Some(end) = came.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = came.drain(..=end).collect();
            if line.get(3) != Some(&b'-') {
                let good = line.starts_with(expected);
                return if good { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) };
            }
        }
        if came.len() > LINE_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        match sock.try_read(&mut room) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => came.extend_from_slice(room.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
}

async fn tell(sock: &Sock, mut bytes: &[u8], until: Time) -> io::Result<()> {
    while !bytes.is_empty() {
        match sock.try_write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let woken = net::wait(|w| {
                    w.write(sock).until(until);
                });
                if woken.await.timed_out() {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
