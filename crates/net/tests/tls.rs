//! TLS over real sockets: both ends in one runtime, much data, the end of the stream, clients that speak something else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

use std::io::ErrorKind::WouldBlock;
use std::sync::Arc;

use net::tls::{Fault, accept, connect};
use net::{Addr, ConnectOptions, ListenOptions, Listener, Runtime, Sock};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

const CERTIFICATE: &[u8] = include_bytes!("../../../tests/vtc/certs/a.pem");
const AUTHORITY: &[u8] = include_bytes!("../../../tests/vtc/certs/ca.crt");

fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATE).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

async fn pair() -> (Sock, Sock) {
    let at = Addr::ip_port([127, 0, 0, 1].into(), 0);
    let listener = Listener::bind(&at, &ListenOptions::default()).unwrap();
    let client = Sock::connect(&listener.addr(), &ConnectOptions::default()).unwrap();
    listener.wait().await;
    let (server, _) = listener.accept().unwrap();
    (server, client)
}

fn soon() -> net::Time {
    net::now().plus_millis(60_000)
}

async fn write(sock: &Sock, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match sock.try_write(bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap(),
            Err(e) if e.kind() == WouldBlock => {
                let woken = net::wait(|w| {
                    w.write(sock).until(soon());
                });
                assert!(!woken.await.timed_out());
            }
            Err(e) => panic_on(&e),
        }
    }
}

#[allow(clippy::panic, reason = "a test that cannot go on should stop")]
fn panic_on(error: &std::io::Error) -> ! {
    panic!("{error}")
}

async fn read_to_end(sock: &Sock) -> Vec<u8> {
    let (mut all, mut room) = (Vec::new(), [0; 10_000]);
    loop {
        match sock.try_read(&mut room) {
            Ok(0) => return all,
            Ok(n) => all.extend_from_slice(room.get(..n).unwrap()),
            Err(e) if e.kind() == WouldBlock => {
                let woken = net::wait(|w| {
                    w.read(sock).until(soon());
                });
                assert!(!woken.await.timed_out());
            }
            Err(e) => panic_on(&e),
        }
    }
}

#[test]
fn what_goes_in_comes_out_whole() {
    let (server_config, client_config) = configs();
    Runtime::new().unwrap().run(async move {
        let (server, client) = pair().await;
        let name = ServerName::try_from("a.example").unwrap();
        net::spawn(async move {
            accept(&server, b"", true, soon(), |hello| {
                assert_eq!(hello.server_name(), Some("a.example"));
                Some(Arc::clone(&server_config))
            })
            .await
            .expect("the server's handshake");
            assert!(server.is_tls() && server.client_hello().is_some_and(|hello| hello.first() == Some(&22)));
            let much: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
            write(&server, &much).await;
            // Closed at once: what the kernel had no room for still arrives.
        });
        connect(&client, client_config, name, b"", soon()).await.expect("the client's handshake");
        let all = read_to_end(&client).await;
        assert_eq!(all.len(), 3_000_000);
        assert!(all.iter().enumerate().all(|(at, byte)| at % 251 == usize::from(*byte)));
    });
}

#[test]
fn who_speaks_something_else_gets_an_alert() {
    let (server_config, _) = configs();
    Runtime::new().unwrap().run(async move {
        let (server, client) = pair().await;
        client.try_write(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let fault = accept(&server, b"", false, soon(), |_| Some(Arc::clone(&server_config))).await;
        assert!(matches!(fault, Err(Fault::Tls(_))));
        assert!(server.client_hello().is_some_and(|first| first.starts_with(b"GET ")));
        drop(server);
        // A fatal alert, and the end.
        assert_eq!(read_to_end(&client).await.first(), Some(&21));
    });
}

#[test]
fn who_says_nothing_or_goes_is_told_apart() {
    let (server_config, _) = configs();
    Runtime::new().unwrap().run(async move {
        let (server, client) = pair().await;
        let short = net::now().plus_millis(20);
        let fault = accept(&server, b"", false, short, |_| Some(Arc::clone(&server_config))).await;
        assert!(matches!(fault, Err(Fault::Timeout)));
        drop(client);
        let (server, client) = pair().await;
        drop(client);
        let fault = accept(&server, b"", false, soon(), |_| Some(Arc::clone(&server_config))).await;
        assert!(matches!(fault, Err(Fault::Empty)));
    });
}
