//! The keywords HAProxy registers (`tests/parity/keywords.txt`) against what `sluice -dKall` prints: which
//! run, which are known to the parser only, which are missing.
//!
//! `-dK` prints, as in HAProxy, a heading `# List of registered FAMILY:` and a word a line; what follows the word is the
//! reader's business. In Sluice's output a line whose words end in `(not run)` is known and not run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::root::root;

const LIST: &str = "tests/parity/keywords.txt";
const NOT_RUN: &str = "(not run)";

/// Prints the count of each family and the names that are missing.
///
/// # Errors
/// When the program prints no keywords.
pub(crate) fn run(program: &Path) -> Result<()> {
    let output =
        Command::new(program).args(["-dKall", "-q", "-c", "-f", "/dev/null"]).output().context("-dKall")?;
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let ours = families(&printed);
    if ours.is_empty() {
        bail!("{} -dKall prints no keywords", program.display());
    }
    let text = fs::read_to_string(root().join(LIST)).context(LIST)?;
    println!("{:<28} {:>5} {:>14} {:>8}", "family", "run", "known, not run", "missing");
    let mut missing_all = Vec::new();
    for (family, names) in &listed(&text) {
        let own = ours.get(family.as_str());
        let state = |name: &&String| own.and_then(|own| own.get(name.as_str())).copied();
        let run = names.iter().filter(|name| state(name) == Some(true)).count();
        let known = names.iter().filter(|name| state(name) == Some(false)).count();
        let missing: Vec<&String> = names.iter().filter(|name| state(name).is_none()).collect();
        println!("{family:<28} {run:>5} {known:>14} {:>8}", missing.len());
        missing_all.extend(missing.into_iter().map(|name| format!("{family}: {name}")));
    }
    for line in missing_all {
        println!("missing: {line}");
    }
    Ok(())
}

/// The committed list: `[family]` and a name a line.
fn listed(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut family = String::new();
    for line in crate::root::list(text) {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => family = name.to_owned(),
            None => {
                families.entry(family.clone()).or_default().insert(line.to_owned());
            }
        }
    }
    families
}

/// What a program prints: for each family its words, and whether each runs. Configuration keywords stand,
/// indented, under the name of their section, which becomes part of the family.
fn families(printed: &str) -> BTreeMap<String, BTreeMap<String, bool>> {
    let mut families: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    let (mut heading, mut family) = (String::new(), String::new());
    for line in printed.lines() {
        if let Some(words) = line.strip_prefix("# List of registered ") {
            heading = family_of(words);
            family.clone_from(&heading);
        } else if heading.is_empty() || line.trim().is_empty() || line.starts_with('#') {
            // The legend above the sample fetches, and what a program says before its lists.
        } else if heading == "configuration" && !line.starts_with(char::is_whitespace) {
            family = format!("{heading} {}", line.trim());
        } else {
            let runs = !line.trim_end().ends_with(NOT_RUN);
            families.entry(family.clone()).or_default().insert(name(line, &heading), runs);
        }
    }
    families
}

fn family_of(heading: &str) -> String {
    let name = heading.trim_end_matches([':', ' ']);
    name.trim_end_matches(" names").trim_end_matches(" keywords").trim_end_matches(" functions").to_owned()
}

/// The name of a keyword on its line. Placeholders (`<name>`), counts of arguments (`+1`) and marks
/// (`[WORKER]`) are no part of it, nor are a signature and the legality columns of a sample fetch.
fn name(line: &str, heading: &str) -> String {
    let line = line.trim().trim_end_matches(NOT_RUN);
    let is_count = |word: &str| word.strip_prefix('+').is_some_and(|n| n.parse::<u32>().is_ok());
    match heading {
        "configuration" | "CLI" => {
            let part = |word: &&str| heading == "CLI" || !(word.starts_with('<') || is_count(word));
            let words = line.split(" [").next().unwrap_or_default().split_whitespace().filter(part);
            words.collect::<Vec<_>>().join(" ")
        }
        _ => {
            let after_columns = line.strip_prefix("[ ").and_then(|rest| rest.split_once("] "));
            let first = after_columns.map_or(line, |(_, rest)| rest).split_whitespace().next();
            first.unwrap_or_default().split(['(', ':']).next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_are_read_alike() {
        let printed = "# List of registered sample fetch functions:\n# legend\n\
                       [ Y . Y ] src([string]): addr\n[ Y . Y ] hdr: str (not run)\n\
                       # List of registered configuration keywords:\nlisten\n\tserver <name> inter +1\n\
                       # List of registered CLI keywords:\nshow stat [WORKER] [EXPERT] \n";
        let ours = families(printed);
        assert!(ours["configuration listen"].contains_key("server inter"));
        assert!(ours["CLI"].contains_key("show stat"));
        let own = &ours["sample fetch"];
        assert_eq!((own.get("src"), own.get("hdr")), (Some(&true), Some(&false)));
        let theirs = listed("# comment\n[sample fetch]\nsrc\nhdr\n");
        assert!(theirs["sample fetch"].iter().all(|name| own.contains_key(name)));
    }
}
