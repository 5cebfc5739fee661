//! Thousands of TLS handshakes that never come to an end: each costs a bounded amount of memory, is counted when it fails,
//! and nobody else has to wait for it.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use harness::machine::raise_open_files;
use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, until};

/// Clients of each kind.
const CLIENTS: usize = 2000;
/// What one of them may cost, bytes, far below the buffer that a request would take.
const EACH: u64 = 12 * 1024;

struct Serving {
    process: Process,
    address: SocketAddr,
    scratch: Scratch,
}

fn serve() -> Serving {
    let (scratch, port) = (Scratch::new("half-open").unwrap(), free_one().unwrap());
    let certificate = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vtc/certs/a.pem");
    let socket = scratch.path().join("stats");
    let text = format!(
        "global\n    nbthread 1\n    maxconn 4000\n    stats socket {} level admin\n{DEFAULTS}frontend web\n    \
         bind 127.0.0.1:{port} ssl crt {}\n    http-request return status 200\n",
        socket.display(),
        certificate.display()
    );
    let file = scratch.write("s.cfg", text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.arg("-db").arg("-f").arg(file);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(address, LIMIT).unwrap();
    until("the Runtime API", || UnixStream::connect(&socket).ok());
    Serving { process, address, scratch }
}

impl Serving {
    /// A column of the frontend's line in `show stat`.
    fn counted(&self, column: &str) -> u64 {
        let mut stream = UnixStream::connect(self.scratch.path().join("stats")).unwrap();
        stream.write_all(b"show stat web 1 -1\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let mut lines = text.lines();
        let names = lines.next().unwrap().trim_start_matches("# ").split(',');
        let values = lines.next().unwrap().split(',');
        names.zip(values).find(|(name, _)| *name == column).unwrap().1.parse().unwrap()
    }

    /// Many clients that send this and wait; how much each costs, bytes.
    fn crowd(&self, sends: &[u8]) -> (Vec<TcpStream>, u64) {
        let before = self.process.memory().unwrap().private_dirty;
        let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| self.client(sends)).collect();
        until("all clients to be let in", || (self.counted("scur") >= CLIENTS as u64).then_some(()));
        let after = self.process.memory().unwrap().private_dirty;
        (clients, after.saturating_sub(before) / CLIENTS as u64)
    }

    fn client(&self, sends: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(sends).unwrap();
        stream
    }

    /// Whether a client that means it is served.
    fn serves(&self) -> bool {
        let to = self.address.to_string();
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-no_ign_eof", "-connect", &to]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        child.stdout.as_mut().unwrap().read_to_string(&mut answer).unwrap();
        let _ = child.kill();
        let _ = child.wait();
        answer.starts_with("HTTP/1.1 200")
    }
}

/// The front of a ClientHello that announces `length` bytes, with so many of them there.
fn begun(length: u16, there: usize) -> Vec<u8> {
    let [high, low] = length.to_be_bytes();
    let [own_high, own_low] = (length - 4).to_be_bytes();
    let mut bytes = vec![0x16, 3, 1, high, low, 1, 0, own_high, own_low, 3, 3];
    bytes.resize(bytes.len() + there, b'r');
    bytes
}

#[test]
fn clients_that_begin_a_handshake_and_stay_cost_little() {
    raise_open_files(10_000).unwrap();
    let mut serving = serve();
    let kinds = [("silent", Vec::new()), ("a header", begun(300, 0)), ("a part", begun(4000, 3000))];
    for (kind, sends) in kinds {
        let before = serving.counted("ssl_failed_handshake");
        let (clients, each) = serving.crowd(&sends);
        assert!(each < EACH, "{kind}: {each} bytes for each");
        assert!(serving.serves(), "{kind}");
        drop(clients);
        until("handshakes to fail", || {
            (serving.counted("ssl_failed_handshake") >= before + CLIENTS as u64).then_some(())
        });
        until("clients to be gone", || (serving.counted("scur") == 0).then_some(()));
    }
    assert!(serving.process.is_running().unwrap());
}
