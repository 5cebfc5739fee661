//! Everything `make test` runs, step by step, on a clean clone: each step says what it does, counts what
//! passed and failed, and the sum stands alone on the last line.

mod packages;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::program::{self, cargo};
use crate::root::root;
use crate::{parity, vtc};

/// Parity cases of a test run, and the seed: the same on every machine, so that a red run can be repeated.
const PARITY_CASES: usize = 1000;
const PARITY_SEED: u64 = 1;
/// Cases of configurations that are applied to a running process.
const APPLIED_CASES: usize = 400;

/// Inputs for each way to call a converter, of a test run.
const SAMPLE_INPUTS: usize = 2;

/// What a step counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

impl Count {
    const PASS: Count = Count { passed: 1, failed: 0 };
    const FAIL: Count = Count { passed: 0, failed: 1 };
}

type Step = (&'static str, fn() -> Result<Count>);

const STEPS: &[Step] = &[
    ("Debian packages the tests need", packages::step),
    ("formatting: cargo fmt --check", || command(&["fmt", "--all", "--check"])),
    ("lints: cargo clippy, warnings are errors", || {
        command(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"])
    }),
    ("house rules: cargo xtask tidy", tidy),
    ("doc/manual is what the keyword tables say: cargo xtask manual --check", manual),
    ("licences and sources: cargo deny", deny),
    ("unit tests: cargo test --workspace", unit_tests),
    ("scenarios of tests/vtc on Sluice and on HAProxy: cargo xtask vtc", scenarios),
    ("generated cases, Sluice against HAProxy: cargo xtask parity", || {
        compared(&parity::Wanted::new(PARITY_CASES, PARITY_SEED))
    }),
    ("cases that a running Sluice has applied, against HAProxy: cargo xtask parity --applied", || {
        compared(&parity::Wanted::new(APPLIED_CASES, PARITY_SEED).applied())
    }),
    ("fetches and converters, Sluice against HAProxy: cargo xtask parity --samples", samples),
    ("commands of the Runtime API, Sluice against HAProxy: cargo xtask parity --commands", commands),
    ("hatop on the Runtime API: cargo xtask hatop", hatop),
    ("testssl.sh on a listener with defaults: cargo xtask testssl", testssl),
];

/// Runs every step, also after a failed one.
///
/// # Errors
/// When anything failed.
pub(crate) fn run(args: Args) -> Result<()> {
    args.end()?;
    let mut sum = Count::default();
    for (title, step) in STEPS {
        println!("\n== {title}");
        let start = Instant::now();
        let count = step().unwrap_or_else(|error| {
            println!("{error:#}");
            Count::FAIL
        });
        let seconds = start.elapsed().as_secs();
        println!("-- {} passed, {} failed, {seconds} s", count.passed, count.failed);
        sum.passed += count.passed;
        sum.failed += count.failed;
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed > 0 {
        // The count is the last word; what failed stands above.
        std::process::exit(1);
    }
    Ok(())
}

fn command(arguments: &[&str]) -> Result<Count> {
    let status = Command::new(cargo()).args(arguments).current_dir(root()).status().context("cargo")?;
    Ok(if status.success() { Count::PASS } else { Count::FAIL })
}

fn manual() -> Result<Count> {
    crate::manual::run(Args::new(["--check".to_owned()]))?;
    Ok(Count::PASS)
}

fn tidy() -> Result<Count> {
    crate::tidy::run(Args::new([]))?;
    Ok(Count::PASS)
}

/// Advisories need the network and are left to `cargo deny check advisories` by hand.
fn deny() -> Result<Count> {
    if program::find(&["cargo-deny"]).is_none() && !in_cargo_home("cargo-deny") {
        println!("cargo-deny is missing; installing (cargo install --locked cargo-deny), once");
        if command(&["install", "--quiet", "--locked", "cargo-deny"])?.failed > 0 {
            bail!("cannot install cargo-deny; by hand: cargo install --locked cargo-deny");
        }
    }
    // Also what other systems need, which is judged as well.
    let fetched = command(&["fetch", "--quiet", "--locked"])?;
    if fetched.failed > 0 {
        return Ok(fetched);
    }
    command(&["deny", "--log-level", "error", "--offline", "check", "licenses", "bans", "sources"])
}

fn in_cargo_home(name: &str) -> bool {
    std::path::Path::new(&cargo()).parent().is_some_and(|folder| folder.join(name).is_file())
}

fn commands() -> Result<Count> {
    let compared = parity::commands::compare(&program::build_sluice("dev")?, &program::haproxy()?)?;
    Ok(Count { passed: compared.passed, failed: compared.failed })
}

fn hatop() -> Result<Count> {
    crate::hatop::run(Args::new([]))?;
    Ok(Count::PASS)
}

fn testssl() -> Result<Count> {
    crate::testssl::run(Args::new([]))?;
    Ok(Count::PASS)
}

fn unit_tests() -> Result<Count> {
    let mut child = Command::new(cargo())
        .args(["test", "--workspace", "--no-fail-fast"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut count = Count::default();
    for line in BufReader::new(output).lines() {
        let line = line?;
        if let Some(counted) = test_result(&line) {
            count.passed += counted.passed;
            count.failed += counted.failed;
        } else if !line.ends_with("... ok") && !line.trim().is_empty() {
            println!("{line}");
        }
    }
    let ended_well = child.wait()?.success();
    if !ended_well && count.failed == 0 {
        bail!("cargo test ended with an error");
    }
    if count.passed == 0 {
        bail!("no test ran");
    }
    Ok(count)
}

/// The counts of a `test result:` line.
fn test_result(line: &str) -> Option<Count> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |word: &str| {
        let part = rest.split(';').find(|part| part.trim_end().ends_with(word))?;
        part.split_whitespace().next()?.parse().ok()
    };
    Some(Count { passed: number("passed")?, failed: number("failed")? })
}

fn scenarios() -> Result<Count> {
    let count = vtc::scenarios(&program::build_sluice("dev")?, &program::haproxy()?, None)?;
    Ok(Count { passed: count.passed, failed: count.failed })
}

fn compared(wanted: &parity::Wanted) -> Result<Count> {
    let (subject, oracle) = (program::build_sluice("dev")?, program::haproxy()?);
    let count = parity::compare(subject, oracle, wanted)?;
    Ok(Count { passed: count.passed, failed: count.failed })
}

fn samples() -> Result<Count> {
    let (subject, oracle) = (program::build_sluice("dev")?, program::haproxy()?);
    let wanted = parity::samples::Wanted { inputs: SAMPLE_INPUTS, seed: PARITY_SEED };
    let count = parity::samples::compare(&subject, &oracle, &wanted)?;
    Ok(Count { passed: count.passed, failed: count.failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_cargo_test_are_read() {
        let line = "test result: FAILED. 21 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(test_result(line), Some(Count { passed: 21, failed: 2 }));
        assert_eq!(test_result("test a ... ok"), None);
    }
}
