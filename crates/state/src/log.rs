//! Where log lines go and how they begin (manual 4.2 "log", 8).

use std::net::SocketAddr;
use std::sync::Arc;

use crate::Format;

/// The transport of a log target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Udp(SocketAddr),
    /// A unix datagram socket by path (or abstract name, beginning with NUL).
    Unix(Box<str>),
    Fd(i32),
}

/// The header in front of each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// `<134>Nov 22 11:59:44 sluice[12]: `, for UDP and unix sockets.
    #[default]
    Rfc3164,
    Rfc5424,
    /// `<6>text`
    Short,
    /// `<3>` only: the priority in angle brackets.
    Priority,
    Timed,
    Iso,
    Local,
    Raw,
}

/// Which lines of a stream of lines a target takes: `sample 1,2-5:10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Inclusive ranges, counted from 1.
    pub ranges: Vec<(u32, u32)>,
    pub size: u32,
}

/// One `log` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub destination: Destination,
    pub header: Header,
    /// 0 (kern) to 23 (local7).
    pub facility: u8,
    /// The least severe level that is sent: 0 (emerg) to 7 (debug).
    pub level_max: u8,
    /// More severe lines are sent at this level.
    pub level_min: u8,
    /// Longest line in bytes, header included.
    pub max_len: usize,
    pub sampling: Option<Sampling>,
}

/// What a frontend logs: where to, and the compiled line.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Positions in `World::log_targets`.
    pub targets: Arc<[u32]>,
    pub line: Option<Arc<Format>>,
    /// `error-log-format`: for lines of failed connections.
    pub error_line: Option<Arc<Format>>,
    /// `log-format-sd`: structured data of RFC 5424.
    pub structured: Option<Arc<Format>>,
    /// `log-tag`.
    pub tag: Option<Arc<[u8]>>,
    /// Whether the line must wait for the end of the stream (bytes, timers).
    pub at_end: bool,
}
