//! The clients of `bench apply`: round after round until they are sent home, so that some connections last and others
//! are new whenever a configuration changes.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use harness::histogram::Histogram;
use harness::load::{self, Plan};

use crate::program;

/// Kept connections of our own load.
const CONNECTIONS: usize = 64;
/// How long a round of each is.
const OWN_ROUND: Duration = Duration::from_secs(5);
const WRK_SECONDS: u32 = 2;
const H2_REQUESTS: u32 = 4000;

/// Answers and failures of one kind of clients.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) answers: u64,
    pub(super) failed: u64,
}

impl Tally {
    fn add(&mut self, more: Self) {
        self.answers += more.answers;
        self.failed += more.failed;
    }
}

/// What all of them got.
#[derive(Debug, Default)]
pub(super) struct Served {
    own: Tally,
    wrk: Option<Tally>,
    h2load: Option<Tally>,
    /// Of the kept connections' answers.
    pub(super) latency: Histogram,
}

impl Served {
    /// By name; who is not installed is missing.
    pub(super) fn each(&self) -> Vec<(&'static str, Tally)> {
        let all = [("own load", Some(self.own)), ("wrk", self.wrk), ("h2load, TLS", self.h2load)];
        all.into_iter().filter_map(|(name, tally)| Some((name, tally?))).collect()
    }

    pub(super) fn failed(&self) -> u64 {
        self.each().iter().map(|(_, tally)| tally.failed).sum()
    }

    pub(super) fn answers(&self) -> u64 {
        self.each().iter().map(|(_, tally)| tally.answers).sum()
    }
}

/// The clients, at work.
pub(super) struct Crowd {
    over: Arc<AtomicBool>,
    own: JoinHandle<Result<(Tally, Histogram)>>,
    wrk: Option<JoinHandle<Result<Tally>>>,
    h2load: Option<JoinHandle<Result<Tally>>>,
}

impl Crowd {
    /// Has them begin.
    pub(super) fn gather(port: u16, secure: u16) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (until, plain) = (Arc::clone(&over), SocketAddr::from(([127, 0, 0, 1], port)));
        let own = std::thread::spawn(move || own(plain, &until));
        let until = Arc::clone(&over);
        let wrk = program::find(&["wrk"]).map(|wrk| {
            std::thread::spawn(move || {
                rounds(&until, || {
                    let mut command = Command::new(&wrk);
                    command.args([
                        "-t1",
                        "-c16",
                        &format!("-d{WRK_SECONDS}s"),
                        &format!("http://{plain}/m7"),
                    ]);
                    of_wrk(&command.output()?)
                })
            })
        });
        let until = Arc::clone(&over);
        let h2load = program::find(&["h2load"]).map(|h2load| {
            std::thread::spawn(move || {
                rounds(&until, || {
                    let mut command = Command::new(&h2load);
                    command.args(["-c8", "-m4", "-t1", &format!("-n{H2_REQUESTS}")]);
                    command.arg(format!("https://127.0.0.1:{secure}/m9"));
                    of_h2load(&command.output()?)
                })
            })
        });
        Self { over, own, wrk, h2load }
    }

    /// Waits for the end of their rounds.
    pub(super) fn leave(self) -> Result<Served> {
        self.over.store(true, Relaxed);
        let ended = || anyhow::anyhow!("a client's thread failed");
        let (own, latency) = self.own.join().map_err(|_| ended())??;
        let tally = |thread: Option<JoinHandle<Result<Tally>>>| -> Result<Option<Tally>> {
            thread.map(|thread| thread.join().map_err(|_| ended())?).transpose()
        };
        Ok(Served { own, wrk: tally(self.wrk)?, h2load: tally(self.h2load)?, latency })
    }
}

fn own(target: SocketAddr, over: &AtomicBool) -> Result<(Tally, Histogram)> {
    let plan = Plan {
        target,
        request: b"GET / HTTP/1.1\r\nhost: here\r\n\r\n".to_vec(),
        connections: CONNECTIONS,
        keep_alive: true,
        rate: None,
        duration: OWN_ROUND,
    };
    let mut latency = Histogram::default();
    let tally = rounds(over, || {
        let outcome = load::run(&plan)?;
        latency.merge(&outcome.latency);
        Ok(Tally { answers: outcome.answers, failed: outcome.errors })
    })?;
    Ok((tally, latency))
}

fn rounds(over: &AtomicBool, mut round: impl FnMut() -> Result<Tally>) -> Result<Tally> {
    let mut all = Tally::default();
    while !over.load(Relaxed) {
        all.add(round()?);
    }
    Ok(all)
}

/// wrk speaks of errors only where there are some.
fn of_wrk(output: &Output) -> Result<Tally> {
    let text = String::from_utf8_lossy(&output.stdout);
    let answers = text.lines().find(|line| line.contains(" requests in "));
    let answers = answers.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let numbers = |title: &str| -> u64 {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(title));
        line.map_or(0, |line| {
            line.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u64>().ok()).sum()
        })
    };
    let failed = numbers("Socket errors:") + numbers("Non-2xx or 3xx responses:");
    if failed > 0 {
        eprintln!("{text}");
    }
    match answers {
        Some(answers) => Ok(Tally { answers, failed }),
        None => bail!("wrk said: {text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// `requests: 4000 total, 4000 started, 4000 done, 4000 succeeded, 0 failed, 0 errored, 0 timeout`
fn of_h2load(output: &Output) -> Result<Tally> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("requests: "));
    let line =
        line.with_context(|| format!("h2load said: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let number = |of: &str| -> u64 {
        let part = line.split(", ").find_map(|part| part.trim().strip_suffix(of));
        part.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
    };
    let (answers, all) = (number("succeeded"), number("total"));
    if answers != all {
        eprintln!("{text}");
    }
    Ok(Tally { answers, failed: all.saturating_sub(answers) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn said(text: &str) -> Output {
        Output {
            status: std::process::ExitStatus::from_raw(0),
            stdout: text.as_bytes().to_vec(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn reports_of_other_programs_are_understood() {
        let fine = of_wrk(&said("  123 requests in 2.00s, 1.5MB read\nRequests/sec: 61\n")).unwrap();
        assert_eq!((fine.answers, fine.failed), (123, 0));
        let ill = "  9 requests in 2.00s, 1KB read\n  Socket errors: connect 0, read 3, write 1, timeout 0\n  \
                   Non-2xx or 3xx responses: 2\n";
        let ill = of_wrk(&said(ill)).unwrap();
        assert_eq!((ill.answers, ill.failed), (9, 6));
        let h2 = "requests: 40 total, 40 started, 40 done, 38 succeeded, 2 failed, 1 errored, 0 timeout\n";
        let h2 = of_h2load(&said(h2)).unwrap();
        assert_eq!((h2.answers, h2.failed), (38, 2));
        assert!(of_h2load(&said("nothing")).is_err());
    }
}
