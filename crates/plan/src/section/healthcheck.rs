//! `healthcheck`: a check that servers of any backend can be given (manual 12.9).

use std::rc::Rc;

use config::Section;

use crate::ctx::{Line, Plan, word};
use crate::directive::check::{CheckSettings, Kind};

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let mut check = CheckSettings::default();
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        match line.keyword() {
            "type" => kind(plan, line, &mut check),
            "http-check" => match word(line, 1) {
                "disable-on-404" => check.flags.disable_on_404 = true,
                "send-state" => check.flags.send_state = true,
                _ => check.rules.push(line),
            },
            "tcp-check" => check.rules.push(line),
            _ => {}
        }
    }
    plan.healthchecks.insert(section.name().unwrap_or_default(), Rc::new(check));
}

fn kind<'a>(plan: &mut Plan<'a>, line: Line<'a>, check: &mut CheckSettings<'a>) {
    let name = word(line, 1);
    match Kind::named(name).filter(|kind| !matches!(kind, Kind::External)) {
        Some(kind) => (check.kind, check.option) = (kind, Some(line)),
        None => plan.remarks.alert(line.span(), format!("unknown type '{name}'.")),
    }
}
