//! `monitor-uri`, `monitor fail` (manual 4.2).

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};

use super::order::Stage;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "monitor-uri", sections: at::PROXY, apply: uri },
    Directive { name: "monitor", sections: at::PROXY, apply: fail },
];

fn uri<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_frontend(line, "monitor-uri", "") {
        return Ok(());
    }
    if word(line, 1).is_empty() {
        return Err("'monitor-uri' expects an URI.".into());
    }
    no_more(line, 1)?;
    cx.draft.settings.monitor_uri = line.word(1);
    Ok(())
}

/// Kept for `assemble`, since a condition may name proxies that come later.
fn fail<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_frontend(line, "monitor", "") {
        return Ok(());
    }
    if word(line, 1) != "fail" {
        return Err("'monitor' only supports 'fail'.".into());
    }
    if !matches!(word(line, 2), "if" | "unless") {
        return Err("'monitor fail' requires either 'if' or 'unless' followed by a condition.".into());
    }
    cx.judge_order(line, Stage::Monitor);
    cx.draft.monitor_fail.push(line);
    Ok(())
}
