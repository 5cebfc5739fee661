//! Addresses as `bind`, `server`, `log`, `source` write them (manual 11 "Address formats"): text into its parts. Turning
//! host names into numbers is the caller's business, since each has its own rules for that.

use std::borrow::Cow;
use std::net::IpAddr;

use config::Env;

/// An address taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Inet {
        host: Host,
        ports: Ports,
        datagram: bool,
        /// Over several paths at once (`mptcp@`).
        multipath: bool,
    },
    /// A path.
    Unix { path: String, datagram: bool },
    /// A name in the abstract space, with the NULs that belong to it.
    Abstract(String),
    /// A descriptor that was inherited.
    Fd(i32),
    /// A form that exists and is not run, by its prefix.
    NotRun(&'static str),
}

/// The host part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// Empty or `*`; the family if a prefix named it.
    Any(Family),
    Ip(IpAddr),
    Name(String, Family),
}

/// The family a prefix asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Family {
    #[default]
    Either,
    V4,
    V6,
}

impl Family {
    /// Whether an address is of this family.
    pub(crate) const fn holds(self, ip: IpAddr) -> bool {
        matches!((self, ip), (Self::Either, _) | (Self::V4, IpAddr::V4(_)) | (Self::V6, IpAddr::V6(_)))
    }
}

/// The port part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    None,
    One(u16),
    Range(u16, u16),
    /// `+N` or `-N`.
    Offset(i32),
}

enum Form {
    Inet(Family, bool),
    Multipath(Family),
    Unix(bool),
    /// Whether the name is filled up with NULs.
    Abstract(bool),
    Fd,
    NotRun(&'static str),
}

/// The longest name in the abstract space (unix(7)): one of `abns@` fills it, one of `abnsz@` ends where it ends.
const ABSTRACT_MAX: usize = 107;

/// Prefixes, without the `@`.
const PREFIXES: &[(&str, Form)] = &[
    ("abns", Form::Abstract(true)),
    ("abnsz", Form::Abstract(false)),
    ("fd", Form::Fd),
    ("ipv4", Form::Inet(Family::V4, false)),
    ("ipv6", Form::Inet(Family::V6, false)),
    ("mptcp", Form::Multipath(Family::Either)),
    ("mptcp4", Form::Multipath(Family::V4)),
    ("mptcp6", Form::Multipath(Family::V6)),
    ("quic", Form::NotRun("quic@")),
    ("quic4", Form::NotRun("quic4@")),
    ("quic6", Form::NotRun("quic6@")),
    ("rev", Form::NotRun("rev@")),
    ("rhttp", Form::NotRun("rhttp@")),
    ("sockpair", Form::NotRun("sockpair@")),
    ("tcp", Form::Inet(Family::Either, false)),
    ("tcp4", Form::Inet(Family::V4, false)),
    ("tcp6", Form::Inet(Family::V6, false)),
    ("udp", Form::Inet(Family::Either, true)),
    ("udp4", Form::Inet(Family::V4, true)),
    ("udp6", Form::Inet(Family::V6, true)),
    ("unix", Form::Unix(false)),
    ("uxdg", Form::Unix(true)),
    ("uxst", Form::Unix(false)),
];

/// Takes an address apart. `${NAME}` is replaced from `env` where quoting has not done so. Errors are sentences without
/// the directive's name.
pub(crate) fn parse(text: &str, env: &Env) -> Result<Address, String> {
    let expanded = expand(text, env);
    let (kind, rest) = transport(&expanded);
    let (form, rest) = match rest.split_once('@') {
        Some((prefix, rest)) => match PREFIXES.iter().find(|(name, _)| *name == prefix) {
            Some((_, form)) => (form, rest),
            None => (&Form::Inet(Family::Either, false), &*expanded),
        },
        None if rest.starts_with('/') => (&Form::Unix(false), rest),
        None => (&Form::Inet(Family::Either, false), rest),
    };
    let datagram = kind == Some("dgram");
    match form {
        Form::Inet(family, udp) => {
            let (host, ports) = inet(rest, *family, text)?;
            Ok(Address::Inet { host, ports, datagram: *udp || datagram, multipath: false })
        }
        Form::Multipath(family) => {
            let (host, ports) = inet(rest, *family, text)?;
            Ok(Address::Inet { host, ports, datagram: false, multipath: true })
        }
        Form::Unix(_) if rest.is_empty() => Err(format!("malformed unix address '{text}'")),
        Form::Unix(dgram) => Ok(Address::Unix { path: rest.to_owned(), datagram: *dgram || datagram }),
        Form::Abstract(_) if rest.is_empty() || rest.len() > ABSTRACT_MAX => {
            Err(format!("malformed unix address '{text}'"))
        }
        Form::Abstract(padded) => {
            let mut name = rest.to_owned();
            let missing = if *padded { ABSTRACT_MAX - name.len() } else { 0 };
            name.extend(std::iter::repeat_n('\0', missing));
            Ok(Address::Abstract(name))
        }
        Form::Fd => match rest.parse() {
            Ok(fd) => Ok(Address::Fd(fd)),
            Err(_) => Err(format!("file descriptor '{rest}' is not a valid integer in '{text}'")),
        },
        Form::NotRun(prefix) => Ok(Address::NotRun(prefix)),
    }
}

/// `stream+` and `dgram+` in front of a prefix.
fn transport(text: &str) -> (Option<&'static str>, &str) {
    for kind in ["stream", "dgram", "quic"] {
        if let Some(rest) = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('+')) {
            return (Some(kind), rest);
        }
    }
    (None, text)
}

fn inet(text: &str, family: Family, whole: &str) -> Result<(Host, Ports), String> {
    let (host, ports) = match text.rfind([':', ']']) {
        Some(at) if text.get(at..).is_some_and(|t| t.starts_with(':')) => {
            (text.get(..at).unwrap_or_default(), ports(text.get(at + 1..).unwrap_or_default(), whole)?)
        }
        _ => (text, Ports::None),
    };
    Ok((self::host(host, family), ports))
}

fn host(text: &str, family: Family) -> Host {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    match bare {
        "" | "*" => Host::Any(family),
        _ => match bare.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) => Host::Name(bare.to_owned(), family),
        },
    }
}

fn ports(text: &str, whole: &str) -> Result<Ports, String> {
    let number = |text: &str| -> Result<u16, String> {
        if let Some(c) = text.chars().find(|c| !c.is_ascii_digit()) {
            return Err(format!("invalid character '{c}' in port number '{text}' in '{whole}'"));
        }
        text.parse().map_err(|_| format!("invalid port '{text}'"))
    };
    if text.is_empty() {
        return Ok(Ports::None);
    }
    if let Some(offset) = text.strip_prefix('+') {
        return Ok(Ports::Offset(i32::from(number(offset)?)));
    }
    if let Some(offset) = text.strip_prefix('-') {
        return Ok(Ports::Offset(-i32::from(number(offset)?)));
    }
    match text.split_once('-') {
        None => Ok(Ports::One(number(text)?)),
        Some((low, high)) => match (number(low)?, number(high)?) {
            (low, high) if low <= high => Ok(Ports::Range(low, high)),
            _ => Err(format!("invalid port range '{text}'")),
        },
    }
}

/// `${NAME}` and `$NAME` replaced; what is not set becomes nothing.
fn expand<'t>(text: &'t str, env: &Env) -> Cow<'t, str> {
    let Some((before, after)) = text.split_once('$') else { return Cow::Borrowed(text) };
    let name_end = |t: &str| t.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(t.len());
    let (name, rest) = match after.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
        Some(found) => found,
        None => after.split_at_checked(name_end(after)).unwrap_or((after, "")),
    };
    let value = env.get(name.as_bytes()).unwrap_or_default();
    format!("{before}{}{}", String::from_utf8_lossy(value), expand(rest, env)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str) -> Result<Address, String> {
        let env: Env = [("PORT", "80"), ("fe1", "7")].into_iter().collect();
        parse(text, &env)
    }

    fn inet(host: Host, ports: Ports) -> Result<Address, String> {
        Ok(Address::Inet { host, ports, datagram: false, multipath: false })
    }

    #[test]
    fn forms() {
        let any = Host::Any(Family::Either);
        let ip = |t: &str| Host::Ip(t.parse().unwrap());
        assert_eq!(take("*:80"), inet(any.clone(), Ports::One(80)));
        assert_eq!(take(":8000-8010"), inet(any.clone(), Ports::Range(8000, 8010)));
        assert_eq!(take("[::1]:80"), inet(ip("::1"), Ports::One(80)));
        assert_eq!(take("[::1]"), inet(ip("::1"), Ports::None));
        assert_eq!(take(":::80"), inet(ip("::"), Ports::One(80)));
        assert_eq!(take("ipv6@:80"), inet(Host::Any(Family::V6), Ports::One(80)));
        assert_eq!(take("10.0.0.1:+3"), inet(ip("10.0.0.1"), Ports::Offset(3)));
        assert_eq!(take("tcp4@a.b:$PORT"), inet(Host::Name("a.b".into(), Family::V4), Ports::One(80)));
        assert_eq!(take("fd@${fe1}"), Ok(Address::Fd(7)));
        assert_eq!(take("/a/b"), Ok(Address::Unix { path: "/a/b".into(), datagram: false }));
        assert_eq!(take("abns@x"), Ok(Address::Abstract(format!("x{}", "\0".repeat(106)))));
        assert_eq!(take("abnsz@x"), Ok(Address::Abstract("x".into())));
        assert_eq!(take("quic4@:443"), Ok(Address::NotRun("quic4@")));
        assert_eq!(take(":80-70"), Err("invalid port range '80-70'".into()));
        assert_eq!(take(":99999"), Err("invalid port '99999'".into()));
    }
}
