//! `http-send-name-header` (manual 4.2).

use crate::ctx::{Directive, at, word};

/// Names whose meaning the connection to the server depends on.
const FORBIDDEN: &[&str] = &["connection", "content-length", "host", "transfer-encoding"];

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "http-send-name-header",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "http-send-name-header") {
            return Ok(());
        }
        let name = word(line, 1);
        if name.is_empty() {
            return Err("'http-send-name-header' requires a header string.".into());
        }
        if FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden)) {
            return Err(format!(
                "'{name}' cannot be used as header name for 'http-send-name-header' directive."
            ));
        }
        cx.draft.options().send_name = Some(sample::text::boxed(name));
        Ok(())
    },
}];
