//! `peers` (manual 11.2): its tables, which this process uses by itself. What peers tell each other is not run.

use config::Section;

use crate::ctx::{Plan, words_from};
use crate::directive::stick_table::{self, Origin};

/// Reads the tables of one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let own = section.name().unwrap_or_default();
    let mut some = false;
    for line in section.directives().filter(|line| line.keyword() == "table") {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        some = true;
        let words = words_from(line, 1);
        let (short, rest) = words.split_first().map_or(("", &[][..]), |(short, rest)| (*short, rest));
        let origin = Origin { short, name: format!("{own}/{short}"), home: format!("peers '{own}'") };
        if let Err(message) = stick_table::add(plan, line, origin, rest) {
            plan.remarks.alert(line.span(), message);
        }
    }
    plan.peers.push(own);
    let what = if some { "the exchange between peers of section 'peers'" } else { "section 'peers'" };
    plan.remarks.not_run(section.span(), what);
}
