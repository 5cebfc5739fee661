//! Configurations with one mistake: a line of an accepted configuration is changed in one place, and both programs are
//! asked what they make of it (`-c`). Compared are whether it is accepted, and the alerts. Knows nothing of what lines
//! mean: the corpus does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use harness::scratch::Scratch;

use super::Count;
use super::random::Random;
use crate::root::{list, root};

/// What is said of by name and not run is no difference.
const NOT_RUN: [&str; 2] = ["not run by this version", "is not supported"];
/// Lines that stand below whatever was found.
const ENDS: [&str; 3] = ["Error(s) found in", "Fatal errors found in", "Errors found in"];
/// How often a configuration and a line are looked for that can be changed.
const TRIES: usize = 20;
const JOBS: usize = 2;
const KNOWN: &str = "tests/parity/mutations.txt";

/// What to compare.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) mutations: usize,
    pub(crate) seed: u64,
    /// Folders with configurations beside those of the repository.
    pub(crate) corpus: Vec<PathBuf>,
}

/// A configuration with a mistake.
struct Case {
    folder: PathBuf,
    /// The file it comes from, its line and what was done to it.
    about: String,
    text: String,
}

/// What a program made of it.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    accepts: bool,
    alerts: Vec<String>,
    /// It says that something isn't run.
    lacks: bool,
}

/// Prints what differs, the same differences together.
///
/// # Errors
/// When there is nothing to change, or a program can't be run.
pub(crate) fn compare(subject: &Path, oracle: &Path, wanted: &Wanted) -> Result<Count> {
    let scratch = Scratch::new("mutations")?;
    let files = accepted(subject, oracle, &corpus(wanted)?)?;
    if files.is_empty() {
        bail!("no configuration is accepted by both");
    }
    println!(
        "parity: {} mutations of {} configurations, seed {}",
        wanted.mutations,
        files.len(),
        wanted.seed
    );
    let text = fs::read_to_string(root().join(KNOWN)).context(KNOWN)?;
    let known: Vec<&str> = list(&text).collect();
    let random = Random::new(wanted.seed);
    let cases: Vec<Case> =
        (0..wanted.mutations).filter_map(|index| case(&mut random.part(index), &files)).collect();
    let found: Mutex<BTreeMap<String, Vec<String>>> = Mutex::default();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for job in 0..JOBS {
            let (cases, next, found, known, scratch) = (&cases, &next, &found, &known, &scratch);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some((kind, said)) = difference(case, scratch, job, [subject, oracle]) else {
                        continue;
                    };
                    if !known.iter().any(|known| said.contains(known)) {
                        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        found.entry(kind).or_default().push(said);
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let failed = found.values().map(Vec::len).sum();
    for (kind, all) in &found {
        println!("\n== {kind}: {}", all.len());
        all.iter().for_each(|said| println!("{said}"));
    }
    println!("{} mutations, {failed} judged otherwise", cases.len());
    Ok(Count { passed: cases.len() - failed, failed })
}

/// The configurations of the repository and of the folders given.
fn corpus(wanted: &Wanted) -> Result<Vec<PathBuf>> {
    let own = ["examples", "tests/parity", "bench"].map(|folder| root().join(folder));
    let mut files = Vec::new();
    for folder in own.iter().chain(&wanted.corpus) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "cfg") {
                files.push(std::path::absolute(path)?);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Those that both programs accept with nothing said to be lacking, with their text.
fn accepted(subject: &Path, oracle: &Path, files: &[PathBuf]) -> Result<Vec<(PathBuf, String)>> {
    let (taken, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = path.parent().unwrap_or(Path::new("."));
                    let (Ok(text), Ok(theirs), Ok(ours)) =
                        (fs::read_to_string(path), judge(oracle, folder, path), judge(subject, folder, path))
                    else {
                        continue;
                    };
                    if theirs.accepts && ours.accepts && !ours.lacks {
                        let mut taken = taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        taken.push((path.clone(), text));
                    }
                }
            });
        }
    });
    let mut taken = taken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    taken.sort();
    Ok(taken)
}

/// What a program says to a configuration.
fn judge(program: &Path, folder: &Path, config: &Path) -> Result<Verdict> {
    let output = Command::new("timeout")
        .args(["--kill-after=1", "20"])
        .arg(program)
        .args(["-c", "-f"])
        .arg(config)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let lacks = NOT_RUN.iter().any(|words| text.contains(words));
    let path = config.to_string_lossy();
    let alerts = text.lines().filter_map(|line| alert(line, &path)).collect();
    Ok(Verdict { accepts: output.status.success(), alerts, lacks })
}

/// The sentence of an alert; the end of a list of them is none.
fn alert(line: &str, path: &str) -> Option<String> {
    let (_, said) = line.strip_prefix("[ALERT]")?.split_once(" : ")?;
    if ENDS.iter().any(|end| said.contains(end)) {
        return None;
    }
    Some(plain(&said.replace(path, "FILE")))
}

/// Without what is advice: the nearest word; all that would be right, where it is much.
fn plain(said: &str) -> String {
    let said = match (said.find("id you mean '"), said.find(" maybe ?")) {
        (Some(from), Some(to)) if from < to => {
            format!(
                "{}{}",
                said[..from - 1].trim_end_matches([' ', ';', '.']),
                &said[to + " maybe ?".len()..]
            )
        }
        _ => said.to_owned(),
    };
    match said.split_once(" expects '") {
        Some((before, list)) if list.matches("', '").count() > 12 => {
            let got =
                ["but got ", "(got "].iter().find_map(|word| list.find(word)).map_or("", |at| &list[at..]);
            format!("{before} expects ... {}", got.trim_end_matches('.'))
        }
        _ => said.trim_end_matches([' ', '.']).to_owned(),
    }
}

/// The kind of difference and what to tell of it.
fn difference(
    case: &Case,
    scratch: &Scratch,
    job: usize,
    [subject, oracle]: [&Path; 2],
) -> Option<(String, String)> {
    let path = scratch.write(&format!("{job}.cfg"), &case.text).ok()?;
    let (ours, theirs) =
        (judge(subject, &case.folder, &path).ok()?, judge(oracle, &case.folder, &path).ok()?);
    let kind = match (ours.accepts, theirs.accepts) {
        _ if ours.lacks => return None,
        (true, false) => "only Sluice accepts",
        (false, true) => "only HAProxy accepts",
        _ if ours.alerts != theirs.alerts => "other alerts",
        _ => return None,
    };
    let mut said = case.about.clone();
    let only = |these: &[String], others: &[String]| {
        these.iter().filter(|alert| !others.contains(alert)).cloned().collect::<Vec<_>>()
    };
    for (who, alerts) in
        [("-", only(&theirs.alerts, &ours.alerts)), ("+", only(&ours.alerts, &theirs.alerts))]
    {
        alerts.iter().for_each(|alert| said.push_str(&format!("\n   {who} {alert}")));
    }
    Some((kind.to_owned(), said))
}

/// One change in one configuration.
fn case(random: &mut Random, files: &[(PathBuf, String)]) -> Option<Case> {
    (0..TRIES).find_map(|_| {
        let (path, text) = &files[random.below(files.len())];
        let lines: Vec<&str> = text.lines().collect();
        let at = random.below(lines.len().max(1));
        let line = lines.get(at).filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))?;
        let changed = changed(line, random)?;
        let about = format!(
            "{}:{}: {}\n   > {}",
            path.file_name()?.to_string_lossy(),
            at + 1,
            line.trim(),
            changed.trim()
        );
        let mut all = lines.clone();
        all[at] = &changed;
        let text = format!("{}\n", all.join("\n"));
        Some(Case { folder: path.parent()?.to_owned(), about, text })
    })
}

/// The line with a word dropped, doubled, misspelt, exchanged with its neighbour, or another number; none if it is the
/// same then.
fn changed(line: &str, random: &mut Random) -> Option<String> {
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let at = random.below(words.len());
    match random.below(6) {
        0 => {
            words.remove(at);
        }
        1 => words.insert(at, words[at].clone()),
        2 => words[at] = misspelt(&words[at], random),
        3 => words.swap(at, (at + 1) % line.split_whitespace().count()),
        4 => words[at] = other_number(&words[at], random)?,
        _ => words.push(random.pick(&["x", "-1", "if", "{", "0", "on", "#", "check", "'"]).to_owned()),
    }
    let made = format!("{indent}{}", words.join(" "));
    (made.trim() != line.trim()).then_some(made)
}

fn misspelt(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = random.below(letters.len());
    match random.below(3) {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letters[at]),
        _ => letters[at] = if letters[at] == 'x' { 'y' } else { 'x' },
    }
    letters.into_iter().collect()
}

/// A word whose digits say another number; none if it has none.
fn other_number(word: &str, random: &mut Random) -> Option<String> {
    let start = word.find(|c: char| c.is_ascii_digit())?;
    let end = word[start..].find(|c: char| !c.is_ascii_digit()).map_or(word.len(), |n| start + n);
    let number = random.pick(&["0", "-1", "1", "65536", "99999999999999999999", "1.5", "x", "4294967296"]);
    Some(format!("{}{number}{}", &word[..start], &word[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_sentences() {
        let line = "[ALERT]    (12) : config : parsing [/tmp/a.cfg:3] : unknown keyword 'x'";
        assert_eq!(
            alert(line, "/tmp/a.cfg").as_deref(),
            Some("config : parsing [FILE:3] : unknown keyword 'x'")
        );
        assert_eq!(
            plain("unknown keyword 'x'; did you mean 'y' maybe ? Hint: z."),
            "unknown keyword 'x' Hint: z"
        );
        let list = (0..20).map(|n| format!("'{n}'")).collect::<Vec<_>>().join(", ");
        assert_eq!(
            plain(&format!("'http-request' expects {list}, but got 'x'. Did you mean '0' maybe ?")),
            "'http-request' expects ... but got 'x'"
        );
        assert_eq!(alert("[ALERT]    (12) : config : Fatal errors found in configuration.", ""), None);
        assert_eq!(alert("[NOTICE]   (12) : x", ""), None);
    }

    #[test]
    fn a_change_is_one() {
        let mut random = Random::new(1);
        let mut seen = 0;
        for _ in 0..200 {
            if let Some(made) = changed("  server s1 127.0.0.1:80 check", &mut random) {
                assert_ne!(made.trim(), "server s1 127.0.0.1:80 check");
                seen += 1;
            }
        }
        assert!(seen > 100);
        assert_eq!(other_number("abc", &mut random), None);
    }
}
