//! `set-log-level`: the severity of the stream's log line (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "set-log-level",
    parenthesised: false,
    sets: &[
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
    ],
    doc: "Sends the stream's log line at another level, from `emerg` to `debug`; `silent` sends none.",
    examples: &["set-log-level silent if { path /health }", "set-log-level debug"],
    parse,
}];

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let expects = || "expects exactly 1 argument (log level name or 'silent')".to_owned();
    let word = p.words.next().ok_or_else(expects)?;
    let level = match word {
        "silent" => None,
        name => {
            let found = (0u8..).zip(LEVELS).find(|(_, level)| *level == name);
            Some(found.ok_or_else(expects)?.0)
        }
    };
    Ok(Box::new(SetLogLevel { level }))
}

#[derive(Debug)]
struct SetLogLevel {
    level: Option<u8>,
}

impl Action for SetLogLevel {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if let Some(stream) = act.stream.as_deref_mut() {
            stream.silent = self.level.is_none();
            stream.log_level = self.level;
        }
        Verdict::Next
    }
}
