//! Sections that Sluice does not run: said once, by their header. Their contents were checked by `config`.

use config::Section;

use crate::ctx::{Plan, word};

/// Remarks on one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let own = section.name().unwrap_or_default();
    for table in section.directives().filter(|d| d.keyword() == "table") {
        plan.tables.insert(format!("{own}/{}", word(table, 1)));
    }
    let what = format!("section '{}'", section.kind().keyword());
    plan.remarks.not_run(section.span(), &what);
}
