//! The smuggling corpus, `tests/smuggling`, on a program and beside HAProxy: what either does with each case.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use harness::smuggling::{Bench, Case, corpus};

use crate::args::Args;
use crate::program;
use crate::root::root;

/// Runs the corpus. Without an oracle only the program is judged; with one, each case where HAProxy does otherwise is
/// listed, with the reason that the corpus gives.
///
/// # Errors
/// When the program doesn't do what a case wants, or HAProxy differs where the corpus doesn't say so.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let given: Option<PathBuf> = args.value("--program")?;
    let oracle: Option<PathBuf> = args.value("--oracle")?;
    args.end()?;
    let cases = corpus(&root().join("tests/smuggling")).map_err(|e| anyhow!(e))?;
    let subject = program::subject(given, "release")?;
    let mut wrong = 0;
    let mut bench = Bench::start(&subject, true).context("the program")?;
    for case in &cases {
        let observed = bench.run(case).with_context(|| case.name.clone())?;
        if !observed.fits(case) {
            wrong += 1;
            println!("WRONG {}: {}", case.name, case.why);
            println!("    wanted: client {}, origin {:?}", case.client, case.origin);
            println!("    got:    client {}, origin {:?}", observed.client, observed.origin);
        }
    }
    println!("{} cases, {wrong} wrong", cases.len());
    if let Some(oracle) = oracle {
        wrong += beside(&program::subject(Some(oracle), "release")?, &cases)?;
    }
    match wrong {
        0 => Ok(()),
        wrong => bail!("{wrong} cases are not as the corpus says"),
    }
}

fn beside(oracle: &Path, cases: &[Case]) -> Result<usize> {
    let mut bench = Bench::start(oracle, true).context("the oracle")?;
    let (mut differ, mut unsaid) = (0, 0);
    for case in cases {
        let observed = bench.run(case).with_context(|| case.name.clone())?;
        let same = observed.fits(case);
        match (&case.haproxy, same) {
            (None, true) => {}
            (Some(reason), false) => {
                differ += 1;
                println!("differs {}: {reason}", case.name);
            }
            (Some(_), true) => {
                unsaid += 1;
                println!("SAME, though the corpus says otherwise: {}", case.name);
            }
            (None, false) => {
                unsaid += 1;
                println!("DIFFERS, which the corpus doesn't say: {}: {}", case.name, case.why);
                println!("    corpus: client {}, origin {:?}", case.client, case.origin);
                println!("    oracle: client {}, origin {:?}", observed.client, observed.origin);
            }
        }
    }
    println!(
        "{} cases on the oracle: {differ} differ as the corpus says, {unsaid} are not as it says",
        cases.len()
    );
    Ok(unsaid)
}
