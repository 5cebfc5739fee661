//! `debug dev`: for developers (management manual 9.3). What would end the process, or look into its memory, is not run.

use super::anon;
use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    Command {
        words: &["debug", "dev", "log"],
        usage: "debug dev log [msg] ...",
        doc: "send a message to the log targets of 'global'",
        level: Level::Admin,
        gate: Gate::Expert,
        run: |query, _, _| {
            let words: Vec<String> = (3..query.words.len()).map(|at| query.text(at).into_owned()).collect();
            query.world.process.remarks.add(words.join(" "));
            Answer::Done
        },
    },
    Command {
        words: &["debug", "dev", "delay"],
        usage: "debug dev delay [ms]",
        doc: "answer after so many milliseconds",
        level: Level::Admin,
        gate: Gate::Expert,
        run: |query, from, _| {
            let ms = u32::try_from(number(query.word(3)).0).unwrap_or(0);
            if from > 0 || ms == 0 { Answer::Done } else { Answer::Later(1, ms) }
        },
    },
    user(
        &["debug", "dev", "hash"],
        "debug dev hash   [msg]",
        "return msg hashed if anon is set",
        |query, _, out| query.plain(&anon::name(query, &query.text(3)), out),
    ),
    Command {
        words: &["debug", "dev", "write"],
        usage: "debug dev write  [size]",
        doc: "write that many bytes in return",
        level: Level::Admin,
        gate: Gate::Expert,
        run: write,
    },
];

/// How much of an answer is written before it is sent on.
const PART: u64 = 16 * 1024;
/// A line with its end, but for the first one, which is a dot longer.
const LINE: u64 = 64;

/// So many bytes, in lines; `from` were written already.
fn write(query: &Query<'_>, from: u64, out: &mut Vec<u8>) -> Answer {
    if query.word(3).is_empty() {
        return query.refuse("Missing output size.", out);
    }
    let size = u64::try_from(number(query.word(3)).0).unwrap_or(0);
    let to = size.min(from.saturating_add(PART));
    out.extend((from..to).map(|at| if at > 0 && at % LINE == 0 { b'\n' } else { b'.' }));
    if to < size {
        return Answer::More(to);
    }
    out.push(b'\n');
    Answer::Done
}
