//! The HTTP/1 codec: heads ([`Scan`], [`parse_request`], [`parse_response`]), framing of bodies ([`request_framing`],
//! [`response_framing`], [`ChunkDecoder`]), what `Connection` says ([`connection`]) and the way out (methods
//! `write_*_head` of [`crate::Message`], [`write_chunk_head`]).
//!
//! It accepts and refuses what HAProxy accepts and refuses: RFC 9112 with the leniencies of its default settings.

pub(crate) mod bytes;
mod chunk;
mod connection;
mod early;
mod framing;
mod host;
mod request;
mod response;
mod scan;
mod serialize;

pub use chunk::{Chunk, ChunkDecoder, LAST_CHUNK, write_chunk_head};
pub use connection::{
    Connection, check_websocket, confirms_upgrade, connection, keep_alive, take_connection, upgrade,
};
pub use early::find_request;
pub use framing::{Framing, request_framing, response_framing};
pub(crate) use host::is_host;
pub use request::parse_request;
pub use response::parse_response;
pub use scan::Scan;

/// What a parser tolerates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most header lines of a message (`tune.http.maxhdr` less one for the start line).
    pub max_headers: u16,
    /// Most bytes of a head, start line and blank line included.
    pub max_head: u32,
    /// `option accept-unsafe-violations-in-http-request` (or `-response`): in targets, bytes above 127 and `#`; NUL in
    /// values; headers with an invalid name (they are dropped); other protocols and longer numbers in the version, and
    /// none (a GET of HTTP/0.9); statuses of up to five digits; hosts that disagree with the target; any authority for
    /// CONNECT; WebSocket requests without a proper key; responses with repeated or empty transfer codings.
    pub accept_unsafe: bool,
    /// Of `accept_unsafe` what concerns the version alone: other protocols, longer numbers, none.
    pub any_version: bool,
    /// `h1-accept-payload-with-any-method`: GET, HEAD and DELETE with a body before HTTP/1.1.
    pub accept_any_payload: bool,
}

impl Default for Limits {
    /// HAProxy's defaults: 101 headers, a buffer of 16 KiB with 1 KiB kept for rewriting, nothing unsafe.
    fn default() -> Self {
        Limits {
            max_headers: 100,
            max_head: 15360,
            accept_unsafe: false,
            any_version: false,
            accept_any_payload: false,
        }
    }
}

/// The outcome of parsing a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parsed {
    /// The message is there; its head took this many bytes of the input, leading empty lines included.
    Complete { consumed: usize },
    /// More input is needed.
    Partial,
    /// It is no HTTP/1 message.
    Invalid(Error),
}

/// Why a message is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Error {
    pub kind: ErrorKind,
    /// Offset of the offending byte in the input; 0 where it concerns the message as a whole.
    pub offset: usize,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: usize) -> Error {
        Error { kind, offset }
    }

    /// The status with which a request that fails so is answered. A response that fails so is answered with 502.
    pub fn status(self) -> u16 {
        self.kind.status()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at offset {}", self.kind.as_str(), self.offset)
    }
}

impl std::error::Error for Error {}

/// The kinds of refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The method is no token, or a line doesn't start with one.
    Method,
    /// The target has a forbidden byte or none of the four forms.
    Target,
    /// The version isn't `HTTP/d.d`, or is missing.
    Version,
    /// The status isn't three digits.
    Status,
    /// A header name is empty or no token.
    Name,
    /// A header value has a forbidden byte.
    Value,
    /// A carriage return without a line feed.
    LineEnd,
    /// More headers than the limit.
    TooManyHeaders,
    /// A longer head than the limit.
    HeadTooLarge,
    /// A longer request line than the limit.
    TargetTooLong,
    /// A malformed `Host`, several different ones, or one that disagrees with the target.
    Host,
    /// A malformed `Content-Length`, or several different ones.
    ContentLength,
    /// A malformed `Transfer-Encoding`, or one in which `chunked` isn't the last.
    TransferEncoding,
    /// A transfer coding besides `chunked`, which the proxy would have to undo.
    UnknownCoding,
    /// A body that a request with this method and version may not have.
    Payload,
    /// A WebSocket request without a proper key.
    WebSocketKey,
    /// A malformed chunk size, or one beyond the limit.
    ChunkSize,
    /// A malformed end of chunk.
    ChunkEnd,
}

impl ErrorKind {
    /// The status with which a request that fails so is answered.
    pub fn status(self) -> u16 {
        match self {
            ErrorKind::HeadTooLarge => 431,
            ErrorKind::TargetTooLong => 414,
            ErrorKind::UnknownCoding => 422,
            ErrorKind::Payload => 413,
            _ => 400,
        }
    }

    /// One short phrase, for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Method => "invalid method",
            ErrorKind::Target => "invalid request target",
            ErrorKind::Version => "invalid version",
            ErrorKind::Status => "invalid status",
            ErrorKind::Name => "invalid header name",
            ErrorKind::Value => "invalid header value",
            ErrorKind::LineEnd => "invalid line end",
            ErrorKind::TooManyHeaders => "too many headers",
            ErrorKind::HeadTooLarge => "head too large",
            ErrorKind::TargetTooLong => "request line too long",
            ErrorKind::Host => "invalid or contradicting host",
            ErrorKind::ContentLength => "invalid content-length",
            ErrorKind::TransferEncoding => "invalid transfer-encoding",
            ErrorKind::UnknownCoding => "unsupported transfer coding",
            ErrorKind::Payload => "payload where none may be",
            ErrorKind::WebSocketKey => "invalid sec-websocket-key",
            ErrorKind::ChunkSize => "invalid chunk size",
            ErrorKind::ChunkEnd => "invalid chunk end",
        }
    }
}
