//! `explain`: what would become of a request in the running process, with the servers as they are. What a request is and
//! how it is told is the program's business ([`state::family::Changes`]).

use state::family::Progress;

use super::prelude::*;

/// How long it takes until it is asked again, milliseconds.
const AGAIN_MS: u32 = 1;

pub(super) const KEYWORDS: &[Command] = &[admin(
    &["explain"],
    "explain [<method>] <target> [-H <name>:<value>]* [<option> <value>]*",
    "tell what would become of a request, rule by rule, up to the server",
    |query, from, out| {
        let Some(changes) = query.changes else {
            return query.refuse("This process cannot explain requests.", out);
        };
        let words: Vec<String> = (1..query.words.len()).map(|at| query.text(at).into_owned()).collect();
        let progress = if from > 0 { changes.go_on(from) } else { changes.explain_request(&words) };
        let report = match progress {
            Progress::Done(report) => report,
            Progress::Busy(number) => return Answer::Later(number, AGAIN_MS),
        };
        let text = report.text.trim_end_matches('\n');
        if report.failed { query.refuse(text, out) } else { query.plain(text, out) }
    },
)];
