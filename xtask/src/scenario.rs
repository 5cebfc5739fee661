//! Files in the VTest language, run by `vtest` or `varnishtest` with a given program in HAProxy's place.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use harness::process::Process;
use harness::scratch::Scratch;

/// VTest's own limit for a scenario.
const SCENARIO_SECONDS: u64 = 30;
/// When a tester itself hangs.
const TESTER_LIMIT: Duration = Duration::from_secs(SCENARIO_SECONDS + 30);
/// VTest's code for a scenario that asks for what is not there.
const SKIPPED: i32 = 77;

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Skip,
    /// With what the tester printed.
    Fail(String),
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Skip => "skip",
            Verdict::Fail(_) => "FAIL",
        }
    }

    /// The lines of a failure that say what went wrong.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let Verdict::Fail(output) = self else { return Vec::new() };
        let telling =
            |line: &&str| line.starts_with("----") || line.contains("[ALERT]") || line.contains("diag");
        output.lines().filter(telling).collect()
    }
}

/// How scenarios are run.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    /// `vtest` or `varnishtest`.
    pub(crate) tester: PathBuf,
    /// What stands in HAProxy's place.
    pub(crate) program: PathBuf,
    /// Further arguments for the program.
    pub(crate) arguments: &'static str,
    /// The folder scenarios may name files from.
    pub(crate) folder: PathBuf,
}

impl Runner {
    /// Runs one scenario.
    ///
    /// # Errors
    /// When the tester cannot be started.
    pub(crate) fn one(&self, file: &Path) -> Result<Verdict> {
        let scratch = Scratch::new("vtc")?;
        let mut command = Command::new(&self.tester);
        command
            .args(["-b", "2097152", "-q", "-t", &SCENARIO_SECONDS.to_string()])
            .arg(file)
            .current_dir(&self.folder)
            .env("TMPDIR", scratch.path())
            .env("HAPROXY_PROGRAM", &self.program)
            .env_remove("HAPROXY_ARGS");
        if !self.arguments.is_empty() {
            command.env("HAPROXY_ARGS", self.arguments);
        }
        let mut process = Process::start(command, scratch.path().join("output"))?;
        Ok(match process.wait(TESTER_LIMIT) {
            Ok(status) if status.success() => Verdict::Pass,
            Ok(status) if status.code() == Some(SKIPPED) => Verdict::Skip,
            Ok(_) => Verdict::Fail(process.printed()),
            Err(_) => Verdict::Fail(format!("---- no end after {TESTER_LIMIT:?}\n{}", process.printed())),
        })
    }

    /// Runs scenarios, `jobs` at a time; the verdicts stand in the order of `files`.
    ///
    /// # Errors
    /// When the tester cannot be started.
    pub(crate) fn all(&self, files: &[PathBuf], jobs: usize) -> Result<Vec<Verdict>> {
        let next = AtomicUsize::new(0);
        let verdicts: Mutex<Vec<Option<Result<Verdict>>>> = Mutex::new(files.iter().map(|_| None).collect());
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    while let Some((index, file)) = take(&next, files) {
                        let verdict = self.one(file);
                        verdicts.lock().expect("no thread panics with it")[index] = Some(verdict);
                    }
                });
            }
        });
        let verdicts = verdicts.into_inner().expect("no thread panics with it");
        verdicts.into_iter().map(|verdict| verdict.context("not run")?).collect()
    }
}

fn take<'a>(next: &AtomicUsize, files: &'a [PathBuf]) -> Option<(usize, &'a PathBuf)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    files.get(index).map(|file| (index, file))
}

/// Every `.vtc` file under a folder, sorted.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "vtc") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_verdicts() {
        let scratch = Scratch::new("scenario").unwrap();
        let script =
            "#!/bin/sh\nfor file; do :; done\necho \"---- ran $HAPROXY_PROGRAM\"\nexit $(cat $file)\n";
        let tester = scratch.write("tester", script).unwrap();
        Command::new("chmod").arg("+x").arg(&tester).status().unwrap();
        let files: Vec<PathBuf> =
            ["0", "77", "2"].iter().map(|code| scratch.write(code, code).unwrap()).collect();
        let runner =
            Runner { tester, program: "/bin/true".into(), arguments: "", folder: scratch.path().to_owned() };
        let verdicts = runner.all(&files, 2).unwrap();
        assert_eq!(verdicts[..2], [Verdict::Pass, Verdict::Skip]);
        assert_eq!(verdicts[2].reasons(), ["---- ran /bin/true"]);
    }
}
