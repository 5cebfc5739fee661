//! `errorfile`, `errorloc*`, `errorfiles`: pages in place of the built-in ones (manual 4.2).

use std::sync::Arc;

use state::reply::Page;

use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "errorfile", sections: at::PROXY, apply: errorfile },
    Directive { name: "errorfiles", sections: at::PROXY, apply: errorfiles },
    Directive { name: "errorloc", sections: at::PROXY, apply: |cx, line| errorloc(cx, line, 302) },
    Directive { name: "errorloc302", sections: at::PROXY, apply: |cx, line| errorloc(cx, line, 302) },
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
    for (status, page) in found.iter() {
        if wanted.is_empty() || wanted.contains(&status) {
            set(cx, status, Arc::clone(page));
        }
    }
    Ok(())
}

fn set(cx: &mut Ctx<'_, '_>, status: u16, page: Arc<Page>) {
    Arc::make_mut(&mut cx.draft.settings.pages).set(status, page);
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
    let page = parse(&content).map_err(|wrong| match wrong {
        Wrong::At(offset) => format!("'{path}': unable to parse headers (error offset: {offset})"),
        Wrong::Length(is, announced) => {
            format!(
                "'{path}': payload size does not match the announced content-length ({is} != {announced})"
            )
        }
    })?;
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
    Ok((status, Arc::new(Page { status: code, reason: None, headers, body: Arc::from([]) })))
}

fn line(name: &[u8], value: &[u8]) -> (Box<[u8]>, Box<[u8]>) {
    (name.into(), value.into())
}

/// Why a file is no response.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// The offset of the line.
    At(usize),
    /// The body's length, and the one announced.
    Length(usize, usize),
}

/// A response as it goes over the wire, lines ended by LF or CRLF. A body without a length is given one, so that the
/// connection may live on.
fn parse(content: &[u8]) -> Result<Page, Wrong> {
    if content.is_empty() {
        return Ok(Page { status: 0, reason: None, headers: Vec::new(), body: Arc::from([]) });
    }
    let mut at = 0;
    let first = next_line(content, &mut at).ok_or(Wrong::At(0))?;
    let (status, reason) = status_line(first).ok_or(Wrong::At(0))?;
    let mut headers = Vec::new();
    let mut length = None;
    loop {
        let start = at;
        let Some(text) = next_line(content, &mut at) else { return Err(Wrong::At(start)) };
        if text.is_empty() {
            break;
        }
        let colon = text.iter().position(|b| *b == b':').ok_or(Wrong::At(start))?;
        let (name, value) = text.split_at_checked(colon).ok_or(Wrong::At(start))?;
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(Wrong::At(start));
        }
        let name = name.to_ascii_lowercase();
        match name.as_slice() {
            b"content-length" => {
                let text = std::str::from_utf8(value).map_err(|_| Wrong::At(start))?;
                length = Some(text.parse::<usize>().map_err(|_| Wrong::At(start))?);
            }
            b"transfer-encoding" => return Err(Wrong::At(start)),
            // The connection's own business, whatever the file says.
            b"connection" => {}
            _ => headers.push(line(&name, value)),
        }
    }
    let body = content.get(at..).unwrap_or_default();
    if let Some(announced) = length.filter(|n| *n != body.len()) {
        return Err(Wrong::Length(body.len(), announced));
    }
    headers.push(line(b"content-length", body.len().to_string().as_bytes()));
    Ok(Page { status, reason: Some(reason.into()), headers, body: Arc::from(body) })
}

fn next_line<'c>(content: &'c [u8], at: &mut usize) -> Option<&'c [u8]> {
    let rest = content.get(*at..)?;
    let end = rest.iter().position(|b| *b == b'\n')?;
    *at += end + 1;
    let text = rest.get(..end)?;
    Some(text.strip_suffix(b"\r").unwrap_or(text))
}

/// `HTTP/1.x 503 Reason`.
fn status_line(text: &[u8]) -> Option<(u16, &[u8])> {
    let rest = text.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b" ").filter(|_| minor.is_ascii_digit())?;
    let (status, rest) = rest.split_at_checked(3)?;
    let status = std::str::from_utf8(status).ok()?.parse().ok().filter(|s| (100..=999).contains(s))?;
    Some((status, rest.strip_prefix(b" ").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_from_its_wire_form() {
        let page =
            parse(b"HTTP/1.0 503 Not now\r\nX-A: b \nconnection: close\r\ncontent-length: 5\r\n\r\nhello")
                .unwrap();
        assert_eq!((page.status, page.reason.as_deref()), (503, Some(&b"Not now"[..])));
        let headers: Vec<_> = page.headers.iter().map(|(n, v)| [&**n, &**v].concat()).collect();
        assert_eq!(headers, [b"x-ab".to_vec(), b"content-length5".to_vec()]);
        assert_eq!(&*page.body, b"hello");
    }

    #[test]
    fn what_is_no_response() {
        assert_eq!(parse(b"root:x:0\n\n"), Err(Wrong::At(0)));
        assert_eq!(parse(b"HTTP/1.1 503 x\r\nno colon\r\n\r\n"), Err(Wrong::At(16)));
        assert_eq!(parse(b"HTTP/1.1 503 x\r\na: b\r\n"), Err(Wrong::At(22)));
        assert_eq!(parse(b"HTTP/1.1 503 x\r\ncontent-length: 3\r\n\r\nab"), Err(Wrong::Length(2, 3)));
        assert_eq!(parse(b"").unwrap().status, 0);
    }
}
