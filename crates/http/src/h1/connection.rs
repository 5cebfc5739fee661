//! What the `Connection` header and the version say about the connection (RFC 9112 §9, RFC 9110 §7.6.1).

use crate::header_value::tokens;
use crate::known::Known;
use crate::message::{Message, Version};

/// The options of a message's `Connection` headers that every hop must know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Connection {
    pub close: bool,
    pub keep_alive: bool,
    pub upgrade: bool,
}

/// Reads the `Connection` headers.
pub fn connection(msg: &Message) -> Connection {
    let mut connection = Connection::default();
    for header in msg.iterate(Known::Connection) {
        for token in tokens(header.value) {
            connection.close |= token.eq_ignore_ascii_case(b"close");
            connection.keep_alive |= token.eq_ignore_ascii_case(b"keep-alive");
            connection.upgrade |= token.eq_ignore_ascii_case(b"upgrade");
        }
    }
    connection
}

/// Whether the sender wants to keep the connection: yes from HTTP/1.1 on unless it says `close`, no before unless it
/// says `keep-alive`.
pub fn keep_alive(msg: &Message) -> bool {
    let connection = connection(msg);
    !connection.close && (msg.version() >= Version::HTTP_11 || connection.keep_alive)
}

/// The protocol that the message proposes or confirms to change to: the value of `Upgrade`, if `Connection` names it.
pub fn upgrade(msg: &Message) -> Option<&[u8]> {
    let value = msg.find(Known::Upgrade)?;
    connection(msg).upgrade.then_some(value)
}
