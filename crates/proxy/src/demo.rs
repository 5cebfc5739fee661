//! `--demo`: the shipped example (`examples/demo.cfg`) in front of two small servers within this process.

mod origin;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;

use crate::argv::Args;
use crate::run::{self, End};
use crate::start::{self, Started};
use crate::{check, say};

const CONFIGURATION: &str = include_str!("../../../examples/demo.cfg");
/// The port that is tried first.
const PORT: u16 = 8080;

/// Serves until Ctrl-C.
pub(crate) fn run() -> ExitCode {
    match serve() {
        Ok(code) => code,
        Err(words) => {
            say::alert(&words);
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<ExitCode, String> {
    // Before the first thread: all of them leave signals to this one.
    net::signals::block().map_err(|e| format!("cannot block signals: {e}"))?;
    let site = origin::start("blue")?;
    let api = origin::start("green")?;
    let port = free_port()?;
    let variables = [("DEMO_PORT", port), ("DEMO_SITE", site), ("DEMO_API", api)];
    let args = Args {
        variables: variables.map(|(name, port)| (name.to_owned(), port.to_string())).to_vec(),
        foreground: true,
        ..Args::default()
    };
    let sources = vec![config::Source::new("examples/demo.cfg", CONFIGURATION)];
    let checked = match check::judge(&args, sources) {
        Ok(checked) => checked,
        Err(code) => return Ok(code),
    };
    let running = match start::start(&args, checked)? {
        Started::Running(running) => running,
        Started::Parent(status) => return Ok(ExitCode::from(status)),
    };
    say::out(&invitation(port, site, api));
    let end = run::until_stopped(running);
    say::out("\nStopped.\n");
    Ok(if end == End::Failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The usual port, or another that is free.
fn free_port() -> Result<u16, String> {
    let listen = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    if listen(PORT).is_ok() {
        return Ok(PORT);
    }
    let other = listen(0).and_then(|l| l.local_addr()).map_err(|e| format!("no free port: {e}"))?.port();
    say::out(&format!("Port {PORT} is taken; using {other}.\n"));
    Ok(other)
}

fn invitation(port: u16, site: u16, api: u16) -> String {
    let url = format!("http://127.0.0.1:{port}");
    format!(
        "Sluice serves examples/demo.cfg on {url},\n\
         in front of two servers of its own (ports {site} and {api}).\n\
         Each request is logged below. Try, in another terminal:\n\n\
         \x20 curl -i {url}/            # backend 'site', server 'blue'\n\
         \x20 curl -i {url}/api/users   # backend 'api', server 'green', by a rule on the path\n\
         \x20 curl -i {url}/old         # a redirect\n\
         \x20 curl -i {url}/private     # denied\n\n\
         Ctrl-C ends it.\n\n"
    )
}
