//! Mail that tells of servers going up and down (manual 4.2 "email-alert", 12.3): to whom, and through which mail servers.
//! The sending is `engine`'s.

use std::net::SocketAddr;
use std::sync::Arc;

/// A `mailers` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailers {
    pub name: Box<str>,
    /// `mailer` lines: each gets every mail.
    pub servers: Vec<SocketAddr>,
    /// `timeout mail`, milliseconds.
    pub timeout_ms: u32,
}

/// `email-alert` lines of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAlert {
    pub mailers: Arc<Mailers>,
    pub from: Box<str>,
    pub to: Box<str>,
    /// By which name mail servers are greeted; none: the system's.
    pub host: Option<Box<str>>,
    /// What matters less than this is not mailed; a level of syslog.
    pub level: u8,
}

/// Levels of what is mailed.
pub mod level {
    pub const ALERT: u8 = 1;
    pub const NOTICE: u8 = 5;
    pub const INFO: u8 = 6;
}
