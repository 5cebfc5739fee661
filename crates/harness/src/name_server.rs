//! A server of the Domain Name System on loopback whose records a test changes while it is asked, over UDP and TCP.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is answered about a name.
#[derive(Clone, Debug)]
pub enum Say {
    /// Its addresses.
    At(Vec<Ipv4Addr>),
    /// Where a service is to be had: weight, port, host.
    Services(Vec<(u16, u16, String)>),
    /// An error, by its number.
    Error(u8),
    /// Nothing at all.
    Nothing,
}

/// The server; it serves until the process ends.
#[derive(Clone, Debug)]
pub struct NameServer {
    pub port: u16,
    zone: Arc<Mutex<HashMap<String, Say>>>,
}

const A: u16 = 1;
const SRV: u16 = 33;
const NX: u8 = 3;

impl NameServer {
    /// Starts one that knows no names. Errors: the system's.
    pub fn start() -> std::io::Result<Self> {
        let (datagrams, streams) = sockets()?;
        let server = Self { port: datagrams.local_addr()?.port(), zone: Arc::default() };
        let (one, other) = (server.clone(), server.clone());
        thread::spawn(move || one.over_datagrams(&datagrams));
        thread::spawn(move || {
            for client in streams.incoming().flatten() {
                let server = other.clone();
                thread::spawn(move || server.over_stream(client));
            }
        });
        Ok(server)
    }

    /// From now on this is what is said about a name.
    pub fn set(&self, name: &str, say: Say) {
        self.zone.lock().expect("zone").insert(name.to_owned(), say);
    }

    fn over_datagrams(&self, socket: &UdpSocket) {
        let mut room = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut room) {
            if let Some(answer) = self.answer(&room[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn over_stream(&self, mut client: TcpStream) {
        let mut length = [0; 2];
        while client.read_exact(&mut length).is_ok() {
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            if client.read_exact(&mut question).is_err() {
                return;
            }
            let Some(answer) = self.answer(&question) else { continue };
            let mut out = u16::try_from(answer.len()).expect("a short answer").to_be_bytes().to_vec();
            out.extend(answer);
            if client.write_all(&out).is_err() {
                return;
            }
        }
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let mut labels = Vec::new();
        let mut at = 12;
        while question[at] > 0 {
            let length = usize::from(question[at]);
            labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).into_owned());
            at += length + 1;
        }
        let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
        let said = self.zone.lock().expect("zone").get(&labels.join(".")).cloned();
        let (code, records): (u8, Vec<Vec<u8>>) = match said {
            Some(Say::Nothing) => return None,
            Some(Say::Error(code)) => (code, Vec::new()),
            Some(Say::At(all)) if kind == A => (0, all.iter().map(|ip| ip.octets().to_vec()).collect()),
            Some(Say::Services(all)) if kind == SRV => (0, all.iter().map(service).collect()),
            Some(_) => (0, Vec::new()),
            None => (NX, Vec::new()),
        };
        let mut out = question[..2].to_vec();
        out.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(records.len()).ok()?, 0, 0, 0, 0]);
        out.extend(&question[12..at + 5]);
        for record in records {
            out.extend([0xc0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60]);
            out.extend(u16::try_from(record.len()).ok()?.to_be_bytes());
            out.extend(record);
        }
        Some(out)
    }
}

/// One port for both.
fn sockets() -> std::io::Result<(UdpSocket, TcpListener)> {
    loop {
        let streams = TcpListener::bind("127.0.0.1:0")?;
        if let Ok(datagrams) = UdpSocket::bind(streams.local_addr()?) {
            return Ok((datagrams, streams));
        }
    }
}

fn service((weight, port, host): &(u16, u16, String)) -> Vec<u8> {
    let mut out = vec![0, 1];
    out.extend(weight.to_be_bytes());
    out.extend(port.to_be_bytes());
    for label in host.split('.') {
        out.push(u8::try_from(label.len()).expect("a short label"));
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}
