//! What health checks say and expect (manual 4.2): the rules of `tcp-check` and `http-check`, and the options that know a
//! protocol. To add an option: a file named after it (dashes as underscores) with a `KEYWORDS` table, and its line in the
//! list.

use state::check::{Does, Judge, Judged, Pattern, Status};
use state::family::CheckOption;

mod agent;
mod connect;
mod expect;
mod http_check;
mod httpchk;
mod ldap_check;
mod mysql_check;
mod pgsql_check;
mod redis_check;
mod smtpchk;
mod spop_check;
mod ssl_hello_chk;
mod tcp_check;

pub use agent::agent;
pub use http_check::http_rule;
pub use httpchk::{Asked, asked};
pub use tcp_check::tcp_rule;

/// Every option, a file a line.
pub static ALL: &[&[CheckOption]] = &[
    ldap_check::KEYWORDS,
    mysql_check::KEYWORDS,
    pgsql_check::KEYWORDS,
    redis_check::KEYWORDS,
    smtpchk::KEYWORDS,
    spop_check::KEYWORDS,
    ssl_hello_chk::KEYWORDS,
];

/// The option of this name.
pub fn find(name: &str) -> Option<&'static CheckOption> {
    ALL.iter().flat_map(|file| file.iter()).find(|option| option.name == name)
}

/// What a line of rules comes to.
#[derive(Debug)]
pub enum Rule {
    /// A step, with its comment.
    Step(Does, Option<Box<str>>),
    /// A comment for the step after it.
    Comment(Box<str>),
    /// It is known and not run: what it is, for the user.
    NotRun(String),
}

/// What the files of this family share.
mod prelude {
    pub(super) use super::{Rule, answer, no_words, passed, said, wrong};
    pub(super) use state::check::{Connect, Data, Does, Expect, Judged, Pattern, Status};
    pub(super) use state::family::{CheckOption, Compiler, Words};
}

/// A step that waits for an answer which `judge` understands.
fn answer(judge: fn(&[u8], bool) -> Judged) -> Does {
    Does::Expect(Box::new(state::check::Expect::plain(Pattern::Judge(Judge(judge)))))
}

fn passed(words: impl Into<String>) -> Judged {
    Judged::Done { status: Status::L7Ok, code: 0, words: words.into() }
}

fn wrong(status: Status, code: u16, words: impl Into<String>) -> Judged {
    Judged::Done { status, code, words: words.into() }
}

/// Refuses words behind an option that takes none.
fn no_words(option: &str, words: &[&str]) -> Result<(), String> {
    match words.first() {
        None => Ok(()),
        Some(extra) => Err(format!("'option {option}' cannot handle unexpected argument '{extra}'.")),
    }
}

/// The first line of what a server said, as text.
fn said(input: &[u8]) -> String {
    let end = input.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(input.len());
    String::from_utf8_lossy(input.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_takes_its_examples() {
        for option in ALL.iter().flat_map(|file| file.iter()) {
            assert!(!option.doc.is_empty() && !option.examples.is_empty(), "{}", option.name);
            for example in option.examples {
                let words: Vec<&str> = example.split_whitespace().collect();
                (option.make)(&words).unwrap_or_else(|e| panic!("{} {example}: {e}", option.name));
            }
        }
    }
}
