//! What a check found, and how errors of the system are told.

use std::io;

use state::check::Status;

/// How a check ended, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub status: Status,
    /// The status of the protocol, 0 without one.
    pub code: u16,
    /// More for logs and statistics: the system's error, what the server said.
    pub words: String,
}

impl Finding {
    pub(super) fn new(status: Status, words: impl Into<String>) -> Self {
        Self { status, code: 0, words: words.into() }
    }
}

/// An error in HAProxy's words: its name for it, and the system's text (manual 7.3.4 "fc_err").
pub(super) fn explain(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let name = match error.kind() {
        Kind::ConnectionRefused => "ECONNREFUSED returned by OS",
        Kind::ConnectionReset => "ECONNRESET returned by OS",
        Kind::BrokenPipe => "EPIPE returned by OS",
        Kind::OutOfMemory => "ENOMEM returned by OS",
        _ => "General socket error",
    };
    let text = error.to_string();
    format!("{name} ({})", text.split(" (os error").next().unwrap_or_default())
}

/// Text from outside as logs may hold it: without control characters.
pub(super) fn printable(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().map(|c| if c.is_control() { '.' } else { c }).collect()
}
