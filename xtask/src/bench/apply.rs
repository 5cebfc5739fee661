//! `bench apply`: configurations take each other's place, many in a row, while clients are served. What is reported:
//! requests that failed, how long an apply takes and how long clients waited meanwhile, what is kept, memory.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use harness::load::{self, Outcome, Plan};
use harness::origin::{Options, Origin};
use harness::process::Process;
use harness::scratch::Scratch;
use harness::variants::Variants;

/// Backends of the large configuration.
const MANY: usize = 1000;
const CONNECTIONS: usize = 64;
const LIMIT: Duration = Duration::from_secs(60);

/// What came of one row of applies.
struct Row {
    title: String,
    /// How long each took, milliseconds, sorted.
    took_ms: Vec<f64>,
    outcome: Outcome,
    counted: u64,
    /// Resident memory after a tenth of the changes, and at the end, bytes.
    memory: [u64; 2],
}

/// Applies `changes` configurations, small ones and then a tenth as many of 1,000 backends, and reports.
pub(super) fn run(program: &Path, changes: u64, save: bool) -> Result<()> {
    let rows = [measure(program, changes, 20)?, measure(program, changes / 10, MANY)?];
    let mut text = String::from(
        "# Live apply under load\n\n\
         `cargo xtask bench apply`: different configurations (frontends, addresses, backends, servers, rules, weights come and go)\n\
         take each other's place through `config apply` while 64 connections are served with keep-alive. Load, origin and proxy share\n\
         the machine.\n\n\
         | | applies | ms median | ms p99 | ms max | answers | failed | counted by the table | latency p99.9 ms | max ms | RSS early | RSS end |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &rows {
        let at = |part: f64| row.took_ms.get(index(row.took_ms.len(), part)).copied().unwrap_or(0.0);
        let latency = |part: f64| row.outcome.latency.quantile(part).as_secs_f64() * 1000.0;
        let [early, end] = row.memory.map(|bytes| bytes / 1024);
        writeln!(
            text,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {} | {} | {} | {:.2} | {:.2} | {early} KiB | {end} KiB |",
            row.title,
            row.took_ms.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            row.outcome.answers,
            row.outcome.errors,
            row.counted,
            latency(0.999),
            latency(1.0),
        )?;
    }
    println!("{text}");
    if save {
        std::fs::write(crate::root::root().join("bench/results/apply.md"), &text)?;
    }
    if rows.iter().any(|row| row.outcome.errors > 0) {
        bail!("requests failed");
    }
    Ok(())
}

/// The position of a part of so many.
fn index(len: usize, part: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few thousand"
    )]
    let at = ((len.saturating_sub(1)) as f64 * part).round() as usize;
    at
}

fn measure(program: &Path, changes: u64, idle_backends: usize) -> Result<Row> {
    let scratch = Scratch::new("apply")?;
    let origin = Origin::start(&Options::default())?;
    let ports = harness::port::free(4)?;
    let socket = scratch.path().join("admin.sock");
    let port = ports.first().copied().context("no port")?;
    let variants = Variants {
        global: format!("  nbthread 2\n  maxconn 1000\n  stats socket {} level admin\n", socket.display()),
        port,
        spare: ports.get(1..).unwrap_or_default().to_vec(),
        origins: origin.ports().to_vec(),
        idle_backends,
    };
    scratch.write("s.cfg", variants.text(0))?;
    let mut command = Command::new(program);
    command.current_dir(scratch.path()).args(["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out"))?;
    process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), LIMIT)?;
    let plan = Plan {
        target: SocketAddr::from(([127, 0, 0, 1], port)),
        request: b"GET / HTTP/1.1\r\nhost: here\r\n\r\n".to_vec(),
        connections: CONNECTIONS,
        keep_alive: true,
        rate: None,
        // Until the changes are done, whose time is not known before.
        duration: Duration::from_millis(changes * if idle_backends >= MANY { 150 } else { 30 } + 2000),
    };
    let clients = std::thread::spawn(move || load::run(&plan));
    let (mut took_ms, mut early) = (Vec::new(), 0);
    for number in 1..=changes {
        let text = variants.text(number);
        let begun = Instant::now();
        let answer = ask(&socket, &format!("config apply <<%end%\n{text}\n%end%\n"))?;
        took_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
        if !answer.contains("Applied:") {
            bail!("change {number}: {answer}");
        }
        if number == changes.div_ceil(10) {
            early = process.memory()?.resident;
        }
    }
    let end = process.memory()?.resident;
    let outcome = clients.join().map_err(|_| anyhow::anyhow!("the load failed"))??;
    let table = ask(&socket, "show table app\n")?;
    let counted = table.split("http_req_cnt=").nth(1).and_then(|n| n.trim().parse().ok()).unwrap_or(0);
    took_ms.sort_by(f64::total_cmp);
    let title = format!("{idle_backends} backends");
    Ok(Row { title, took_ms, outcome, counted, memory: [early, end] })
}

fn ask(socket: &Path, words: &str) -> Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(words.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
