//! `dump stats-file`: what was counted, for the next process (management manual 9.3, 9.5).

use super::prelude::*;
use crate::stats_file;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["dump", "stats-file"],
    usage: "dump stats-file",
    doc: "dump stats for restore",
    level: Level::User,
    gate: Gate::Open,
    run,
}];

fn run(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    if let Some(about) = query.world.process.about.get() {
        stats_file::dump(query.world, about, query.now_ns, out);
    }
    Answer::Done
}
