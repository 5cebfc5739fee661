//! hatop (Debian), the terminal program that watches and steers HAProxy through its Runtime API, on Sluice: under a
//! pseudo-terminal that `script` makes, it shows the proxies and servers until it is told to end.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use harness::process::Process;
use harness::scratch::Scratch;

use crate::args::Args;
use crate::program;

/// No screen takes longer on a working machine.
const LIMIT: Duration = Duration::from_secs(30);

/// What must appear on the screen.
const WANTED: [&str; 4] = ["web-entry", "app-pool", "srv-one", "srv-two"];

/// Runs it.
///
/// # Errors
/// When hatop ends by itself, or does not show what there is.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let given: Option<PathBuf> = args.value("--program")?;
    args.end()?;
    let subject = match given {
        Some(path) => program::subject(Some(path), "dev")?,
        None => program::build_sluice("dev")?,
    };
    let scratch = Scratch::new("hatop")?;
    let socket = scratch.path().join("admin.sock");
    let text = format!(
        "global\n stats socket {} level admin\n stats timeout 1m\ndefaults\n mode http\n timeout connect 5s\n timeout client \
         5s\n timeout server 5s\nfrontend web-entry\n bind 127.0.0.1:{}\n default_backend app-pool\nbackend app-pool\n \
         server srv-one 127.0.0.1:1\n server srv-two 127.0.0.1:2\n",
        socket.display(),
        harness::port::free_one()?,
    );
    let mut command = Command::new(&subject);
    command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", text)?);
    let _process = Process::start(command, scratch.path().join("output"))?;
    let end = Instant::now() + LIMIT;
    while !socket.exists() {
        if Instant::now() > end {
            bail!("no socket of the Runtime API");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let screen = scratch.path().join("screen");
    let mut hatop = Command::new("script")
        .args(["-qefc", &format!("stty cols 160 rows 40; exec hatop -s {}", socket.display())])
        .arg(&screen)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("script (Debian package bsdutils)")?;
    let seen = loop {
        let shown = String::from_utf8_lossy(&std::fs::read(&screen).unwrap_or_default()).into_owned();
        let missing: Vec<&str> = WANTED.into_iter().filter(|name| !shown.contains(name)).collect();
        if missing.is_empty() {
            break Ok(());
        }
        if let Some(status) = hatop.try_wait()? {
            break Err(anyhow::anyhow!("hatop ended ({status}) without {missing:?}: {shown}"));
        }
        if Instant::now() > end {
            break Err(anyhow::anyhow!("hatop does not show {missing:?}: {shown}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if seen.is_ok() {
        hatop.stdin.take().context("no terminal")?.write_all(b"q")?;
        while hatop.try_wait()?.is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    if hatop.try_wait()?.is_none() {
        hatop.kill()?;
        hatop.wait()?;
        seen.and_then(|()| bail!("hatop does not end"))?;
    } else {
        seen?;
    }
    println!("hatop shows what there is");
    Ok(())
}
