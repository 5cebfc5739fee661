//! Which words of the language this program runs. Families of keywords have tables; of directives and
//! parameters the builder itself is asked, with a small configuration for each word: what it calls known and
//! not run is not run.

use std::collections::BTreeMap;

use config::vocabulary::{self, OPTIONS, RULE_SETS, TIMEOUTS};
use config::{Context, SectionKind, Severity, Source};
use plan::Environment;
use plan::known::{ALIASES, CONVERTERS, CRITERIA, FETCHES};
use state::family::RuleSet;

/// A family of words.
pub(crate) struct Class {
    pub(crate) title: &'static str,
    /// Each word the language has there, and whether it is run.
    pub(crate) words: BTreeMap<String, bool>,
}

impl Class {
    fn new(title: &'static str, words: impl Iterator<Item = (String, bool)>) -> Self {
        Self { title, words: words.collect() }
    }

    /// How many are run, and how many there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.words.values().filter(|runs| **runs).count(), self.words.len())
    }

    /// Those that are run.
    pub(crate) fn run(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter(|(_, runs)| **runs).map(|(word, _)| word.as_str())
    }
}

/// All families, in the order of the manual.
pub(crate) fn classes() -> Vec<Class> {
    vec![
        globals(),
        proxies(),
        binds(),
        servers(),
        options(),
        timeouts(),
        actions(),
        balances(),
        fetches(),
        criteria(),
        converters(),
        aliases(),
    ]
}

/// Directives of `global`.
pub(crate) fn globals() -> Class {
    let words = vocabulary::names(SectionKind::Global);
    Class::new("directives of 'global'", words.map(|word| (word.to_owned(), runs("global", word, WORDS))))
}

/// Directives of a section that neither is a proxy nor `global`.
pub(crate) fn section(kind: SectionKind) -> Class {
    let (words, head) = (vocabulary::names(kind), format!("{kind} x"));
    Class::new("directives", words.map(|word| (word.to_owned(), runs(&head, word, WORDS))))
}

/// Directives of proxies, without the families that have classes of their own.
pub(crate) fn proxies() -> Class {
    let words = vocabulary::names(SectionKind::Listen);
    Class::new("directives of proxies", words.map(|word| (word.to_owned(), runs(LISTEN, word, WORDS))))
}

/// Parameters of `bind`.
pub(crate) fn binds() -> Class {
    params("parameters of 'bind'", "bind 127.0.0.1:1", vocabulary::BIND)
}

/// Parameters of `server`.
pub(crate) fn servers() -> Class {
    params("parameters of 'server'", "server t 127.0.0.1:1", vocabulary::SERVER)
}

fn params(title: &'static str, line: &str, table: &[vocabulary::Param]) -> Class {
    let judge = |name: &str| runs(LISTEN, &format!("{line} {name}"), VALUES);
    Class::new(title, table.iter().map(|param| (param.name.to_owned(), judge(param.name))))
}

/// `option ...`.
pub(crate) fn options() -> Class {
    let judge = |name: &str| runs(LISTEN, &format!("option {name}"), WORDS);
    Class::new("options", OPTIONS.iter().map(|row| (row.name.to_owned(), judge(row.name))))
}

/// `timeout ...`.
pub(crate) fn timeouts() -> Class {
    let judge = |name: &str| runs(LISTEN, &format!("timeout {name}"), VALUES);
    Class::new("timeouts", TIMEOUTS.iter().map(|row| (row.name.to_owned(), judge(row.name))))
}

/// Actions with their rule set's words before them.
pub(crate) fn actions() -> Class {
    let words = RULE_SETS.iter().flat_map(|rules| {
        let set = SETS.into_iter().find(|set| set.words() == *rules);
        vocabulary::actions(rules).unwrap_or_default().iter().map(move |name| {
            let bare = name.trim_end_matches('*');
            let has = |set: RuleSet| {
                let mut kinds = keywords::action::ALL.iter().flat_map(|file| file.iter());
                kinds.any(|kind| kind.name == bare && kind.sets.contains(&set))
            };
            (format!("{rules} {name}"), set.is_some_and(has))
        })
    });
    Class::new("actions of rules", words)
}

const SETS: [RuleSet; 7] = [
    RuleSet::TcpRequestConnection,
    RuleSet::TcpRequestSession,
    RuleSet::TcpRequestContent,
    RuleSet::TcpResponseContent,
    RuleSet::HttpRequest,
    RuleSet::HttpResponse,
    RuleSet::HttpAfterResponse,
];

/// Algorithms of `balance`.
pub(crate) fn balances() -> Class {
    let has = |name: &str| keywords::balance::find(name).is_some();
    Class::new("balance algorithms", vocabulary::BALANCE.iter().map(|name| ((*name).to_owned(), has(name))))
}

/// Sample fetches.
pub(crate) fn fetches() -> Class {
    let has = |name: &str| keywords::fetch::find(name).is_some();
    Class::new("sample fetches", FETCHES.iter().map(|name| ((*name).to_owned(), has(name))))
}

/// ACL keywords that stand for a fetch with a matching method.
pub(crate) fn criteria() -> Class {
    let has =
        |name: &str| keywords::criterion::find(name).is_some_and(|(f, _)| keywords::fetch::find(f).is_some());
    Class::new("ACL derivatives", CRITERIA.iter().map(|name| ((*name).to_owned(), has(name))))
}

/// Converters.
pub(crate) fn converters() -> Class {
    let has = |name: &str| keywords::convert::find(name).is_some();
    Class::new("converters", CONVERTERS.iter().map(|name| ((*name).to_owned(), has(name))))
}

/// Aliases of the log format.
pub(crate) fn aliases() -> Class {
    let has = |name: &str| keywords::alias::find(name).is_some();
    Class::new("aliases of the log format", ALIASES.iter().map(|name| ((*name).to_owned(), has(name))))
}

/// A section in which every proxy directive has a meaning.
const LISTEN: &str = "listen l\n mode http\n server s 127.0.0.1:1";
/// What may have to follow a directive for its line to be read to the end.
const WORDS: &[&str] =
    &["", "1", "x", "1 1", "x 1", "x 127.0.0.1:1", "x x x", "global", "if TRUE", "x if TRUE"];
/// What may have to follow a parameter.
const VALUES: &[&str] = &["", "1", "x", "127.0.0.1:1", "addr", "on"];
/// What has to follow these, which nothing above fits.
const PARTICULAR: &[(&str, &str)] = &[
    ("capture", "request header x len 1"),
    ("default_backend", "l"),
    ("force-cfg-parser-pause", "1s"),
    ("http-after-response", "allow"),
    ("http-check", "expect status 200"),
    ("http-request", "deny"),
    ("http-response", "deny"),
    ("option", "httplog"),
    ("stats", "enable"),
    ("tcp-check", "connect"),
    ("tcp-request", "content accept"),
    ("tcp-response", "content accept"),
    ("timeout", "client 1s"),
    ("tune.fd.edge-triggered", "on"),
    ("tune.fd.tables", "auto"),
    ("use-server", "s if TRUE"),
    ("use_backend", "l if TRUE"),
];

/// Whether a line of this section is run, whatever its arguments: tried until one of them is understood.
fn runs(section: &str, line: &str, arguments: &[&str]) -> bool {
    let mut refused = true;
    let own = PARTICULAR.iter().find(|(word, _)| *word == line).map(|(_, argument)| argument);
    for argument in own.into_iter().chain(arguments) {
        match judge(&format!("{section}\n {line} {argument}\n")) {
            Judged::NotRun => return false,
            Judged::Run => return true,
            Judged::Wrong => {}
            Judged::WrongValue => refused = false,
        }
    }
    // Some values are refused by the part that runs the word; the others by the part that only knows it.
    !refused
}

enum Judged {
    Run,
    NotRun,
    /// The reader refused the line, before anything was asked what it does.
    Wrong,
    /// What runs the word refused the line.
    WrongValue,
}

fn judge(text: &str) -> Judged {
    let loaded = config::parse_sources(vec![Source::new("word", text)], &Context::default());
    let built = plan::build(&loaded, &Environment::empty());
    let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    let here = |d: &&config::Diagnostic| d.span.is_some_and(|span| span.line == last);
    let said: Vec<_> = loaded.diagnostics().iter().chain(&built.diagnostics).filter(here).collect();
    if said.iter().any(|d| d.not_run) {
        return Judged::NotRun;
    }
    if loaded.diagnostics().iter().filter(here).any(|d| d.severity == Severity::Alert) {
        return Judged::Wrong;
    }
    if said.iter().any(|d| d.severity == Severity::Alert) { Judged::WrongValue } else { Judged::Run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_is_told_from_what_is_only_known() {
        let (globals, binds, actions) = (globals(), binds(), actions());
        assert_eq!(globals.words.get("maxconn"), Some(&true));
        assert_eq!(globals.words.get("51degrees-data-file"), Some(&false));
        assert_eq!(binds.words.get("quic-socket"), Some(&false));
        assert_eq!(binds.words.get("ssl"), Some(&true));
        assert_eq!(binds.words.get("name"), Some(&true));
        assert_eq!(actions.words.get("http-request deny"), Some(&true));
        assert_eq!(actions.words.get("quic-initial reject"), Some(&false));
    }

    #[test]
    fn no_family_is_empty() {
        for class in classes() {
            let (run, known) = class.counts();
            assert!(known > 0 && run <= known, "{}: {run} of {known}", class.title);
        }
    }
}
