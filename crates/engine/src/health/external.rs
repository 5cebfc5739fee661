//! `option external-check`: a program says by its exit status how a server is (manual 4.2 "external-check command").

use std::process::{Command, Stdio};

use state::check::{External, Status};
use state::options::Mode;
use state::server::{Address, Check};
use state::{Backend, Server};

use super::finding::Finding;

/// What stands for an address or a port that there is none of.
const NONE: &str = "NOT_USED";

/// Runs the program and waits for it, at most until the check's time is over; then it is killed.
pub(super) async fn run(backend: &Backend, server: &Server, check: &Check, program: &External) -> Finding {
    let ms = check.timeout_ms.unwrap_or(check.pace.inter);
    let until = net::now().plus_millis(u64::from(ms));
    let child = match net::Child::start(command(backend, server, program)) {
        Ok(child) => child,
        Err(error) => return Finding::new(Status::SocketError, error.to_string()),
    };
    let woken = net::wait(|w| {
        w.read(&child).until(until);
    })
    .await;
    if woken.timed_out() {
        return Finding::new(Status::ProcessTimeout, "");
    }
    match child.exit_status().map(|status| status.code()) {
        Ok(Some(0)) => Finding::new(Status::ProcessOk, ""),
        Ok(Some(code)) => {
            Finding { code: u16::try_from(code).unwrap_or(0), ..Finding::new(Status::ProcessError, "") }
        }
        // A signal ended it.
        Ok(None) | Err(_) => Finding::new(Status::ProcessError, ""),
    }
}

/// The program with its arguments and its environment.
fn command(backend: &Backend, server: &Server, program: &External) -> Command {
    let (bind, bind_port) = match &program.bind {
        Some((address, port)) => (&**address, port.as_deref()),
        None => ("", None),
    };
    let (address, port) = match &*server.address() {
        Address::Inet(at) => (at.ip().to_string(), at.port().to_string()),
        Address::Unix(path) => (path.to_string(), String::new()),
        Address::Unresolved(_) => Default::default(),
    };
    let or_none = |text: &str| if text.is_empty() { NONE.to_owned() } else { text.to_owned() };
    let mut command = Command::new(&*program.command);
    command.args([or_none(bind), or_none(bind_port.unwrap_or("")), address.clone(), or_none(&port)]);
    if !program.keep_environment {
        command.env_clear();
    }
    let live = &server.live;
    let protocol = if backend.mode == Mode::Http { "h1" } else { "tcp" };
    command
        .envs([
            ("HAPROXY_PROXY_ADDR", bind),
            ("HAPROXY_PROXY_PORT", bind_port.unwrap_or("")),
            ("HAPROXY_PROXY_NAME", &backend.name),
            ("HAPROXY_SERVER_ADDR", &address),
            ("HAPROXY_SERVER_PORT", &port),
            ("HAPROXY_SERVER_NAME", &server.name),
            ("HAPROXY_SERVER_SSL", "0"),
            ("HAPROXY_SERVER_PROTO", protocol),
            ("PATH", program.path.as_deref().unwrap_or("")),
        ])
        .envs([
            ("HAPROXY_PROXY_ID", backend.id.to_string()),
            ("HAPROXY_SERVER_ID", server.id.to_string()),
            ("HAPROXY_SERVER_MAXCONN", server.maxconn().to_string()),
            ("HAPROXY_SERVER_CURCONN", live.sessions.now().to_string()),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
