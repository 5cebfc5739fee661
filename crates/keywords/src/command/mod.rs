//! Commands of the Runtime API (management manual 9.3). To add one: a file named after it with a `KEYWORDS` table, and
//! its line in the list. A command answers; reading lines, levels and prompts is `engine`'s business (`cli`).

use state::family::{Command, Console, Gate};

mod activity;
mod anon;
mod clear_counters;
mod config;
mod debug_counters;
mod debug_dev;
mod dump_stats_file;
mod dynamic;
mod dynamic_cookie;
mod echo;
mod enable;
mod expert_mode;
mod explain;
mod help;
mod host;
mod httpclient;
mod level;
mod map;
mod maxconn;
mod not_run;
mod profiling;
mod prompt;
mod publish_backend;
mod quit;
mod removable;
mod set_rate_limit;
mod set_server;
mod set_severity_output;
mod set_timeout;
mod show_backend;
mod show_cache;
mod show_cli;
mod show_defaults;
mod show_env;
mod show_errors;
mod show_events;
mod show_fd;
mod show_info;
mod show_peers;
mod show_pools;
mod show_resolvers;
mod show_schema;
mod show_servers;
mod show_sess;
mod show_ssl;
mod show_stat;
mod show_version;
mod shutdown;
mod ssl_ca_file;
mod ssl_cert;
mod ssl_crl_file;
mod ssl_crt_list;
mod ssl_jwt;
mod ssl_ocsp_response;
mod table;
mod tls_keys;
mod trace;
mod transaction;
mod var;
mod wait;
mod weight;

pub use help::{Title, list};

/// Every command, a file a line.
pub static ALL: &[&[Command]] = &[
    activity::KEYWORDS,
    anon::KEYWORDS,
    clear_counters::KEYWORDS,
    config::KEYWORDS,
    debug_counters::KEYWORDS,
    debug_dev::KEYWORDS,
    dump_stats_file::KEYWORDS,
    dynamic::KEYWORDS,
    dynamic_cookie::KEYWORDS,
    echo::KEYWORDS,
    enable::KEYWORDS,
    expert_mode::KEYWORDS,
    explain::KEYWORDS,
    help::KEYWORDS,
    host::KEYWORDS,
    httpclient::KEYWORDS,
    level::KEYWORDS,
    map::KEYWORDS,
    maxconn::KEYWORDS,
    not_run::KEYWORDS,
    profiling::KEYWORDS,
    prompt::KEYWORDS,
    publish_backend::KEYWORDS,
    quit::KEYWORDS,
    set_rate_limit::KEYWORDS,
    set_server::KEYWORDS,
    set_severity_output::KEYWORDS,
    set_timeout::KEYWORDS,
    show_backend::KEYWORDS,
    show_cache::KEYWORDS,
    show_cli::KEYWORDS,
    show_defaults::KEYWORDS,
    show_env::KEYWORDS,
    show_errors::KEYWORDS,
    show_events::KEYWORDS,
    show_fd::KEYWORDS,
    show_info::KEYWORDS,
    show_peers::KEYWORDS,
    show_pools::KEYWORDS,
    show_schema::KEYWORDS,
    show_resolvers::KEYWORDS,
    show_servers::KEYWORDS,
    show_sess::KEYWORDS,
    show_ssl::KEYWORDS,
    show_stat::KEYWORDS,
    show_version::KEYWORDS,
    shutdown::KEYWORDS,
    ssl_ca_file::KEYWORDS,
    ssl_cert::KEYWORDS,
    ssl_jwt::KEYWORDS,
    ssl_crl_file::KEYWORDS,
    ssl_crt_list::KEYWORDS,
    ssl_ocsp_response::KEYWORDS,
    table::KEYWORDS,
    tls_keys::KEYWORDS,
    trace::KEYWORDS,
    var::KEYWORDS,
    wait::KEYWORDS,
    weight::KEYWORDS,
];

/// The command that these words begin with; the longest, if there are several.
pub fn find(words: &[&[u8]]) -> Option<&'static Command> {
    let begins = |command: &&Command| {
        command.words.len() <= words.len() && command.words.iter().zip(words).all(|(a, b)| a.as_bytes() == *b)
    };
    ALL.iter().flat_map(|file| file.iter()).filter(begins).max_by_key(|command| command.words.len())
}

/// Whether a conversation may use a command. Errors: what it lacks.
pub fn permit(command: &Command, console: &Console) -> Result<(), &'static str> {
    match command.gate {
        Gate::Expert if !console.expert.get() => Err("This command is restricted to expert mode only."),
        Gate::Experimental if !console.experimental.get() => {
            Err("This command is restricted to experimental mode only.")
        }
        _ if console.level.get() < command.level => Err("Permission denied"),
        _ => Ok(()),
    }
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::family::{Answer, Command, Gate, Query};
    use state::turn::Seat;
    pub(super) use state::world::Level;
    pub(super) use state::{Backend, World};
    use state::{Frontend, Server};

    type Run = fn(&Query<'_>, u64, &mut Vec<u8>) -> Answer;

    /// A command that is for administrators and needs nothing else.
    pub(super) const fn admin(
        words: &'static [&'static str],
        usage: &'static str,
        doc: &'static str,
        run: Run,
    ) -> Command {
        Command { words, usage, doc, level: Level::Admin, gate: Gate::Open, run }
    }

    /// One that operators may use, too.
    pub(super) const fn operator(
        words: &'static [&'static str],
        usage: &'static str,
        doc: &'static str,
        run: Run,
    ) -> Command {
        Command { level: Level::Operator, ..admin(words, usage, doc, run) }
    }

    /// One that everybody may use.
    pub(super) const fn user(
        words: &'static [&'static str],
        usage: &'static str,
        doc: &'static str,
        run: Run,
    ) -> Command {
        Command { level: Level::User, ..admin(words, usage, doc, run) }
    }

    /// Does something with the frontend that the word at this position names.
    pub(super) fn of_frontend(
        query: &Query<'_>,
        at: usize,
        out: &mut Vec<u8>,
        act: impl FnOnce(&Frontend, &mut Vec<u8>) -> Answer,
    ) -> Answer {
        match frontend(query, at) {
            Ok(frontend) => act(frontend, out),
            Err(why) => query.refuse(why, out),
        }
    }

    /// The server that the word at this position names as `backend/server`.
    pub(super) fn seat<'a>(query: &Query<'a>, at: usize) -> Result<Seat<'a>, &'static str> {
        seat_named(query, std::str::from_utf8(query.word(at)).unwrap_or_default())
    }

    /// The server that this names as `backend/server`.
    pub(super) fn seat_named<'a>(query: &Query<'a>, text: &str) -> Result<Seat<'a>, &'static str> {
        let (backend, server) = text
            .split_once('/')
            .filter(|(_, server)| !server.is_empty())
            .ok_or("Require 'backend/server'.")?;
        let backend = backend_named(query.world, backend).ok_or("No such backend.")?;
        let id = numbered(server);
        let named = |s: &&Server| id.map_or(*s.name == *server, |id| s.id == id);
        let server = backend.servers.iter().find(named).ok_or("No such server.")?;
        Ok(Seat { world: query.world, backend, server, now_ns: query.now_ns })
    }

    /// The number behind a `#`.
    pub(super) fn numbered(text: &str) -> Option<u32> {
        text.strip_prefix('#').and_then(|id| id.parse().ok())
    }

    /// The backend of this name, or of this number after `#`.
    pub(super) fn backend_named<'w>(world: &'w World, name: &str) -> Option<&'w Backend> {
        let id = numbered(name);
        world.backends.iter().find(|b| id.map_or(*b.name == *name, |id| b.id == id))
    }

    /// The frontend that the word at this position names.
    pub(super) fn frontend<'a>(query: &Query<'a>, at: usize) -> Result<&'a Frontend, &'static str> {
        let name = std::str::from_utf8(query.word(at)).unwrap_or_default();
        if query.word(at).is_empty() {
            return Err("A frontend name is expected.");
        }
        let id = numbered(name);
        let named = |f: &&Frontend| id.map_or(*f.name == *name, |id| f.id == id);
        query.world.frontends.iter().find(named).ok_or("No such frontend.")
    }

    /// Milliseconds of a number with a unit, which is `unit_ms` if there is none (manual 2.5).
    pub(super) fn span_ms(text: &[u8], unit_ms: u64) -> Option<u64> {
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        let (count, unit) = text.split_at_checked(digits)?;
        let count: u64 = std::str::from_utf8(count).ok()?.parse().ok()?;
        match unit {
            b"us" => Some(count.div_ceil(1000)),
            b"" => count.checked_mul(unit_ms),
            b"ms" => Some(count),
            b"s" => count.checked_mul(1000),
            b"m" => count.checked_mul(60_000),
            b"h" => count.checked_mul(3_600_000),
            b"d" => count.checked_mul(86_400_000),
            _ => None,
        }
    }

    /// A length of time in its two largest units: `59s`, `1m30s`, `2h`, `1d3h`.
    pub(super) fn span(ms: u64) -> String {
        let seconds = ms / 1000;
        let (large, small) = match seconds {
            0..60 => ((seconds, "s"), (0, "")),
            60..3600 => ((seconds / 60, "m"), (seconds % 60, "s")),
            3600..86_400 => ((seconds / 3600, "h"), (seconds % 3600 / 60, "m")),
            _ => ((seconds / 86_400, "d"), (seconds % 86_400 / 3600, "h")),
        };
        let rest = if small.0 > 0 { format!("{}{}", small.0, small.1) } else { String::new() };
        format!("{}{}{rest}", large.0, large.1)
    }

    /// A number as C's `atoi` reads it: what stands in front, 0 if that is none; and whether that was all.
    pub(super) fn number(text: &[u8]) -> (i64, bool) {
        let (sign, digits) = match text {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            _ => (1, text),
        };
        let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        let value = digits
            .iter()
            .take(len)
            .fold(0i64, |n, b| n.saturating_mul(10).saturating_add(i64::from(b - b'0')));
        (sign * value, len > 0 && len == digits.len())
    }
}

#[cfg(test)]
mod tests {
    use state::world::Level;

    use super::*;

    #[test]
    fn words_lead_to_a_command() {
        let name = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            find(&words).map(|c| c.words.join(" "))
        };
        assert_eq!(name("show stat 1 -1 -1").as_deref(), Some("show stat"));
        assert_eq!(name("prompt i").as_deref(), Some("prompt"));
        for line in ["show", "show sta", "Show stat", "stat", ""] {
            assert_eq!(name(line), None, "{line}");
        }
    }

    /// Commands by the level from which on they may be used; the others are for administrators.
    const FOR_OPERATORS: &[&str] = &[
        "debug counters",
        "clear counters",
        "clear table",
        "get var",
        "operator",
        "set table",
        "show activity",
        "show env",
        "show errors",
        "show fd",
        "show libs",
        "show sess",
        "show startup-logs",
        "trace",
        "show ssl ca-file",
        "show ssl cert",
        "show ssl crl-file",
        "show ssl jwt",
    ];
    const FOR_USERS: &[&str] = &[
        "set var",
        "echo",
        "get weight",
        "help",
        "prompt",
        "quit",
        "set anon off",
        "set anon on",
        "set severity-output",
        "set timeout",
        "show anon",
        "show backend",
        "show cli level",
        "show default-server",
        "show defaults",
        "show dev",
        "show events",
        "show info",
        "show peers",
        "show pools",
        "show resolvers",
        "show schema json",
        "show servers conn",
        "show servers state",
        "show stat",
        "show table",
        "show tasks",
        "show threads",
        "show trace",
        "show version",
        "user",
        "dump stats-file",
        "debug dev hash",
        "show cli sockets",
        "show ssl providers",
        "show ssl sni",
    ];

    #[test]
    fn each_command_has_its_level_and_its_gate() {
        for command in ALL.iter().flat_map(|file| file.iter()) {
            let words = command.words.join(" ");
            let least = match &*words {
                words if FOR_USERS.contains(&words) => Level::User,
                words if FOR_OPERATORS.contains(&words) => Level::Operator,
                _ => Level::Admin,
            };
            for level in [Level::User, Level::Operator, Level::Admin] {
                let console = Console::new(level, 0);
                let (expert, experimental) = (&console.expert, &console.experimental);
                match command.gate {
                    Gate::Open => {}
                    Gate::Expert => {
                        assert!(
                            permit(command, &console).is_err_and(|why| why.contains("expert mode")),
                            "{words}"
                        );
                        expert.set(true);
                    }
                    Gate::Experimental => {
                        assert!(
                            permit(command, &console).is_err_and(|why| why.contains("experimental")),
                            "{words}"
                        );
                        experimental.set(true);
                    }
                }
                let denied = if level < least { Err("Permission denied") } else { Ok(()) };
                assert_eq!(permit(command, &console), denied, "{words} {level:?}");
            }
        }
    }

    #[test]
    fn usages_begin_with_the_words() {
        for command in ALL.iter().flat_map(|file| file.iter()) {
            let words = command.words.join(" ");
            // What has no usage is not listed.
            assert!(command.usage.is_empty() || command.usage.starts_with(&words), "{}", command.usage);
            assert!(!command.doc.is_empty() && !command.doc.ends_with('.'), "{words}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (text, ms) in
            [("60", Some(60_000)), ("5ms", Some(5)), ("2h", Some(7_200_000)), ("5x", None), ("", None)]
        {
            assert_eq!(prelude::span_ms(text.as_bytes(), 1000), ms, "{text}");
        }
        for (ms, text) in [
            (999, "0s"),
            (59_000, "59s"),
            (60_000, "1m"),
            (89_999, "1m29s"),
            (100_000_000, "1d3h"),
            (7_200_000, "2h"),
        ] {
            assert_eq!(prelude::span(ms), text);
        }
    }

    #[test]
    fn numbers() {
        for (text, read) in
            [("-1", (-1, true)), ("12", (12, true)), ("3x", (3, false)), ("fe", (0, false)), ("", (0, false))]
        {
            assert_eq!(prelude::number(text.as_bytes()), read, "{text}");
        }
    }

    #[test]
    fn the_list_holds_every_file() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/command")).unwrap();
        // This file, and two that others share.
        assert_eq!(files.count() - 3, ALL.len());
    }
}
