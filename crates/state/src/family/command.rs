//! Commands of the Runtime API (management manual 9.3): what one is, what it is asked, and the conversation it is
//! asked in.

use std::borrow::Cow;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Method;
use sample::Owned;

use super::inside::Survey;
use crate::administer::{Notice, Weight};
use crate::tls::Store;
use crate::world::Level;
use crate::{About, Frontend, World};

/// A command.
pub struct Command {
    /// The words it begins with: `["show", "stat"]`.
    pub words: &'static [&'static str],
    /// The words and what may follow them, as `help` shows it.
    pub usage: &'static str,
    /// One line, as `help` shows it: no capital, no full stop.
    pub doc: &'static str,
    /// The lowest level of a socket on which it is run.
    pub level: Level,
    /// What has to be switched on first.
    pub gate: Gate,
    /// Appends the answer, each line ended, without the empty line that ends it all. What has been appended is sent before
    /// a long answer goes on: `from` is 0 at first, then what [`Answer::More`] said.
    pub run: fn(&Query<'_>, from: u64, out: &mut Vec<u8>) -> Answer,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

/// What has to be switched on before a command is run (management manual 9.3 "expert-mode", "experimental-mode").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    Expert,
    Experimental,
}

/// Whether an answer is complete.
pub enum Answer {
    Done,
    /// Ask again with this number.
    More(u64),
    /// Ask again with this number, after so many milliseconds.
    Later(u64, u32),
    /// As `Later`, unless the client says anything meanwhile, or goes: then that is the end.
    Watch(u64, u32),
    /// The answer is complete once this was done.
    Then(Chore),
    /// A server is asked this, and the answer is what it says.
    Ask(Box<Errand>),
    /// All threads are asked this, and the answer is what it makes of that.
    Survey(Arc<dyn Survey>),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::More(next) => write!(f, "More({next})"),
            Self::Later(next, ms) => write!(f, "Later({next}, {ms})"),
            Self::Watch(next, ms) => write!(f, "Watch({next}, {ms})"),
            Self::Then(chore) => write!(f, "Then({chore:?})"),
            Self::Ask(errand) => write!(f, "Ask({})", errand.to),
            Self::Survey(_) => f.write_str("Survey"),
        }
    }
}

/// A request to a server.
#[derive(Clone, Debug)]
pub struct Errand {
    pub to: SocketAddr,
    pub method: Method,
    /// Head and body, as they are sent.
    pub request: Vec<u8>,
}

/// What a command has the threads that serve traffic do, each with what is its own.
pub enum Chore {
    /// Runs this in each of them.
    Each(Arc<Part>),
    /// Listeners look whether they are to listen.
    Listeners,
    /// The idle connections to the server of this number in the process are closed.
    CloseIdle(u32),
    /// Names of servers are looked up anew.
    Names,
}

/// What each thread does for itself; it is told its number.
pub type Part = dyn Fn(&World, u16) + Send + Sync;

impl std::fmt::Debug for Chore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Each(_) => "Each",
            Self::Listeners => "Listeners",
            Self::CloseIdle(_) => "CloseIdle",
            Self::Names => "Names",
        })
    }
}

/// What a command is asked.
pub struct Query<'a> {
    /// All words, those of the command included; at most 64.
    pub words: &'a [&'a [u8]],
    /// What followed a line that ended with `<<`, its last line end left out.
    pub payload: Option<&'a [u8]>,
    pub world: &'a World,
    pub about: &'a About,
    pub console: &'a Console,
    /// Who changes the configuration in force, if anybody can.
    pub changes: Option<&'a dyn Changes>,
    /// Monotonic nanoseconds, and microseconds since 1970.
    pub now_ns: u64,
    pub wall_us: u64,
}

/// A configuration that is given.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    Text(&'a [u8]),
    File(&'a str),
}

/// What came of something, in words: lines, the last one's end left out.
#[derive(Clone, Debug)]
pub struct Report {
    pub failed: bool,
    pub text: String,
}

impl Report {
    pub fn success(text: impl Into<String>) -> Self {
        Self { failed: false, text: text.into() }
    }

    pub fn fault(text: impl Into<String>) -> Self {
        Self { failed: true, text: text.into() }
    }
}

/// A `defaults` section.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub name: String,
    /// Whether it says which mode a proxy has.
    pub has_mode: bool,
}

/// The `default-server` lines of a backend that has some, or inherits some.
#[derive(Clone, Debug)]
pub struct DefaultServers {
    pub backend: String,
    /// Those with a name.
    pub named: Vec<String>,
}

/// One change of the configuration in force.
#[derive(Clone, Copy, Debug)]
pub enum Edit<'a> {
    /// A server more: the words behind its name. It begins in maintenance, and isn't checked.
    AddServer {
        backend: &'a str,
        name: &'a str,
        words: &'a [&'a [u8]],
    },
    RemoveServer {
        backend: &'a str,
        name: &'a str,
    },
    RenameServer {
        backend: &'a str,
        name: &'a str,
        to: &'a str,
    },
    /// A backend more, with the settings of a `defaults` section. It begins unpublished.
    AddBackend {
        name: &'a str,
        from: &'a str,
        mode: Option<&'a str>,
        guid: Option<&'a str>,
    },
    RemoveBackend {
        name: &'a str,
    },
    /// Whether the cookies of servers are made of the backend's key.
    DynamicCookie {
        backend: &'a str,
        on: bool,
    },
    CookieKey {
        backend: &'a str,
        key: &'a str,
    },
    /// Other contents of the files of TLS.
    TlsFiles(&'a Store),
}

/// How far something has come that takes its time.
#[derive(Clone, Debug)]
pub enum Progress {
    Done(Report),
    /// It goes on; ask for this number again, which is never 0.
    Busy(u64),
}

/// What is to become of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It takes the place of the one in force, as a whole or not at all.
    Apply,
    /// Whether that could be done.
    Check,
    /// The lines in which it differs.
    Diff,
    /// What applying it would do, object by object.
    Explain,
}

/// Changing the configuration in force while the process runs. Where nothing is given, the process's own files are meant.
pub trait Changes: std::fmt::Debug {
    /// Begins to do something with a configuration.
    fn begin(&self, purpose: Purpose, wanted: Option<&Wanted<'_>>) -> Progress;
    /// What became of something that was begun.
    fn go_on(&self, number: u64) -> Progress;
    /// Has a single change take effect; everything else stays as it is. Errors: why it can't be done.
    fn edit(&self, edit: &Edit<'_>) -> Result<(), String>;
    /// Whether that could be done now; nothing is changed.
    fn could(&self, edit: &Edit<'_>) -> Result<(), String>;
    /// What the words of an expression, or a log format, give where there is no traffic. Errors: what is wrong with them.
    fn evaluate(&self, variable: &str, words: &[&[u8]], format: bool) -> Result<Option<Owned>, String>;
    /// What would become of a request that these words describe.
    fn explain_request(&self, words: &[String]) -> Progress;
    /// The `defaults` sections.
    fn defaults(&self) -> Vec<Defaults>;
    /// What backends say of servers that say nothing themselves.
    fn default_servers(&self) -> Vec<DefaultServers>;
    /// The text of the configuration in force.
    fn show(&self) -> Vec<u8>;
}

/// How much a message says of its own importance (`set severity-output`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reporting {
    #[default]
    Nothing,
    /// `[3]: `
    Number,
    /// `[err]: `
    Name,
}

/// How a conversation goes (`prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// One line of commands, then the end.
    #[default]
    Once,
    /// Line after line.
    Silent,
    /// Line after line, with a prompt.
    Prompt,
}

/// The state of one conversation, which commands may change.
#[derive(Debug)]
pub struct Console {
    pub level: Cell<Level>,
    pub talk: Cell<Talk>,
    /// Whether the prompt shows for how long the process has been running.
    pub timed: Cell<bool>,
    /// `set timeout cli`, milliseconds; 0 is for ever.
    pub timeout_ms: Cell<u32>,
    pub reporting: Cell<Reporting>,
    /// `expert-mode`, `experimental-mode`.
    pub expert: Cell<bool>,
    pub experimental: Cell<bool>,
    /// `set anon`: the key of the hashes that names are told as; 0: they are told as they are.
    pub anon_key: Cell<u32>,
    /// `quit`: it ends now.
    pub ended: Cell<bool>,
}

impl Console {
    pub const fn new(level: Level, timeout_ms: u32) -> Self {
        Self {
            level: Cell::new(level),
            talk: Cell::new(Talk::Once),
            timed: Cell::new(false),
            timeout_ms: Cell::new(timeout_ms),
            reporting: Cell::new(Reporting::Nothing),
            expert: Cell::new(false),
            experimental: Cell::new(false),
            anon_key: Cell::new(0),
            ended: Cell::new(false),
        }
    }
}

/// Severities of messages (RFC 5424 section 6.2.1), as numbers and names.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const ERROR: u8 = 3;
const WARNING: u8 = 4;
const NOTICE: u8 = 5;
const INFO: u8 = 6;

impl<'a> Query<'a> {
    /// The word at this position, counted from 0 at the command's first; empty if there are fewer.
    pub fn word(&self, position: usize) -> &'a [u8] {
        self.words.get(position).copied().unwrap_or_default()
    }

    /// The word at this position as text.
    pub fn text(&self, position: usize) -> Cow<'a, str> {
        String::from_utf8_lossy(self.word(position))
    }

    /// Whether one of the words from this position on is `option`.
    pub fn has(&self, from: usize, option: &str) -> bool {
        self.words.iter().skip(from).any(|word| *word == option.as_bytes())
    }

    /// Refuses: appends a message that says why.
    pub fn refuse(&self, why: &str, out: &mut Vec<u8>) -> Answer {
        self.message(ERROR, why, out)
    }

    /// Appends a message that warns.
    pub fn warn(&self, text: &str, out: &mut Vec<u8>) -> Answer {
        self.message(WARNING, text, out)
    }

    /// Appends a message that matters, but is no fault.
    pub fn notice(&self, text: &str, out: &mut Vec<u8>) -> Answer {
        self.message(NOTICE, text, out)
    }

    /// Appends a message that informs.
    pub fn inform(&self, text: &str, out: &mut Vec<u8>) -> Answer {
        self.message(INFO, text, out)
    }

    /// Appends a line that is no message, whatever is said of messages.
    pub fn plain(&self, text: &str, out: &mut Vec<u8>) -> Answer {
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
        Answer::Done
    }

    /// Has logs say something of a frontend.
    pub fn announce(&self, frontend: &Frontend, text: String) {
        self.world.process.notices.add(Notice {
            backend: frontend.id,
            weight: Weight::Notice,
            mail: None,
            text,
        });
    }

    fn message(&self, severity: u8, text: &str, out: &mut Vec<u8>) -> Answer {
        match self.console.reporting.get() {
            Reporting::Nothing => {}
            Reporting::Number => out.extend_from_slice(format!("[{severity}]: ").as_bytes()),
            Reporting::Name => {
                let name = SEVERITIES.get(usize::from(severity)).unwrap_or(&"-");
                out.extend_from_slice(format!("[{name}]: ").as_bytes());
            }
        }
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
        Answer::Done
    }
}
