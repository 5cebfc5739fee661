//! Received bytes read as a row of HTTP/1 responses, leniently: this looks at what a proxy sent, it does not
//! judge it. What cannot be read as a response is kept as `rest`.

use memchr::memmem;

/// One response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The first line, without its end.
    pub line: String,
    /// Names and values in order, names in the case they came in.
    pub headers: Vec<(String, String)>,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// Trailers of a chunked body.
    pub trailers: Vec<String>,
    /// How the end of the body was known.
    pub framing: Framing,
}

/// How the end of a body was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No body: 1xx, 204, 304 or an answer to HEAD.
    None,
    /// Content-Length.
    Length,
    /// Chunks.
    Chunked,
    /// The end of the connection.
    Close,
}

impl Reply {
    /// The status, 0 when the first line has none.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.line.split(' ').nth(1).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// The first value of a header, its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Everything read from a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replies {
    /// Whole responses, in order.
    pub replies: Vec<Reply>,
    /// What follows them and is no whole response.
    pub rest: Vec<u8>,
}

/// Reads `bytes` as answers to requests with these methods (an answer beyond the last is one to GET).
/// `closed` says whether the connection has ended, which ends a body without a length.
#[must_use]
pub fn parse(bytes: &[u8], methods: &[&str], closed: bool) -> Replies {
    let mut all = Replies::default();
    let mut at = 0;
    let mut answered = 0;
    while let Some((reply, length)) = one(&bytes[at..], methods.get(answered) == Some(&"HEAD"), closed) {
        at += length;
        if reply.status() >= 200 || reply.status() == 101 {
            answered += 1;
        }
        all.replies.push(reply);
    }
    all.rest = bytes[at..].to_vec();
    all
}

/// How many whole final responses (not 1xx) stand in `bytes`, none of them an answer to HEAD.
#[must_use]
pub fn complete(bytes: &[u8]) -> usize {
    parse(bytes, &[], false).replies.iter().filter(|reply| reply.status() >= 200).count()
}

fn one(bytes: &[u8], to_head: bool, closed: bool) -> Option<(Reply, usize)> {
    if !bytes.starts_with(b"HTTP/") {
        return None;
    }
    let head = memmem::find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head - 4]);
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .map(|line| line.split_once(':').unwrap_or((line, "")))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut reply = Reply { line, headers, body: Vec::new(), trailers: Vec::new(), framing: Framing::None };
    let status = reply.status();
    if to_head || status < 200 || status == 204 || status == 304 {
        return Some((reply, head));
    }
    let body = &bytes[head..];
    let is_chunked =
        reply.header("transfer-encoding").is_some_and(|v| v.to_ascii_lowercase().ends_with("chunked"));
    let length = reply.header("content-length").and_then(|value| value.parse::<usize>().ok());
    let used = if is_chunked {
        reply.framing = Framing::Chunked;
        chunks(body, &mut reply)?
    } else if let Some(length) = length {
        reply.framing = Framing::Length;
        reply.body = body.get(..length)?.to_vec();
        length
    } else if closed {
        reply.framing = Framing::Close;
        reply.body = body.to_vec();
        body.len()
    } else {
        return None;
    };
    Some((reply, head + used))
}

fn chunks(body: &[u8], reply: &mut Reply) -> Option<usize> {
    let mut at = 0;
    loop {
        let end = at + memmem::find(body.get(at..)?, b"\r\n")?;
        let size = std::str::from_utf8(&body[at..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or("").trim(), 16).ok()?;
        at = end + 2;
        if size == 0 {
            break;
        }
        let stop = at.checked_add(size)?;
        reply.body.extend_from_slice(body.get(at..stop)?);
        at = stop + 2;
    }
    loop {
        let end = at + memmem::find(body.get(at..)?, b"\r\n")?;
        let line = String::from_utf8_lossy(&body[at..end]).into_owned();
        at = end + 2;
        if line.is_empty() {
            return Some(at);
        }
        reply.trailers.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_row_of_responses() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-T: 1\r\n\r\nHTTP/1.";
        let all = parse(bytes, &[], false);
        let bodies: Vec<_> = all.replies.iter().map(|reply| reply.body.as_slice()).collect();
        assert_eq!(bodies, [&b""[..], b"hi", b"abc"]);
        assert_eq!(all.replies[2].trailers, ["X-T: 1"]);
        assert_eq!(all.rest, b"HTTP/1.");
        assert_eq!(complete(bytes), 2);
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end";
        let all = parse(bytes, &["HEAD", "GET"], true);
        assert_eq!(all.replies[0].framing, Framing::None);
        assert_eq!(
            (all.replies[1].framing, all.replies[1].body.as_slice()),
            (Framing::Close, &b"until the end"[..])
        );
    }
}
