//! The native client's tables against the corpus of client-native (from a checkout outside this repository): each
//! line that its parsers take must be read as an object and written as it was, each that they refuse must not be
//! read whole. What passes is committed in `tests/client-native.txt` by number, a list that may only grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use client::{Verdict, judge_line};

use crate::args::Args;
use crate::root::{list, root};

const LIST: &str = "tests/client-native.txt";
const HEAD: &str = "# Lines of client-native's parser corpus (v6.4.0) that the tables of crates/client judge as it does:\n\
                    # section, keyword, ok or fail, and the lines' numbers under that keyword.\n\
                    # cargo xtask models --from CHECKOUT [--update] compares; numbers are only ever added.\n";

/// A line of the corpus, in a section.
struct Case {
    /// Where it is judged.
    section: String,
    /// The section as it is listed: `*` if the corpus names none.
    listed: String,
    keyword: String,
    /// Whether the parsers take it.
    fine: bool,
    number: usize,
    text: String,
}

type Passed = BTreeSet<(String, String, bool, usize)>;

/// Compares the tables with the corpus, and what passes with the list.
///
/// # Errors
/// When a listed line does not pass.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let from: String = args.value("--from")?.context("--from CHECKOUT: client-native")?;
    let (update, show) = (args.flag("--update"), args.value::<String>("--show")?);
    args.end()?;
    let cases = cases(&from)?;
    let path = root().join(LIST);
    let known = parse(&fs::read_to_string(&path).unwrap_or_default());
    let mut passed = Passed::new();
    for case in &cases {
        let verdict = judge_line(&case.section, case.text.as_bytes());
        if (verdict == Some(Verdict::Whole)) == case.fine {
            passed.insert(key(case));
        } else if show.as_ref().is_some_and(|word| case.keyword.starts_with(word.as_str())) {
            println!(
                "{} {}: {} -> {verdict:?}",
                case.section,
                if case.fine { "ok" } else { "fail" },
                case.text
            );
        }
    }
    let count = |fine: bool| {
        let all = cases.iter().filter(|case| case.fine == fine);
        let good = all.clone().filter(|case| passed.contains(&key(case))).count();
        format!("{good} of {}", all.count())
    };
    println!("read and written whole: {}; refused: {}", count(true), count(false));
    let lost: Vec<_> = known.iter().filter(|one| !passed.contains(*one)).collect();
    if !lost.is_empty() {
        bail!("listed, and not passed: {lost:?}");
    }
    if update {
        let all: Passed = known.union(&passed).cloned().collect();
        fs::write(&path, format!("{HEAD}{}", print(&all)))?;
    }
    Ok(())
}

fn key(case: &Case) -> (String, String, bool, usize) {
    (case.listed.clone(), case.keyword.clone(), case.fine, case.number)
}

/// The lines that are in comments before the types, each for each of its sections.
fn cases(from: &str) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for file in ["types.go", "types-other.go"] {
        let path = format!("{from}/config-parser/types/{file}");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        for block in text.split("\n\n") {
            block_cases(block, &mut cases);
        }
    }
    Ok(cases)
}

fn block_cases(block: &str, cases: &mut Vec<Case>) {
    let value = |name: &str| block.lines().find_map(|line| line.strip_prefix("//")?.strip_prefix(name));
    let Some(keyword) = value("name:") else { return };
    if value("deprecated:").is_some() {
        return;
    }
    let sections: Vec<&str> = value("sections:").unwrap_or("frontend,backend,global").split(',').collect();
    let anywhere = value("sections:").is_none();
    let tests = block.lines().filter_map(|line| line.strip_prefix("//test:"));
    for (number, test) in tests.enumerate() {
        let (fine, text) = match test.split_once(':') {
            Some(("ok" | "quote_ok", text)) => (true, text),
            Some(("fail" | "quote_fail", text)) => (false, text),
            _ => continue,
        };
        // A line whose sections aren't told is judged where it is read best.
        let whole = |section: &&&str| judge_line(section, text.as_bytes()) == Some(Verdict::Whole);
        let sections: Vec<&str> = match anywhere {
            true => vec![sections.iter().find(whole).copied().unwrap_or("frontend")],
            false => sections.clone(),
        };
        cases.extend(sections.into_iter().map(|section| Case {
            section: section.to_owned(),
            listed: if anywhere { "*".to_owned() } else { section.to_owned() },
            keyword: keyword.replace(' ', "_"),
            fine,
            number,
            text: text.to_owned(),
        }));
    }
}

/// `section keyword ok 0-3 5`.
fn print(passed: &Passed) -> String {
    let mut lines: BTreeMap<(&str, &str, bool), Vec<usize>> = BTreeMap::new();
    for (section, keyword, fine, number) in passed {
        lines.entry((section, keyword, *fine)).or_default().push(*number);
    }
    let mut text = String::new();
    for ((section, keyword, fine), numbers) in lines {
        let kind = if fine { "ok" } else { "fail" };
        text += &format!("{section} {keyword} {kind} {}\n", ranges(&numbers).join(" "));
    }
    text
}

fn ranges(numbers: &[usize]) -> Vec<String> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match found.last_mut().filter(|(_, last)| last + 1 == *number) {
            Some((_, last)) => *last = *number,
            None => found.push((*number, *number)),
        }
    }
    found.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") }).collect()
}

fn parse(text: &str) -> Passed {
    let mut all = Passed::new();
    for line in list(text) {
        let mut words = line.split(' ');
        let (Some(section), Some(keyword), Some(kind)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        for range in words {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            let (Ok(from), Ok(to)) = (from.parse::<usize>(), to.parse::<usize>()) else { continue };
            all.extend(
                (from..=to).map(|number| (section.to_owned(), keyword.to_owned(), kind == "ok", number)),
            );
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_lists() {
        let mut cases = Vec::new();
        let block = "//sections:frontend,backend\n//name:acl\n//test:ok:acl a src\n//test:skip:x\n//test:fail:acl a\ntype A struct {";
        block_cases(block, &mut cases);
        let keys: Passed = cases.iter().map(key).collect();
        assert_eq!(
            print(&keys),
            "backend acl fail 2\nbackend acl ok 0\nfrontend acl fail 2\nfrontend acl ok 0\n"
        );
        assert_eq!(parse(&print(&keys)), keys);
        assert_eq!(ranges(&[1, 2, 3, 5]), ["1-3", "5"]);
    }
}
