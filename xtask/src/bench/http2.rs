//! HTTP/2 on either side of the proxy: load from h2load, 100 streams on each of a few connections, an origin that is a
//! HAProxy of this machine where the proxy is to speak HTTP/2 to it.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use harness::machine;
use harness::process::Process;
use harness::scratch::Scratch;

use super::contender::Running;
use super::report::{Metric, Numbers};
use super::{Cores, Effort};
use crate::program;

const CONNECTIONS: u32 = 4;
const STREAMS: u32 = 100;
/// Connections where the load is HTTP/1.
const PLAIN_CONNECTIONS: u32 = 64;

/// A HAProxy that answers by itself, on the load's core.
pub(crate) struct Origin {
    pub(crate) port: u16,
    _process: Process,
    _scratch: Scratch,
}

impl Origin {
    pub(crate) fn start(cores: Cores) -> Result<Origin> {
        let (scratch, port) = (Scratch::new("bench-h2")?, harness::port::free_one()?);
        let configuration = format!(
            "global\n    nbthread 1\n    maxconn 10000\n    no strict-limits\ndefaults\n    mode http\n    timeout client 2m\n    \
             timeout server 2m\n    timeout connect 10s\nfrontend fe\n    bind 127.0.0.1:{port} proto h2\n    \
             http-request return status 200 content-type text/plain string \"hello, world\"\n"
        );
        let mut command = Command::new(program::haproxy()?);
        command.arg("-db").arg("-f").arg(scratch.write("origin.cfg", configuration)?);
        let output = scratch.path().join("output");
        let started = std::thread::spawn(move || -> Result<Process> {
            machine::pin_to(&[cores.load])?;
            let mut process = Process::start(command, output)?;
            process.wait_listening(([127, 0, 0, 1], port).into(), std::time::Duration::from_secs(60))?;
            Ok(process)
        });
        let process = started.join().map_err(|_| anyhow::anyhow!("the starting thread ended"))??;
        Ok(Origin { port, _process: process, _scratch: scratch })
    }
}

/// CPU time and throughput of a program under that load; `front`: whether the load is HTTP/2.
pub(crate) fn measure(front: bool, running: &Running, effort: Effort, cores: Cores) -> Result<Numbers> {
    load(front, running, effort.warm_up.as_secs().max(1), cores)?;
    let before = running.process.cpu()?;
    let seconds = effort.run.as_secs().max(1);
    let answers = load(front, running, seconds, cores)?;
    let used = running.process.cpu()?.since(before);
    let each = |seconds: f64| seconds * 1e6 / answers as f64;
    Ok(Numbers::from([
        (Metric::Cpu, each(used.total())),
        (Metric::CpuUser, each(used.user)),
        (Metric::CpuSystem, each(used.system)),
        (Metric::Rate, answers as f64 / seconds as f64),
    ]))
}

/// Runs h2load for so long; how many answers it got.
fn load(front: bool, running: &Running, seconds: u64, cores: Cores) -> Result<u64> {
    let h2load =
        program::find(&["h2load"]).context("h2load is not installed (apt-get install nghttp2-client)")?;
    let mut command = Command::new(h2load);
    if front {
        command.args([format!("-c{CONNECTIONS}"), format!("-m{STREAMS}")]);
    } else {
        command.args(["--h1".to_owned(), format!("-c{PLAIN_CONNECTIONS}")]);
    }
    command.args(["-t1".to_owned(), format!("-D{seconds}"), format!("http://{}/", running.address)]);
    let output = std::thread::spawn(move || -> Result<_> {
        machine::pin_to(&[cores.load])?;
        Ok(command.output()?)
    });
    let output = output.join().map_err(|_| anyhow::anyhow!("the load's thread ended"))??;
    let text = String::from_utf8_lossy(&output.stdout);
    let (answers, failed) = counted(&text).with_context(|| format!("h2load said: {text}"))?;
    if answers == 0 || failed > 0 {
        bail!("{failed} requests of h2load failed beside {answers} answers");
    }
    Ok(answers)
}

/// Answers with a status of success, and others, in what h2load printed.
fn counted(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().find_map(|line| line.strip_prefix("status codes: "))?;
    let mut counts = line.split(", ").map(|part| part.split(' ').next()?.parse().ok());
    let success: u64 = counts.next()??;
    Some((success, counts.map(|count| count.unwrap_or(0)).sum()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_h2load_prints() {
        let text = "requests: 9 total\nstatus codes: 7 2xx, 0 3xx, 1 4xx, 1 5xx\ntraffic: 1KB";
        assert_eq!(super::counted(text), Some((7, 2)));
        assert_eq!(super::counted("nothing"), None);
    }
}
