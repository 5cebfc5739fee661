//! Our own scenarios, `tests/vtc/*.vtc`, on Sluice and on a real HAProxy: a scenario that the real one fails
//! is a wrong scenario.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::program;
use crate::root::{fits, root};
use crate::scenario::{self, Runner, Verdict};

const FOLDER: &str = "tests/vtc";

/// How many scenarios passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

/// Runs the scenarios.
///
/// # Errors
/// When one fails on either program.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let given: Option<PathBuf> = args.value("--program")?;
    let oracle: Option<PathBuf> = args.value("--oracle")?;
    let only: Option<String> = args.value("--only")?;
    args.end()?;
    let subject = program::subject(given, "release")?;
    let oracle = oracle.map_or_else(program::haproxy, |path| program::subject(Some(path), "release"))?;
    let count = scenarios(&subject, &oracle, only.as_deref())?;
    println!("{} passed, {} failed", count.passed, count.failed);
    match count.failed {
        0 => Ok(()),
        failed => bail!("{failed} scenarios failed"),
    }
}

/// Runs every scenario whose name fits `only`, on the oracle and on the subject.
///
/// # Errors
/// When there is no tester, or it cannot be started.
pub(crate) fn scenarios(subject: &PathBuf, oracle: &PathBuf, only: Option<&str>) -> Result<Count> {
    let tester = program::find(&["vtest", "varnishtest"])
        .context("neither vtest nor varnishtest is installed (apt-get install varnish)")?;
    let name = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let files: Vec<PathBuf> = scenario::files(&root().join(FOLDER))?
        .into_iter()
        .filter(|file| only.is_none_or(|glob| fits(glob, &name(file))))
        .collect();
    let on = |program: &PathBuf| {
        let runner =
            Runner { tester: tester.clone(), program: program.clone(), arguments: "", folder: root() };
        runner.all(&files, 2)
    };
    let (on_oracle, on_subject) = (on(oracle)?, on(subject)?);
    let mut count = Count::default();
    for ((file, theirs), ours) in files.iter().zip(on_oracle).zip(on_subject) {
        let verdict = match (&theirs, &ours) {
            (Verdict::Fail(_), _) => "FAIL (the scenario is wrong: HAProxy fails it)",
            (_, Verdict::Fail(_)) => "FAIL",
            (_, Verdict::Skip) => "skip",
            (_, Verdict::Pass) => "pass",
        };
        println!("{verdict} {}", name(file));
        let failure = if matches!(theirs, Verdict::Fail(_)) { &theirs } else { &ours };
        for line in failure.reasons() {
            println!("       {line}");
        }
        if let (Verdict::Fail(output), true) = (failure, only.is_some()) {
            println!("{output}");
        }
        if verdict.starts_with("FAIL") {
            count.failed += 1;
        } else {
            count.passed += usize::from(verdict == "pass");
        }
    }
    Ok(count)
}
