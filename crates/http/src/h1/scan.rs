//! The walk over a head's lines, resumable at each of them: what requests, responses and trailers share.
//!
//! Spans are taken relative to the first byte of the start line; when a call ends, the lines it has finished are copied
//! into the message in one piece, so that the spans hold there.

use super::bytes::{self, TOKEN};
use super::{Error, ErrorKind, Limits, Parsed};
use crate::known::Known;
use crate::message::{Field, Message};

/// Where parsing of a head stands, so that a head that drips in is walked once and not once a byte.
///
/// Each call gets the whole input since the first byte of the head, with more at the end than the call before, and the
/// same message. After `Complete` or `Invalid` start with a new `Scan`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    /// Input bytes before the start line (empty lines).
    pub(super) origin: usize,
    /// Input offset of the first line that isn't finished.
    pub(super) line: usize,
    /// Input offset up to which the unfinished line is known to hold no end of line.
    seen: usize,
    /// The start line is in the message.
    pub(super) started: bool,
    /// A value with a folded line is in the message.
    folded: bool,
}

/// How a step over a line went.
pub(super) type Step<T> = Result<T, Stop>;

/// Why a step couldn't finish.
#[derive(Debug)]
pub(super) enum Stop {
    /// The line isn't complete.
    More,
    Bad(Error),
}

impl Stop {
    pub(super) fn bad<T>(kind: ErrorKind, offset: usize) -> Step<T> {
        Err(Stop::Bad(Error::new(kind, offset)))
    }

    /// Moves an error's offset from one within a line to one within the input.
    pub(super) fn at(self, base: usize) -> Stop {
        match self {
            Stop::Bad(error) => Stop::Bad(Error::new(error.kind, base + error.offset)),
            Stop::More => Stop::More,
        }
    }
}

impl Scan {
    /// Parses a request head as far as the input goes; see [`super::parse_request`].
    pub fn request(&mut self, input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
        let parsed = self.head(input, msg, limits, super::request::start_line);
        match parsed {
            Parsed::Complete { .. } => match super::host::settle(msg, limits) {
                Ok(()) => parsed,
                Err(kind) => Parsed::Invalid(Error::new(kind, self.origin)),
            },
            _ => parsed,
        }
    }

    /// Parses a response head as far as the input goes; see [`super::parse_response`].
    pub fn response(&mut self, input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
        self.head(input, msg, limits, super::response::start_line)
    }

    /// Parses header lines and the blank line after them into a message without a start line, such as the trailers
    /// after a chunked body.
    pub fn trailers(&mut self, input: &[u8], msg: &mut Message, limits: &Limits) -> Parsed {
        if !self.started {
            msg.clear();
            self.started = true;
        }
        self.head(input, msg, limits, |_, _, _, at| Ok(at))
    }

    fn head(
        &mut self,
        input: &[u8],
        msg: &mut Message,
        limits: &Limits,
        start_line: impl FnOnce(&[u8], &mut Message, &Limits, usize) -> Step<usize>,
    ) -> Parsed {
        let first = msg.fields.len() * usize::from(self.started);
        let outcome = self.lines(input, msg, limits, start_line);
        let too_large = input.len() > limits.max_head as usize;
        let outcome = match outcome {
            Ok(end) if end - self.origin > limits.max_head as usize => self.too_large(end),
            Err(Stop::More) if too_large => self.too_large(input.len()),
            outcome => outcome,
        };
        match outcome {
            Ok(consumed) => {
                self.take(input, msg, first);
                Parsed::Complete { consumed }
            }
            Err(Stop::More) => {
                self.take(input, msg, first);
                Parsed::Partial
            }
            Err(Stop::Bad(error)) => Parsed::Invalid(error),
        }
    }

    fn too_large(&self, offset: usize) -> Step<usize> {
        Stop::bad(if self.started { ErrorKind::HeadTooLarge } else { ErrorKind::TargetTooLong }, offset)
    }

    /// Walks start line and headers to the blank line; gives the offset behind it.
    fn lines(
        &mut self,
        input: &[u8],
        msg: &mut Message,
        limits: &Limits,
        start_line: impl FnOnce(&[u8], &mut Message, &Limits, usize) -> Step<usize>,
    ) -> Step<usize> {
        if !self.started {
            msg.clear();
            self.origin = skip_empty_lines(input, self.origin)?;
            self.line = self.origin;
            let line = input.get(self.origin..).unwrap_or_default();
            // A line known to be incomplete is looked at again only when its end is there.
            if self.seen > self.origin {
                let more = input.get(self.seen..).unwrap_or_default();
                self.seen = input.len();
                if memchr::memchr(b'\n', more).is_none() {
                    return Err(Stop::More);
                }
            }
            self.seen = input.len();
            self.line = start_line(line, msg, limits, self.origin)?;
            if self.line - self.origin > limits.max_head as usize {
                return self.too_large(self.line);
            }
            self.seen = 0;
            self.started = true;
        }
        loop {
            match input.get(self.line) {
                None => return Err(Stop::More),
                Some(b'\r' | b'\n') => {
                    let end = end_of_line(input, self.line)?;
                    self.line = end;
                    return Ok(end);
                }
                Some(_) => {
                    self.line = self.header(input, msg, limits)?;
                    if msg.fields.len() > usize::from(limits.max_headers) {
                        return Stop::bad(ErrorKind::TooManyHeaders, self.line);
                    }
                }
            }
        }
    }

    /// Parses the header line at `self.line`; gives the offset of the next line.
    #[inline]
    fn header(&mut self, input: &[u8], msg: &mut Message, limits: &Limits) -> Step<usize> {
        let line = self.line;
        let rest = input.get(line..).unwrap_or_default();
        // A known name is a token, so that most names need no look at each byte.
        let mut name_len = bytes::find_colon(rest);
        let mut known = Known::at_start(rest, name_len);
        if rest.get(name_len) != Some(&b':') {
            known = Known::Other;
        }
        let mut valid = true;
        if known == Known::Other {
            name_len = bytes::span_of(rest, TOKEN);
            if limits.accept_unsafe && rest.get(name_len).is_some_and(|byte| *byte != b':') {
                valid = false;
                let stop = |byte: &u8| matches!(byte, b':' | b'\r' | b'\n');
                name_len = rest.iter().position(stop).unwrap_or(rest.len());
            }
        }
        let colon = line + name_len;
        match input.get(colon) {
            None => return Err(Stop::More),
            Some(b':') if name_len > 0 && name_len <= usize::from(u16::MAX) => {}
            Some(_) => return Stop::bad(ErrorKind::Name, colon),
        }
        let (end, next) = self.value_end(input, colon + 1, limits)?;
        if !valid {
            return Ok(next);
        }
        let value = input.get(colon + 1..end).unwrap_or_default();
        let (lead, trail) = match value {
            [b' ', first, .., last] if *first > b' ' && *last > b' ' => (1, 0),
            _ => blanks_around(value),
        };
        msg.fields.push(Field {
            name: (line - self.origin) as u32,
            name_len: name_len as u16,
            known,
            canonical: !self.folded
                && lead == 1
                && trail == 0
                && value.first() == Some(&b' ')
                && next == end + 2,
            value: (colon + 1 + lead - self.origin) as u32,
            value_len: (value.len() - lead - trail) as u32,
        });
        Ok(next)
    }

    /// The end of the value that starts at `start` and the offset of the line behind it. Lines that start with a blank
    /// continue the value (RFC 9112 §5.2).
    #[inline]
    fn value_end(&mut self, input: &[u8], start: usize, limits: &Limits) -> Step<(usize, usize)> {
        let mut at = start.max(self.seen);
        loop {
            at += bytes::find_line_stop(input.get(at..).unwrap_or_default());
            self.seen = at;
            if input.get(at) == Some(&0) {
                if limits.accept_unsafe {
                    at += 1;
                    continue;
                }
                return Stop::bad(ErrorKind::Value, at);
            }
            let next = end_of_line(input, at)?;
            match input.get(next) {
                None => return Err(Stop::More),
                Some(b' ' | b'\t') => {
                    self.folded = true;
                    at = next;
                }
                Some(_) => return Ok((at, next)),
            }
        }
    }

    /// Copies the finished lines into the message and prepares the names of the headers from `first` on.
    fn take(&mut self, input: &[u8], msg: &mut Message, first: usize) {
        let from = self.origin + msg.bytes.len();
        msg.bytes.extend_from_slice(input.get(from..self.line).unwrap_or_default());
        for field in msg.fields.get_mut(first..).unwrap_or_default() {
            bytes::lower_case(&mut msg.bytes, field.name as usize, usize::from(field.name_len));
            if self.folded {
                let start = field.value as usize;
                for byte in msg.bytes.get_mut(start..start + field.value_len as usize).unwrap_or_default() {
                    if matches!(byte, b'\r' | b'\n') {
                        *byte = b' ';
                    }
                }
            }
        }
    }
}

/// The offset behind the empty lines that may come before a start line (RFC 9112 §2.2).
fn skip_empty_lines(input: &[u8], mut at: usize) -> Step<usize> {
    while let Some(b'\r' | b'\n') = input.get(at) {
        at = end_of_line(input, at)?;
    }
    Ok(at)
}

/// The offset behind the line end at `at`: CRLF, or LF alone (RFC 9112 §2.2).
pub(super) fn end_of_line(input: &[u8], at: usize) -> Step<usize> {
    match (input.get(at), input.get(at + 1)) {
        (Some(b'\n'), _) => Ok(at + 1),
        (Some(b'\r'), Some(b'\n')) => Ok(at + 2),
        (None, _) | (Some(b'\r'), None) => Err(Stop::More),
        _ => Stop::bad(ErrorKind::LineEnd, at),
    }
}

/// Number of blanks at the start and at the end of a value.
fn blanks_around(value: &[u8]) -> (usize, usize) {
    let lead = value.iter().take_while(|byte| is_blank(**byte)).count();
    match value.len() - lead {
        0 => (lead, 0),
        _ => (lead, value.iter().rev().take_while(|byte| is_blank(**byte)).count()),
    }
}

/// What may surround a value: blanks, and line ends of folded lines.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
