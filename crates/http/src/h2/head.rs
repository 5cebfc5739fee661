//! Header lists as messages and back (RFC 9113 section 8): what makes a list malformed, and what of a message stays out of
//! one. A message of HTTP/2 has an absolute target where the request names its authority, and goes to a server of
//! HTTP/1 with its path alone (`Message::write_request_line`).

use super::hpack::{self, Sink};
use crate::h1::{Limits, bytes};
use crate::header_value::{has_token, trim};
use crate::known::Known;
use crate::message::{Field, Kind, Message, Span, Version};
use crate::method::Method;

/// What kind of list comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    Request,
    Response,
    Trailers,
}

/// How a list breaks the rules for messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// It is no message: its stream is to be reset.
    Reset,
    /// It is a request that nobody can serve: it is to be answered with 400.
    Refuse,
}

/// Takes the fields of one list into a message.
pub struct Reader<'m> {
    msg: &'m mut Message,
    what: What,
    limits: Limits,
    method: Option<Span>,
    scheme: Option<Span>,
    authority: Option<Span>,
    path: Option<Span>,
    protocol: Option<Span>,
    cookies: u32,
    malformed: bool,
    /// Bytes of names and values so far.
    size: usize,
}

impl Sink for Reader<'_> {
    fn field(&mut self, name: &[u8], value: &[u8]) -> bool {
        self.size += name.len() + value.len();
        let fits = self.size <= self.limits.max_head as usize
            && self.msg.fields.len() < usize::from(self.limits.max_headers);
        if !fits {
            return false;
        }
        let taken = match name {
            [b':', name @ ..] => self.pseudo(name, value),
            _ => self.regular(name, value),
        };
        self.malformed |= taken.is_none();
        true
    }
}

impl<'m> Reader<'m> {
    /// The message is cleared first.
    pub fn new(what: What, msg: &'m mut Message, limits: Limits) -> Reader<'m> {
        msg.clear();
        msg.version = Version::HTTP_2;
        let (method, scheme, authority, path, protocol) = (None, None, None, None, None);
        let (cookies, malformed, size) = (0, false, 0);
        Reader { msg, what, limits, method, scheme, authority, path, protocol, cookies, malformed, size }
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        if !self.msg.fields.is_empty() {
            return None;
        }
        if (self.what, name) == (What::Response, b"status") && self.msg.status == 0 {
            return self.status(value);
        }
        if self.what != What::Request || value.is_empty() {
            return None;
        }
        let span = Span { start: self.msg.bytes.len() as u32, len: value.len() as u32 };
        let place = match name {
            b"method" => &mut self.method,
            b"scheme" => &mut self.scheme,
            b"authority" => &mut self.authority,
            b"path" => &mut self.path,
            b"protocol" => &mut self.protocol,
            _ => return None,
        };
        if place.replace(span).is_some() {
            return None;
        }
        self.msg.bytes.extend_from_slice(value);
        Some(())
    }

    fn status(&mut self, value: &[u8]) -> Option<()> {
        let [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] = value else { return None };
        let status = std::str::from_utf8(value).ok()?.parse().ok()?;
        // There is no change of protocol in HTTP/2.
        if status == 101 {
            return None;
        }
        self.msg.kind = Kind::Response;
        self.msg.set_status(status, Some(b"")).ok()
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        let is_name = |byte: &u8| bytes::is(*byte, bytes::TOKEN) && !byte.is_ascii_uppercase();
        if name.is_empty()
            || !name.iter().all(is_name)
            || value.iter().any(|b| matches!(b, b'\r' | b'\n' | 0))
        {
            return None;
        }
        let known = Known::of(name);
        match known {
            _ if is_of_hop(known) => return None,
            Known::Te if !value.eq_ignore_ascii_case(b"trailers") => return None,
            Known::Cookie => self.cookies += 1,
            _ => {}
        }
        self.push(name, known, trim(value));
        Some(())
    }

    fn push(&mut self, name: &[u8], known: Known, value: &[u8]) {
        let start = self.msg.bytes.len() as u32;
        let bytes = &mut self.msg.bytes;
        for part in [name, b": ", value, b"\r\n"] {
            bytes.extend_from_slice(part);
        }
        self.msg.fields.push(Field {
            name: start,
            name_len: name.len() as u16,
            known,
            canonical: true,
            value: start + name.len() as u32 + 2,
            value_len: value.len() as u32,
        });
    }

    /// The list is complete.
    pub fn finish(mut self) -> Result<(), Malformed> {
        let done = !self.malformed
            && match self.what {
                What::Trailers => true,
                What::Response => self.msg.status != 0,
                What::Request => return self.request(),
            };
        if done { Ok(()) } else { Err(Malformed::Reset) }
    }

    /// The request line, and `Host`, out of the pseudo-header fields.
    fn request(&mut self) -> Result<(), Malformed> {
        let method = self.method.ok_or(Malformed::Reset)?;
        self.msg.method_span = method;
        self.msg.method = Method::of(self.msg.slice(method));
        self.drop_usual_port();
        self.host().ok_or(Malformed::Reset)?;
        self.join_cookies();
        match (self.msg.method, self.protocol) {
            (Method::Connect, None) => self.connect(),
            (Method::Connect, Some(_)) if self.authority.is_none() => None,
            (_, None) | (Method::Connect, _) => self.absolute(),
            (_, Some(_)) => None,
        }
        .ok_or(Malformed::Reset)?;
        if !self.is_served() {
            return Err(Malformed::Refuse);
        }
        match self.protocol {
            Some(protocol) => self.upgrade(protocol).ok_or(Malformed::Reset),
            None => Ok(()),
        }
    }

    /// An authority says the same without the port that its scheme has anyway (RFC 3986 section 6.2.3).
    fn drop_usual_port(&mut self) {
        let (Some(authority), Some(scheme)) = (&mut self.authority, self.scheme) else { return };
        let port: &[u8] = match self.msg.slice(scheme) {
            b"http" => b":80",
            b"https" => b":443",
            _ => return,
        };
        if self.msg.slice(*authority).ends_with(port) {
            authority.len -= port.len() as u32;
        }
    }

    /// Whether the parts of the request line are what servers know.
    fn is_served(&self) -> bool {
        let msg = &*self.msg;
        let method = msg.slice(msg.method_span);
        let text = |span: Option<Span>| span.map(|span| msg.slice(span)).unwrap_or_default();
        let (scheme, path) = (text(self.scheme), text(self.path));
        let of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        bytes::span_of(method, bytes::TOKEN) == method.len()
            && scheme.iter().all(of_scheme)
            && scheme.first().is_none_or(u8::is_ascii_alphabetic)
            && (path != b"*" || msg.method == Method::Options)
    }

    fn connect(&mut self) -> Option<()> {
        if self.scheme.is_some() || self.path.is_some() {
            return None;
        }
        self.msg.text = self.authority?;
        Some(())
    }

    /// `scheme://authority/path`, or the path alone where the authority isn't known.
    fn absolute(&mut self) -> Option<()> {
        let (scheme, path) = (self.scheme?, self.path?);
        let (msg, lenient) = (&mut *self.msg, self.limits.accept_unsafe);
        let target = msg.slice(path);
        let odd =
            |byte: &u8| !bytes::is(*byte, bytes::TARGET) && !(lenient && (*byte > 0x7f || *byte == b'#'));
        if !(target.first() == Some(&b'/') || target == b"*") || target.iter().any(odd) {
            return None;
        }
        let Some(authority) = self.authority else {
            msg.text = path;
            return Some(());
        };
        let start = msg.bytes.len() as u32;
        // What concerns no path has none.
        let path = if target == b"*" { Span::default() } else { path };
        for (span, behind) in [(scheme, &b"://"[..]), (authority, b""), (path, b"")] {
            let from = span.start as usize;
            msg.bytes.extend_from_within(from..from + span.len as usize);
            msg.bytes.extend_from_slice(behind);
        }
        msg.text = Span { start, len: msg.bytes.len() as u32 - start };
        msg.normalized = true;
        Some(())
    }

    /// What asks for another protocol in HTTP/1 (RFC 8441).
    fn upgrade(&mut self, protocol: Span) -> Option<()> {
        let protocol = self.msg.slice(protocol).to_vec();
        // HTTP/2 itself is no such protocol.
        let odd = protocol.eq_ignore_ascii_case(b"h2") || protocol.eq_ignore_ascii_case(b"h2c");
        if odd || bytes::span_of(&protocol, bytes::TOKEN) != protocol.len() {
            return None;
        }
        self.msg.set_method(b"GET").ok()?;
        self.push(b"upgrade", Known::Upgrade, &protocol);
        self.push(b"connection", Known::Connection, b"upgrade");
        Some(())
    }

    /// One `Host`: the authority where the request names it, whatever else it says.
    fn host(&mut self) -> Option<()> {
        let Some(authority) = self.authority else {
            let Some(first) = self.msg.position(Known::Host, 0) else { return Some(()) };
            let host = self.msg.header(first).map(|header| header.value).unwrap_or_default();
            let mut others = self.msg.iterate(Known::Host).skip(1);
            return (others.next().is_none() && crate::h1::is_host(host)).then_some(());
        };
        if !crate::h1::is_host(self.msg.slice(authority)) {
            return None;
        }
        let msg = &mut *self.msg;
        msg.fields.retain(|field| field.known != Known::Host);
        let name = msg.bytes.len() as u32;
        msg.bytes.extend_from_slice(b"host: ");
        let (from, value) = (authority.start as usize, msg.bytes.len() as u32);
        msg.bytes.extend_from_within(from..from + authority.len as usize);
        msg.bytes.extend_from_slice(b"\r\n");
        let (known, value_len) = (Known::Host, authority.len);
        // It goes first, as most clients of HTTP/1 send it.
        msg.fields.insert(0, Field { name, name_len: 4, known, canonical: true, value, value_len });
        Some(())
    }

    /// Several `Cookie` fields stand for one (RFC 9113 section 8.2.3).
    fn join_cookies(&mut self) {
        if self.cookies < 2 {
            return;
        }
        let msg = &mut *self.msg;
        let start = msg.bytes.len() as u32;
        msg.bytes.extend_from_slice(b"cookie: ");
        let value = msg.bytes.len() as u32;
        let mut joint: &[u8] = b"";
        for field in &msg.fields {
            if field.known == Known::Cookie {
                msg.bytes.extend_from_slice(joint);
                let from = field.value as usize;
                msg.bytes.extend_from_within(from..from + field.value_len as usize);
                joint = b"; ";
            }
        }
        let value_len = msg.bytes.len() as u32 - value;
        msg.bytes.extend_from_slice(b"\r\n");
        msg.fields.retain(|field| field.known != Known::Cookie);
        msg.fields.push(Field {
            name: start,
            name_len: 6,
            known: Known::Cookie,
            canonical: true,
            value,
            value_len,
        });
    }
}

/// Whether a header concerns a connection of HTTP/1 only (RFC 9113 section 8.2.2).
const fn is_of_hop(known: Known) -> bool {
    matches!(
        known,
        Known::Connection
            | Known::KeepAlive
            | Known::ProxyConnection
            | Known::TransferEncoding
            | Known::Upgrade
    )
}

/// Appends the list of a response.
pub fn write_response(msg: &Message, out: &mut Vec<u8>) {
    hpack::status(msg.status(), out);
    write_fields(msg, false, out);
}

/// Appends the list of a request. `scheme`: what it is where the target doesn't say; `upgrade`: the protocol that it asks
/// for, which makes it a CONNECT (RFC 8441).
pub fn write_request(msg: &Message, scheme: &[u8], upgrade: Option<&[u8]>, out: &mut Vec<u8>) {
    let target = msg.target();
    let is_connect = msg.method() == Method::Connect;
    match msg.method() {
        _ if upgrade.is_some() => hpack::literal(2, b"", b"CONNECT", out),
        Method::Get => hpack::indexed(2, out),
        Method::Post => hpack::indexed(3, out),
        _ => hpack::literal(2, b"", msg.method_bytes(), out),
    }
    if !is_connect {
        match target.scheme().unwrap_or(scheme) {
            b"http" => hpack::indexed(6, out),
            b"https" => hpack::indexed(7, out),
            other => hpack::literal(6, b"", other, out),
        }
    }
    // As HAProxy does it: who named a path alone names its host in a header here, too.
    let host = || msg.find(Known::Host).filter(|_| upgrade.is_some());
    let named = target.authority().or_else(host);
    if let Some(authority) = named {
        let host = msg.find(Known::Host).filter(|_| !is_connect);
        hpack::literal(1, b"", host.unwrap_or(authority), out);
    }
    if !is_connect {
        match target.pathq().filter(|path| !path.is_empty()) {
            Some(b"/") => hpack::indexed(4, out),
            Some(path) => hpack::literal(4, b"", path, out),
            None if msg.method() == Method::Options => hpack::literal(4, b"", b"*", out),
            None => hpack::indexed(4, out),
        }
    }
    if let Some(protocol) = upgrade {
        hpack::literal(0, b":protocol", protocol, out);
    }
    write_fields(msg, named.is_some(), out);
}

/// Appends the list of trailers.
pub fn write_trailers(msg: &Message, out: &mut Vec<u8>) {
    write_fields(msg, false, out);
}

/// Appends all fields that may stand in a list; `named`: the host is told otherwise.
fn write_fields(msg: &Message, named: bool, out: &mut Vec<u8>) {
    for header in msg.headers() {
        let skip = match header.known {
            Known::Host => named,
            Known::Te => !has_token(header.value, b"trailers"),
            Known::Http2Settings => true,
            known => is_of_hop(known),
        };
        if !skip {
            hpack::literal(hpack::static_index(header.known), header.name, header.value, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hpack::Decoder;
    use super::*;

    fn read(what: What, fields: &[(&str, &str)]) -> Result<Message, Malformed> {
        let mut msg = Message::new();
        let mut reader = Reader::new(what, &mut msg, Limits::default());
        assert!(fields.iter().all(|(name, value)| reader.field(name.as_bytes(), value.as_bytes())));
        reader.finish()?;
        Ok(msg)
    }

    #[track_caller]
    fn becomes(fields: &[(&str, &str)], expected: &str) -> Message {
        let msg = read(What::Request, fields).unwrap();
        let mut out = Vec::new();
        msg.write_request_head(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        msg
    }

    const GET: [(&str, &str); 4] =
        [(":method", "GET"), (":scheme", "https"), (":authority", "a:8"), (":path", "/x?y")];

    #[test]
    fn requests_become_messages() {
        let msg = becomes(&GET, "GET /x?y HTTP/1.1\r\nhost: a:8\r\n\r\n");
        assert_eq!((msg.target_bytes(), msg.version()), (&b"https://a:8/x?y"[..], Version::HTTP_2));
        let mut cookies = GET.to_vec();
        cookies.extend([
            ("cookie", "a=1"),
            ("x", " v "),
            ("cookie", "b=2"),
            ("host", "A:8"),
            ("te", "trailers"),
        ]);
        becomes(
            &cookies,
            "GET /x?y HTTP/1.1\r\nhost: a:8\r\nx: v\r\nte: trailers\r\ncookie: a=1; b=2\r\n\r\n",
        );
        becomes(
            &[(":method", "CONNECT"), (":authority", "a:8")],
            "CONNECT a:8 HTTP/1.1\r\nhost: a:8\r\n\r\n",
        );
        becomes(
            &[(":method", "OPTIONS"), (":path", "*"), (":scheme", "http"), ("host", "b")],
            "OPTIONS * HTTP/1.1\r\nhost: b\r\n\r\n",
        );
        let mut usual = GET.to_vec();
        usual[2].1 = "a:443";
        assert_eq!(becomes(&usual, "GET /x?y HTTP/1.1\r\nhost: a\r\n\r\n").target_bytes(), b"https://a/x?y");
        usual[2].1 = "a:80";
        becomes(&usual, "GET /x?y HTTP/1.1\r\nhost: a:80\r\n\r\n");
        let mut socket = GET.to_vec();
        socket[0].1 = "CONNECT";
        socket.push((":protocol", "h2c"));
        assert_eq!(read(What::Request, &socket).err(), Some(Malformed::Reset));
        socket[4].1 = "websocket";
        let upgraded = "GET /x?y HTTP/1.1\r\nhost: a:8\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n";
        becomes(&socket, upgraded);
    }

    #[test]
    fn malformed_requests_are_refused() {
        let changed = |at: usize, name: &'static str, value: &'static str| {
            let mut fields = GET.to_vec();
            fields[at] = (name, value);
            read(What::Request, &fields).is_err()
        };
        let with = |name: &'static str, value: &'static str| {
            let mut fields = GET.to_vec();
            fields.push((name, value));
            read(What::Request, &fields).is_err()
        };
        for (name, value) in [
            ("X", "1"),
            ("x y", "1"),
            ("", "1"),
            ("x", "a\nb"),
            ("x", "a\0"),
            ("connection", "close"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("te", "gzip"),
            ("keep-alive", "1"),
            ("proxy-connection", "x"),
            (":path", "/y"),
            (":status", "200"),
            (":odd", "1"),
            (":protocol", "websocket"),
        ] {
            assert!(with(name, value), "{name}: {value}");
        }
        for (at, name, value) in [
            (0, ":method", ""),
            (0, ":method", "G T"),
            (0, "x", "y"),
            (1, "x", "y"),
            (1, ":scheme", "ht tp"),
            (2, ":authority", "a/b"),
            (3, ":path", ""),
            (3, ":path", "x"),
            (3, ":path", "/ x"),
            (3, ":path", "*"),
            (3, ":path", "/\r\nx: y"),
            (3, "x", "y"),
            (0, ":method", "CONNECT"),
        ] {
            assert!(changed(at, name, value), "{name}: {value}");
        }
        assert!(read(What::Trailers, &[(":status", "200")]).is_err());
        assert!(read(What::Trailers, &[("x", "1")]).is_ok());
    }

    #[test]
    fn responses_need_a_status() {
        let msg = read(What::Response, &[(":status", "418"), ("server", "x")]).unwrap();
        assert_eq!((msg.status(), msg.find(Known::Server)), (418, Some(&b"x"[..])));
        for status in ["", "20", "2000", "abc", "101", "099"] {
            assert!(read(What::Response, &[(":status", status)]).is_err(), "{status}");
        }
        assert!(read(What::Response, &[("x", "y")]).is_err());
        assert!(read(What::Response, &[(":status", "200"), (":status", "200")]).is_err());
    }

    #[test]
    fn lists_end_at_their_limits() {
        let mut msg = Message::new();
        let limits = Limits { max_headers: 2, max_head: 40, ..Limits::default() };
        let mut reader = Reader::new(What::Trailers, &mut msg, limits);
        assert!(reader.field(b"a", b"1") && reader.field(b"b", b"1") && !reader.field(b"c", b"1"));
        let mut reader = Reader::new(What::Trailers, &mut msg, limits);
        assert!(!reader.field(b"a", &[b'x'; 40]));
    }

    struct Show(String);

    impl Sink for Show {
        fn field(&mut self, name: &[u8], value: &[u8]) -> bool {
            self.0.push_str(&format!("{}={};", name.escape_ascii(), value.escape_ascii()));
            true
        }
    }

    fn shown(list: &[u8]) -> String {
        let mut show = Show(String::new());
        Decoder::new(4096).decode(list, &mut show).unwrap();
        show.0
    }

    #[test]
    fn messages_become_lists() {
        let mut msg = Message::new();
        let head = b"GET /a?b HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: x\r\nX-A: 1\r\nKeep-Alive: 3\r\n\r\n";
        let _ = crate::h1::parse_request(head, &mut msg, &Limits::default());
        let mut out = Vec::new();
        write_request(&msg, b"http", None, &mut out);
        assert_eq!(shown(&out), ":method=GET;:scheme=http;:path=/a?b;host=h;te=trailers;x-a=1;");
        out.clear();
        write_request(&msg, b"https", Some(b"websocket"), &mut out);
        let expected =
            ":method=CONNECT;:scheme=https;:authority=h;:path=/a?b;:protocol=websocket;te=trailers;x-a=1;";
        assert_eq!(shown(&out), expected);
        let head = b"HTTP/1.1 404 Oops\r\nContent-Length: 3\r\nTransfer-Encoding: x\r\n\r\n";
        let _ = crate::h1::parse_response(head, &mut msg, &Limits::default());
        out.clear();
        write_response(&msg, &mut out);
        assert_eq!(shown(&out), ":status=404;content-length=3;");
    }
}
