//! The small protocols beside HTTP, as sans-IO codecs: bytes in, a value out, and back.
//!
//! It deliberately doesn't know sockets, time, nor who speaks these protocols when.
//!
//! To read, in any order: [`proxy`], the PROXY protocol in both versions; [`rdp`], the cookie of a remote desktop's
//! first packet; [`syslog`], log messages of others; [`tls_hello`], what the first record of a TLS connection shows.

pub mod proxy;
pub mod rdp;
pub mod syslog;
pub mod tls_hello;

mod crc32c;
