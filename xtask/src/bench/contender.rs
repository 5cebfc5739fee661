//! A program in the run: how it is started with a case's configuration, on its core.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use harness::machine;
use harness::process::Process;
use harness::scratch::Scratch;

use super::Cores;
use super::case::{Case, Ports};
use crate::program;

/// The large configuration takes a while on a slow machine.
const START_LIMIT: Duration = Duration::from_secs(180);

/// Which configuration language a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    HaproxyCfg,
    Nginx,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Kind {
        if name.starts_with("nginx") { Kind::Nginx } else { Kind::HaproxyCfg }
    }
}

/// A program that takes part.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) version: String,
    path: PathBuf,
    kind: Kind,
}

/// A contender at work.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// From the start of the program to the first accepted connection.
    pub(crate) start_up: Duration,
    /// Holds its files; dropped after the process.
    _scratch: Scratch,
}

impl Contender {
    pub(crate) fn new(name: &str, path: PathBuf, kind: Kind) -> Contender {
        Contender { name: name.to_owned(), version: program::version(&path), path, kind }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn reads_haproxy_cfg(&self) -> bool {
        self.kind == Kind::HaproxyCfg
    }

    /// Starts it for a case; none when the case has no equal in its language.
    ///
    /// # Errors
    /// When it does not listen; the message carries what it printed.
    pub(crate) fn start(
        &self,
        case: &Case,
        origins: &[u16],
        log: u16,
        cores: Cores,
    ) -> Result<Option<Running>> {
        let scratch = Scratch::new("bench")?;
        let bind = harness::port::free_one()?;
        let folder = scratch.path().to_string_lossy().into_owned();
        let ports = Ports { folder: &folder, bind, origins, log };
        for (name, content) in case.files() {
            scratch.write(&name, content)?;
        }
        let mut command = Command::new(&self.path);
        match self.kind {
            Kind::HaproxyCfg => {
                command.arg("-db").arg("-f").arg(scratch.write("haproxy.cfg", case.haproxy_cfg(&ports))?);
            }
            Kind::Nginx => {
                let Some(text) = case.nginx_conf(&ports, &folder) else { return Ok(None) };
                command.arg("-p").arg(scratch.path()).arg("-c").arg(scratch.write("nginx.conf", text)?);
            }
        }
        let output = scratch.path().join("output");
        let address = SocketAddr::from(([127, 0, 0, 1], bind));
        // A child inherits the cores of the thread that starts it.
        let own: &[usize] = if case.threads > 1 { &[cores.load, cores.proxy] } else { &[cores.proxy] };
        let own = own.to_vec();
        let started = std::thread::spawn(move || -> Result<_> {
            machine::pin_to(&own)?;
            let mut process = Process::start(command, output)?;
            let start_up = process.wait_listening(address, START_LIMIT)?;
            Ok((process, start_up))
        });
        let (process, start_up) = started
            .join()
            .map_err(|_| anyhow::anyhow!("the starting thread ended"))?
            .with_context(|| self.name.clone())?;
        Ok(Some(Running { process, address, start_up, _scratch: scratch }))
    }
}
