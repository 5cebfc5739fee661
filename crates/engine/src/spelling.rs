//! Heads and trailers on their way out: header names in lower case, or as `h1-case-adjust` spells them for peers that
//! insist on it (manual 3.1).

use std::sync::Arc;

use http::h1::Framing;
use state::world::HeaderCase;

use crate::exchange::Exchange;
use crate::h2::Behind;

/// What becomes of trailers.
#[derive(Clone, Debug, Default)]
pub enum Trailers {
    #[default]
    Pass,
    Drop,
    /// With their names as this says.
    Spell(Arc<HeaderCase>),
}

impl Trailers {
    /// Appends the trailers and the blank line that ends a chunked body.
    pub fn write(&self, message: &http::Message, out: &mut Vec<u8>) {
        match self {
            Self::Pass => message.write_headers(out),
            Self::Drop => out.extend_from_slice(b"\r\n"),
            Self::Spell(table) => spell(message, table, out),
        }
    }
}

/// Appends the request's head, as its server wants it.
pub fn request(x: &Exchange<'_>, out: &mut Vec<u8>) {
    if !x.backend.is_some_and(|b| b.options.adjust_case_server) {
        return x.stream.request.write_request_head(out);
    }
    x.stream.request.write_request_line(out);
    spell(&x.stream.request, &x.world.global.header_case, out);
}

/// Appends the response's head, as clients of the frontend want it; where it goes as a message, it is sent.
pub fn response(x: &Exchange<'_>, out: &mut Vec<u8>) {
    if let Some(link) = &x.client.link {
        let behind = match (x.bodiless(), x.response_framing) {
            (false, _) => Behind::Body,
            (true, Framing::None) => Behind::Nothing,
            (true, _) => Behind::Dropped,
        };
        return link.channel.respond(&x.stream.response, behind);
    }
    if !x.frontend.options.adjust_case_client {
        return x.stream.response.write_response_head(out);
    }
    x.stream.response.write_status_line(out);
    spell(&x.stream.response, &x.world.global.header_case, out);
}

/// What becomes of the request's trailers.
pub fn request_trailers(x: &Exchange<'_>) -> Trailers {
    match x.backend {
        Some(b) if b.options.drop_request_trailers => Trailers::Drop,
        Some(b) if b.options.adjust_case_server => Trailers::Spell(Arc::clone(&x.world.global.header_case)),
        _ => Trailers::Pass,
    }
}

/// What becomes of the response's trailers.
pub fn response_trailers(x: &Exchange<'_>) -> Trailers {
    match &x.frontend.options {
        o if o.drop_response_trailers => Trailers::Drop,
        o if o.adjust_case_client => Trailers::Spell(Arc::clone(&x.world.global.header_case)),
        _ => Trailers::Pass,
    }
}

fn spell(message: &http::Message, table: &HeaderCase, out: &mut Vec<u8>) {
    message.write_headers_as(out, |_, name| table.get(name).map(|spelled| &**spelled));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_pass_go_or_are_spelled() {
        let mut message = http::Message::new();
        let mut scan = http::h1::Scan::default();
        let _ = scan.trailers(b"X-Sum: 1\r\nx-b: 2\r\n\r\n", &mut message, &http::h1::Limits::default());
        let table = HeaderCase::from([(b"x-sum"[..].into(), b"X-SUM"[..].into())]);
        for (what, expected) in [
            (Trailers::Pass, "x-sum: 1\r\nx-b: 2\r\n\r\n"),
            (Trailers::Drop, "\r\n"),
            (Trailers::Spell(Arc::new(table)), "X-SUM: 1\r\nx-b: 2\r\n\r\n"),
        ] {
            let mut out = Vec::new();
            what.write(&message, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
