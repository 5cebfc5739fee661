//! What the tests of the program share: running it, and small configurations.
#![cfg(test)]
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Generous: machines stall.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The program with these arguments, in this folder.
pub(crate) fn sluice(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.current_dir(folder).args(arguments);
    command
}

/// Runs it to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::of(sluice(folder, arguments).output().unwrap())
}

/// What a run printed, without what differs from run to run: process ids and the path of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        let err = String::from_utf8(output.stderr).unwrap();
        let lines = err.lines().filter(|line| !line.contains("path to executable is"));
        let err = lines.map(|line| format!("{}\n", without_pid(line))).collect();
        Ran { status: output.status.code(), out: String::from_utf8(output.stdout).unwrap(), err }
    }

    /// As one text, to be compared with what is expected.
    pub(crate) fn text(&self) -> String {
        format!("{}{}= {:?}\n", self.err, self.out, self.status.unwrap_or(-1))
    }
}

/// `[ALERT]    (PID) : ...`
fn without_pid(line: &str) -> String {
    match line.split_once(" (").and_then(|(tag, rest)| Some((tag, rest.split_once(") : ")?))) {
        Some((tag, (pid, words))) if tag.starts_with('[') && pid.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{tag} (PID) : {words}")
        }
        _ => line.to_owned(),
    }
}

/// What the first warning or alert is preceded by.
pub(crate) const INTRODUCTION: &str = concat!(
    "[NOTICE]   (PID) : sluice version is ",
    env!("CARGO_PKG_VERSION"),
    ", compatible with haproxy version 3.5.0\n"
);

/// A valid configuration that answers `/alive` by itself.
pub(crate) fn alive(bind: &str) -> String {
    let web = format!("frontend web\n    bind {bind}\n    monitor-uri /alive\n");
    format!("global\n    nbthread 2\n    maxconn 100\n{DEFAULTS}{web}")
}

/// Timeouts, so that nothing is warned of.
pub(crate) const DEFAULTS: &str =
    "defaults\n    mode http\n    timeout client 60s\n    timeout server 60s\n    timeout connect 60s\n";

/// Waits until this gives something.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < LIMIT, "{what}: nothing after {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
