//! Sections that Sluice does not run: said once, by their header. Their contents were checked by `config`.

use config::{Section, SectionKind};

use crate::ctx::Plan;

/// Remarks on one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    // Without this section a `log-forward` listener would drop messages that clients believe delivered.
    let what = format!("section '{}'", section.kind().keyword());
    if section.kind() == SectionKind::LogForward {
        plan.remarks.unserved(section.span(), &what);
    } else {
        plan.remarks.not_run(section.span(), &what);
    }
}
