//! `defaults`: what proxies after it inherit (manual 4).

use std::rc::Rc;

use config::{Diagnostic, Place, Section};

use super::Inheritance;
use crate::ctx::{Ctx, Plan};
use crate::draft::Draft;

/// Reads one and makes it the last one seen.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>, inheritance: &mut Inheritance<'a>) {
    let name = section.name().unwrap_or_default();
    let parent = section.from().and_then(|from| inheritance.named.get(from)).cloned();
    if let Some(parent) = parent.as_ref().filter(|p| !p.rules.is_empty()) {
        let message = format!(
            "a defaults section cannot inherit from a defaults section defining TCP/HTTP rules (defaults section at \
             {}).",
            plan.place(parent.span)
        );
        plan.remarks.push(Diagnostic::alert(section.span(), message).at(Place::ParsingTight));
    }
    let mut draft = Draft::new(section.kind(), name, section.span(), None);
    if let Some(parent) = parent {
        draft.settings = parent.settings.clone();
    }
    for line in section.directives() {
        super::apply(&mut Ctx { plan, draft: &mut draft }, line);
    }
    crate::directive::check::settle(&mut draft);
    let draft = Rc::new(draft);
    if !name.is_empty() {
        inheritance.named.insert(name, Rc::clone(&draft));
    }
    inheritance.all.push(draft);
}
