//! `frontend`, `backend`, `listen`: a draft of each (manual 4).

use std::rc::Rc;

use config::Section;

use super::Inheritance;
use crate::ctx::{Ctx, Plan};
use crate::directive::server_state;
use crate::draft::Draft;

/// Reads one, with what it inherits from the `defaults` it names or else the last one.
pub(super) fn read<'a>(
    plan: &mut Plan<'a>,
    section: Section<'a>,
    inheritance: &Inheritance<'a>,
) -> Draft<'a> {
    let defaults = match section.from() {
        Some(from) => inheritance.named.get(from).cloned(),
        None => inheritance.all.last().map(Rc::clone),
    };
    let name = section.name().unwrap_or_default();
    let mut draft = Draft::new(section.kind(), name, section.span(), defaults);
    server_state::settle(&mut draft, section);
    for line in section.directives() {
        super::apply(&mut Ctx { plan, draft: &mut draft }, line);
    }
    crate::directive::check::settle(&mut draft);
    draft
}
