//! One client connection, as rules and logs see it. What reads and writes it is `engine`'s.

use crate::endpoint::Endpoint;
use crate::vars::Vars;

/// A client connection.
#[derive(Debug)]
pub struct Session {
    /// Position in `World::frontends`.
    pub frontend: u32,
    /// Position of the `bind` line in the frontend.
    pub bind: u32,
    pub source: Endpoint,
    /// Where the client connected to; filled only when something in the World asks for it.
    pub destination: Option<Endpoint>,
    /// When it was accepted: monotonic nanoseconds, and microseconds since 1970.
    pub accepted_ns: u64,
    pub accepted_wall_us: u64,
    /// When the stream under way or to come began: the acceptance, or the end of the stream before.
    pub begun_ns: u64,
    pub begun_wall_us: u64,
    /// Requests begun on this connection.
    pub requests: u32,
    pub vars: Vars,
}

impl Session {
    pub const fn new(frontend: u32, bind: u32, source: Endpoint, now_ns: u64, wall_us: u64) -> Self {
        Self {
            frontend,
            bind,
            source,
            destination: None,
            accepted_ns: now_ns,
            accepted_wall_us: wall_us,
            begun_ns: now_ns,
            begun_wall_us: wall_us,
            requests: 0,
            vars: Vars::new(),
        }
    }
}
