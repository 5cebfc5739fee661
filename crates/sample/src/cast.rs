//! Implicit conversions between sample types (manual 7.1, the cast table), and the text forms of values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bumpalo::Bump;

use crate::value::{Type, Value};

/// Converts `value` to type `to`. None where the value has no meaning in that type (text that is no address, an
/// IPv6 address that maps to no IPv4 one): the expression then gives no sample, as in HAProxy.
pub fn cast<'a>(value: Value<'a>, to: Type, arena: &'a Bump) -> Option<Value<'a>> {
    use Value as V;
    if value.kind() == to {
        return Some(value);
    }
    Some(match (to, value) {
        (Type::Any, v) => v,
        (Type::Addr, v @ (V::Ipv4(_) | V::Ipv6(_))) => v,
        (Type::Addr, V::Str(s) | V::Bin(s)) => address_and_port(s)?,
        (Type::Addr, V::Sint(n)) => V::Ipv4(Ipv4Addr::from((n & 0xffff_ffff) as u32)),
        (Type::Bool, V::Sint(n)) => V::Bool(n != 0),
        (Type::Bool | Type::Sint, V::Str([])) => return None,
        (Type::Bool, V::Str(s)) => V::Bool(integer(s) != 0),
        (Type::Sint, V::Bool(b)) => V::Sint(i64::from(b)),
        (Type::Sint, V::Ipv4(a)) => V::Sint(i64::from(u32::from(a))),
        (Type::Sint, V::Str(s)) => V::Sint(integer(s)),
        (Type::Ipv4, V::Sint(n)) => V::Ipv4(Ipv4Addr::from((n & 0xffff_ffff) as u32)),
        (Type::Ipv4, V::Ipv6(a)) => V::Ipv4(mapped(a)?),
        (Type::Ipv4, V::Str(s)) => match address(s)? {
            V::Ipv6(a) => V::Ipv4(mapped(a)?),
            v => v,
        },
        (Type::Ipv6, V::Ipv4(a)) => V::Ipv6(a.to_ipv6_mapped()),
        (Type::Ipv6, V::Sint(n)) => V::Ipv6(Ipv4Addr::from((n & 0xffff_ffff) as u32).to_ipv6_mapped()),
        (Type::Ipv6, V::Str(s)) => V::Ipv6(std::str::from_utf8(s).ok()?.parse().ok()?),
        // Text ends at a zero byte.
        (Type::Str, V::Bin(s)) => V::Str(s.split(|b| *b == 0).next().unwrap_or_default()),
        (Type::Str, V::Meth(s)) => V::Str(s),
        (Type::Str, v) => V::Str(text(v, arena)),
        (Type::Bin, V::Str(s) | V::Meth(s)) => V::Bin(s),
        (Type::Bin, V::Ipv4(a)) => V::Bin(arena.alloc_slice_copy(&a.octets())),
        (Type::Bin, V::Ipv6(a)) => V::Bin(arena.alloc_slice_copy(&a.octets())),
        (Type::Bin, V::Bool(b)) => V::Bin(arena.alloc_slice_copy(&i64::from(b).to_be_bytes())),
        (Type::Bin, V::Sint(n)) => V::Bin(arena.alloc_slice_copy(&n.to_be_bytes())),
        (Type::Meth, V::Str(s)) => V::Meth(s),
        _ => return None,
    })
}

/// Whether a cast from one type to the other can exist at all: what the configuration parser checks.
pub const fn castable(from: Type, to: Type) -> bool {
    use Type as T;
    match (from, to) {
        (T::Any, _) | (_, T::Any) => true,
        (T::Bool, T::Bool | T::Sint | T::Str | T::Bin) => true,
        (T::Sint, T::Meth) => false,
        (T::Sint, _) => true,
        (T::Ipv4 | T::Ipv6 | T::Addr, T::Bool | T::Meth) => false,
        (T::Ipv6 | T::Addr, T::Sint) => false,
        (T::Ipv4 | T::Ipv6 | T::Addr, _) => true,
        (T::Str, _) => true,
        (T::Bin, T::Bin | T::Str | T::Addr) => true,
        (T::Meth, T::Str | T::Bin | T::Meth) => true,
        _ => false,
    }
}

/// The text of a value, as it stands in a log line or a header.
pub fn text<'a>(value: Value<'a>, arena: &'a Bump) -> &'a [u8] {
    match value {
        Value::Str(s) | Value::Bin(s) | Value::Meth(s) => s,
        other => {
            let mut buffer = Digits::new();
            arena.alloc_slice_copy(buffer.value(&other))
        }
    }
}

/// Appends the text of a value to `out`.
pub fn write_text(value: &Value<'_>, out: &mut Vec<u8>) {
    match value.bytes() {
        Some(bytes) => out.extend_from_slice(bytes),
        None => out.extend_from_slice(Digits::new().value(value)),
    }
}

/// Appends a decimal number.
pub fn write_int(n: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(Digits::new().int(n));
}

/// A signed decimal number as HAProxy reads it from a sample: an optional sign and digits, up to the first other
/// character; text without leading digits is 0. What overflows stays at the largest or smallest integer.
pub fn integer(text: &[u8]) -> i64 {
    let (sign, digits) = match text.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, text),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0i64, |n, d| n.saturating_mul(10).saturating_add(sign * i64::from(d - b'0')))
}

/// An address of either family from text.
pub fn address<'a>(text: &[u8]) -> Option<Value<'a>> {
    match std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => Some(Value::Ipv4(a)),
        IpAddr::V6(a) => Some(Value::Ipv6(a)),
    }
}

/// An address of either family, or an IPv4 one with a port behind it, which is left out.
fn address_and_port<'a>(text: &[u8]) -> Option<Value<'a>> {
    address(text).or_else(|| {
        let mut parts = text.splitn(2, |b| *b == b':');
        let (host, port) = (parts.next()?, parts.next()?);
        let number = !port.is_empty() && port.iter().all(u8::is_ascii_digit);
        if number { address(host) } else { None }
    })
}

/// The IPv4 address an IPv6 one maps or 6to4-embeds, if it does.
pub fn mapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, hi, lo] if hi != 0 || lo > 1 => {
            Some(Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo)))
        }
        [0x2002, hi, lo, ..] => Some(Ipv4Addr::from((u32::from(hi) << 16) | u32::from(lo))),
        _ => None,
    }
}

/// Room for the longest text of a number or address.
struct Digits {
    bytes: [u8; 48],
    used: usize,
}

impl Digits {
    const fn new() -> Self {
        Self { bytes: [0; 48], used: 0 }
    }

    fn value(&mut self, value: &Value<'_>) -> &[u8] {
        match value {
            Value::Bool(b) => self.int(i64::from(*b)),
            Value::Sint(n) => self.int(*n),
            Value::Ipv4(a) => self.display(a),
            Value::Ipv6(a) => self.display(a),
            Value::Str(_) | Value::Bin(_) | Value::Meth(_) => &[],
        }
    }

    fn int(&mut self, n: i64) -> &[u8] {
        let mut at = self.bytes.len();
        let mut left = n.unsigned_abs();
        loop {
            at -= 1;
            if let Some(slot) = self.bytes.get_mut(at) {
                *slot = b'0' + (left % 10) as u8;
            }
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if n < 0 {
            at -= 1;
            if let Some(slot) = self.bytes.get_mut(at) {
                *slot = b'-';
            }
        }
        self.bytes.get(at..).unwrap_or_default()
    }

    fn display(&mut self, value: &dyn std::fmt::Display) -> &[u8] {
        use std::io::Write;
        self.used = 0;
        let mut room = &mut self.bytes[..];
        let before = room.len();
        let written = write!(room, "{value}").is_ok();
        self.used = if written { before - room.len() } else { 0 };
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(value: Value<'_>, ty: Type) -> Option<String> {
        let arena = Bump::new();
        cast(value, ty, &arena).map(|v| String::from_utf8_lossy(text(v, &arena)).into_owned())
    }

    #[test]
    fn numbers_and_text() {
        assert_eq!(to(Value::Sint(-120), Type::Str).as_deref(), Some("-120"));
        assert_eq!(to(Value::Sint(i64::MIN), Type::Str).as_deref(), Some("-9223372036854775808"));
        assert_eq!(to(Value::Str(b"42"), Type::Sint).as_deref(), Some("42"));
        assert_eq!(to(Value::Str(b"4x"), Type::Sint).as_deref(), Some("4"));
        assert_eq!(to(Value::Str(b" 4"), Type::Sint).as_deref(), Some("0"));
        assert_eq!(
            to(Value::Str(b"-99999999999999999999"), Type::Sint).as_deref(),
            Some("-9223372036854775808")
        );
        assert_eq!(to(Value::Bool(true), Type::Str).as_deref(), Some("1"));
        assert_eq!(
            to(Value::Str(b"99999999999999999999"), Type::Sint).as_deref(),
            Some("9223372036854775807")
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(to(Value::Str(b"10.0.0.1"), Type::Addr).as_deref(), Some("10.0.0.1"));
        assert_eq!(to(Value::Str(b"::ffff:10.0.0.1"), Type::Ipv4).as_deref(), Some("10.0.0.1"));
        assert_eq!(to(Value::Str(b"2001:db8::1"), Type::Ipv4), None);
        assert_eq!(to(Value::Str(b"10.0.0.1"), Type::Ipv6), None);
        assert_eq!(to(Value::Ipv4(Ipv4Addr::new(1, 2, 3, 4)), Type::Sint).as_deref(), Some("16909060"));
    }
}
