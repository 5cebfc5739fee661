//! HAProxy's own regression suite, from a checkout outside this repository, on Sluice. The names that pass
//! are committed in `tests/regtests.txt`; that list may only grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::program;
use crate::root::{fits, list, root};
use crate::scenario::{self, Runner, Verdict};

const LIST: &str = "tests/regtests.txt";
/// The types of tests the suite runs when nothing else is asked for.
const TYPES: &[&str] = &["default", "bug", "devel", "slow"];
const TARGET: &str = "linux-glibc";
/// What the suite starts HAProxy with when nothing else is asked for.
const ARGUMENTS: &str = "-dM -dI -dW";

/// Runs the suite and compares with the list.
///
/// # Errors
/// When a listed test does not pass.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let from: PathBuf = args.value("--from")?.context("--from DIR/reg-tests")?;
    let tester: Option<PathBuf> = args.value("--vtest")?;
    let given: Option<PathBuf> = args.value("--program")?;
    let only: Option<String> = args.value("--only")?;
    let jobs = args.value("--jobs")?.unwrap_or(2);
    let update = args.flag("--update");
    args.end()?;
    let from = std::path::absolute(from)?;
    let tester = tester.or_else(|| program::find(&["vtest", "varnishtest"])).context("--vtest PROGRAM")?;
    let runner = Runner {
        tester: std::path::absolute(tester)?,
        program: program::subject(given, "release")?,
        arguments: ARGUMENTS,
        folder: from.parent().context("--from DIR/reg-tests")?.to_owned(),
    };
    let wanted = |name: &str| only.as_ref().is_none_or(|glob| fits(glob, name));
    let files: Vec<PathBuf> =
        scenario::files(&from)?.into_iter().filter(|file| wanted(&name(&from, file))).collect();
    let listed: BTreeSet<String> = list(&fs::read_to_string(root().join(LIST)).unwrap_or_default())
        .filter(|name| wanted(name))
        .map(str::to_owned)
        .collect();
    let mut verdicts = verdicts(&runner, &from, &files, jobs)?;
    again(&runner, &from, &listed, &mut verdicts)?;
    print(&verdicts, only.is_some());
    let compared = Compared::new(&listed, &verdicts);
    if update && !compared.new.is_empty() {
        add(&compared.new)?;
        println!("{} names added to {LIST}", compared.new.len());
    } else if !compared.new.is_empty() {
        println!("{} pass that are not listed (--update adds them)", compared.new.len());
    }
    for name in &compared.lost {
        println!("listed, does not pass: {name}");
    }
    if !compared.lost.is_empty() {
        bail!("{} listed tests do not pass", compared.lost.len());
    }
    Ok(())
}

type Verdicts = BTreeMap<String, Verdict>;

fn verdicts(runner: &Runner, from: &Path, files: &[PathBuf], jobs: usize) -> Result<Verdicts> {
    let (run, left_out): (Vec<PathBuf>, Vec<PathBuf>) =
        files.iter().cloned().partition(|file| fs::read_to_string(file).is_ok_and(|text| is_for_us(&text)));
    let results = runner.all(&run, jobs)?;
    Ok(run
        .iter()
        .map(|file| name(from, file))
        .zip(results)
        .chain(left_out.iter().map(|file| (name(from, file), Verdict::Skip)))
        .collect())
}

/// Some tests of the suite measure time: a listed one that failed beside another gets a second chance alone.
fn again(runner: &Runner, from: &Path, listed: &BTreeSet<String>, verdicts: &mut Verdicts) -> Result<()> {
    for name in listed {
        if let Some(verdict @ Verdict::Fail(_)) = verdicts.get_mut(name) {
            *verdict = runner.one(&from.join(name))?;
            println!("second run alone: {} {name}", verdict.word());
        }
    }
    Ok(())
}

fn print(verdicts: &Verdicts, whole: bool) {
    for (name, verdict) in verdicts {
        println!("{} {name}", verdict.word());
        for line in verdict.reasons() {
            println!("       {line}");
        }
        if let (true, Verdict::Fail(output)) = (whole, verdict) {
            println!("{output}");
        }
    }
    let count = |word| verdicts.values().filter(|verdict| verdict.word() == word).count();
    println!("{} pass, {} fail, {} skipped", count("pass"), count("FAIL"), count("skip"));
}

/// Whether a test's own marks let it run here.
fn is_for_us(text: &str) -> bool {
    let mark = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let excluded = ["#EXCLUDE_TARGET", "#EXCLUDE_TARGETS"]
        .iter()
        .filter_map(|name| mark(name))
        .flat_map(|value| value.split(','))
        .any(|target| target.trim() == TARGET);
    TYPES.contains(&mark("#REGTEST_TYPE").map_or("default", str::trim)) && !excluded
}

fn name(from: &Path, file: &Path) -> String {
    file.strip_prefix(from).unwrap_or(file).to_string_lossy().into_owned()
}

#[derive(Debug, PartialEq, Eq)]
struct Compared {
    /// Pass and are not listed.
    new: Vec<String>,
    /// Are listed and do not pass.
    lost: Vec<String>,
}

impl Compared {
    fn new(listed: &BTreeSet<String>, verdicts: &Verdicts) -> Compared {
        let passes = |name: &String| verdicts.get(name) == Some(&Verdict::Pass);
        Compared {
            new: verdicts.keys().filter(|name| passes(name) && !listed.contains(*name)).cloned().collect(),
            lost: listed.iter().filter(|name| !passes(name)).cloned().collect(),
        }
    }
}

fn add(new: &[String]) -> Result<()> {
    let path = root().join(LIST);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let comments: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    let mut names: BTreeSet<&str> = list(&text).collect();
    names.extend(new.iter().map(String::as_str));
    let lines: Vec<&str> = comments.into_iter().chain(names).collect();
    fs::write(path, lines.join("\n") + "\n").context(LIST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_test_must_pass() {
        let verdicts = Verdicts::from([
            ("a.vtc".to_owned(), Verdict::Pass),
            ("b.vtc".to_owned(), Verdict::Fail(String::new())),
            ("c.vtc".to_owned(), Verdict::Pass),
            ("d.vtc".to_owned(), Verdict::Skip),
        ]);
        let listed = ["b.vtc", "c.vtc", "d.vtc", "e.vtc"].map(str::to_owned).into();
        let compared = Compared::new(&listed, &verdicts);
        assert_eq!(compared.new, ["a.vtc"]);
        assert_eq!(compared.lost, ["b.vtc", "d.vtc", "e.vtc"]);
    }

    #[test]
    fn marks_leave_tests_out() {
        assert!(is_for_us("varnishtest \"x\"\n"));
        assert!(is_for_us("#REGTEST_TYPE=slow\n#EXCLUDE_TARGETS=dos,freebsd\n"));
        assert!(!is_for_us("#REGTEST_TYPE=broken\n"));
        assert!(!is_for_us("#EXCLUDE_TARGET=linux-glibc\n"));
    }
}
