//! A check's connection that speaks HTTP/2: what a check writes and reads is HTTP/1 all the same, which becomes one stream
//! after the other here.

use std::io;

use http::h1::{Limits, Parsed, parse_request};
use http::h2::{Code, Config, Connection, Event, Role, Settings};
use http::{Known, Message};

/// How large a head may be, and a body that is held until the server takes it.
const HEAD_MAX: u32 = 64 * 1024;

/// One connection.
pub(super) struct Http2 {
    connection: Connection<()>,
    /// Bytes that came and are no whole frame yet.
    input: Vec<u8>,
    message: Message,
    /// The stream under way, and whether its response goes on in chunks.
    stream: u32,
    chunked: bool,
    ended: bool,
    /// What of a request's body the server didn't take yet.
    body: Vec<u8>,
    secure: bool,
}

impl Http2 {
    pub(super) fn new(secure: bool) -> Self {
        let config = Config {
            settings: Settings { max_streams: 0, ..Settings::default() },
            limits: Limits::default(),
            max_block: HEAD_MAX as usize,
            spare_window: 0,
        };
        Self {
            connection: Connection::new(Role::Client, config),
            input: Vec::new(),
            message: Message::new(),
            stream: 0,
            chunked: false,
            ended: false,
            body: Vec::new(),
            secure,
        }
    }

    /// Whether the response came to its end.
    pub(super) const fn is_ended(&self) -> bool {
        self.ended
    }

    /// Begins a stream with a request of HTTP/1.
    ///
    /// # Errors
    /// The server takes no further streams, or it is none.
    pub(super) fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        let Parsed::Complete { consumed } = parse_request(request, &mut self.message, &Limits::default())
        else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        if self.stream != 0 {
            self.connection.release(self.stream, Code::CANCEL);
        }
        self.body.clear();
        self.body.extend_from_slice(request.get(consumed..).unwrap_or_default());
        let scheme: &[u8] = if self.secure { b"https" } else { b"http" };
        let bodiless = self.message.method() == http::Method::Head;
        let end = self.body.is_empty();
        let begun = self.connection.request(&self.message, scheme, None, end, bodiless, ());
        self.stream = begun.ok_or(io::ErrorKind::ConnectionAborted)?;
        (self.chunked, self.ended) = (false, false);
        self.send_body();
        Ok(())
    }

    fn send_body(&mut self) {
        if !self.body.is_empty() {
            let sent = self.connection.data(self.stream, &self.body, true);
            self.body.drain(..sent);
        }
    }

    /// Takes what is to be sent.
    pub(super) fn due(&mut self) -> Vec<u8> {
        std::mem::take(self.connection.out())
    }

    /// Takes what came; appends to `answer` what of that is the response, as HTTP/1 has it.
    ///
    /// # Errors
    /// The server broke off, or broke the rules.
    pub(super) fn take(&mut self, came: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
        self.input.extend_from_slice(came);
        let input = std::mem::take(&mut self.input);
        let mut at = 0;
        loop {
            let rest = input.get(at..).unwrap_or_default();
            let taken = self.connection.take(rest, &mut self.message);
            let taken = taken.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            if taken.consumed == 0 {
                self.input.extend_from_slice(rest);
                break;
            }
            at += taken.consumed;
            self.react(taken.event, answer)?;
        }
        self.connection.replenish();
        self.send_body();
        Ok(())
    }

    fn react(&mut self, event: Event<'_>, answer: &mut Vec<u8>) -> io::Result<()> {
        match event {
            Event::Head { id, end, .. } if id == self.stream => {
                self.ended = end;
                self.chunked = !end && !self.message.has(Known::ContentLength);
                if self.chunked && self.message.status() >= 200 {
                    let told = self.message.set_header(Known::TransferEncoding, b"chunked");
                    told.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                }
                self.message.write_response_head(answer);
            }
            Event::Data { id, bytes, end } if id == self.stream => {
                if self.chunked && !bytes.is_empty() {
                    answer.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
                }
                answer.extend_from_slice(bytes);
                if self.chunked && !bytes.is_empty() {
                    answer.extend_from_slice(b"\r\n");
                }
                self.connection.consumed(id, bytes.len());
                self.end(end, answer);
            }
            Event::Trailers { id } if id == self.stream => self.end(true, answer),
            Event::Reset { id, .. } if id == self.stream => {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, end: bool, answer: &mut Vec<u8>) {
        if end && self.chunked {
            answer.extend_from_slice(b"0\r\n\r\n");
        }
        self.ended |= end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_answers_are_of_http_1() {
        let mut check = Http2::new(false);
        assert!(check.ask(b"nonsense").is_err());
        check.ask(b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc").unwrap();
        let config = Config {
            settings: Settings::default(),
            limits: Limits::default(),
            max_block: 1000,
            spare_window: 0,
        };
        let mut server = Connection::<()>::new(Role::Server, config);
        let (mut message, sent, mut at, mut seen) = (Message::new(), check.due(), 0, String::new());
        while let Ok(http::h2::Taken { consumed: n @ 1.., event }) = server.take(&sent[at..], &mut message) {
            at += n;
            seen.push_str(&format!("{event:?};"));
        }
        assert!(seen.ends_with("Data { id: 1, bytes: [97, 98, 99], end: true };"), "{seen}");
        message.start_response(200, b"OK", http::Version::HTTP_11).unwrap();
        server.response(1, &message, false);
        server.data(1, b"yes", true);
        let (answered, mut answer) = (std::mem::take(server.out()), Vec::new());
        // However it is cut.
        for byte in answered {
            check.take(&[byte], &mut answer).unwrap();
        }
        let expected = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n";
        assert_eq!((String::from_utf8(answer).unwrap().as_str(), check.is_ended()), (expected, true));
    }
}
