//! One end of a connection, as rules and logs see it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// An address of the internet families, or a unix socket (which has no address worth keeping).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Inet(SocketAddr),
    Unix,
}

impl Endpoint {
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet(a) => Some(a.ip()),
            Self::Unix => None,
        }
    }

    /// The port; 0 for a unix socket.
    pub const fn port(&self) -> u16 {
        match self {
            Self::Inet(a) => a.port(),
            Self::Unix => 0,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(a) => a.ip().fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}
