//! Sections that Sluice does not run: said once, by their header. Their contents were checked by `config`.

use config::Section;

use crate::ctx::Plan;

/// Remarks on one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let what = format!("section '{}'", section.kind().keyword());
    plan.remarks.not_run(section.span(), &what);
}
