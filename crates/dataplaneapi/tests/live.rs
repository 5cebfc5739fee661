//! The sidecar before a proxy that takes changes while it runs: what is applied, refused, told; and its doors.
//! The proxy is a socket that answers as a Sluice does.

#![cfg(test)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};

const LIMIT: Duration = Duration::from_secs(60);
const CONFIGURATION: &str =
    "# _version=1\nglobal\n  stats socket SOCKET level admin\n\nbackend b\n  server s1 127.0.0.1:1\n";

struct Sidecar {
    folder: Scratch,
    address: SocketAddr,
    tls: SocketAddr,
    applied: Arc<AtomicUsize>,
    _process: Process,
}

/// Answers as a Sluice; what the file says of `refused` it doesn't take.
fn proxy(socket: &Path, file: PathBuf) -> Arc<AtomicUsize> {
    let listener = UnixListener::bind(socket).unwrap();
    let applied = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&applied);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = String::new();
            let _ = stream.read_to_string(&mut asked);
            let answer = if asked.contains("show info") {
                "\nName: Sluice\nVersion: 3.5\n\n".to_owned()
            } else if asked.contains("config apply")
                && std::fs::read_to_string(&file).unwrap().contains("refused")
            {
                "\n[3]: Binding failed.\nNothing was applied.\n\n".to_owned()
            } else if asked.contains("config apply") {
                format!("\n[6]: Applied: generation {}.\n\n", count.fetch_add(1, Ordering::SeqCst) + 1)
            } else if asked.contains("config show") {
                let ahead = std::fs::read_to_string(file.with_file_name("in_force"));
                format!("\n{}\n", ahead.unwrap_or_else(|_| std::fs::read_to_string(&file).unwrap()))
            } else if asked.contains("config explain-diff") {
                "\n[6]: + server b/s9: comes.\n\n".to_owned()
            } else {
                "\n[3]: Unknown command.\n\n".to_owned()
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    applied
}

impl Sidecar {
    fn start(compat: &str) -> Self {
        Self::start_in(Scratch::new("sidecar").unwrap(), compat)
    }

    fn start_in(folder: Scratch, compat: &str) -> Self {
        let at = |name: &str| folder.path().join(name);
        let text = CONFIGURATION.replace("SOCKET", &at("s").display().to_string());
        let file = folder.write("haproxy.cfg", text).unwrap();
        let applied = proxy(&at("s"), file);
        let address = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let (plain, tls) = (address(free_one().unwrap()), address(free_one().unwrap()));
        let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vtc/certs");
        let yaml = format!(
            "compat: {compat}\ndataplaneapi:\n  host: 127.0.0.1\n  port: {}\n  scheme: [http, https, unix]\n  socket_path: {dir}/api\n  \
             max_body_size: 4k\n  tls: {{tls_host: 127.0.0.1, tls_port: {}, tls_certificate: {c}/a.pem, tls_key: {c}/a.pem, tls_ca: {c}/ca.crt}}\n  \
             user: [{{name: u, password: p, insecure: true}}]\n  transaction: {{transaction_dir: {dir}/t, backups_number: 9, backups_dir: {dir}/b}}\n  \
             resources: {{maps_dir: {dir}/m, ssl_certs_dir: {dir}/c, general_storage_dir: {dir}/g, spoe_dir: {dir}/p, spoe_transaction_dir: {dir}/pt, dataplane_storage_dir: {dir}/d}}\n\
             haproxy: {{config_file: {dir}/haproxy.cfg, haproxy_bin: /bin/true, reload: {{reload_cmd: /bin/false}}}}\n",
            plain.port(),
            tls.port(),
            dir = folder.path().display(),
            c = certificates.display(),
        );
        let settings = folder.write("api.yaml", yaml).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice-dataplaneapi"));
        command.arg("-f").arg(settings);
        let mut process = Process::start(command, at("output")).unwrap();
        process.wait_listening(plain, LIMIT).unwrap();
        // The unix socket is the last that is listened on.
        let start = std::time::Instant::now();
        while UnixStream::connect(at("api")).is_err() {
            assert!(start.elapsed() < LIMIT);
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, address: plain, tls, applied, _process: process }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let stream = TcpStream::connect(self.address).unwrap();
        exchange(stream, method, &format!("/v3/services/haproxy/{path}"), body)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("haproxy.cfg")).unwrap()
    }

    fn applied(&self) -> usize {
        self.applied.load(Ordering::SeqCst)
    }
}

fn exchange(mut stream: impl Read + Write, method: &str, path: &str, body: &str) -> String {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dTpw\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // A server that refuses a large body may end before it has it all.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

#[test]
fn changes_are_applied_or_taken_back() {
    let sidecar = Sidecar::start("improved");
    let added = sidecar.ask(
        "POST",
        "configuration/backends/b/servers?version=1",
        r#"{"name":"s2","address":"127.0.0.1"}"#,
    );
    assert_eq!(
        (status(&added), header(&added, "sluice-applied")),
        ("201", Some("Applied: generation 1.")),
        "{added}"
    );
    assert!(sidecar.text().contains("\n  server s2 127.0.0.1\n") && sidecar.applied() == 1);

    let before = sidecar.text();
    let refused = sidecar.ask("POST", "configuration/backends?version=2", r#"{"name":"refused"}"#);
    assert!(status(&refused) == "400" && refused.contains("Binding failed."), "{refused}");
    assert_eq!((header(&refused, "configuration-version"), sidecar.text()), (Some("2"), before.clone()));

    let body = r#"{"name":"s9","address":"127.0.0.1"}"#;
    let dry = sidecar.ask("POST", "configuration/backends/b/servers?version=2&dry_run=true", body);
    assert!(status(&dry) == "200" && dry.contains(r#""object":"backends/b/servers/s9""#), "{dry}");
    assert!(dry.contains("+ server b/s9: comes.") && sidecar.text() == before, "{dry}");

    let begun = sidecar.ask("POST", "transactions?version=2", "");
    let id = begun.split(r#""id":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let deleted =
        sidecar.ask("DELETE", &format!("configuration/backends/b/servers/s2?transaction_id={id}"), "");
    assert_eq!((status(&deleted), sidecar.applied()), ("202", 1));
    let difference = sidecar.ask("GET", &format!("configuration/diff?transaction_id={id}"), "");
    assert!(difference.contains(r#""change":"removed","object":"backends/b/servers/s2""#), "{difference}");
    assert_eq!(status(&sidecar.ask("PUT", &format!("transactions/{id}"), "")), "200");
    assert!(!sidecar.text().contains("s2") && sidecar.applied() == 2);
    let since = sidecar.ask("GET", "configuration/diff?version=1", "");
    assert!(since.contains(r#"{"changes":[]}"#), "{since}");
}

#[test]
fn clients_of_the_original_see_a_reload_that_is_done() {
    let sidecar = Sidecar::start("strict");
    let created = sidecar.ask("POST", "configuration/backends?version=1", r#"{"name":"c"}"#);
    assert_eq!(status(&created), "202", "{created}");
    let id = header(&created, "reload-id").unwrap();
    let reload = sidecar.ask("GET", &format!("reloads/{id}"), "");
    assert!(reload.contains(r#""status":"succeeded""#), "{reload}");
    let at_once = sidecar.ask(
        "POST",
        "configuration/backends/b/servers?version=2",
        r#"{"name":"s2","address":"127.0.0.1"}"#,
    );
    assert_eq!((status(&at_once), sidecar.applied()), ("201", 2), "{at_once}");
    let weight = r#"{"name":"s2","address":"127.0.0.1","weight":7}"#;
    assert_eq!(status(&sidecar.ask("PUT", "configuration/backends/b/servers/s2?version=3", weight)), "200");
}

#[test]
fn what_is_no_object_changes_nothing() {
    let sidecar = Sidecar::start("improved");
    let before = sidecar.text();
    for (body, wanted) in [
        (r#"{"name":"a\nb","address":"127.0.0.1"}"#, "422"),
        (r#"{"name":"a b","address":"127.0.0.1"}"#, "422"),
        (r#"{"name":"a","address":"127.0.0.1\u0000"}"#, "422"),
        (r#"{"name":"a","address":1}"#, "400"),
        (r#"{"name":"a""#, "400"),
    ] {
        let answer = sidecar.ask("POST", "configuration/backends/b/servers?version=1", body);
        assert_eq!((status(&answer), sidecar.text()), (wanted, before.clone()), "{body}: {answer}");
    }
    let large = format!(r#"{{"name":"a","address":"{}"}}"#, "x".repeat(5000));
    let answer = sidecar.ask("POST", "configuration/backends/b/servers?version=1", &large);
    assert_eq!((status(&answer), sidecar.text()), ("413", before));
    // A line break in a value stays in its quotes: the file has one line more, and gives the value back.
    let check = r#"{"type":"send","method":"GET","uri":"/","body":"a\nb \"c\" #d"}"#;
    let answer = sidecar.ask("POST", "configuration/backends/b/http_checks/0?version=1", check);
    assert_eq!(status(&answer), "201", "{answer}");
    assert_eq!(sidecar.text().lines().count(), 7, "{}", sidecar.text());
}

#[test]
fn doors() {
    let sidecar = Sidecar::start("improved");
    let path = "/v3/services/haproxy/configuration/version";
    let door = sidecar.folder.path().join("api");
    // It may be made a moment later than the other ones.
    let begun = std::time::Instant::now();
    let socket = loop {
        match UnixStream::connect(&door) {
            Ok(socket) => break socket,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status(&exchange(socket, "GET", path, "")), "200");
    // Of one who isn't let in no body is waited for.
    let mut stranger = TcpStream::connect(sidecar.address).unwrap();
    stranger.set_read_timeout(Some(LIMIT)).unwrap();
    stranger.write_all(b"POST /v3/info HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n").unwrap();
    let mut room = [0; 100];
    let length = stranger.read(&mut room).unwrap();
    assert!(room[..length].starts_with(b"HTTP/1.1 401 "));
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vtc/certs");
    let told = |certified| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificates.join("ca.crt")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = builder.with_root_certificates(roots);
        let own = certificates.join("b.pem");
        let config = if certified {
            let chain = CertificateDer::pem_file_iter(&own).unwrap().collect::<Result<_, _>>().unwrap();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(&own).unwrap()).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        let name = ServerName::try_from(NAME).unwrap();
        let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = rustls::StreamOwned::new(connection, TcpStream::connect(sidecar.tls).unwrap());
        exchange(stream, "GET", path, "").replace("dTpw", "")
    };
    let answer = told(true);
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(told(false), "");
}

/// The name in the certificate of the test servers.
const NAME: &str = "a.example";

#[test]
fn a_proxy_that_was_left_behind_is_brought_up() {
    let folder = Scratch::new("sidecar").unwrap();
    folder.write("in_force", "global\n").unwrap();
    let sidecar = Sidecar::start_in(folder, "strict");
    let start = std::time::Instant::now();
    while sidecar.applied() == 0 {
        assert!(start.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(sidecar.applied(), 1);
}

#[test]
fn events_are_told() {
    let sidecar = Sidecar::start("improved");
    let mut stream = TcpStream::connect(sidecar.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
        .write_all(
            b"GET /v3/services/haproxy/events HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dTpw\r\n\r\n",
        )
        .unwrap();
    let mut seen = String::new();
    let mut room = [0; 4096];
    while !seen.contains("\r\n\r\n") {
        let length = stream.read(&mut room).unwrap();
        seen += &String::from_utf8_lossy(&room[..length]);
    }
    assert_eq!(status(&sidecar.ask("POST", "configuration/backends?version=1", r#"{"name":"c"}"#)), "201");
    while !(seen.contains("event: configuration\ndata: {\"version\":2}\n\n")
        && seen.contains("{\"haproxy\":\"up\"}"))
    {
        let length = stream.read(&mut room).unwrap();
        assert!(length > 0, "{seen}");
        seen += &String::from_utf8_lossy(&room[..length]);
    }
}

/// A Consul that knows one service, with as many servers as are said.
fn consul(servers: Arc<AtomicUsize>) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut room = [0; 4096];
            let length = stream.read(&mut room).unwrap_or(0);
            let asked = String::from_utf8_lossy(&room[..length]).into_owned();
            let body = if asked.starts_with("GET /v1/catalog/services ") {
                r#"{"web":[],"hidden":[]}"#.to_owned()
            } else {
                let one = |n| {
                    format!(
                        r#"{{"Node":{{"Address":"10.0.0.{n}"}},"Service":{{"Address":"","Port":80}},"Checks":[]}}"#
                    )
                };
                format!("[{}]", (1..=servers.load(Ordering::SeqCst)).map(one).collect::<Vec<_>>().join(","))
            };
            let _ = stream.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{body}").as_bytes());
        }
    });
    port
}

#[test]
fn servers_of_a_consul_come_and_go() {
    let sidecar = Sidecar::start("improved");
    let servers = Arc::new(AtomicUsize::new(2));
    let port = consul(Arc::clone(&servers));
    let body = format!(
        r#"{{"address":"127.0.0.1","port":{port},"enabled":true,"retry_timeout":1,"server_slots_base":3,"service_denylist":["hidden"]}}"#
    );
    let add = |body: &str| {
        let stream = TcpStream::connect(sidecar.address).unwrap();
        exchange(stream, "POST", "/v3/service_discovery/consul", body)
    };
    assert_eq!(status(&add(&body)), "201");
    let until = |wanted: &dyn Fn(&str) -> bool| {
        let start = std::time::Instant::now();
        while !wanted(&sidecar.text()) {
            assert!(start.elapsed() < LIMIT, "{}", sidecar.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let backend = format!("backend consul-backend-127.0.0.1-{port}-web\n");
    until(&|text| text.contains(&backend) && text.contains(" 10.0.0.2:80 check weight 128"));
    assert_eq!(sidecar.text().matches(" 127.0.0.1:80 disabled weight 128").count(), 1, "{}", sidecar.text());
    until(&|text| !text.contains("hidden") && sidecar.applied() >= 1);
    servers.store(1, Ordering::SeqCst);
    until(&|text| !text.contains("10.0.0.2") && text.matches(" disabled weight 128").count() == 2);
}
