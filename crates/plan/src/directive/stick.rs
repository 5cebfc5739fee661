//! `stick on`, `stick match`, `stick store-request`, `stick store-response` (manual 4.2).

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};

pub(super) const DIRECTIVES: &[Directive] =
    &[Directive { name: "stick", sections: at::PROXY, apply: |cx, line| stick(cx, line) }];

fn stick<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "stick") {
        return Ok(());
    }
    if !matches!(word(line, 1), "on" | "match" | "store-request" | "store-response") {
        return Err("'stick' expects 'on', 'match', or 'store'.".into());
    }
    if word(line, 2).is_empty() {
        return Err("'stick' expects a fetch method.".into());
    }
    cx.draft.stick.push(line);
    Ok(())
}
