//! `cargo run -p sim -- [--family NAME] SEED [--trace]` runs one seed, `--seeds N [--from SEED]` many on both cores.
//! Without a family, all of them.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use sim::run::{self, Options, Report};
use sim::scenario::Family;

struct Args {
    families: Vec<Family>,
    from: u64,
    seeds: u64,
    trace: bool,
    keep_going: bool,
}

fn read() -> Option<Args> {
    let mut args =
        Args { families: Family::ALL.to_vec(), from: 0, seeds: 1, trace: false, keep_going: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--family" => {
                let name = words.next()?;
                args.families.retain(|family| family.word() == name);
            }
            "--seeds" => args.seeds = words.next()?.parse().ok()?,
            "--from" => args.from = words.next()?.parse().ok()?,
            "--trace" => args.trace = true,
            "--keep-going" => args.keep_going = true,
            seed => args.from = seed.parse().ok()?,
        }
    }
    Some(args).filter(|args| !args.families.is_empty())
}

fn main() -> ExitCode {
    let Some(args) = read() else {
        eprintln!(
            "sim [--family clients|servers|queue|storm|tunnels|phases|threads|stops|lack] [--seeds N] [--from SEED] [--keep-going] [SEED] [--trace]"
        );
        return ExitCode::FAILURE;
    };
    let mut failed = false;
    for family in &args.families {
        failed |= run_family(*family, &args);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whether a seed failed.
fn run_family(family: Family, args: &Args) -> bool {
    let begun = Instant::now();
    let next = AtomicU64::new(args.from);
    let totals = [const { AtomicU64::new(0) }; 6];
    let threads = if args.seeds == 1 { 1 } else { 2 };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(family, args, &next, &totals));
        }
    });
    let [failed, ran, steps, exact, own, lines] = totals.map(AtomicU64::into_inner);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{}: {ran} seeds, {failed} failed, {:.0} seeds/s, {steps} turns, {exact} exact answers, {own} own, {lines} log lines",
        family.word(),
        ran as f64 / seconds
    );
    failed > 0
}

fn work(family: Family, args: &Args, next: &AtomicU64, totals: &[AtomicU64; 6]) {
    let [failed, ran, steps, exact, own, lines] = totals;
    loop {
        let seed = next.fetch_add(1, Relaxed);
        if seed >= args.from.saturating_add(args.seeds) || failed.load(Relaxed) >= 10 && !args.keep_going {
            return;
        }
        let report = run::seed(family, seed, Options { trace: args.trace, ..Options::default() });
        ran.fetch_add(1, Relaxed);
        steps.fetch_add(report.steps, Relaxed);
        exact.fetch_add(report.exact, Relaxed);
        own.fetch_add(report.own, Relaxed);
        lines.fetch_add(report.log_lines, Relaxed);
        if !report.faults.is_empty() {
            failed.fetch_add(1, Relaxed);
            complain(family, &report);
        }
        if args.seeds == 1 {
            println!(
                "seed {seed}: trace {:016x}, {} turns, {} ms",
                report.trace,
                report.steps,
                report.lasted / 1_000_000
            );
        }
    }
}

fn complain(family: Family, report: &Report) {
    let mut text =
        format!("{} seed {} failed; again: {}\n", family.word(), report.seed, report.replay(family));
    for fault in &report.faults {
        text.push_str(&format!("  {fault}\n"));
    }
    eprint!("{text}");
}
