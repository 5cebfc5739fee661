//! Answers the proxy gives itself: error pages by status (`errorfile`, `http-error`, `http-errors`) and what `http-request
//! return` sends.

use std::fmt;
use std::sync::Arc;

use http::{Full, Known, Message, Version};

use crate::rule::Action;

/// A header's name and value.
pub type Line = (Box<[u8]>, Box<[u8]>);

/// A whole answer, ready to be put into a stream's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 0: no answer at all, the connection is closed (an empty `errorfile`).
    pub status: u16,
    pub version: Version,
    /// Absent: the usual reason.
    pub reason: Option<Box<[u8]>>,
    /// In order, `connection` and `content-length` included where the page has them. Without a length the connection ends
    /// with the answer.
    pub headers: Vec<Line>,
    pub body: Arc<[u8]>,
}

/// Why the content of a file is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The offset of the line that is none.
    At(usize),
    /// The body's length, and the one announced.
    Length(usize, usize),
    /// Chunks are not taken.
    Chunked,
}

impl fmt::Display for Wrong {
    /// HAProxy's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(offset) => write!(f, "unable to parse headers (error offset: {offset})"),
            Self::Length(is, announced) => {
                write!(f, "payload size does not match the announced content-length ({is} != {announced})")
            }
            Self::Chunked => f.write_str("chunk-encoded payload not supported"),
        }
    }
}

impl Page {
    /// No answer: the connection is closed.
    pub fn silence() -> Self {
        Self { status: 0, version: Version::HTTP_11, reason: None, headers: Vec::new(), body: Arc::from([]) }
    }

    /// A response as it goes over the wire, lines ended by LF or CRLF: the content of an `errorfile`. Nothing at all is
    /// [`Page::silence`].
    ///
    /// # Errors
    /// No status line or header where one should be; a body that is chunked or not as long as announced.
    pub fn from_wire(content: &[u8]) -> Result<Self, Wrong> {
        if content.is_empty() {
            return Ok(Self::silence());
        }
        let mut at = 0;
        let first = next_line(content, &mut at).ok_or(Wrong::At(0))?;
        let (version, status, reason) = status_line(first).ok_or(Wrong::At(0))?;
        let mut headers = Vec::new();
        loop {
            let start = at;
            let Some(text) = next_line(content, &mut at) else { return Err(Wrong::At(start)) };
            if text.is_empty() {
                break;
            }
            headers.push(header(text).ok_or(Wrong::At(start))?);
        }
        let body = content.get(at..).unwrap_or_default();
        for (name, value) in &headers {
            if **name == *b"transfer-encoding" {
                return Err(Wrong::Chunked);
            }
            let announced = (**name == *b"content-length").then(|| number(value));
            if let Some(announced) = announced.filter(|n| *n != body.len()) {
                return Err(Wrong::Length(body.len(), announced));
            }
        }
        Ok(Self { status, version, reason: Some(reason.into()), headers, body: Arc::from(body) })
    }

    /// Makes `message` this answer's head.
    ///
    /// # Errors
    /// The message is at its limit.
    pub fn fill(&self, message: &mut Message) -> Result<(), Full> {
        let reason = self.reason.as_deref().unwrap_or_else(|| http::reply::reason(self.status).as_bytes());
        message.start_response(self.status, reason, self.version)?;
        for (name, value) in &self.headers {
            message.add_header(&**name, value)?;
        }
        Ok(())
    }
}

/// Whether the connection ends with an answer of the proxy's own: it says so, or nothing says where the body ends.
pub fn ends_connection(answer: &Message) -> bool {
    let bare = answer.status() < 200 || matches!(answer.status(), 204 | 304);
    http::h1::connection(answer).close || (!bare && !answer.has(Known::ContentLength))
}

fn next_line<'c>(content: &'c [u8], at: &mut usize) -> Option<&'c [u8]> {
    let rest = content.get(*at..)?;
    let end = rest.iter().position(|b| *b == b'\n')?;
    *at += end + 1;
    let text = rest.get(..end)?;
    Some(text.strip_suffix(b"\r").unwrap_or(text))
}

/// `HTTP/1.x 503 Reason`.
fn status_line(text: &[u8]) -> Option<(Version, u16, &[u8])> {
    let rest = text.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b" ").filter(|_| minor.is_ascii_digit())?;
    let (status, rest) = rest.split_at_checked(3)?;
    let status = std::str::from_utf8(status).ok()?.parse().ok().filter(|s| (100..=999).contains(s))?;
    let version = if *minor == b'0' { Version::HTTP_10 } else { Version::HTTP_11 };
    Some((version, status, rest.strip_prefix(b" ").unwrap_or_default()))
}

/// `name: value`, the name in lower case.
fn header(text: &[u8]) -> Option<Line> {
    let colon = text.iter().position(|b| *b == b':')?;
    let (name, value) = text.split_at_checked(colon)?;
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    let valid = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    valid.then(|| (name.to_ascii_lowercase().into(), value.into()))
}

/// A length; one that is none agrees with no body.
fn number(text: &[u8]) -> usize {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
}

/// What stands in for a built-in page.
#[derive(Clone, Debug)]
pub enum Stand {
    Page(Arc<Page>),
    /// `http-error`: an action that puts the answer into the stream's response. Only where there is a request.
    Made(Arc<dyn Action>),
}

/// Pages that replace the built-in ones, by status.
#[derive(Clone, Debug, Default)]
pub struct Pages(Vec<(u16, Stand)>);

impl Pages {
    pub fn set(&mut self, status: u16, page: Arc<Page>) {
        self.put(status, Stand::Page(page));
    }

    pub fn put(&mut self, status: u16, stand: Stand) {
        self.remove(status);
        self.0.push((status, stand));
    }

    /// Goes back to the built-in page.
    pub fn remove(&mut self, status: u16) {
        self.0.retain(|(s, _)| *s != status);
    }

    pub fn get(&self, status: u16) -> Option<&Stand> {
        self.0.iter().find(|(s, _)| *s == status).map(|(_, p)| p)
    }

    /// As `get`, where there is no request that an answer could be made from.
    pub fn page(&self, status: u16) -> Option<&Arc<Page>> {
        match self.get(status) {
            Some(Stand::Page(page)) => Some(page),
            _ => None,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (u16, &Stand)> {
        self.0.iter().map(|(s, p)| (*s, p))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_from_its_wire_form() {
        let page = Page::from_wire(
            b"HTTP/1.0 503 Not now\r\nX-A: b \nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        )
        .unwrap();
        assert_eq!((page.status, page.reason.as_deref()), (503, Some(&b"Not now"[..])));
        assert_eq!(page.version, Version::HTTP_10);
        let headers: Vec<_> = page.headers.iter().map(|(n, v)| [&**n, &**v].concat()).collect();
        assert_eq!(headers, [b"x-ab".to_vec(), b"connectionclose".to_vec(), b"content-length5".to_vec()]);
        assert_eq!(&*page.body, b"hello");
    }

    #[test]
    fn what_is_no_response() {
        let wrong = |content: &[u8]| Page::from_wire(content).err();
        assert_eq!(wrong(b"root:x:0\n\n"), Some(Wrong::At(0)));
        assert_eq!(wrong(b"HTTP/1.1 503 x\r\nno colon\r\n\r\n"), Some(Wrong::At(16)));
        assert_eq!(wrong(b"HTTP/1.1 503 x\r\na: b\r\n"), Some(Wrong::At(22)));
        assert_eq!(wrong(b"HTTP/1.1 503 x\r\ncontent-length: 3\r\n\r\nab"), Some(Wrong::Length(2, 3)));
        assert_eq!(wrong(b"HTTP/1.1 503 x\r\ntransfer-encoding: chunked\r\n\r\n"), Some(Wrong::Chunked));
        assert_eq!(Page::from_wire(b""), Ok(Page::silence()));
    }

    #[test]
    fn answers_without_an_end_end_the_connection() {
        let ends = |text: &[u8]| {
            let mut message = Message::new();
            Page::from_wire(text).unwrap().fill(&mut message).unwrap();
            ends_connection(&message)
        };
        assert!(ends(b"HTTP/1.1 503 x\n\nhello"));
        assert!(ends(b"HTTP/1.1 503 x\ncontent-length: 0\nConnection: close\n\n"));
        assert!(!ends(b"HTTP/1.1 503 x\ncontent-length: 0\n\n"));
        assert!(!ends(b"HTTP/1.1 204 x\n\n"));
    }
}
