//! The same commands to the Runtime API of Sluice and of HAProxy, and their answers compared as text. Both run the same
//! configuration (`tests/parity/commands.cfg`); what differs from run to run (pointers, times, ages) is masked. The commands
//! are those of `tests/parity/commands.txt`, in their order, since each finds what the ones before it left.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use harness::process::Process;
use harness::scratch::Scratch;

use super::Count;
use crate::root::root;

/// No answer takes longer on a working machine.
const LIMIT: Duration = Duration::from_secs(30);
/// The sockets of the configuration, by the level that stands in front of a command.
const SOCKETS: [&str; 3] = ["admin", "operator", "user"];

/// One of the two programs, running.
struct Side {
    _process: Process,
    scratch: Scratch,
}

impl Side {
    fn start(program: &Path) -> Result<Side> {
        let scratch = Scratch::new("commands")?;
        let home = scratch.path().display().to_string();
        let text = std::fs::read_to_string(root().join("tests/parity/commands.cfg"))?;
        let port = harness::port::free_one()?;
        scratch.write("words.map", "k1 v1\nk2 v2 with spaces\nk3 v3\n")?;
        scratch.write("paths.map", "/a A\n/ab AB\n")?;
        scratch.write("paths.acl", "/x\n/y z\n")?;
        let text = text.replace("@HOME@", &home).replace("@PORT@", &port.to_string());
        let mut command = Command::new(program);
        command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", text)?);
        let process = Process::start(command, scratch.path().join("output"))?;
        let side = Side { _process: process, scratch };
        let end = Instant::now() + LIMIT;
        for level in SOCKETS {
            while UnixStream::connect(side.socket(level)).is_err() {
                if Instant::now() > end {
                    bail!("{} does not start: {}", program.display(), side._process.printed());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(side)
    }

    fn socket(&self, level: &str) -> std::path::PathBuf {
        self.scratch.path().join(format!("{level}.sock"))
    }

    /// The answer to a line of the list, masked.
    fn ask(&self, line: &str) -> Result<String> {
        let (level, command) = SOCKETS
            .iter()
            .find_map(|level| Some((*level, line.strip_prefix(level)?.strip_prefix(": ")?)))
            .unwrap_or(("admin", line));
        let home = self.scratch.path().display().to_string();
        let words = command.replace("\\n", "\n").replace("@HOME@", &home) + "\n";
        let mut stream = UnixStream::connect(self.socket(level))?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(words.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).with_context(|| format!("no end of the answer to '{line}'"))?;
        Ok(masked(&String::from_utf8_lossy(&answer).replace(&home, "@HOME@")))
    }
}

/// The text without what differs from run to run: hexadecimal numbers, numbers behind these words, and moments.
fn masked(text: &str) -> String {
    const BEFORE: [&str; 3] = ["exp=", "age=", "rate="];
    const MOMENT: &str = "captured on [";
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(digits) = rest.strip_prefix("0x") {
            out.push_str("0x?");
            rest = digits.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        } else if let Some((word, number)) =
            BEFORE.iter().find_map(|word| Some((word, rest.strip_prefix(word)?)))
        {
            out.push_str(word);
            out.push('?');
            rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
        } else if let Some(moment) = rest.strip_prefix(MOMENT) {
            out.push_str(MOMENT);
            out.push('?');
            rest = moment.trim_start_matches(|c: char| c != ']');
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    // What is stored may come in any order.
    let mut lines: Vec<&str> = out.split('\n').collect();
    let from = lines.iter().position(|line| line.starts_with("0x?")).unwrap_or(lines.len());
    let to = lines.iter().rposition(|line| line.starts_with("0x?")).map_or(from, |at| at + 1);
    lines[from..to].sort_unstable();
    lines.join("\n")
}

/// Compares all of them and prints what differs.
///
/// # Errors
/// When a program does not start or does not answer.
pub(crate) fn compare(subject: &Path, oracle: &Path) -> Result<Count> {
    let list = std::fs::read_to_string(root().join("tests/parity/commands.txt"))?;
    // The packaged one lacks some.
    let is_older = crate::program::version(oracle).contains("version 2.");
    let wanted = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let commands = list.lines().filter(wanted).filter_map(|line| match line.strip_prefix("newer: ") {
        Some(_) if is_older => None,
        newer => Some(newer.unwrap_or(line)),
    });
    let (ours, theirs) = (Side::start(subject)?, Side::start(oracle)?);
    let mut count = Count::default();
    for command in commands {
        let (expected, answer) = (theirs.ask(command)?, ours.ask(command)?);
        if expected == answer {
            count.passed += 1;
            continue;
        }
        count.failed += 1;
        println!("commands: '{command}' is answered otherwise\n  HAProxy {expected:?}\n  Sluice  {answer:?}");
    }
    println!("commands: {} answers compared, {} differ", count.passed + count.failed, count.failed);
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn what_differs_from_run_to_run_is_masked() {
        assert_eq!(masked("0x1f2: key=a use=0 exp=35\n0x0aB b\n"), "0x? b\n0x?: key=a use=0 exp=?\n");
        assert_eq!(masked("a 0 x\né"), "a 0 x\né");
        assert_eq!(masked("captured on [27/Nov/2026:04:26:24.910] : 0"), "captured on [?] : 0");
    }
}
