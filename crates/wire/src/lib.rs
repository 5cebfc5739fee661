//! The small protocols beside HTTP, as sans-IO codecs: bytes in, a value out, and back.
//!
//! It deliberately doesn't know sockets, time, nor who speaks these protocols when.
//!
//! To read, in any order: [`fix`], [`json`], [`mqtt`] and [`protobuf`], of which only single values are looked for;
//! [`netscaler`], its header with a client's addresses; [`packet`], the headers of Ethernet, IP and TCP; [`proxy`], the PROXY protocol in both versions; [`rdp`], the cookie of a remote desktop's
//! first packet; [`syslog`], log messages of others; [`tls_hello`], what the first record of a TLS connection shows.

pub mod dns;
pub mod fix;
pub mod json;
pub mod mqtt;
pub mod netscaler;
pub mod packet;
pub mod protobuf;
pub mod proxy;
pub mod rdp;
pub mod socks4;
pub mod syslog;
pub mod tls_hello;

mod crc32c;
