//! Messages on standard error, in HAProxy's form: a tag, the process's id, the words. Knows nothing of what
//! they mean.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use config::Severity;

use crate::version;

/// What was said since [`record`], until it was asked for.
static RECORD: Mutex<Option<String>> = Mutex::new(None);
/// What was said while the process started, for as long as it runs.
static STARTUP: Mutex<(bool, String)> = Mutex::new((true, String::new()));
/// How much of that is kept.
const STARTUP_MAX: usize = 64 * 1024;
static QUIET: AtomicBool = AtomicBool::new(false);
static INTRODUCED: AtomicBool = AtomicBool::new(false);

/// How many warnings there were.
static WARNINGS: AtomicU32 = AtomicU32::new(0);

/// How many warnings there were, said or not.
pub(crate) fn warnings() -> u32 {
    WARNINGS.load(Relaxed)
}

/// Says nothing from now on (`-q`).
pub(crate) fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Relaxed);
}

/// Whether messages are left out.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Relaxed)
}

pub(crate) fn alert(words: &str) {
    say(Severity::Alert, words);
}

pub(crate) fn warning(words: &str) {
    say(Severity::Warning, words);
}

pub(crate) fn notice(words: &str) {
    say(Severity::Notice, words);
}

fn say(severity: Severity, words: &str) {
    rendered(severity, &format!("{} ({}) : {words}\n", severity.tag(), std::process::id()));
}

/// Writes a message that has its tag already, all lines at once. The first warning or alert is preceded by
/// what program this is, as HAProxy does it.
pub(crate) fn rendered(severity: Severity, text: &str) {
    if severity == Severity::Warning {
        WARNINGS.fetch_add(1, Relaxed);
    }
    if is_quiet() {
        return;
    }
    let mut out = String::new();
    if severity >= Severity::Warning && !INTRODUCED.swap(true, Relaxed) {
        let pid = std::process::id();
        let tag = Severity::Notice.tag();
        out = format!("{tag} ({pid}) : {}\n", version::introduction());
        if let Ok(path) = std::env::current_exe() {
            out.push_str(&format!("{tag} ({pid}) : path to executable is {}\n", path.display()));
        }
    }
    out.push_str(text);
    if let Some(record) = &mut *RECORD.lock().unwrap_or_else(PoisonError::into_inner) {
        record.push_str(&out);
    }
    let mut startup = STARTUP.lock().unwrap_or_else(PoisonError::into_inner);
    if startup.0 && startup.1.len() < STARTUP_MAX {
        startup.1.push_str(&out);
    }
    drop(startup);
    // Nobody is left to tell when standard error is closed.
    err(&out);
}

/// The process has started: what is said from now on is no part of [`startup`].
pub(crate) fn started() {
    STARTUP.lock().unwrap_or_else(PoisonError::into_inner).0 = false;
}

/// What was said while the process started.
pub(crate) fn startup() -> String {
    STARTUP.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
}

/// Keeps what is said from now on, for whoever asks.
pub(crate) fn record() {
    *RECORD.lock().unwrap_or_else(PoisonError::into_inner) = Some(String::new());
}

/// What was said since; nothing is kept any more.
pub(crate) fn recorded() -> String {
    RECORD.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
}

/// A line on standard output that quiet mode leaves out.
pub(crate) fn plain(line: &str) {
    if !is_quiet() {
        out(&format!("{line}\n"));
    }
}

/// What was asked for, on standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn out(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Text without a tag, on standard error.
pub(crate) fn err(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
