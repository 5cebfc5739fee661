//! What the `Connection` header and the version say about the connection (RFC 9112 §9, RFC 9110 §7.6.1), and taking it
//! out of a message, as it concerns one hop only.

use super::{Error, ErrorKind, Limits};
use crate::header_value::{has_token, list, tokens};
use crate::known::Known;
use crate::message::{Full, Kind, Message, Version};
use std::ops::Range;

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

/// Whether the sender's connection may be used again: from HTTP/1.1 on unless it says `close`, before only if it says
/// `keep-alive`; never after a message whose framing was ambiguous ([`Message::is_ambiguous`]).
pub fn keep_alive(msg: &Message) -> bool {
    if msg.ambiguous {
        return false;
    }
    let connection = connection(msg);
    !connection.close && (msg.version() >= Version::HTTP_11 || connection.keep_alive)
}

/// The protocol that the message proposes or confirms to change to: the value of `Upgrade`, if `Connection` names it.
pub fn upgrade(msg: &Message) -> Option<&[u8]> {
    let value = msg.find(Known::Upgrade)?;
    connection(msg).upgrade.then_some(value)
}

/// Refuses a WebSocket request without a proper key: 16 bytes in base64 (RFC 6455 §4.1).
///
/// # Errors
/// The request must be refused.
pub fn check_websocket(msg: &Message, limits: &Limits) -> Result<(), Error> {
    let key_is_wrong = || msg.find(Known::SecWebsocketKey).is_none_or(|key| key.len() != 24);
    match !limits.accept_unsafe && is_websocket(msg) && key_is_wrong() {
        true => Err(Error::new(ErrorKind::WebSocketKey, 0)),
        false => Ok(()),
    }
}

/// Whether a 101 says that the protocol changes, and to WebSocket not without the proof that the server meant it.
pub fn confirms_upgrade(response: &Message, limits: &Limits) -> bool {
    let proven = || limits.accept_unsafe || response.has(Known::SecWebsocketAccept);
    connection(response).upgrade && (!is_websocket(response) || proven())
}

/// Whether the message proposes or confirms a change to WebSocket.
fn is_websocket(msg: &Message) -> bool {
    msg.has(Known::Upgrade)
        && msg.iterate(Known::Upgrade).any(|header| has_token(header.value, b"websocket"))
        && connection(msg).upgrade
}

/// Reads the `Connection` headers and takes out of the message what was meant for this hop: `close` and `keep-alive`;
/// `Upgrade` unless `Connection` names it, and of it `h2` and `h2c`; a request's `upgrade` option without `Upgrade`; all
/// of `TE` but `trailers`. What remains is sent on: further options, the headers they name, and a change of protocol.
/// The next hop's own option is added by whoever sends the message.
///
/// # Errors
/// The message is at its limit.
pub fn take_connection(msg: &mut Message) -> Result<Connection, Full> {
    let connection = connection(msg);
    if connection.upgrade {
        keep_items(msg, Known::Upgrade, |item| {
            !item.eq_ignore_ascii_case(b"h2") && !item.eq_ignore_ascii_case(b"h2c")
        })?;
    } else {
        msg.del_header(Known::Upgrade);
    }
    let drop_upgrade = connection.upgrade && msg.kind() == Kind::Request && !msg.has(Known::Upgrade);
    keep_items(msg, Known::Connection, |item| {
        let is = |option: &[u8]| item.eq_ignore_ascii_case(option);
        !is(b"close") && !is(b"keep-alive") && (!drop_upgrade || !is(b"upgrade"))
    })?;
    keep_items(msg, Known::Te, |item| item.eq_ignore_ascii_case(b"trailers"))?;
    Ok(connection)
}

/// Removes the items of a list header that `keep` doesn't want, and lines without any item.
fn keep_items(msg: &mut Message, name: Known, keep: impl Fn(&[u8]) -> bool) -> Result<(), Full> {
    let mut from = 0;
    while let Some(at) = msg.position(name, from) {
        let value = msg.header(at).map(|header| header.value).unwrap_or_default();
        match unwanted(value, &keep) {
            Some((range, joint)) if joint.is_empty() && range.len() == value.len() => {
                msg.remove(at);
            }
            Some((range, joint)) => msg.replace_part(at, range, joint)?,
            None if value.is_empty() => {
                msg.remove(at);
            }
            None => from = at + 1,
        }
    }
    Ok(())
}

/// The first item that isn't wanted, with the separators around it, and what is to stand in its place.
fn unwanted(value: &[u8], keep: impl Fn(&[u8]) -> bool) -> Option<(Range<usize>, &'static [u8])> {
    let mut items = list(value);
    let (range, _) =
        std::iter::from_fn(|| items.next_part()).find(|(_, item)| !item.is_empty() && !keep(item))?;
    let separates = |byte: &&u8| matches!(byte, b',' | b' ' | b'\t');
    let before = value.get(..range.start)?.iter().rev().take_while(separates).count();
    let behind = value.get(range.end..)?.iter().take_while(separates).count();
    let range = range.start - before..range.end + behind;
    let joint: &[u8] = if range.start > 0 && range.end < value.len() { b"," } else { b"" };
    Some((range, joint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1::{Parsed, parse_request, parse_response};

    fn request(headers: &str) -> Message {
        let mut msg = Message::new();
        let head = format!("GET / HTTP/1.1\r\n{headers}\r\n");
        assert!(matches!(
            parse_request(head.as_bytes(), &mut msg, &Limits::default()),
            Parsed::Complete { .. }
        ));
        msg
    }

    #[track_caller]
    fn taken(headers: &str, expected: &str) -> Connection {
        let mut msg = request(headers);
        let connection = take_connection(&mut msg).unwrap();
        let mut out = Vec::new();
        msg.write_headers(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\r\n"));
        connection
    }

    #[test]
    fn own_options_go_and_others_stay() {
        assert!(taken("Connection: close\r\n", "").close);
        assert!(taken("Connection: keep-alive\r\n", "").keep_alive);
        taken("Connection: foo, keep-alive\r\n", "connection: foo\r\n");
        taken("Connection: keep-alive, foo\r\n", "connection: foo\r\n");
        taken("Connection: a, close, b\r\n", "connection: a,b\r\n");
        taken("Connection: foo,,close\r\n", "connection: foo\r\n");
        taken("Connection: foo\r\nConnection:\r\n", "connection: foo\r\n");
        taken("Connection: close, keep-alive\r\n", "");
        taken("Connection: X-Foo\r\nX-Foo: 1\r\n", "connection: X-Foo\r\nx-foo: 1\r\n");
        taken("Connection: close\r\nConnection: bar\r\n", "connection: bar\r\n");
        taken("Connection:\r\n", "");
        assert!(!taken("Connection: \"close\"\r\n", "connection: \"close\"\r\n").close);
        assert!(!taken("Connection: close;x\r\n", "connection: close;x\r\n").close);
    }

    #[test]
    fn upgrades_pass_but_those_to_h2() {
        let both = "connection: upgrade\r\nupgrade: foo\r\n";
        assert!(taken("Connection: upgrade\r\nUpgrade: foo\r\n", both).upgrade);
        taken("Connection: upgrade\r\nUpgrade: foo, h2c\r\n", both);
        taken("Connection: upgrade\r\nUpgrade: h2c\r\nUpgrade: foo\r\n", both);
        taken("Connection: upgrade\r\nUpgrade: h2c,,foo\r\n", both);
        taken("Connection: upgrade\r\nUpgrade: h2\r\n", "");
        taken("Connection: upgrade\r\n", "");
        taken("Upgrade: foo\r\n", "");
        taken("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", "connection: HTTP2-Settings\r\n");
    }

    #[test]
    fn te_keeps_trailers_only() {
        taken("TE: trailers\r\n", "te: trailers\r\n");
        taken("TE: gzip, trailers\r\n", "te: trailers\r\n");
        taken("TE: trailers;q=1\r\n", "");
        taken("TE: gzip\r\n", "");
    }

    #[test]
    fn keeping_alive_follows_the_version() {
        let keeps = |head: &[u8]| {
            let mut msg = Message::new();
            assert!(matches!(parse_response(head, &mut msg, &Limits::default()), Parsed::Complete { .. }));
            keep_alive(&msg)
        };
        assert!(keeps(b"HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!keeps(b"HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n"));
        assert!(!keeps(b"HTTP/1.0 200 OK\r\n\r\n"));
        assert!(keeps(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n"));
        assert!(!keeps(b"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n"));
    }

    #[test]
    fn a_change_of_protocol_is_confirmed() {
        let confirms = |headers: &str, accept_unsafe: bool| {
            let head = format!("HTTP/1.1 101 Switch\r\n{headers}\r\n");
            let (mut msg, mut limits) = (Message::new(), Limits::default());
            assert!(matches!(parse_response(head.as_bytes(), &mut msg, &limits), Parsed::Complete { .. }));
            limits.accept_unsafe = accept_unsafe;
            confirms_upgrade(&msg, &limits)
        };
        assert!(!confirms("", false) && !confirms("Upgrade: custom\r\n", false));
        assert!(confirms("Connection: upgrade\r\n", false));
        let websocket = "Connection: upgrade\r\nUpgrade: websocket\r\n";
        assert!(!confirms(websocket, false) && confirms(websocket, true));
        assert!(confirms(&format!("{websocket}Sec-WebSocket-Accept: x\r\n"), false));
    }

    #[test]
    fn websocket_needs_a_key() {
        let parse = |headers: &str| {
            let head =
                format!("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n{headers}\r\n");
            let (mut msg, limits) = (Message::new(), Limits::default());
            assert!(matches!(parse_request(head.as_bytes(), &mut msg, &limits), Parsed::Complete { .. }));
            check_websocket(&msg, &limits).is_ok()
        };
        assert!(parse("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        assert!(!parse("Sec-WebSocket-Key: x\r\n"));
        assert!(!parse(""));
    }
}
