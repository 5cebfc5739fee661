//! The reload agent: changes that come close together share one reload, and each reload has an id.
//!
//! An id is the date and a number, `2026-11-27-3`. The last good configuration is kept beside the file
//! (`.lkg`); a reload that fails puts it back.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::disk;
use crate::error::Error;
use crate::runtime::Runtime;

/// How the proxy is made to take a new configuration.
#[derive(Clone, Debug)]
pub struct How {
    /// haproxy.cfg.
    pub file: PathBuf,
    /// Words separated by spaces, no shell; success is its exit status.
    pub command: Option<String>,
    /// The master, asked instead of a command.
    pub master: Option<Runtime>,
    /// How long changes are collected.
    pub delay: Duration,
}

/// What became of a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// Its id.
    pub id: String,
    /// `in_progress`, `succeeded`, `failed`.
    pub status: &'static str,
    /// What the proxy or the command said.
    pub response: String,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// The agent; its thread ends with the process.
pub struct Agent {
    how: How,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    pending: Option<String>,
    /// The one that is being carried out.
    running: Option<String>,
    count: u64,
    done: Vec<Reload>,
}

/// How many that are over are remembered.
const REMEMBERED: usize = 1000;

impl Agent {
    /// Starts it. The configuration as it is counts as good.
    pub fn start(how: How) -> Result<Arc<Self>, Error> {
        let agent = Arc::new(Self { how, state: Mutex::default(), wake: Condvar::new() });
        agent.keep_good()?;
        let own = Arc::clone(&agent);
        std::thread::Builder::new()
            .name("reload".into())
            .spawn(move || own.run())
            .map_err(|e| Error::system("cannot start the reload agent", &e))?;
        Ok(agent)
    }

    /// Asks for a reload; gives the id of the one that will be done.
    pub fn request(&self) -> String {
        let mut state = self.lock();
        let id = state.next_id();
        self.wake.notify_one();
        id
    }

    /// Reloads now; takes what is pending with it.
    pub fn force(&self) -> Result<String, Error> {
        let id = {
            let mut state = self.lock();
            let id = state.next_id();
            state.pending = None;
            id
        };
        let reload = self.carry_out(id.clone());
        let outcome = if reload.status == "failed" {
            Err(Error::invalid(format!("Reload failed: {}", reload.response)))
        } else {
            Ok(id)
        };
        self.remember(reload);
        outcome
    }

    /// Notes a reload that wasn't needed: the proxy has the file's text in force already, and `said` so.
    pub fn done(&self, said: &str) -> Result<String, Error> {
        let id = {
            let mut state = self.lock();
            let id = state.next_id();
            state.pending = None;
            id
        };
        self.keep_good()?;
        self.remember(Reload { id: id.clone(), status: "succeeded", response: said.to_owned(), at: now() });
        Ok(id)
    }

    /// Those that failed, the last that succeeded, and the one that is pending.
    pub fn reloads(&self) -> Vec<Reload> {
        let state = self.lock();
        let last = state.done.iter().rposition(|reload| reload.status == "succeeded");
        let shown = state.done.iter().enumerate().filter(|(at, r)| r.status == "failed" || Some(*at) == last);
        let unfinished = state.running.iter().chain(&state.pending).cloned().map(pending_reload);
        shown.map(|(_, reload)| reload.clone()).chain(unfinished).collect()
    }

    /// One by its id.
    pub fn reload(&self, id: &str) -> Option<Reload> {
        let state = self.lock();
        let unfinished = state.running.iter().chain(&state.pending).find(|other| *other == id);
        unfinished
            .cloned()
            .map(pending_reload)
            .or_else(|| state.done.iter().find(|reload| reload.id == id).cloned())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let mut state = self.lock();
            while state.pending.is_none() {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            std::thread::sleep(self.how.delay);
            let id = {
                let mut state = self.lock();
                state.running = state.pending.take();
                state.running.clone()
            };
            if let Some(id) = id {
                let reload = self.carry_out(id);
                self.remember(reload);
            }
        }
    }

    fn remember(&self, reload: Reload) {
        let mut state = self.lock();
        state.running = state.running.take().filter(|running| *running != reload.id);
        state.done.push(reload);
        if state.done.len() > REMEMBERED {
            state.done.remove(0);
        }
    }

    fn carry_out(&self, id: String) -> Reload {
        let outcome = self.reload_now().and_then(|said| self.keep_good().map(|()| said));
        let (status, response) = match outcome {
            Ok(said) => ("succeeded", said),
            Err(error) => ("failed", self.put_back(error.message)),
        };
        Reload { id, status, response, at: now() }
    }

    fn reload_now(&self) -> Result<String, Error> {
        if let Some(master) = &self.how.master {
            return master.reload();
        }
        let Some(text) = self.how.command.as_deref() else {
            return Ok("no reload command is configured".into());
        };
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let program = words.next().ok_or_else(|| Error::invalid("the reload command is empty"))?;
        let output = Command::new(program)
            .args(words)
            .output()
            .map_err(|e| Error::system(format_args!("cannot run {program}"), &e))?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
        if output.status.success() {
            Ok(said)
        } else {
            Err(Error::invalid(format!("{}: {said}", output.status)))
        }
    }

    fn good_path(&self) -> PathBuf {
        let mut name = self.how.file.clone().into_os_string();
        name.push(".lkg");
        name.into()
    }

    fn keep_good(&self) -> Result<(), Error> {
        disk::replace(&self.good_path(), &disk::read(&self.how.file)?)
    }

    /// The last good configuration takes the place of one that the proxy wouldn't start with.
    fn put_back(&self, why: String) -> String {
        let restored = disk::read(&self.good_path()).and_then(|text| disk::replace(&self.how.file, &text));
        match restored {
            Ok(()) => why,
            Err(error) => format!("{why}; and the last good configuration can't be put back: {error}"),
        }
    }
}

impl State {
    fn next_id(&mut self) -> String {
        if let Some(id) = &self.pending {
            return id.clone();
        }
        let (year, month, day) = date(now());
        let id = format!("{year:04}-{month:02}-{day:02}-{}", self.count);
        self.count += 1;
        self.pending = Some(id.clone());
        id
    }
}

fn pending_reload(id: String) -> Reload {
    Reload { id, status: "in_progress", response: String::new(), at: 0 }
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The time now, as `2026-11-27T02:11:51Z`.
pub fn timestamp() -> String {
    let seconds = now();
    let (year, month, day) = date(seconds);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date of a time, in the calendar that is in use everywhere.
fn date(seconds: u64) -> (u64, u64, u64) {
    // Days are counted from 0000-03-01, so that the day that is sometimes there is a year's last.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(951_782_400), (2000, 2, 29));
        assert_eq!(date(1_795_737_599), (2026, 11, 26));
    }

    #[test]
    fn changes_share_a_reload_and_a_failure_puts_the_good_one_back() {
        let folder = std::env::temp_dir().join(format!("reload-{}", disk::random_id().unwrap()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, "good\n").unwrap();
        // The command succeeds as long as the file holds the word.
        let command = Some(format!("grep good {}", file.display()));
        let how = How { file: file.clone(), command, master: None, delay: Duration::from_millis(200) };
        let agent = Agent::start(how).unwrap();
        let ids = [agent.request(), agent.request()];
        assert_eq!(ids[0], ids[1]);
        assert_eq!(agent.reload(&ids[0]).unwrap().status, "in_progress");
        for _ in 0..600 {
            if agent.reload(&ids[0]).is_some_and(|reload| reload.status != "in_progress") {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(agent.reload(&ids[0]).unwrap().status, "succeeded");
        std::fs::write(&file, "bad\n").unwrap();
        assert!(agent.force().unwrap_err().message.starts_with("Reload failed: exit status: 1"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "good\n");
        assert_eq!(agent.reloads().len(), 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
