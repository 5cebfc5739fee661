//! Heads on their way out: spans copied to a buffer, neighbours that are still as they came in one copy.

use crate::known::Known;
use crate::message::{Field, Message, Version};
use crate::method::Method;

/// The longest of the usual reasons, which stand in for a missing one.
const REASON_MAX: usize = 48;

impl Message {
    /// Bytes that the head takes at most when it is written.
    pub fn head_len(&self) -> usize {
        let line = (self.method_span.len + self.text.len + self.protocol.len) as usize + 16 + REASON_MAX;
        self.fields
            .iter()
            .map(|field| usize::from(field.name_len) + field.value_len as usize + 4)
            .sum::<usize>()
            + line
    }

    /// Appends the request line with the message's version (at most HTTP/1.1), the headers in order as `name: value` and the blank line.
    pub fn write_request_head(&self, out: &mut Vec<u8>) {
        self.write_request_line(out);
        self.write_headers(out);
    }

    /// The line that [`Message::write_request_head`] begins with.
    pub fn write_request_line(&self, out: &mut Vec<u8>) {
        out.reserve(self.head_len());
        out.extend_from_slice(self.method_bytes());
        out.push(b' ');
        out.extend_from_slice(self.origin_target());
        out.push(b' ');
        self.write_version(out);
        out.extend_from_slice(b"\r\n");
    }

    /// The target as HTTP/1 has it.
    fn origin_target(&self) -> &[u8] {
        match self.normalized {
            true => match self.pathq() {
                None if self.method == Method::Options => b"*",
                path => path.filter(|path| path.first() == Some(&b'/')).unwrap_or(b"/"),
            },
            false => self.target_bytes(),
        }
    }

    /// Appends the status line with the message's version (at most HTTP/1.1) and its reason or the usual one, the headers in order as `name: value` and the blank line.
    pub fn write_response_head(&self, out: &mut Vec<u8>) {
        self.write_status_line(out);
        self.write_headers(out);
    }

    /// The line that [`Message::write_response_head`] begins with.
    pub fn write_status_line(&self, out: &mut Vec<u8>) {
        out.reserve(self.head_len());
        self.write_version(out);
        out.push(b' ');
        out.extend_from_slice(self.status_bytes());
        out.push(b' ');
        match self.reason() {
            b"" => out.extend_from_slice(crate::reply::reason(self.status()).as_bytes()),
            reason => out.extend_from_slice(reason),
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends the headers in order and the blank line: trailers, or a head whose start line was written otherwise.
    pub fn write_headers(&self, out: &mut Vec<u8>) {
        let mut run: Option<(usize, usize)> = None;
        for field in &self.fields {
            let start = field.name as usize;
            let end = field.value as usize + field.value_len as usize + 2;
            run = match run {
                Some((first, last)) if field.canonical && start == last => Some((first, end)),
                _ => {
                    self.flush(out, run);
                    if field.canonical {
                        Some((start, end))
                    } else {
                        self.write_field(out, field);
                        None
                    }
                }
            };
        }
        self.flush(out, run);
        out.extend_from_slice(b"\r\n");
    }

    /// As [`Message::write_headers`], with the names as `spell` wants them (`h1-case-adjust`): it gets the class and the
    /// lower-case name and gives the spelling, or nothing to leave it.
    pub fn write_headers_as<'s>(
        &self,
        out: &mut Vec<u8>,
        mut spell: impl FnMut(Known, &[u8]) -> Option<&'s [u8]>,
    ) {
        for field in &self.fields {
            let name = self.name_of(field);
            out.extend_from_slice(spell(field.known, name).unwrap_or(name));
            out.extend_from_slice(b": ");
            out.extend_from_slice(self.value_of(field));
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }

    fn flush(&self, out: &mut Vec<u8>, run: Option<(usize, usize)>) {
        if let Some((start, end)) = run {
            out.extend_from_slice(self.bytes.get(start..end).unwrap_or_default());
        }
    }

    fn write_field(&self, out: &mut Vec<u8>, field: &Field) {
        out.extend_from_slice(self.name_of(field));
        out.extend_from_slice(b": ");
        out.extend_from_slice(self.value_of(field));
        out.extend_from_slice(b"\r\n");
    }

    /// What came up to HTTP/1.1, which also stands for all later versions.
    fn write_version(&self, out: &mut Vec<u8>) {
        if self.protocol.len > 0 {
            out.extend_from_slice(self.slice(self.protocol));
        } else {
            out.extend_from_slice(b"HTTP/");
            out.extend_from_slice(&self.version.min(Version::HTTP_11).text());
        }
    }
}
