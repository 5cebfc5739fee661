//! Sluice beside HAProxy and nginx on this machine: CPU time a request, throughput, latency, memory.
//!
//! The proxy under test has one core to itself (`nbthread 1`), load and origin share another; every program
//! gets the same requests, and those that read haproxy.cfg get the same file. Rounds are interleaved, so that
//! a disturbance of the machine hits all alike; medians are reported. CPU time a request is the measure to
//! trust: it does not depend on which side of the run is the bottleneck.
//!
//! Read [`case`] (what is measured, with which configuration; [`policy`] has its large rule sets), [`contender`] (a program in the run),
//! [`measure`] (one number after the other), [`report`] (JSON and the table in the README).

mod apply;
mod case;
mod contender;
mod http2;
mod measure;
mod policy;
mod report;
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use harness::machine;
use harness::origin::{Options, Origin};

use crate::args::Args;
use crate::program;
use crate::root::fits;
use case::Case;
use contender::{Contender, Kind};
use report::{Report, Results};

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    rounds: usize,
    warm_up: Duration,
    run: Duration,
}

/// Which core does what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    load: usize,
    proxy: usize,
}

/// Runs the cases and reports.
///
/// # Errors
/// When a program does not start, answers wrongly, or the machine has a single core.
pub(crate) fn run(mut args: Args) -> Result<()> {
    if args.flag("--list") {
        for case in case::ALL {
            println!("{:<12} {}", case.name, case.title);
        }
        return args.end();
    }
    let quick = args.flag("--quick");
    let rounds = args.value("--rounds")?.unwrap_or(if quick { 3 } else { 5 });
    let only: Option<String> = args.value("--only")?;
    let given: Option<PathBuf> = args.value("--subject")?;
    let peers = args.values("--peer")?;
    let changes = args.value("--changes")?.unwrap_or(if quick { 50 } else { 1000 });
    let families = args.names();
    args.end()?;
    if families == ["apply"] {
        return apply::run(&program::subject(given, "release")?, changes, !quick);
    }
    // A program that is called so is Sluice, wherever it was built.
    let own = given.as_deref().is_none_or(|path| path.file_name().is_some_and(|name| name == "sluice"));
    let name = if own { "sluice" } else { "subject" };
    let contenders = contenders(name, program::subject(given, "release")?, &peers)?;
    if families == ["tls"] {
        return tls::run(&contenders, if quick { 2 } else { 10 }, !quick);
    }
    let (warm_up, run) = if quick { (200, 1000) } else { (500, 3000) };
    let effort = Effort { rounds, warm_up: Duration::from_millis(warm_up), run: Duration::from_millis(run) };
    let wanted = |case: &&Case| {
        only.as_ref().is_none_or(|glob| fits(glob, case.name))
            && (families.is_empty() || families.iter().any(|name| case.name.starts_with(name.as_str())))
    };
    let cases: Vec<&Case> = case::ALL.iter().filter(wanted).collect();
    if cases.is_empty() {
        bail!("no such case; --list names them");
    }
    let cores = cores()?;
    machine::raise_open_files(65_536)?;
    let mut origin = Origin::start(&Options { ports: harness::port::free(2)?, core: Some(cores.load) })?;
    let mut report = Report::new(&contenders, effort);
    for case in cases {
        eprintln!("{}: {}", case.name, case.title);
        let results = measure::case(case, &contenders, &mut origin, effort, cores)
            .with_context(|| format!("case {}", case.name))?;
        print(case, &contenders, &results);
        report.add(case, &contenders, &results);
    }
    println!("\n{}", report.table());
    if name == "sluice" && !quick {
        report.save()?;
    }
    Ok(())
}

fn contenders(name: &str, subject: PathBuf, peers: &[String]) -> Result<Vec<Contender>> {
    let mut all = vec![Contender::new(name, subject, Kind::HaproxyCfg)];
    for peer in peers {
        let (name, path) = peer.split_once('=').context("--peer NAME=PATH")?;
        all.push(Contender::new(name, program::subject(Some(path.into()), "release")?, Kind::of(name)));
    }
    if peers.is_empty() {
        all.push(Contender::new("haproxy", program::haproxy()?, Kind::HaproxyCfg));
        if let Some(path) = program::find(&["nginx"]) {
            all.push(Contender::new("nginx", path, Kind::Nginx));
        }
    }
    Ok(all)
}

fn cores() -> Result<Cores> {
    let cores = machine::cores()?;
    match cores[..] {
        [load, proxy, ..] => Ok(Cores { load, proxy }),
        _ => bail!("the bench needs two cores: one for the proxy, one for load and origin"),
    }
}

fn print(case: &Case, contenders: &[Contender], results: &Results) {
    for (contender, numbers) in contenders.iter().zip(results) {
        for (metric, value) in numbers {
            eprintln!("  {:<10} {:<22} {value:>12.2}  {}", contender.name, metric.title(), case.name);
        }
    }
}
