//! Consistency of `Host` and the request target (RFC 9112 §3.2), and their normal form, settled when a head is complete.

use super::{ErrorKind, Limits};
use crate::known::Known;
use crate::message::{Full, Message};
use crate::method::Method;
use crate::target::Form;
use std::ops::Range;

/// Refuses malformed and contradicting hosts and drops repeated ones. In an absolute target the scheme's usual port goes
/// and an empty path becomes `/`. A request without `Host` passes.
pub(super) fn settle(msg: &mut Message, limits: &Limits) -> Result<(), ErrorKind> {
    let first = msg.position(Known::Host, 0);
    if let Some(first) = first {
        let host = msg.header(first).map(|header| header.value).unwrap_or_default();
        if !is_host(host) {
            return Err(ErrorKind::Host);
        }
        if let Some(again) = msg.position(Known::Host, first + 1) {
            if msg.iterate(Known::Host).any(|other| !other.value.eq_ignore_ascii_case(host)) {
                return Err(ErrorKind::Host);
            }
            msg.remove(again);
            while let Some(again) = msg.position(Known::Host, first + 1) {
                msg.remove(again);
            }
        }
    }
    match msg.target_bytes() {
        [b'/', ..] | b"*" => Ok(()),
        _ => settle_authority(msg, first, limits),
    }
}

/// Whether a host, with or without a port, has only bytes that can stand there; empty is one.
pub(crate) fn is_host(host: &[u8]) -> bool {
    let rest = match host {
        [b'[', inside @ ..] => {
            let Some(end) = memchr::memchr(b']', inside) else { return false };
            let rest = inside.get(end + 1..).unwrap_or_default();
            if !matches!(rest, [] | [b':', ..]) || inside.get(..end).is_some_and(has_forbidden) {
                return false;
            }
            rest
        }
        host => host,
    };
    !has_forbidden(rest)
}

/// Bytes that would end or split an authority.
fn has_forbidden(host: &[u8]) -> bool {
    host.iter().any(|byte| {
        *byte <= b' '
            || *byte >= 0x7f
            || matches!(byte, b'/' | b'?' | b'#' | b'@' | b',' | b'[' | b'\\' | b']')
    })
}

/// Checks the authority of an absolute or CONNECT target against `Host`.
fn settle_authority(msg: &mut Message, host_at: Option<usize>, limits: &Limits) -> Result<(), ErrorKind> {
    let target = msg.target();
    let connect = msg.method() == Method::Connect && target.form() != Form::Absolute;
    let Some(range) =
        (if connect { Some(connect_authority(target.as_bytes())) } else { target.authority_range() })
    else {
        return Ok(());
    };
    let authority = target.as_bytes().get(range.clone()).unwrap_or_default();
    let user = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
    let named = authority.get(user..).unwrap_or_default();
    if !is_host(named) {
        return Err(ErrorKind::Target);
    }
    let port = usual_port(target.scheme(), connect, named);
    let bare = without_port(named, port);
    let bare_start = range.start + user;
    let bare_len = bare.len();
    let cut = bare_start + bare_len..range.end;
    let needs_path = !connect && cut.end == msg.target_bytes().len() && msg.method() != Method::Options;
    let changes = needs_path || !cut.is_empty();
    if let Some(header) = host_at.and_then(|at| msg.header(at)) {
        let bare_host = without_port(header.value, port);
        let agrees = bare_host.eq_ignore_ascii_case(bare);
        if !agrees && !limits.accept_unsafe {
            return Err(ErrorKind::Host);
        }
        // Where the target changes, because its port may be left out or it lacks a path, `Host` goes without that port
        // too, and says the same to the letter.
        let (index, host_len) = (header.index, bare_host.len());
        if (agrees || limits.accept_unsafe) && changes && header.value != bare {
            match connect {
                // An empty port is not the usual one to the letter, and stays.
                true if agrees && !header.value.ends_with(b":") => msg.shorten_value(index, host_len),
                true => {}
                false => msg.take_value_from_target(index, bare_start, bare_len),
            }
        }
    }
    if connect || !changes {
        return Ok(());
    }
    let path: &[u8] = if needs_path { b"/" } else { b"" };
    msg.splice_target(cut, path, b"").map_err(|Full| ErrorKind::HeadTooLarge)
}

/// The authority that CONNECT names: the target up to a byte that would end it.
fn connect_authority(target: &[u8]) -> Range<usize> {
    0..target.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(target.len())
}

/// The port that may be left out. CONNECT has no scheme: 80 and 443 both may.
fn usual_port(scheme: Option<&[u8]>, connect: bool, named: &[u8]) -> &'static [u8] {
    match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => b"80",
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => b"443",
        _ if connect && named.ends_with(b":443") => b"443",
        _ if connect => b"80",
        _ => b"",
    }
}

/// A host without its port, if that is the usual one or empty.
fn without_port<'a>(host: &'a [u8], usual: &[u8]) -> &'a [u8] {
    let bare = match host.strip_suffix(usual) {
        Some(bare) if !usual.is_empty() && bare.ends_with(b":") => bare,
        _ => host,
    };
    bare.strip_suffix(b":").unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use crate::Message;
    use crate::h1::{ErrorKind, Limits, Parsed, parse_request};

    /// Parses a request line and hosts; gives target and hosts as they would be sent.
    fn settle(line: &str, hosts: &[&str], limits: &Limits) -> Result<(String, Vec<String>), ErrorKind> {
        let mut head = format!("{line} HTTP/1.1\r\n");
        for host in hosts {
            head += &format!("Host: {host}\r\n");
        }
        head += "\r\n";
        let mut msg = Message::new();
        match parse_request(head.as_bytes(), &mut msg, limits) {
            Parsed::Complete { consumed } => {
                assert_eq!(consumed, head.len());
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                Ok((text(msg.target_bytes()), msg.headers().map(|header| text(header.value)).collect()))
            }
            Parsed::Partial => panic!("partial"),
            Parsed::Invalid(error) => Err(error.kind),
        }
    }

    #[track_caller]
    fn passes(line: &str, hosts: &[&str], target: &str, sent: &[&str]) {
        let (got, got_hosts) = settle(line, hosts, &Limits::default()).unwrap();
        assert_eq!((got.as_str(), got_hosts), (target, sent.iter().map(ToString::to_string).collect()));
    }

    #[track_caller]
    fn fails(line: &str, hosts: &[&str]) {
        assert!(settle(line, hosts, &Limits::default()).is_err());
    }

    #[test]
    fn one_host_or_the_same_again() {
        passes("GET /", &[], "/", &[]);
        passes("GET /", &[""], "/", &[""]);
        passes("GET /", &["a", "a"], "/", &["a"]);
        passes("GET /", &["a", "A", "a"], "/", &["a"]);
        fails("GET /", &["a", "b"]);
        fails("GET /", &["a", ""]);
        fails("GET /", &["a", "a:80"]);
        fails("GET /", &["a,a"]);
    }

    #[test]
    fn hosts_have_a_form() {
        for host in ["[", "[::1", "[::1]x", "a[::1]", "[::1]]", "a b", "a/b", "a@b", "a#", "a?", "a\\b"] {
            fails("GET /", &[host]);
        }
        for host in [
            "[]", "[::1]", "[::1]:80", "[v1.a]", "[::1]:x", "::1", "a:", ":80", "a:b:c", "a%20b", "\"a",
            "a=b;c",
        ] {
            passes("GET /", &[host], "/", &[host]);
        }
    }

    #[test]
    fn absolute_targets_agree_with_host() {
        passes("GET http://a/x?y", &["a"], "http://a/x?y", &["a"]);
        passes("GET http://a", &["a"], "http://a/", &["a"]);
        passes("GET http://a:80/x", &["a"], "http://a/x", &["a"]);
        passes("GET http://a:80/x", &["a:80"], "http://a/x", &["a"]);
        passes("GET http://a:80", &["a:80"], "http://a/", &["a"]);
        passes("GET http://a/", &["a:80"], "http://a/", &["a:80"]);
        passes("GET https://a/", &["a:443"], "https://a/", &["a:443"]);
        passes("GET HTTPS://a:443/x", &["a"], "HTTPS://a/x", &["a"]);
        passes("GET https://a:80/x", &["a:80"], "https://a:80/x", &["a:80"]);
        passes("GET ftp://a:80/x", &["a:80"], "ftp://a:80/x", &["a:80"]);
        passes("GET http://a:/x", &["a"], "http://a/x", &["a"]);
        passes("GET http://a/x", &["a:"], "http://a/x", &["a:"]);
        passes("GET http://u:p@a:80/x", &["a"], "http://u:p@a/x", &["a"]);
        passes("GET http://u@b@a/x", &["a"], "http://u@b@a/x", &["a"]);
        passes("GET http://A/x", &["a"], "http://A/x", &["a"]);
        passes("GET http://a:80/x", &["A"], "http://a/x", &["a"]);
        passes("GET http://u@a:/x", &["A:80"], "http://u@a/x", &["a"]);
        passes("GET http://u@a/x", &["A"], "http://u@a/x", &["A"]);
        passes("GET http://a:80?q", &["a"], "http://a?q", &["a"]);
        passes("GET http://a?q@b/x", &["a"], "http://a?q@b/x", &["a"]);
        passes("OPTIONS http://a:80", &["a"], "http://a", &["a"]);
        passes("GET http:///x", &[], "http:///x", &[]);
        passes("GET http://", &[], "http:///", &[]);
        passes("GET http://a:80", &[], "http://a/", &[]);
        for (target, host) in [
            ("http://b/x", "a"),
            ("http://a:8080/x", "a:8081"),
            ("http://a/x", ""),
            ("https://a:80/x", "a"),
            ("http://a:443/x", "a"),
            ("ftp://a:21/x", "a"),
            ("http://a:080/x", "a"),
            ("http://u@a:80/x", "u@a"),
            ("http:///x", "a"),
        ] {
            fails(&format!("GET {target}"), &[host]);
        }
        fails("GET http://a/", &["b", "a"]);
        fails("GET http://a,b/", &[]);
    }

    #[test]
    fn connect_targets_agree_with_host() {
        passes("CONNECT a:80", &["a:80"], "a:80", &["a"]);
        passes("CONNECT a:443", &["a:443"], "a:443", &["a"]);
        passes("CONNECT a:443", &["a"], "a:443", &["a"]);
        passes("CONNECT A:80", &["a"], "A:80", &["a"]);
        passes("CONNECT a:8080", &["a:8080"], "a:8080", &["a:8080"]);
        passes("CONNECT u@a:80", &["a"], "u@a:80", &["a"]);
        passes("CONNECT [::1]:80", &["[::1]:80"], "[::1]:80", &["[::1]"]);
        passes("CONNECT :80", &[], ":80", &[]);
        fails("CONNECT a:80", &["b:80"]);
        fails("CONNECT a:80", &["a:443"]);
        fails("CONNECT a:8080", &["a"]);
        fails("CONNECT a", &["a"]);
        fails("CONNECT a:", &["a:"]);
        fails("CONNECT a:8x", &["a:8x"]);
        fails("CONNECT [::1]", &[]);
        fails("CONNECT /x", &["a"]);
        fails("CONNECT http://a/", &["a"]);
        fails("CONNECT *", &[]);
    }

    #[test]
    fn unsafe_requests_may_disagree() {
        let limits = Limits { accept_unsafe: true, ..Limits::default() };
        assert!(settle("GET http://b/x", &["a"], &limits).is_ok());
        assert!(settle("CONNECT a:80", &["b"], &limits).is_ok());
        assert!(settle("GET /", &["a", "b"], &limits).is_err());
        assert!(settle("GET /", &["a/b"], &limits).is_err());
    }
}
