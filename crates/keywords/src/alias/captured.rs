//! `%hr`, `%hs`, `%hrl`, `%hsl`, `%CC`, `%CS`: captured headers and cookies.

use state::expr::Side;
use state::format::{Encoding, write_captured, write_cookie};

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "CC",
        doc: "The captured cookie of the request, `name=value`.",
        known: Known::Response,
        write: |cx, _, out| cookie(cx, Side::Request, out),
    },
    Alias {
        name: "CS",
        doc: "The captured cookie of the response, `name=value`.",
        known: Known::Response,
        write: |cx, _, out| cookie(cx, Side::Response, out),
    },
    Alias {
        name: "hr",
        doc: "The captured headers of the request in braces, with bars between them; nothing if none is declared.",
        known: Known::Response,
        write: |cx, _, out| braces(cx, Side::Request, out),
    },
    Alias {
        name: "hrl",
        doc: "The captured headers of the request, each a word of its own.",
        known: Known::Response,
        write: |cx, flags, out| list(cx, Side::Request, flags, out),
    },
    Alias {
        name: "hs",
        doc: "The captured headers of the response in braces, with bars between them; nothing if none is declared.",
        known: Known::Response,
        write: |cx, _, out| braces(cx, Side::Response, out),
    },
    Alias {
        name: "hsl",
        doc: "The captured headers of the response, each a word of its own.",
        known: Known::Response,
        write: |cx, flags, out| list(cx, Side::Response, flags, out),
    },
];

/// The slots of one side, as many as are declared; what was not found is none. There are none without a valid request.
fn slots<'a>(cx: &Ctx<'a>, side: Side) -> impl Iterator<Item = Option<&'a [u8]>> {
    let stream = cx.stream.filter(|s| s.has_request);
    let captures = cx.world.frontend(cx.session.frontend).map(|f| &f.captures);
    let declared = captures.filter(|_| stream.is_some()).map_or(0, |c| match side {
        Side::Request => c.request.len(),
        Side::Response => c.response.len(),
    });
    (0..declared).map(move |i| {
        stream.and_then(|s| match side {
            Side::Request => s.captured_request.get(i, cx.arena),
            Side::Response => s.captured_response.get(i, cx.arena),
        })
    })
}

fn braces(cx: &Ctx<'_>, side: Side, out: &mut Vec<u8>) -> Written {
    let start = out.len();
    for (i, value) in slots(cx, side).enumerate() {
        out.push(if i == 0 { b'{' } else { b'|' });
        write_captured(value.unwrap_or_default(), out);
    }
    if out.len() == start {
        return Written::Plain;
    }
    out.push(b'}');
    Written::Encoded
}

fn list(cx: &Ctx<'_>, side: Side, flags: Flags, out: &mut Vec<u8>) -> Written {
    if let Some(encoding) = flags.encoding {
        return encoded_list(cx, side, encoding, out);
    }
    for (i, value) in slots(cx, side).enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        match value {
            Some(value) if flags.quote => {
                out.push(b'"');
                write_captured(value, out);
                out.push(b'"');
            }
            Some(value) => write_captured(value, out),
            None if flags.quote => out.extend_from_slice(b"\"\""),
            None => out.push(b'-'),
        }
    }
    Written::Plain
}

fn encoded_list(cx: &Ctx<'_>, side: Side, encoding: Encoding, out: &mut Vec<u8>) -> Written {
    if slots(cx, side).next().is_none() {
        return Written::Plain;
    }
    encoding.open_list(out);
    for (i, value) in slots(cx, side).enumerate() {
        let start = out.len();
        write_captured(value.unwrap_or(b"-"), out);
        let text = cx.arena.alloc_slice_copy(out.get(start..).unwrap_or_default());
        out.truncate(start);
        encoding.list_item(text, i == 0, out);
    }
    encoding.close_list(out);
    Written::Value
}

fn cookie(cx: &Ctx<'_>, side: Side, out: &mut Vec<u8>) -> Written {
    let [request, response] = match cx.stream {
        Some(stream) => &stream.captured_cookies,
        None => return Written::Nothing,
    };
    let captured = if side == Side::Request { request } else { response };
    let Some(captured) = captured.get() else { return Written::Nothing };
    write_cookie(captured, out);
    Written::Encoded
}
