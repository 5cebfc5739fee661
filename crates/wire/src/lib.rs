//! The small protocols beside HTTP, as sans-IO codecs: bytes in, a value out, and back.
//!
//! It deliberately doesn't know sockets, time, nor who speaks these protocols when.
//!
//! To read: [`proxy`], the PROXY protocol in both versions; [`syslog`], log messages of others.

pub mod proxy;
pub mod syslog;

mod crc32c;
