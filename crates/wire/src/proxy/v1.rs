//! Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 50000 80`, ended by CR LF.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Ends, Fault, Header, Parsed, one_family};
use crate::proxy::Tlvs;

pub(super) const SIGNATURE: &[u8] = b"PROXY ";

/// The longest line with its end, in bytes (document section 2.1).
const LINE_MAX: usize = 107;

pub(super) fn read(bytes: &[u8]) -> Parsed<'_> {
    let window = bytes.get(..bytes.len().min(LINE_MAX)).unwrap_or_default();
    let Some(end) = window.iter().position(|b| *b == b'\n') else {
        return if window.len() == LINE_MAX { Parsed::Invalid(Fault::Malformed) } else { Parsed::Partial };
    };
    let line = window.get(SIGNATURE.len()..end).and_then(|line| line.strip_suffix(b"\r"));
    match line.and_then(|line| std::str::from_utf8(line).ok()).map(judge) {
        Some(Ok(ends)) => {
            Parsed::Complete { consumed: end + 1, header: Header { ends, tlvs: Tlvs::default() } }
        }
        Some(Err(fault)) => Parsed::Invalid(fault),
        None => Parsed::Invalid(Fault::Malformed),
    }
}

fn judge(line: &str) -> Result<Option<Ends>, Fault> {
    let (protocol, rest) = line.split_once(' ').unwrap_or((line, ""));
    match protocol {
        "UNKNOWN" => Ok(None),
        "TCP4" => ends::<Ipv4Addr>(rest).map(Some).ok_or(Fault::Malformed),
        "TCP6" => ends::<Ipv6Addr>(rest).map(Some).ok_or(Fault::Malformed),
        _ => Err(Fault::Protocol),
    }
}

fn ends<A: std::str::FromStr + Into<IpAddr>>(text: &str) -> Option<Ends> {
    let mut words = text.split(' ');
    let source: A = words.next()?.parse().ok()?;
    let destination: A = words.next()?.parse().ok()?;
    let ports = (port(words.next()?)?, port(words.next()?)?);
    let done = words.next().is_none();
    done.then(|| (SocketAddr::new(source.into(), ports.0), SocketAddr::new(destination.into(), ports.1)))
}

fn port(text: &str) -> Option<u16> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Appends the line; `UNKNOWN` where the client's ends have no addresses.
pub fn write(ends: Option<Ends>, out: &mut Vec<u8>) {
    let Some((source, destination)) = ends.map(one_family) else {
        out.extend_from_slice(b"PROXY UNKNOWN\r\n");
        return;
    };
    let family = if source.is_ipv4() { 4 } else { 6 };
    // Writing to a vector can't fail.
    let _ = write!(
        out,
        "PROXY TCP{family} {} {} {} {}\r\n",
        source.ip(),
        destination.ip(),
        source.port(),
        destination.port()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(line: &str) -> Result<Option<(String, String)>, Fault> {
        let text = format!("PROXY {line}rest");
        match read(text.as_bytes()) {
            Parsed::Complete { consumed, header } => {
                assert_eq!(consumed, text.len() - 4);
                Ok(header.ends.map(|(a, b)| (a.to_string(), b.to_string())))
            }
            Parsed::Invalid(fault) => Err(fault),
            Parsed::Partial => panic!("{line}"),
        }
    }

    #[test]
    fn lines() {
        let ends = |a: &str, b: &str| Ok(Some((a.to_owned(), b.to_owned())));
        assert_eq!(take("TCP4 1.2.3.4 5.6.7.8 11 22\r\n"), ends("1.2.3.4:11", "5.6.7.8:22"));
        assert_eq!(take("TCP6 2001:db8::1 ::2 11 0\r\n"), ends("[2001:db8::1]:11", "[::2]:0"));
        assert_eq!(take("UNKNOWN\r\n"), Ok(None));
        assert_eq!(take("UNKNOWN what ever\r\n"), Ok(None));
        assert_eq!(take("TCP5 1.2.3.4 5.6.7.8 11 22\r\n"), Err(Fault::Protocol));
        for bad in [
            "TCP4 1.2.3.4 5.6.7.8 11 22\n",
            "TCP4 1.2.3 5.6.7.8 11 22\r\n",
            "TCP4 1.2.3.4 5.6.7.8 0x11 22\r\n",
            "TCP4 1.2.3.4 5.6.7.8 +1 22\r\n",
            "TCP4 1.2.3.4 5.6.7.8 99999 22\r\n",
            "TCP4 1.2.3.4 5.6.7.8 11 22 \r\n",
            "TCP4  1.2.3.4 5.6.7.8 11 22\r\n",
            "TCP4 ::1 ::2 11 22\r\n",
            "TCP6 1.2.3.4 5.6.7.8 11 22\r\n",
            "TCP4 1.2.3.4 5.6.7.8\r\n",
        ] {
            assert_eq!(take(bad), Err(Fault::Malformed), "{bad}");
        }
        assert_eq!(read(format!("PROXY TCP4 {:200}", 1).as_bytes()), Parsed::Invalid(Fault::Malformed));
    }
}
