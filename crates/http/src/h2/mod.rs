//! The HTTP/2 codec (RFC 9113, RFC 7541, RFC 8441): frames ([`frame`]), compressed header lists ([`hpack`]), header lists
//! as messages and back ([`head`]), and the state of a connection and its streams ([`Connection`]): bytes in, events out,
//! and bytes to send gathered in one buffer.
//!
//! It doesn't know sockets, time, tasks or what a message is for. What a peer can make it hold is capped where it is read:
//! a header block by [`Config::max_head`] and by the number of its frames, a body by the window that was granted, answers
//! to PING and SETTINGS by whoever stops reading while too much of them is unsent ([`Connection::pending`]).

mod connection;
pub mod frame;
pub mod head;
pub mod hpack;
mod settings;
mod streams;

pub use connection::{Config, Connection, Event, Fault, Role, Taken, Tally};
pub use settings::Settings;
pub use streams::Stream;

/// What a client sends first (RFC 9113 section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Error codes (RFC 9113 section 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(pub u32);

impl Code {
    pub const NO_ERROR: Code = Code(0);
    pub const PROTOCOL_ERROR: Code = Code(1);
    pub const INTERNAL_ERROR: Code = Code(2);
    pub const FLOW_CONTROL_ERROR: Code = Code(3);
    pub const STREAM_CLOSED: Code = Code(5);
    pub const FRAME_SIZE_ERROR: Code = Code(6);
    pub const REFUSED_STREAM: Code = Code(7);
    pub const CANCEL: Code = Code(8);
    pub const COMPRESSION_ERROR: Code = Code(9);
    pub const CONNECT_ERROR: Code = Code(10);
    pub const ENHANCE_YOUR_CALM: Code = Code(11);
    pub const INADEQUATE_SECURITY: Code = Code(12);
    pub const HTTP_1_1_REQUIRED: Code = Code(13);
}
