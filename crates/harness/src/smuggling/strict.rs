//! HTTP/1 messages read by the letter of RFC 9112, without any leniency: what a proxy forwards must read so. Its own
//! reader, which shares nothing with the program under test.

/// A message that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The start line without its end.
    pub line: String,
    pub body: Vec<u8>,
    /// Bytes it took.
    pub length: usize,
}

/// How far reading came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Complete(Message),
    /// More bytes are needed.
    Incomplete,
    /// No reader may take this for a message; why.
    Malformed(String),
}

enum Stop {
    More,
    Bad(String),
}

type Step<T> = Result<T, Stop>;

fn bad<T>(why: &str) -> Step<T> {
    Err(Stop::Bad(why.to_owned()))
}

impl From<Step<Message>> for Outcome {
    fn from(step: Step<Message>) -> Self {
        match step {
            Ok(message) => Outcome::Complete(message),
            Err(Stop::More) => Outcome::Incomplete,
            Err(Stop::Bad(why)) => Outcome::Malformed(why),
        }
    }
}

/// Reads the request at the front of `bytes`. After CONNECT all that follows is the tunnel's.
#[must_use]
pub fn request(bytes: &[u8]) -> Outcome {
    read_request(bytes).into()
}

/// Reads the response at the front of `bytes`; `head`: it answers HEAD; `closed`: nothing more will come.
#[must_use]
pub fn response(bytes: &[u8], head: bool, closed: bool) -> Outcome {
    read_response(bytes, head, closed).into()
}

fn read_request(bytes: &[u8]) -> Step<Message> {
    let (line, headers, at) = head(bytes)?;
    let parts: Vec<&str> = line.split(' ').collect();
    let [method, target, version] = parts[..] else { return bad("the request line has not three parts") };
    if method.is_empty() || !method.bytes().all(is_token) {
        return bad("the method is no token");
    }
    if target.is_empty() || !target.bytes().all(|b| b.is_ascii_graphic()) {
        return bad("the target is empty or has forbidden bytes");
    }
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return bad("the version is neither HTTP/1.0 nor HTTP/1.1");
    }
    if headers.iter().filter(|(name, _)| name == "host").count() > 1 {
        return bad("more than one Host");
    }
    let (body, length) = match framing(&headers)? {
        Framing::Length(count) => sized(bytes, at, count)?,
        Framing::Chunked => chunks(bytes, at)?,
        Framing::Unsaid => (Vec::new(), at),
    };
    Ok(Message { line, body, length })
}

fn read_response(bytes: &[u8], is_head: bool, closed: bool) -> Step<Message> {
    let (line, headers, at) = head(bytes)?;
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    let Some(status) = status.and_then(|digits| digits.parse::<u16>().ok()) else {
        return bad("no status line");
    };
    let bare = is_head || status < 200 || matches!(status, 204 | 304);
    let (body, length) = match framing(&headers)? {
        _ if bare => (Vec::new(), at),
        Framing::Length(count) => sized(bytes, at, count)?,
        Framing::Chunked => chunks(bytes, at)?,
        Framing::Unsaid if closed => (bytes[at..].to_vec(), bytes.len()),
        Framing::Unsaid => return Err(Stop::More),
    };
    Ok(Message { line, body, length })
}

type Headers = Vec<(String, Vec<u8>)>;

/// Start line, headers, and where the body begins.
fn head(bytes: &[u8]) -> Step<(String, Headers, usize)> {
    let mut at = 0;
    let first = line(bytes, &mut at)?;
    let Ok(first) = std::str::from_utf8(first) else { return bad("the start line has bytes above ASCII") };
    let mut headers = Vec::new();
    loop {
        let text = line(bytes, &mut at)?;
        if text.is_empty() {
            return Ok((first.to_owned(), headers, at));
        }
        headers.push(header(text)?);
    }
}

/// The next line; CR and LF stand together or not at all, and NUL nowhere.
fn line<'b>(bytes: &'b [u8], at: &mut usize) -> Step<&'b [u8]> {
    let rest = &bytes[*at..];
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)).ok_or(Stop::More)?;
    match rest.get(end..end + 2) {
        Some(b"\r\n") => {
            *at += end + 2;
            Ok(&rest[..end])
        }
        None if rest[end] == b'\r' => Err(Stop::More),
        _ => bad("a line has CR or LF alone, or NUL"),
    }
}

fn header(text: &[u8]) -> Step<(String, Vec<u8>)> {
    let Some(colon) = text.iter().position(|byte| *byte == b':') else {
        return bad("a header without colon");
    };
    let name = &text[..colon];
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return bad("a header's name is no token");
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Ok((name, text[colon + 1..].trim_ascii().to_vec()))
}

enum Framing {
    Unsaid,
    Length(usize),
    Chunked,
}

/// One length or one `chunked`, never both.
fn framing(headers: &Headers) -> Step<Framing> {
    let all = |wanted: &str| -> Vec<&[u8]> {
        headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_slice()).collect()
    };
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Ok(Framing::Unsaid),
        ([], [coding]) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        ([length], []) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let number = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok());
            number.filter(|_| digits).map_or_else(|| bad("a malformed length"), |n| Ok(Framing::Length(n)))
        }
        _ => bad("ambiguous framing"),
    }
}

fn sized(bytes: &[u8], at: usize, count: usize) -> Step<(Vec<u8>, usize)> {
    let end = at.checked_add(count).ok_or(Stop::More)?;
    let body = bytes.get(at..end).ok_or(Stop::More)?;
    Ok((body.to_vec(), end))
}

fn chunks(bytes: &[u8], mut at: usize) -> Step<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    loop {
        let size = line(bytes, &mut at)?;
        if size.is_empty() || size.len() > 15 || !size.iter().all(u8::is_ascii_hexdigit) {
            return bad("a malformed chunk size");
        }
        let size = usize::from_str_radix(&String::from_utf8_lossy(size), 16);
        match size {
            Ok(0) => break,
            Ok(count) => {
                let (data, end) = sized(bytes, at, count)?;
                body.extend_from_slice(&data);
                at = end;
                if !line(bytes, &mut at)?.is_empty() {
                    return bad("a chunk is longer than its size");
                }
            }
            Err(_) => return bad("a malformed chunk size"),
        }
    }
    loop {
        let text = line(bytes, &mut at)?;
        if text.is_empty() {
            return Ok((body, at));
        }
        header(text)?;
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match request(text.as_bytes()) {
            Outcome::Complete(m) => format!("{} {} {}", m.line, String::from_utf8_lossy(&m.body), m.length),
            Outcome::Incomplete => "more".to_owned(),
            Outcome::Malformed(why) => why,
        }
    }

    #[test]
    fn what_rfc_9112_says_is_a_message() {
        assert_eq!(read("GET / HTTP/1.1\r\nHost: a\r\n\r\nX"), "GET / HTTP/1.1  27");
        assert_eq!(read("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc"), "POST / HTTP/1.1 ab 40");
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n";
        assert_eq!(read(chunked), "POST / HTTP/1.1 ab 65");
        assert_eq!(read(&chunked[..60]), "more");
    }

    #[test]
    fn what_it_does_not() {
        for (text, why) in [
            ("GET  / HTTP/1.1\r\n\r\n", "the request line has not three parts"),
            ("GET / HTTP/1.1\n\n", "a line has CR or LF alone, or NUL"),
            ("GET / HTTP/1.1\r\nA : b\r\n\r\n", "a header's name is no token"),
            ("GET / HTTP/1.1\r\n b\r\n\r\n", "a header without colon"),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "more than one Host"),
            ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "a malformed length"),
            (
                "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "ambiguous framing",
            ),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\n", "a malformed chunk size"),
            (
                "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
                "a chunk is longer than its size",
            ),
        ] {
            assert_eq!(read(text), why, "{text:?}");
        }
    }

    #[test]
    fn responses() {
        let read = |text: &str, head, closed| match response(text.as_bytes(), head, closed) {
            Outcome::Complete(m) => Some((m.body.len(), m.length)),
            _ => None,
        };
        assert_eq!(read("HTTP/1.1 204 x\r\nContent-Length: 9\r\n\r\nHTTP", false, false), Some((0, 37)));
        assert_eq!(read("HTTP/1.1 200 x\r\n\r\nhello", false, false), None);
        assert_eq!(read("HTTP/1.1 200 x\r\n\r\nhello", false, true), Some((5, 23)));
        assert_eq!(read("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n", true, false), Some((0, 37)));
    }
}
