//! The file format of the corpus.
//!
//! ```text
//! # a remark
//! case: te-blank-before-colon
//! why: RFC 9112 section 5.1: no blank between a name and its colon
//! client: 400
//! > POST / HTTP/1.1\r\n
//! > Host: a\r\n
//! > Transfer-Encoding : chunked\r\n\r\n
//! > 0\r\n\r\n
//! ```
//!
//! Fields of a case, which ends where the next begins:
//! - `case`, `why`: its name, and the rule or the published attack behind it;
//! - `>` lines: what the client sends, `<` lines: what the server answers to the first request it gets (each further one
//!   gets a 200 with the body `ok`). `\r \n \t \\` and `\xHH` stand for bytes, `{x*N}` for a text N times; a line adds
//!   nothing of its own. A case without `>` lines sends two plain requests, `/one` and `/two`;
//! - `then: close`: the server closes after the answer of the `<` lines, or without any;
//! - `via`: the frontend: `plain` (the usual), `unsafe` (everything the unsafe options let pass), `buffered`
//!   (`option http-buffer-request`);
//! - `origin`: a request that the server must get, `METHOD target "body"` with the body's bytes written as above, `...` in
//!   place of the body when it must stay incomplete; as many as there are, in order. None: nothing may be forwarded;
//! - `client`: the answers that the client must get, each a status and, if it matters, a body; `-` for none, `incomplete`
//!   for one that breaks off;
//! - `haproxy`: what HAProxy 3.5 does otherwise, and which of both is right.

/// One case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub why: String,
    pub via: Via,
    pub send: Vec<u8>,
    pub answer: Option<Vec<u8>>,
    pub close: bool,
    /// As written in the file.
    pub origin: Vec<String>,
    pub client: String,
    /// How HAProxy differs.
    pub haproxy: Option<String>,
}

/// The frontend a case goes through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Via {
    #[default]
    Plain,
    Unsafe,
    Buffered,
}

const PLAIN: &[u8] = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n";

/// Reads a file of the corpus.
///
/// # Errors
/// The line that can't be read, by its number.
pub fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |what: &str| format!("line {number}: {what}: {line}");
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("case: ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().ok_or_else(|| wrong("before the first case"))?;
        take(case, line).map_err(|what| wrong(&what))?;
    }
    for case in &mut cases {
        if case.send.is_empty() {
            case.send = PLAIN.to_vec();
        }
        if case.why.is_empty() || case.client.is_empty() {
            return Err(format!("case {} lacks its 'why' or 'client'", case.name));
        }
    }
    Ok(cases)
}

fn take(case: &mut Case, line: &str) -> Result<(), String> {
    if let Some(bytes) = line.strip_prefix("> ") {
        case.send.extend(unescape(bytes)?);
        return Ok(());
    }
    if let Some(bytes) = line.strip_prefix("< ") {
        case.answer.get_or_insert_with(Vec::new).extend(unescape(bytes)?);
        return Ok(());
    }
    let (field, value) = line.split_once(": ").ok_or("no field")?;
    match (field, value) {
        ("why", _) => case.why = value.to_owned(),
        ("client", _) => case.client = value.to_owned(),
        ("origin", _) => case.origin.push(value.to_owned()),
        ("haproxy", _) => case.haproxy = Some(value.to_owned()),
        ("then", "close") => case.close = true,
        ("via", "plain") => case.via = Via::Plain,
        ("via", "unsafe") => case.via = Via::Unsafe,
        ("via", "buffered") => case.via = Via::Buffered,
        _ => return Err("unknown field or value".to_owned()),
    }
    Ok(())
}

/// The bytes that a text of the file stands for.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return Ok(out),
            [b'\\', b'r', rest @ ..] => push(&mut out, b'\r', rest),
            [b'\\', b'n', rest @ ..] => push(&mut out, b'\n', rest),
            [b'\\', b't', rest @ ..] => push(&mut out, b'\t', rest),
            [b'\\', b'\\', rest @ ..] => push(&mut out, b'\\', rest),
            [b'\\', b'x', high, low, rest @ ..] => {
                let digits = String::from_utf8_lossy(&[*high, *low]).into_owned();
                let byte = u8::from_str_radix(&digits, 16).map_err(|_| "a bad \\xHH")?;
                push(&mut out, byte, rest)
            }
            [b'\\', ..] => return Err("an unknown escape".to_owned()),
            [b'{', inside @ ..] => match repetition(inside)? {
                Some((bytes, rest)) => {
                    out.extend(bytes);
                    rest
                }
                None => push(&mut out, b'{', inside),
            },
            [byte, rest @ ..] => push(&mut out, *byte, rest),
        };
    }
}

fn push<'r>(out: &mut Vec<u8>, byte: u8, rest: &'r [u8]) -> &'r [u8] {
    out.push(byte);
    rest
}

/// What a repetition stands for, and what follows it.
type Repeated<'r> = Option<(Vec<u8>, &'r [u8])>;

/// `TEXT*N}` behind a `{`.
fn repetition(inside: &[u8]) -> Result<Repeated<'_>, String> {
    let Some(end) = inside.iter().position(|byte| *byte == b'}') else { return Ok(None) };
    let body = String::from_utf8_lossy(&inside[..end]).into_owned();
    let Some((text, count)) = body.rsplit_once('*') else { return Ok(None) };
    let Ok(count) = count.parse::<usize>() else { return Ok(None) };
    Ok(Some((unescape(text)?.repeat(count), &inside[end + 1..])))
}

/// Bytes as the file writes them.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_with_everything() {
        let text = "# x\ncase: a\nwhy: b\nvia: unsafe\nthen: close\norigin: GET / \"\"\nclient: 200\nhaproxy: no\n\
                    > G\\x45T \\\\\\r\\n\n> {ab*3}{c}\n< x\\ty\n\ncase: b\nwhy: c\nclient: -\n";
        let cases = parse(text).unwrap();
        assert_eq!(cases.len(), 2);
        assert_eq!(cases[0].send, b"GET \\\r\nababab{c}");
        assert_eq!(cases[0].answer.as_deref(), Some(&b"x\ty"[..]));
        assert_eq!((cases[0].via, cases[0].close, cases[1].send.as_slice()), (Via::Unsafe, true, PLAIN));
        assert_eq!(escape(&cases[0].send), "GET \\\\\\r\\nababab{c}");
        assert!(
            parse("why: x").is_err() && parse("case: a\nfoo: b").is_err() && parse("case: a\n> \\q").is_err()
        );
        assert!(parse("case: a\nwhy: b").is_err());
    }
}
