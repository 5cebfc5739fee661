//! `http-reuse` (manual 4.2).

use state::options::Reuse;

use crate::ctx::{Directive, at, no_more, word};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "http-reuse",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "http-reuse") {
            return Ok(());
        }
        let reuse = match word(line, 1) {
            "never" => Reuse::Never,
            "safe" => Reuse::Safe,
            "aggressive" => Reuse::Aggressive,
            "always" => Reuse::Always,
            _ => return Err("'http-reuse' only supports 'never', 'safe', 'aggressive', 'always'.".into()),
        };
        no_more(line, 1)?;
        cx.draft.options().reuse = reuse;
        Ok(())
    },
}];
