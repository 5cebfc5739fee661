//! `do-resolve`: names in requests become addresses by the answers of a server of the Domain Name System.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{LIMIT, sluice};

/// What a name server was asked: the name's first label and the kind, in order.
type Asked = Arc<Mutex<Vec<(String, u16)>>>;

/// The answer to a question: by the first label of its name.
fn answer(question: &[u8], asked: &Asked) -> Option<Vec<u8>> {
    let length = usize::from(question[12]);
    let label = String::from_utf8(question[13..13 + length].to_vec()).unwrap();
    let end = 12 + question[12..].iter().position(|b| *b == 0).unwrap() + 1;
    let kind = u16::from_be_bytes([question[end], question[end + 1]]);
    let nth = asked.lock().unwrap().iter().filter(|(before, _)| *before == label).count();
    asked.lock().unwrap().push((label.clone(), kind));
    let address: Option<&[u8]> = match (label.as_str(), kind) {
        ("late", _) if nth == 0 => return None,
        ("four" | "late" | "stream", 1) => Some(&[127, 9, 9, 9]),
        ("six", 28) => Some(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]),
        _ => None,
    };
    let code = if label == "none" { 3 } else { 0 };
    let mut out = question[..2].to_vec();
    out.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    out.extend(&question[12..end + 4]);
    if let Some(address) = address {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60, 0, u8::try_from(address.len()).unwrap()]);
        out.extend(address);
    }
    Some(out)
}

fn datagrams() -> (u16, Asked) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (socket.local_addr().unwrap().port(), Asked::default());
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        let mut room = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut room) {
            if let Some(out) = answer(&room[..length], &seen) {
                // What has another number is no answer, whoever sends it.
                let mut forged = out.clone();
                forged[0] ^= 1;
                socket.send_to(&forged, from).unwrap();
                socket.send_to(&out, from).unwrap();
            }
        }
    });
    (port, asked)
}

fn streams() -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU32::new(0)));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut length = [0; 2];
            client.read_exact(&mut length).unwrap();
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            client.read_exact(&mut question).unwrap();
            counted.fetch_add(1, SeqCst);
            let out = answer(&question, &Asked::default()).unwrap();
            client.write_all(&u16::try_from(out.len()).unwrap().to_be_bytes()).unwrap();
            client.write_all(&out).unwrap();
        }
    });
    (port, count)
}

fn config(port: u16, udp: u16, tcp: u16) -> String {
    format!(
        "global\n    nbthread 1\n\
         defaults\n    mode http\n    timeout connect 60s\n    timeout client 60s\n    timeout server 60s\n\
         resolvers dns\n    nameserver one 127.0.0.1:{udp}\n    timeout retry 200ms\n    hold valid 1h\n    \
         resolve_retries 100\n\
         resolvers once\n    nameserver one 127.0.0.1:{udp}\n    timeout retry 60s\n    resolve_retries 1\n\
         resolvers streams\n    nameserver one tcp@127.0.0.1:{tcp}\n    timeout retry 60s\n\
         frontend web\n    bind 127.0.0.1:{port}\n    \
         http-request set-var(txn.ip) str(unchanged)\n    \
         http-request do-resolve(txn.ip,dns,ipv4) hdr(host) if {{ path / }}\n    \
         http-request do-resolve(txn.ip,once) hdr(host) if {{ path /once }}\n    \
         http-request do-resolve(txn.ip,streams,ipv4) hdr(host) if {{ path /stream }}\n    \
         http-request return status 200 content-type text/plain lf-string %[var(txn.ip)]\n"
    )
}

fn get(at: SocketAddr, path: &str, host: &str) -> String {
    let mut client = TcpStream::connect(at).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn names_become_addresses() {
    let (scratch, port) = (Scratch::new("resolve").unwrap(), free_one().unwrap());
    let ((udp, asked), (tcp, streamed)) = (datagrams(), streams());
    scratch.write("s.cfg", config(port, udp, tcp)).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(at, LIMIT).unwrap();
    let take = || std::mem::take(&mut *asked.lock().unwrap());

    assert_eq!(get(at, "/", "four.example"), "127.9.9.9");
    assert_eq!(get(at, "/", "FOUR.example"), "127.9.9.9");
    assert_eq!(take(), [("four".to_owned(), 1)], "the answer holds");
    assert_eq!(get(at, "/", "six.example"), "2001:db8::9");
    assert_eq!(take(), [("six".to_owned(), 1), ("six".to_owned(), 28)], "the other family after the first");
    assert_eq!(get(at, "/", "late.example"), "127.9.9.9");
    assert!(take().len() >= 2, "asked again");
    assert_eq!(get(at, "/once", "none.example"), "unchanged");
    assert_eq!(take(), [("none".to_owned(), 28), ("none".to_owned(), 1)], "each family");
    assert_eq!(get(at, "/", "a..b"), "unchanged");
    assert_eq!(get(at, "/stream", "stream.example"), "127.9.9.9");
    assert_eq!((take(), streamed.load(SeqCst)), (Vec::new(), 1));
}
