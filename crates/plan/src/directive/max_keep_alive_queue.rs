//! `max-keep-alive-queue` (manual 4.2).

use crate::ctx::{Directive, at, word};
use crate::number::count;

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "max-keep-alive-queue",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "max-keep-alive-queue") {
            return Ok(());
        }
        let text = word(line, 1);
        if text.is_empty() {
            return Err("'max-keep-alive-queue' expects expects an integer value (or -1 to disable)".into());
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if let Some(stray) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(format!(
                "'max-keep-alive-queue' : unexpected character '{stray}' in integer value '{text}'"
            ));
        }
        // Below zero it is without limit.
        cx.draft.options().keep_alive_queue = (!text.starts_with('-')).then(|| count(text));
        Ok(())
    },
}];
