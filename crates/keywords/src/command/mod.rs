//! Commands of the Runtime API (management manual 9.3). To add one: a file named after it with a `KEYWORDS` table, and
//! its line in the list. A command answers; reading lines, levels and prompts is `engine`'s business (`cli`).

use state::family::Command;

mod echo;
mod help;
mod level;
mod map;
mod prompt;
mod publish_backend;
mod quit;
mod set_severity_output;
mod set_timeout;
mod show_backend;
mod show_cache;
mod show_cli;
mod show_env;
mod show_info;
mod show_stat;
mod show_version;
mod table;

pub use help::{Title, list};

/// Every command, a file a line.
pub static ALL: &[&[Command]] = &[
    echo::KEYWORDS,
    help::KEYWORDS,
    level::KEYWORDS,
    map::KEYWORDS,
    prompt::KEYWORDS,
    publish_backend::KEYWORDS,
    quit::KEYWORDS,
    set_severity_output::KEYWORDS,
    set_timeout::KEYWORDS,
    show_backend::KEYWORDS,
    show_cache::KEYWORDS,
    show_cli::KEYWORDS,
    show_env::KEYWORDS,
    show_info::KEYWORDS,
    show_stat::KEYWORDS,
    show_version::KEYWORDS,
    table::KEYWORDS,
];

/// The command that these words begin with; the longest, if there are several.
pub fn find(words: &[&[u8]]) -> Option<&'static Command> {
    let begins = |command: &&Command| {
        command.words.len() <= words.len() && command.words.iter().zip(words).all(|(a, b)| a.as_bytes() == *b)
    };
    ALL.iter().flat_map(|file| file.iter()).filter(begins).max_by_key(|command| command.words.len())
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::family::{Command, Flow, Query};
    pub(super) use state::world::Level;

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

    #[test]
    fn usages_begin_with_the_words() {
        for command in ALL.iter().flat_map(|file| file.iter()) {
            let words = command.words.join(" ");
            assert!(command.usage.starts_with(&words), "{}", command.usage);
            assert!(!command.doc.is_empty() && !command.doc.ends_with('.'), "{words}");
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
        assert_eq!(files.count() - 1, ALL.len());
    }
}
