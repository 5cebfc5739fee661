//! A program under test: started, waited for, measured from `/proc`, stopped. It never looks inside.

use std::fs::File;
use std::io::{self, Error};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Pid, Signal, kill_process};

/// CPU time used since the start, in seconds, all threads of the process together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cpu {
    /// In the program itself.
    pub user: f64,
    /// In the kernel on its behalf.
    pub system: f64,
}

impl Cpu {
    /// What was used between `earlier` and `self`.
    #[must_use]
    pub fn since(self, earlier: Cpu) -> Cpu {
        Cpu { user: self.user - earlier.user, system: self.system - earlier.system }
    }

    /// User and system together.
    #[must_use]
    pub fn total(self) -> f64 {
        self.user + self.system
    }
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident set (`statm`).
    pub resident: u64,
    /// Private dirty pages (`smaps_rollup`): what the process alone costs.
    pub private_dirty: u64,
}

/// A running program that is stopped when its owner goes.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    output: PathBuf,
}

impl Process {
    /// Starts `command` with its standard output and error appended to the file `output`.
    ///
    /// # Errors
    /// When the program or the file cannot be opened; the message names the program.
    pub fn start(mut command: Command, output: PathBuf) -> io::Result<Process> {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::options().create(true).append(true).open(&output)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().map_err(|error| Error::other(format!("{name}: {error}")))?;
        Ok(Process { child, name, output })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the program has printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read(&self.output)
            .map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }

    /// Waits until `address` accepts a connection; returns how long it took.
    ///
    /// # Errors
    /// When the program ends first or `limit` passes; the message carries what it printed.
    pub fn wait_listening(&mut self, address: SocketAddr, limit: Duration) -> io::Result<Duration> {
        let start = Instant::now();
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(start.elapsed());
            }
            let why = match self.child.try_wait()? {
                Some(status) => format!("ended with {status}"),
                None if start.elapsed() > limit => format!("does not listen on {address} after {limit:?}"),
                None => {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
            };
            return Err(Error::other(format!("{} {why}:\n{}", self.name, self.printed())));
        }
    }

    /// CPU time used so far.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu(&self) -> io::Result<Cpu> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        cpu_of(&stat).ok_or_else(|| Error::other("unreadable /proc/PID/stat"))
    }

    /// Memory in use now.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn memory(&self) -> io::Result<Memory> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid()))?;
        let smaps = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid()))?;
        memory_of(&statm, &smaps).ok_or_else(|| Error::other("unreadable /proc/PID/statm or smaps_rollup"))
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn is_running(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_child(&self.child);
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for the end, at most `limit`.
    ///
    /// # Errors
    /// When it still runs after that.
    pub fn wait(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                return Err(Error::other(format!("{} still runs after {limit:?}", self.name)));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.signal(Signal::TERM);
            if self.wait(Duration::from_millis(500)).is_err() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

/// `utime` and `stime` of a `/proc/PID/stat` line; the name in brackets may itself hold brackets and spaces.
fn cpu_of(stat: &str) -> Option<Cpu> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    let ticks = clock_ticks_per_second() as f64;
    Some(Cpu { user: user / ticks, system: system / ticks })
}

fn memory_of(statm: &str, smaps: &str) -> Option<Memory> {
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let dirty = smaps.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?;
    let kib: u64 = dirty.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Memory { resident: pages * page_size() as u64, private_dirty: kib * 1024 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn reads_stat_with_an_odd_name() {
        let line = "7 (a) b) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10";
        let ticks = clock_ticks_per_second() as f64;
        assert_eq!(cpu_of(line), Some(Cpu { user: 250.0 / ticks, system: 50.0 / ticks }));
    }

    #[test]
    fn reads_memory() {
        let memory = memory_of("500 30 20 1 0 100 0\n", "Rss: 100 kB\nPrivate_Dirty:    12 kB\n").unwrap();
        assert_eq!(memory, Memory { resident: 30 * page_size() as u64, private_dirty: 12 * 1024 });
    }

    #[test]
    fn a_program_that_ends_is_reported_with_its_words() {
        let scratch = Scratch::new("process").unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo cannot bind; exit 3"]);
        let mut process = Process::start(command, scratch.path().join("out")).unwrap();
        let port = crate::port::free_one().unwrap();
        let error = process
            .wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(60))
            .unwrap_err()
            .to_string();
        assert!(error.contains("cannot bind"), "{error}");
    }

    #[test]
    fn measures_and_stops() {
        let scratch = Scratch::new("process").unwrap();
        let mut command = Command::new("/bin/sleep");
        command.arg("1000");
        let mut process = Process::start(command, scratch.path().join("out")).unwrap();
        assert!(process.memory().unwrap().resident > 0);
        assert!(process.cpu().unwrap().total() >= 0.0);
        process.signal(Signal::TERM).unwrap();
        process.wait(Duration::from_secs(60)).unwrap();
    }
}
