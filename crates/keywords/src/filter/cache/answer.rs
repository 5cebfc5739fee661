//! Answering with a stored response: its age, the conditions of the request (RFC 9110 section 13).

use http::header_value::list;
use http::{Full, Known, Message, Method, date};
use state::cache::Entry;
use state::expr::Ctx;
use state::family::{Begun, Body, Flow, Serve};
use state::rule::Act;

/// How much of a body goes at once.
const PART: usize = 64 * 1024;

/// Answers with what the stream's cache had.
#[derive(Debug)]
pub(crate) struct Answer;

impl Serve for Answer {
    fn name(&self) -> &'static str {
        "<CACHE>"
    }

    fn wants_body(&self, _: Method) -> bool {
        false
    }

    fn begin(&self, act: &mut Act<'_>, _: Body) -> Begun {
        let now_s = act.wall_us / 1_000_000;
        let Some(stream) = act.stream.as_deref_mut() else { return Begun::Failed };
        let Some(entry) = stream.cached.clone() else { return Begun::Failed };
        let unchanged = is_unchanged(&stream.request, &entry.head, entry.created_s);
        match head(&mut stream.response, &entry, now_s, unchanged) {
            Ok(()) if unchanged => Begun::Head,
            Ok(()) => Begun::Framed,
            Err(Full) => Begun::Failed,
        }
    }

    fn part(&self, cx: &Ctx<'_>, from: u64, out: &mut Vec<u8>) -> Flow {
        let Some(entry) = cx.stream.and_then(|s| s.cached.as_ref()) else { return Flow::Done };
        let rest = usize::try_from(from).ok().and_then(|at| entry.body.get(at..)).unwrap_or_default();
        let part = rest.get(..PART.min(rest.len())).unwrap_or_default();
        out.extend_from_slice(part);
        if part.len() == rest.len() { Flow::Done } else { Flow::More(from + part.len() as u64) }
    }
}

/// The stored head, with the response's age.
fn head(response: &mut Message, entry: &Entry, now_s: u64, unchanged: bool) -> Result<(), Full> {
    response.copy_from(&entry.head);
    let age = now_s.saturating_sub(entry.created_s) + entry.age_s;
    response.add_header(Known::Age, age.to_string().as_bytes())?;
    if unchanged { response.set_status(304, Some(b"Not Modified")) } else { Ok(()) }
}

/// Whether the client has this very response already. Its list of entity tags is heeded before its date. Where the
/// response doesn't say when it was modified, its own date counts, or when it came.
fn is_unchanged(request: &Message, stored: &Message, came_s: u64) -> bool {
    let weak = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    if request.has(Known::IfNoneMatch) {
        let own = stored.find(Known::Etag).map(weak);
        let mut tags = request.iterate(Known::IfNoneMatch).flat_map(|line| list(line.value));
        return tags.any(|tag| tag == b"*" || own.as_ref().is_some_and(|own| *own == weak(tag)));
    }
    let since = request.find("if-modified-since").and_then(date::parse);
    let own = stored.find(Known::LastModified).or_else(|| stored.find(Known::Date));
    let modified = own.and_then(date::parse).unwrap_or(came_s);
    since.is_some_and(|since| modified <= since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;

    fn message(lines: &[(&str, &str)]) -> Message {
        let mut message = Message::new();
        message.start_response(200, b"OK", Version::HTTP_11).unwrap();
        for (name, value) in lines {
            message.add_header(*name, value.as_bytes()).unwrap();
        }
        message
    }

    #[test]
    fn conditions() {
        let stored = message(&[("etag", "\"abc\""), ("last-modified", "Thu, 22 Oct 2020 16:51:12 GMT")]);
        for (lines, unchanged) in [
            (&[][..], false),
            (&[("if-none-match", "\"abc\"")], true),
            (&[("if-none-match", "\"x\", W/\"abc\"")], true),
            (&[("if-none-match", "*")], true),
            (&[("if-none-match", "\"zzz\""), ("if-modified-since", "Thu, 22 Oct 2099 16:51:12 GMT")], false),
            (&[("if-modified-since", "Thu, 22 Oct 2099 16:51:12 GMT")], true),
            (&[("if-modified-since", "Thu, 22 Oct 2020 16:51:12 GMT")], true),
            (&[("if-modified-since", "Thu, 22 Oct 2019 16:51:12 GMT")], false),
            (&[("if-modified-since", "garbage")], false),
        ] {
            assert_eq!(is_unchanged(&message(lines), &stored, 0), unchanged, "{lines:?}");
        }
    }
}
