//! `bench tls`: what TLS costs a proxy on one thread: full handshakes of TLS 1.3 with an RSA-2048 and with an ECDSA P-256
//! certificate, resumed ones, and bytes, against its peers in the same run. The clients are `openssl s_time` and `curl`.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use harness::origin::{Options, Origin};
use harness::process::Process;
use harness::scratch::Scratch;

use super::contender::Contender;
use crate::root::root;

const LIMIT: Duration = Duration::from_secs(60);
/// How often a body of 1 MiB is asked for, for the cost of bytes.
const BODIES: u32 = 1000;
/// Certificates: a title, and how OpenSSL makes the key.
const KEYS: [(&str, &[&str]); 2] = [
    ("RSA-2048", &["-newkey", "rsa:2048"]),
    ("ECDSA P-256", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
];

/// What a program took: handshakes a second on the processor by certificate, new ones and resumed ones, and seconds
/// on the processor for 1 GB of bodies.
struct Row {
    name: String,
    handshakes: Vec<[f64; 2]>,
    gigabyte_s: f64,
}

/// Measures all of them, each kind of handshake for so many seconds, and reports.
pub(super) fn run(contenders: &[Contender], seconds: u32, save: bool) -> Result<()> {
    let scratch = Scratch::new("tls")?;
    for (number, (_, key)) in KEYS.iter().enumerate() {
        certificate(&scratch, number, key)?;
    }
    let origin = Origin::start(&Options::default())?;
    let rows: Vec<Row> = contenders
        .iter()
        .filter(|contender| contender.reads_haproxy_cfg())
        .map(|contender| {
            measure(contender, &scratch, &origin, seconds).with_context(|| contender.name.clone())
        })
        .collect::<Result<_>>()?;
    let text = report(&rows)?;
    println!("{text}");
    if save {
        std::fs::write(root().join("bench/results/tls.md"), &text)?;
    }
    Ok(())
}

fn certificate(scratch: &Scratch, number: usize, key: &[&str]) -> Result<()> {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=bench.example"]).args(key);
    let made = command.args(["-keyout", "-", "-out", "-"]).output().context("openssl")?;
    if !made.status.success() {
        bail!("openssl req: {}", String::from_utf8_lossy(&made.stderr));
    }
    scratch.write(&format!("{number}.pem"), made.stdout)?;
    Ok(())
}

fn measure(contender: &Contender, scratch: &Scratch, origin: &Origin, seconds: u32) -> Result<Row> {
    let ports = harness::port::free(KEYS.len())?;
    let mut text = String::from(
        "global\n  nbthread 1\ndefaults\n  mode http\n  timeout client 30s\n  timeout server 30s\n  timeout connect 5s\n\
         frontend f\n  http-request return status 200 content-type text/plain string ok if { path / }\n  default_backend b\n",
    );
    for (number, port) in ports.iter().enumerate() {
        writeln!(text, "  bind 127.0.0.1:{port} ssl crt {}/{number}.pem", scratch.path().display())?;
    }
    writeln!(text, "backend b\n  server o 127.0.0.1:{}", origin.ports()[0])?;
    let file = scratch.write("tls.cfg", text)?;
    let mut command = Command::new(contender.path());
    command.args(["-db", "-f"]).arg(file);
    let mut process = Process::start(command, scratch.path().join(format!("{}.out", contender.name)))?;
    let mut handshakes = Vec::new();
    for port in &ports {
        process.wait_listening(SocketAddr::from(([127, 0, 0, 1], *port)), LIMIT)?;
        handshakes.push([rate(&process, *port, "-new", seconds)?, rate(&process, *port, "-reuse", seconds)?]);
    }
    let gigabyte_s = bytes(&process, ports[1])?;
    Ok(Row { name: contender.name.clone(), handshakes, gigabyte_s })
}

/// Handshakes a second on the processor, of a kind.
fn rate(process: &Process, port: u16, kind: &str, seconds: u32) -> Result<f64> {
    let before = process.cpu()?;
    let mut command = Command::new("openssl");
    command.args(["s_time", "-connect", &format!("127.0.0.1:{port}"), kind, "-tls1_3", "-www", "/"]);
    let done = command.args(["-time", &seconds.to_string()]).output().context("openssl s_time")?;
    let used = process.cpu()?.since(before).total();
    let told = String::from_utf8_lossy(&done.stdout);
    // "1234 connections in 1.23s; …", user time; then the same in real seconds.
    let mut counts =
        told.lines().filter_map(|line| line.split_once(" connections in ")?.0.trim().parse::<f64>().ok());
    let count = counts.next_back().with_context(|| format!("openssl s_time said: {told}"))?;
    if count < 1.0 {
        bail!("no handshake: {told}");
    }
    Ok(count / used)
}

/// Seconds on the processor for 1 GB of bodies.
fn bytes(process: &Process, port: u16) -> Result<f64> {
    let url = format!("https://127.0.0.1:{port}/1m?[1-{BODIES}]");
    let before = process.cpu()?;
    let mut command = Command::new("curl");
    let done = command.args(["-sk", "--http1.1", "-o", "/dev/null", &url]).status().context("curl")?;
    if !done.success() {
        bail!("curl failed");
    }
    let used = process.cpu()?.since(before).total();
    Ok(used * 1e9 / (f64::from(BODIES) * 1_048_576.0))
}

fn report(rows: &[Row]) -> Result<String> {
    let mut text = String::from(
        "# TLS\n\n`cargo xtask bench tls`: one thread each; clients (`openssl s_time`, `curl`), origin and proxy share the machine.\n\
         Handshakes are those of TLS 1.3 with a request of a few bytes, a second on the processor; bytes are 1 MiB bodies.\n\n| |",
    );
    for row in rows {
        write!(text, " {} |", row.name)?;
    }
    writeln!(text, "\n|---|{}", "---|".repeat(rows.len()))?;
    for (number, (title, _)) in KEYS.iter().enumerate() {
        for (kind, what) in ["full", "resumed"].iter().enumerate() {
            write!(text, "| {title}, {what} handshakes |")?;
            for row in rows {
                write!(text, " {:.0} |", row.handshakes[number][kind])?;
            }
            writeln!(text)?;
        }
    }
    write!(text, "| seconds on the processor for 1 GB |")?;
    for row in rows {
        write!(text, " {:.3} |", row.gigabyte_s)?;
    }
    writeln!(text)?;
    Ok(text)
}
