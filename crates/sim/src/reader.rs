//! Reading HTTP/1 messages as a peer does, independently of the crate under test: heads, and bodies by length, chunks
//! or the end of the stream. Strict: what isn't exactly right is an error. Knows neither sockets nor scripts.

/// What a message's body is framed by, as its reader was told or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    Length(usize),
    Chunked,
    UntilClose,
}

/// A head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The words of the first line.
    pub line: Vec<String>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether the `connection` header holds this word.
    pub fn connection(&self, word: &str) -> bool {
        self.get("connection").is_some_and(|v| v.split(',').any(|w| w.trim().eq_ignore_ascii_case(word)))
    }

    /// What the head says of the body; `fallback` when it says nothing.
    pub fn body(&self, fallback: Body) -> Result<Body, String> {
        match (self.get("transfer-encoding"), self.get("content-length")) {
            (Some("chunked"), None) => Ok(Body::Chunked),
            (None, Some(n)) => n.parse().map(Body::Length).map_err(|_| format!("a length of {n:?}")),
            (None, None) => Ok(fallback),
            both => Err(format!("framing headers {both:?}")),
        }
    }
}

/// What was read next.
#[derive(Clone, Debug)]
pub enum Piece {
    Head(Head),
    Data(Vec<u8>),
    /// The message is complete.
    End,
    /// More bytes are needed.
    More,
    Bad(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Length(usize),
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    Trailers,
    UntilClose,
    Over,
}

/// A reader of messages that follow each other.
#[derive(Debug)]
pub struct Reader {
    bytes: Vec<u8>,
    stage: Stage,
    closed: bool,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader { bytes: Vec::new(), stage: Stage::Head, closed: false }
    }
}

impl Reader {
    /// Where received bytes are put.
    pub fn room(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The stream has ended.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing is there of a message, begun or not.
    pub fn is_between(&self) -> bool {
        self.stage == Stage::Head && self.bytes.is_empty()
    }

    /// Tells how the body goes on, after a head was given.
    pub fn expect(&mut self, body: Body) {
        self.stage = match body {
            Body::None | Body::Length(0) => Stage::Over,
            Body::Length(n) => Stage::Length(n),
            Body::Chunked => Stage::ChunkSize,
            Body::UntilClose => Stage::UntilClose,
        };
    }

    /// The next piece. After a head, [`Reader::expect`] must be called.
    pub fn next_piece(&mut self) -> Piece {
        match self.stage {
            Stage::Over => {
                self.stage = Stage::Head;
                Piece::End
            }
            Stage::Head => self.head(),
            Stage::Length(left) => {
                self.data(left, |left| if left == 0 { Stage::Over } else { Stage::Length(left) })
            }
            Stage::Chunk(left) => {
                self.data(left, |left| if left == 0 { Stage::ChunkEnd } else { Stage::Chunk(left) })
            }
            Stage::UntilClose if self.bytes.is_empty() && self.closed => {
                self.stage = Stage::Head;
                Piece::End
            }
            Stage::UntilClose => self.data(usize::MAX, |_| Stage::UntilClose),
            Stage::ChunkSize => match self.line() {
                None => Piece::More,
                Some(line) => match usize::from_str_radix(&line, 16) {
                    Ok(0) => self.on(Stage::Trailers),
                    Ok(n) => self.on(Stage::Chunk(n)),
                    Err(_) => Piece::Bad(format!("a chunk of size {line:?}")),
                },
            },
            Stage::ChunkEnd => match self.line() {
                None => Piece::More,
                Some(line) if line.is_empty() => self.on(Stage::ChunkSize),
                Some(line) => Piece::Bad(format!("{line:?} after a chunk")),
            },
            Stage::Trailers => match self.line() {
                None => Piece::More,
                Some(line) if line.is_empty() => self.on(Stage::Over),
                Some(line) if line == "x-trailer: yes" => self.on(Stage::Trailers),
                Some(line) => Piece::Bad(format!("a trailer {line:?}")),
            },
        }
    }

    fn on(&mut self, stage: Stage) -> Piece {
        self.stage = stage;
        self.next_piece()
    }

    fn data(&mut self, most: usize, then: impl Fn(usize) -> Stage) -> Piece {
        if self.bytes.is_empty() {
            return Piece::More;
        }
        let n = self.bytes.len().min(most);
        let data = self.bytes.drain(..n).collect();
        self.stage = then(most - n);
        Piece::Data(data)
    }

    fn line(&mut self) -> Option<String> {
        let end = self.bytes.windows(2).position(|w| w == b"\r\n")?;
        let line: Vec<u8> = self.bytes.drain(..end + 2).take(end).collect();
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    fn head(&mut self) -> Piece {
        let Some(end) = self.bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Piece::More };
        let head: Vec<u8> = self.bytes.drain(..end + 4).take(end).collect();
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut read = Head { line: first.splitn(3, ' ').map(str::to_owned).collect(), headers: Vec::new() };
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                return Piece::Bad(format!("a header {line:?}"));
            };
            read.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Piece::Head(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_chunks_byte_by_byte() {
        let mut reader = Reader::default();
        let mut seen = Vec::new();
        let mut ends = 0;
        for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n" {
            reader.room().push(*byte);
            loop {
                match reader.next_piece() {
                    Piece::Head(head) => {
                        let body = head.body(Body::None).unwrap();
                        reader.expect(body);
                    }
                    Piece::Data(data) => seen.extend(data),
                    Piece::End => ends += 1,
                    Piece::More => break,
                    Piece::Bad(why) => panic!("{why}"),
                }
            }
        }
        assert_eq!((seen.as_slice(), ends, reader.is_between()), (&b"abcd"[..], 2, true));
    }

    #[test]
    fn refuses_what_is_wrong() {
        let mut reader = Reader::default();
        reader.room().extend(b"zz\r\n");
        reader.expect(Body::Chunked);
        assert!(matches!(reader.next_piece(), Piece::Bad(_)));
    }
}
