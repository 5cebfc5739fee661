//! `rate-limit sessions` (manual 4.2).

use crate::ctx::{Directive, at, word};
use crate::number::count;

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "rate-limit",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_frontend(line, "rate-limit", "") {
            return Ok(());
        }
        match word(line, 1) {
            "sessions" => {}
            other => return Err(format!("'rate-limit' only supports 'sessions' (got '{other}')")),
        }
        let text = word(line, 2);
        if text.is_empty() {
            return Err("'rate-limit sessions' expects expects an integer value (in sessions/second)".into());
        }
        if let Some(stray) = text.chars().find(|c| !c.is_ascii_digit()) {
            return Err(format!(
                "'rate-limit sessions' : unexpected character '{stray}' in integer value '{text}'"
            ));
        }
        cx.draft.settings.rate_limit = count(text);
        Ok(())
    },
}];
