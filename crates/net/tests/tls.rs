//! TLS over real sockets: both ends in one runtime, much data, the end of the stream, clients that speak something else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

use std::io::ErrorKind::WouldBlock;
use std::sync::Arc;

use net::tls::{Fault, accept, begin, complete, connect, proceed, send_ahead};
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

/// Configurations for early data: a server that takes it, one that doesn't and knows the same sessions, a client.
fn early_configs() -> (Arc<ServerConfig>, Arc<ServerConfig>, Arc<ClientConfig>) {
    let (server, client) = configs();
    let (mut takes, mut client) = (ServerConfig::clone(&server), ClientConfig::clone(&client));
    (takes.max_early_data_size, takes.send_half_rtt_data) = (1024, true);
    client.enable_early_data = true;
    let mut refuses = takes.clone();
    refuses.max_early_data_size = 0;
    (Arc::new(takes), Arc::new(refuses), Arc::new(client))
}

/// A whole connection, after which the client has a session.
async fn meet(server_config: &Arc<ServerConfig>, client_config: &Arc<ClientConfig>) {
    let (server, client) = pair().await;
    let server_config = Arc::clone(server_config);
    net::spawn(async move {
        accept(&server, b"", false, soon(), |_| Some(Arc::clone(&server_config))).await.unwrap();
        write(&server, b"hello").await;
    });
    let name = ServerName::try_from("a.example").unwrap();
    connect(&client, Arc::clone(client_config), name, b"", soon()).await.unwrap();
    assert_eq!(read_to_end(&client).await, b"hello");
}

/// Sends a request ahead of the handshake.
async fn ask_ahead(client: &Sock, config: Arc<ClientConfig>) {
    begin(client, config, ServerName::try_from("a.example").unwrap(), b"").unwrap();
    assert!(send_ahead(client));
    assert_eq!(client.try_write(b"request").unwrap(), 7);
}

async fn proceed_to_end(client: &Sock) {
    while !proceed(client).unwrap() {
        let woken = net::wait(|w| {
            w.read(client).until(soon());
        });
        assert!(!woken.await.timed_out());
    }
}

#[test]
fn early_data_is_read_and_answered_before_the_handshake_is_complete() {
    let (takes, _, client_config) = early_configs();
    Runtime::new().unwrap().run(async move {
        meet(&takes, &client_config).await;
        let (server, client) = pair().await;
        ask_ahead(&client, client_config).await;
        accept(&server, b"", false, soon(), |_| Some(Arc::clone(&takes))).await.unwrap();
        let under_way = |sock: &Sock| sock.with_tls(|connection| connection.is_handshaking()).unwrap();
        assert!(under_way(&server));
        let mut room = [0; 100];
        assert_eq!(server.try_read(&mut room).unwrap(), 7);
        assert_eq!(room.get(..7).unwrap(), b"request");
        write(&server, b"answer").await;
        proceed_to_end(&client).await;
        complete(&server, soon()).await.unwrap();
        assert!(!under_way(&server));
        drop(server);
        assert_eq!(read_to_end(&client).await, b"answer");
    });
}

#[test]
fn early_data_that_is_refused_goes_again() {
    let (takes, refuses, client_config) = early_configs();
    Runtime::new().unwrap().run(async move {
        meet(&takes, &client_config).await;
        let (server, client) = pair().await;
        ask_ahead(&client, client_config).await;
        net::spawn(async move {
            accept(&server, b"", false, soon(), |_| Some(Arc::clone(&refuses))).await.unwrap();
            let asked = read_to_end(&server).await;
            assert_eq!(asked, b"request");
            write(&server, b"answer").await;
        });
        proceed_to_end(&client).await;
        client.shutdown_write().unwrap();
        assert_eq!(read_to_end(&client).await, b"answer");
    });
}
