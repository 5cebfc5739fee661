//! A `log-forward` section: where log messages of others come in, and where they go (manual 12.6).

use std::sync::Arc;

use crate::counters::Gauge;
use crate::frontend::Bind;

/// One section.
#[derive(Debug)]
pub struct LogForward {
    pub name: Box<str>,
    /// Positions in `World::log_targets`.
    pub targets: Arc<[u32]>,
    /// Addresses that take streams, and those that take datagrams.
    pub streams: Vec<Bind>,
    pub datagrams: Vec<Bind>,
    /// Streams at once.
    pub maxconn: u32,
    pub backlog: Option<u32>,
    /// `timeout client`, milliseconds.
    pub client_ms: Option<u32>,
    /// `option dont-parse-log`: messages are text and nothing else.
    pub opaque: bool,
    /// `option assume-rfc6587-ntf`: in streams, line feeds end all messages.
    pub lines: bool,
    pub host: HostPolicy,
    /// Streams that are open.
    pub open: Arc<Gauge>,
}

/// Whose name a message is passed on with (`option host`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostPolicy {
    /// The address it came from.
    Replace,
    /// The one it has, or else the address it came from.
    #[default]
    Fill,
    /// The one it has.
    Keep,
    /// The one it has, followed by the address it came from.
    Append,
}
