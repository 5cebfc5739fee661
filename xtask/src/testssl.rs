//! testssl.sh (Debian) on a listener with nothing but defaults: what protocols, ciphers and known attacks it finds. What
//! it says of the certificate, which is a test's, doesn't count.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use harness::process::Process;
use harness::scratch::Scratch;
use serde_json::Value;

use crate::args::Args;
use crate::program;
use crate::root::root;

/// It asks for a few hundred handshakes.
const LIMIT: Duration = Duration::from_secs(600);
const START: Duration = Duration::from_secs(30);
/// Protocols, categories of ciphers, forward secrecy, who chooses, attacks.
const ASKED: [&str; 5] = ["-p", "-s", "-f", "-P", "-U"];
/// What must have been looked at for the run to count.
const WANTED: [&str; 6] = ["TLS1_2", "TLS1_3", "heartbleed", "CCS", "ticketbleed", "ROBOT"];

/// Runs it.
///
/// # Errors
/// When it finds something to complain of, or doesn't get far enough.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let given: Option<PathBuf> = args.value("--program")?;
    args.end()?;
    let subject = match given {
        Some(path) => program::subject(Some(path), "dev")?,
        None => program::build_sluice("dev")?,
    };
    let tester = program::find(&["testssl", "testssl.sh"]).context("testssl (Debian package testssl.sh)")?;
    let scratch = Scratch::new("testssl")?;
    let port = harness::port::free_one()?;
    let text = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 5s\nfrontend tls\n bind \
         127.0.0.1:{port} ssl crt {}\n http-request return status 200\n",
        root().join("tests/vtc/certs/a.pem").display()
    );
    let mut command = Command::new(&subject);
    command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", text)?);
    let mut process = Process::start(command, scratch.path().join("output"))?;
    process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), START)?;
    let found = scratch.path().join("found.json");
    let mut command = Command::new(tester);
    command.args(["--quiet", "--color", "0", "--warnings", "off", "--jsonfile"]).arg(&found).args(ASKED);
    command.arg(format!("127.0.0.1:{port}")).stdin(Stdio::null());
    let mut testing = Process::start(command, scratch.path().join("said"))?;
    testing.wait(LIMIT).with_context(|| testing.printed())?;
    let findings: Value = serde_json::from_slice(&std::fs::read(&found)?).context("testssl's findings")?;
    let all = findings.as_array().context("no list of findings")?;
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    if let Some(missing) = WANTED.iter().find(|id| !all.iter().any(|finding| finding["id"] == **id)) {
        bail!("testssl does not say anything of {missing}: {}", testing.printed());
    }
    let bad: Vec<String> = all
        .iter()
        .filter(|finding| !matches!(word(finding, "severity").as_str(), "OK" | "INFO"))
        .map(|finding| {
            format!("{} ({}): {}", word(finding, "id"), word(finding, "severity"), word(finding, "finding"))
        })
        .collect();
    if !bad.is_empty() {
        bail!("testssl finds: {bad:#?}");
    }
    println!("testssl has looked at {} things and found nothing wrong", all.len());
    Ok(())
}
