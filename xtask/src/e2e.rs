//! The original's own end-to-end suite (bats, from a checkout outside this repository): which of its tests pass
//! with our sidecar. The suite is run elsewhere; here its TAP output is compared with the names committed in
//! `tests/dataplaneapi.txt`, a list that may only grow.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::root::{list, root};

const LIST: &str = "tests/dataplaneapi.txt";
/// The same with a Sluice as the proxy.
const SLUICE: &str = "tests/dataplaneapi-sluice.txt";

fn head(proxy: &str) -> String {
    format!(
        "# Tests of dataplaneapi's end-to-end suite that pass with sluice-dataplaneapi and {proxy}.\n\
         # cargo xtask e2e --tap OUTPUT [--sluice] [--update] compares; names are only ever added.\n"
    )
}

/// Compares an output with the list.
///
/// # Errors
/// When a listed test was run and did not pass.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let tap: String = args.value("--tap")?.context("--tap FILE: what bats printed")?;
    let (update, sluice) = (args.flag("--update"), args.flag("--sluice"));
    args.end()?;
    let (list_file, proxy) = if sluice { (SLUICE, "a Sluice") } else { (LIST, "a HAProxy 3.5") };
    let output = fs::read_to_string(&tap).with_context(|| format!("reading {tap}"))?;
    let path = root().join(list_file);
    let known: BTreeSet<String> =
        list(&fs::read_to_string(&path).unwrap_or_default()).map(str::to_owned).collect();
    let (passed, failed) = outcomes(&output);
    let lost: Vec<&String> = known.intersection(&failed).collect();
    let new = passed.difference(&known).count();
    println!("{} passed, {} failed, {new} of those that passed aren't listed", passed.len(), failed.len());
    if !lost.is_empty() {
        bail!("listed, and failed: {lost:#?}");
    }
    if update {
        let all: Vec<&str> = known.union(&passed).map(String::as_str).collect();
        fs::write(&path, format!("{}{}\n", head(proxy), all.join("\n")))?;
    }
    Ok(())
}

/// The names that passed and that failed. A name that a file uses twice passed if all of its tests did; what was
/// skipped is neither.
fn outcomes(output: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let named = |word: &str| -> BTreeSet<String> {
        let lines =
            output.lines().filter_map(|line| line.strip_prefix(word)?.split_once(' ').map(|(_, name)| name));
        lines.filter(|name| !name.contains(" # skip")).map(|name| name.trim().to_owned()).collect()
    };
    let failed = named("not ok ");
    (named("ok ").difference(&failed).cloned().collect(), failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_tap() {
        let tap = "1..5\nok 1 a: b\nnot ok 2 c\n# why\nok 3 c\nok 4 d # skip old\nok 5 e\n";
        let (passed, failed) = outcomes(tap);
        assert_eq!(passed.into_iter().collect::<Vec<_>>(), ["a: b", "e"]);
        assert_eq!(failed.into_iter().collect::<Vec<_>>(), ["c"]);
    }
}
