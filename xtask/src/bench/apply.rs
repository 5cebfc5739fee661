//! `bench apply`: configurations take each other's place, many in a row, while clients are served: our own load over
//! kept connections, wrk, and h2load over TLS. What is reported: requests that failed, how long an apply takes and for how
//! long it keeps a thread from everything else, what is kept, memory. [`crowd`] has the clients.

mod crowd;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use harness::origin::{Options, Origin};
use harness::process::Process;
use harness::scratch::Scratch;
use harness::variants::Variants;

use crate::root::root;
use crowd::{Crowd, Served};

/// Backends of the large configuration.
const MANY: usize = 1000;
const LIMIT: Duration = Duration::from_secs(60);
/// What an apply may cost on the large configuration, milliseconds.
const BUILT_MAX_MS: f64 = 100.0;
const STALL_MAX_MS: f64 = 1.0;

/// What came of one row of applies.
struct Row {
    title: String,
    /// Milliseconds, sorted: from asking to the answer; to build a World; the longest that a thread was held up.
    took: Vec<f64>,
    built: Vec<f64>,
    stall: Vec<f64>,
    served: Served,
    /// Requests that the stick table counted, and as the frontend and the server that stays counted them.
    counted: [u64; 3],
    /// Resident memory after a tenth of the changes, half of them, and at the end, bytes.
    memory: [u64; 3],
}

/// Applies `changes` configurations, small ones and then a tenth as many of 1,000 backends, and reports.
pub(super) fn run(program: &Path, changes: u64, save: bool) -> Result<()> {
    let rows = [measure(program, changes, 20)?, measure(program, changes.div_ceil(10), MANY)?];
    let text = report(&rows)?;
    println!("{text}");
    if save {
        std::fs::write(root().join("bench/results/apply.md"), &text)?;
    }
    for row in &rows {
        if row.served.failed() > 0 {
            bail!("{}: requests failed: {:?}", row.title, row.served);
        }
        if row.counted[0] < row.served.answers() {
            bail!("{}: the table forgot: {} of {}", row.title, row.counted[0], row.served.answers());
        }
    }
    Ok(())
}

fn report(rows: &[Row]) -> Result<String> {
    let mut text = String::from(
        "# Live apply under load\n\n\
         `cargo xtask bench apply`: different configurations (frontends, addresses, backends, servers, rules, weights, maps,\n\
         certificates, tables of other sizes, logs, resolvers, defaults, limits come and go) take each other's place through\n\
         `config apply` while clients are served: 64 kept connections of our own load, wrk (16), h2load over TLS (8 with 4 streams each).\n\
         Load, origin and proxy share the machine. *Held up*: the longest that an apply kept a thread from everything else, the main one\n\
         or one that serves, as time on the processor.\n\n",
    );
    for row in rows {
        let at = |times: &[f64], part: f64| times.get(index(times.len(), part)).copied().unwrap_or(0.0);
        let latency = |part: f64| row.served.latency.quantile(part).as_secs_f64() * 1000.0;
        writeln!(text, "## {}, {} applies\n", row.title, row.took.len())?;
        writeln!(text, "| | median | p99 | max |\n|---|---|---|---|")?;
        for (title, times) in
            [("apply, ms", &row.took), ("of it building, ms", &row.built), ("held up, ms", &row.stall)]
        {
            let [median, p99, max] = [at(times, 0.5), at(times, 0.99), at(times, 1.0)];
            writeln!(text, "| {title} | {median:.2} | {p99:.2} | {max:.2} |")?;
        }
        let [median, p99, max] = [latency(0.5), latency(0.99), latency(1.0)];
        writeln!(text, "| answers of kept connections, ms | {median:.2} | {p99:.2} | {max:.2} |\n")?;
        writeln!(text, "| clients | answers | failed |\n|---|---|---|")?;
        for (name, tally) in row.served.each() {
            writeln!(text, "| {name} | {} | {} |", tally.answers, tally.failed)?;
        }
        let [table, frontend, server] = row.counted;
        let [early, half, end] = row.memory.map(|bytes| bytes / 1024);
        writeln!(
            text,
            "\nRequests counted by the table {table}, by the frontend {frontend}; sessions of the server that stays {server}. \
             Resident memory after a tenth {early} KiB, half {half} KiB, at the end {end} KiB.\n"
        )?;
    }
    writeln!(
        text,
        "Wanted: building below {BUILT_MAX_MS} ms and held up below {STALL_MAX_MS} ms with 1,000 backends."
    )?;
    Ok(text)
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
    let ports = harness::port::free(5)?;
    let &[port, secure, ..] = &*ports else { bail!("no ports") };
    let socket = scratch.path().join("admin.sock");
    let certificates = root().join("tests/vtc/certs");
    Variants::write_maps(scratch.path())?;
    let variants = Variants {
        global: format!("  nbthread 2\n  stats socket {} level admin\n", socket.display()),
        port,
        secure: Some((secure, vec![certificates.join("a.pem"), certificates.join("b.pem")])),
        maps: Some(scratch.path().to_owned()),
        spare: ports.get(2..).unwrap_or_default().to_vec(),
        origins: origin.ports().to_vec(),
        idle_backends,
    };
    scratch.write("s.cfg", variants.text(0))?;
    let mut command = Command::new(program);
    command.current_dir(scratch.path()).args(["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out"))?;
    process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), LIMIT)?;
    let crowd = Crowd::gather(port, secure);
    let mut row = Row {
        title: format!("{idle_backends} backends that nobody uses"),
        took: Vec::new(),
        built: Vec::new(),
        stall: Vec::new(),
        served: Served::default(),
        counted: [0; 3],
        memory: [0; 3],
    };
    for number in 1..=changes {
        let text = variants.text(number);
        let begun = Instant::now();
        let answer = ask(&socket, &format!("config apply <<%end%\n{text}\n%end%\n"))?;
        row.took.push(begun.elapsed().as_secs_f64() * 1000.0);
        if !answer.contains("Applied:") {
            bail!("change {number}: {answer}");
        }
        row.built.push(behind(&answer, "Built in ")?);
        row.stall.push(behind(&answer, "held up for more than ")?);
        let resident = process.memory()?.resident;
        if number == changes.div_ceil(10) {
            row.memory[0] = resident;
        }
        if number == changes.div_ceil(2) {
            row.memory[1] = resident;
        }
        row.memory[2] = resident;
    }
    row.served = crowd.leave()?;
    row.counted = counted(&socket)?;
    for times in [&mut row.took, &mut row.built, &mut row.stall] {
        times.sort_by(f64::total_cmp);
    }
    Ok(row)
}

/// The number behind these words.
fn behind(answer: &str, words: &str) -> Result<f64> {
    let number = answer.split(words).nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.with_context(|| format!("no number behind '{words}' in: {answer}"))
}

/// What the table, the frontend and the server that stays counted.
fn counted(socket: &Path) -> Result<[u64; 3]> {
    let table = ask(socket, "show table app\n")?;
    let entries = table.split("http_req_cnt=").nth(1).and_then(|n| n.trim().parse().ok());
    let rows = ask(socket, "show stat\n")?;
    let titles = rows.lines().next().unwrap_or_default();
    let column = |row: &str, title: &str| -> Option<u64> {
        let at = titles.trim_start_matches("# ").split(',').position(|name| name == title)?;
        rows.lines().find(|line| line.starts_with(row))?.split(',').nth(at)?.parse().ok()
    };
    Ok([
        entries.context("no entry in the table")?,
        column("web,FRONTEND,", "req_tot").context("no row of the frontend")?,
        column("app,stays,", "stot").context("no row of the server")?,
    ])
}

fn ask(socket: &Path, words: &str) -> Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(words.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
