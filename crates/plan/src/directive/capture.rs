//! `capture request header`, `capture response header`, `capture cookie`, `declare capture` (manual 4.2).

use state::frontend::Capture;

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::number::atol;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "capture", sections: at::PROXY, apply: capture },
    Directive { name: "declare", sections: at::PROXY, apply: declare },
];

fn capture<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_frontend(line, "capture", "") {
        return Ok(());
    }
    let side = word(line, 1);
    if side == "cookie" {
        return cookie(cx, line);
    }
    let wellformed = matches!(side, "request" | "response") && word(line, 2) == "header";
    if !wellformed || word(line, 3).is_empty() || word(line, 4) != "len" {
        return Err("'capture' expects 'cookie' <cookie_name> len <len> or '{request|response} header' \
                    <header_name> 'len' <len>."
            .into());
    }
    let name: Box<[u8]> = word(line, 3).to_ascii_lowercase().into_bytes().into();
    // What is no number is none: nothing is kept.
    let len = usize::try_from(atol(word(line, 5))).unwrap_or(0);
    add(cx, side, Capture { name, len });
    Ok(())
}

/// Of several lines the last one counts.
fn cookie<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if word(line, 4).is_empty() {
        return Err("'capture' expects 'cookie' <cookie_name> 'len' <len>.".into());
    }
    let len = usize::try_from(atol(word(line, 4))).unwrap_or(0);
    cx.draft.captures.cookie = Some(Capture { name: sample::text::boxed(word(line, 2)), len });
    Ok(())
}

fn declare<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_frontend(line, "declare", "") {
        return Ok(());
    }
    let side = word(line, 2);
    if word(line, 1) != "capture" || !matches!(side, "request" | "response") || word(line, 3) != "len" {
        return Err(
            "'declare' expects 'capture' followed by 'request' or 'response', 'len' and a length.".into()
        );
    }
    add(cx, side, Capture { name: Box::default(), len: length(word(line, 4))? });
    Ok(())
}

fn length(text: &str) -> Result<usize, String> {
    usize::try_from(atol(text)).ok().filter(|n| *n > 0).ok_or_else(|| format!("invalid length '{text}'"))
}

fn add(cx: &mut Ctx<'_, '_>, side: &str, capture: Capture) {
    match side {
        "request" => cx.draft.captures.request.push(capture),
        _ => cx.draft.captures.response.push(capture),
    }
}
