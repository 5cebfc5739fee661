//! `id` (manual 4.2): a proxy's number in statistics.

use config::{Diagnostic, Place};

use crate::ctx::{Directive, at, word};
use crate::number::atol;

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "id",
    sections: at::FRONTEND | at::LISTEN | at::BACKEND,
    apply: |cx, line| {
        let text = word(line, 1);
        if text.is_empty() {
            let message = "'id' expects an integer argument.";
            cx.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
            return Ok(());
        }
        match u32::try_from(atol(text)) {
            Ok(id) if id > 0 => cx.draft.id = Some((id, line.span())),
            _ => {
                let message = "custom id has to be > 0.";
                cx.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
            }
        }
        Ok(())
    },
}];
