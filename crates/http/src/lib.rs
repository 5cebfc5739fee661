//! HTTP messages in memory and the sans-IO codecs.
//!
//! A [`Message`] is one growable buffer of bytes plus a compact index of spans: the head is copied into it while it is
//! parsed, edits append to the buffer and change the index, and it goes out again by copying spans. Codecs take bytes
//! and give bytes; they never read, write, wait or look at a clock.
//!
//! This crate deliberately doesn't know connections, buffers of a connection, timeouts, configuration, rules or logs.
//!
//! Read in this order: [`message`] (what everything else works on), [`h1`] (bytes to message and back, framing of
//! bodies), [`target`], [`header_value`], [`cookie`], [`query`] (views of parts of a message), [`cookie_edit`],
//! [`cacheable`], [`reply`] (the answers that the proxy gives itself).

pub mod cacheable;
pub mod cookie;
pub mod cookie_edit;
pub mod date;
mod edit;
pub mod h1;
pub mod h2;
pub mod header_value;
pub mod known;
pub mod message;
pub mod method;
pub mod query;
pub mod reply;
pub mod target;

pub use known::{Known, Name, NameRef};
pub use message::{Full, Header, Kind, Message, Stamp, Version};
pub use method::Method;
pub use target::{Form, Target};
