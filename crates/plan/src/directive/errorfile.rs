//! `errorfile`, `errorloc*`, `errorfiles`, `http-error`: pages in place of the built-in ones (manual 4.2).

use std::sync::Arc;

use state::reply::{Page, Stand};

use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, word, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "errorfile", sections: at::PROXY, apply: errorfile },
    Directive { name: "errorfiles", sections: at::PROXY, apply: errorfiles },
    Directive { name: "errorloc", sections: at::PROXY, apply: |cx, line| errorloc(cx, line, 302) },
    Directive { name: "errorloc302", sections: at::PROXY, apply: |cx, line| errorloc(cx, line, 302) },
    Directive { name: "http-error", sections: at::PROXY, apply: http_error },
    Directive { name: "errorloc303", sections: at::PROXY, apply: |cx, line| errorloc(cx, line, 303) },
];

/// The statuses that can be replaced.
const STATUSES: [u16; 19] =
    [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 425, 429, 431, 500, 501, 502, 503, 504];

fn errorfile<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if word(line, 2).is_empty() {
        return Err("errorfile : expects <status_code> and <file> as arguments.\n".into());
    }
    let (status, page) =
        from_file(cx.plan, word(line, 1), word(line, 2)).map_err(|e| format!("errorfile : {e}"))?;
    set(cx, status, page);
    Ok(())
}

fn errorloc<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, code: u16) -> Applied {
    let keyword = line.keyword();
    if word(line, 2).is_empty() {
        return Err(format!("{keyword} : expects <status_code> and <url> as arguments.\n"));
    }
    if !word(line, 3).is_empty() {
        return Err(format!("{keyword} : expects exactly two arguments.\n"));
    }
    let (status, page) =
        location(code, word(line, 1), word(line, 2)).map_err(|e| format!("{keyword} : {e}"))?;
    set(cx, status, page);
    Ok(())
}

/// `errorfiles NAME [CODE...]`: pages of an `http-errors` section, all or some.
fn errorfiles<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let name = word(line, 1);
    if name.is_empty() {
        return Err("errorfiles : expects <name> as argument.".into());
    }
    let Some(found) = cx.plan.pages.get(name).cloned() else {
        let place = cx.plan.place(line.span());
        let message =
            format!("proxy '{}': unknown http-errors section '{name}' (at {place}).", cx.draft.name);
        cx.plan.late.push(message);
        return Ok(());
    };
    let mut wanted = Vec::new();
    for word in line.words().skip(2) {
        let text = word.lossy();
        let status = text.parse().ok().filter(|s| STATUSES.contains(s));
        wanted.push(status.ok_or_else(|| format!("errorfiles : status code '{text}' not handled."))?);
    }
    for (status, stand) in found.iter() {
        if wanted.is_empty() || wanted.contains(&status) {
            put(cx, status, stand.clone());
        }
    }
    Ok(())
}

fn set(cx: &mut Ctx<'_, '_>, status: u16, page: Arc<Page>) {
    put(cx, status, Stand::Page(page));
}

fn put(cx: &mut Ctx<'_, '_>, status: u16, stand: Stand) {
    Arc::make_mut(&mut cx.draft.settings.pages).put(status, stand);
    cx.draft.settings.replies.retain(|(replied, _)| *replied != status);
}

/// `http-error status CODE ...`: kept for `assemble`, since what it says may name what comes later.
fn http_error<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 1);
    // The last one counts.
    let at = words.iter().rposition(|w| *w == "status");
    let at = at.ok_or("http-error : expects at least a <status> as arguments.")?;
    let code = words.get(at + 1).ok_or("http-error : 'status' expects <status_code> as argument")?;
    let code: u16 = code
        .parse()
        .ok()
        .filter(|n| (200..=599).contains(n))
        .ok_or_else(|| format!("http-error : Unexpected status code '{code}'"))?;
    if !STATUSES.contains(&code) {
        return Err(format!("http-error: status code '{code}' not handled."));
    }
    let pages = Arc::make_mut(&mut cx.draft.settings.pages);
    pages.remove(code);
    cx.draft.settings.replies.retain(|(replied, _)| *replied != code);
    if words.contains(&"default-errorfiles") {
        return Ok(());
    }
    if let Some(at) = words.iter().position(|w| *w == "errorfiles") {
        let name = words.get(at + 1).copied().unwrap_or_default();
        let Some(found) = cx.plan.pages.get(name) else {
            let place = cx.plan.place(line.span());
            let message =
                format!("proxy '{}': unknown http-errors section '{name}' (at {place}).", cx.draft.name);
            cx.plan.late.push(message);
            return Ok(());
        };
        if let Some(stand) = found.get(code).cloned() {
            put(cx, code, stand);
        }
        return Ok(());
    }
    cx.draft.settings.replies.push((code, line));
    Ok(())
}

fn handled(status: &str) -> Result<u16, String> {
    let found = status.parse().ok().filter(|s| STATUSES.contains(s));
    found.ok_or_else(|| format!("status code '{status}' not handled."))
}

/// The page for a status from a file that holds a whole response. An empty file closes the connection without one.
pub(crate) fn from_file(plan: &Plan<'_>, status: &str, path: &str) -> Result<(u16, Arc<Page>), String> {
    let status = handled(status)?;
    let content = plan.read(path).map_err(|_| format!("error opening file '{path}'."))?;
    if content.len() > plan.global.buffer_size as usize {
        return Err(format!("file '{path}' exceeds the buffer size ({} bytes).", plan.global.buffer_size));
    }
    let page = Page::from_wire(&content).map_err(|wrong| format!("'{path}': {wrong}"))?;
    Ok((status, Arc::new(page)))
}

/// A redirection in place of the page for a status.
pub(crate) fn location(code: u16, status: &str, url: &str) -> Result<(u16, Arc<Page>), String> {
    let status = handled(status)?;
    let headers = vec![
        line(b"cache-control", b"no-cache"),
        line(b"content-length", b"0"),
        line(b"location", url.as_bytes()),
    ];
    Ok((status, Arc::new(Page { status: code, headers, ..Page::silence() })))
}

fn line(name: &[u8], value: &[u8]) -> (Box<[u8]>, Box<[u8]>) {
    (name.into(), value.into())
}
