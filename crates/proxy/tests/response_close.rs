//! `tcp-response content close`: the server is left, and what it said is the client's.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice};

#[test]
fn what_the_server_said_before_is_delivered() {
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let (scratch, port) = (Scratch::new("close").unwrap(), free_one().unwrap());
    let text = format!(
        "{DEFAULTS}listen f\n    mode tcp\n    bind 127.0.0.1:{port}\n    tcp-response inspect-delay 30s\n    \
         tcp-response content close if {{ res.payload(0,3) -m str bye }}\n    server s {}\n",
        origin.local_addr().unwrap()
    );
    scratch.write("s.cfg", text).unwrap();
    let mut process =
        Process::start(sluice(scratch.path(), &["-db", "-f", "s.cfg"]), scratch.path().join("out")).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    process.wait_listening(address, LIMIT).unwrap();
    let serving = std::thread::spawn(move || {
        for mut server in origin.incoming().flatten() {
            server.set_read_timeout(Some(LIMIT)).unwrap();
            // The one that only asked whether somebody listens says nothing.
            if server.read(&mut [0; 64]).unwrap_or(0) == 0 {
                continue;
            }
            server.write_all(b"bye, now\n").unwrap();
            return server.read(&mut [0; 64]).unwrap_or(0);
        }
        1
    });
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(b"hello\n").unwrap();
    let mut said = [0; 9];
    client.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"bye, now\n");
    assert_eq!(serving.join().unwrap(), 0, "the server's connection has ended");
}
