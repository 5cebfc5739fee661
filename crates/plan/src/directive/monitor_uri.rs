//! `monitor-uri` (manual 4.2).

use crate::ctx::{Directive, at, no_more, word};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "monitor-uri",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_frontend(line, "monitor-uri", "") {
            return Ok(());
        }
        if word(line, 1).is_empty() {
            return Err("'monitor-uri' expects an URI.".into());
        }
        no_more(line, 1)?;
        cx.draft.settings.monitor_uri = line.word(1);
        Ok(())
    },
}];
