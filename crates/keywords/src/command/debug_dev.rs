//! `debug dev`: for developers (management manual 9.3). What would end the process, or look into its memory, is not run.

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
];
