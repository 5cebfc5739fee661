//! Values written as text: times (manual 2.5) and sizes (manual 2.6), with HAProxy's words for faults.

/// A unit of time, for literals without one and for results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `us`
    Microsecond,
    /// `ms`
    Millisecond,
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
}

impl Unit {
    /// How many microseconds it has.
    pub const fn microseconds(self) -> u64 {
        match self {
            Self::Microsecond => 1,
            Self::Millisecond => 1_000,
            Self::Second => 1_000_000,
            Self::Minute => 60_000_000,
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }
}

/// Why text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// A byte that has no place there; 0 where text ended.
    Unexpected(u8),
    /// More than [`MAX_TIME`] of the unit asked for.
    Overflow,
}

impl TimeError {
    /// HAProxy's message about `argument`, given to the directive `to`.
    pub fn message(self, argument: &[u8], to: &str) -> String {
        match self {
            Self::Unexpected(byte) => format!("unexpected character '{}' in '{to}'", char::from(byte)),
            Self::Overflow => format!(
                "timer overflow in argument '{}' to '{to}' (maximum value is 2147483647 ms or ~24.8 days)",
                String::from_utf8_lossy(argument)
            ),
        }
    }
}

/// The greatest time: HAProxy keeps times in 31 bits.
pub const MAX_TIME: u32 = 2_147_483_647;

/// Reads a time in milliseconds; a bare number counts milliseconds.
pub fn milliseconds(text: &[u8]) -> Result<u32, TimeError> {
    time(text, Unit::Millisecond, Unit::Millisecond)
}

/// Reads a time as a number of `result` units, rounded up so that something never becomes nothing. A bare
/// number counts `default` units.
///
/// Like HAProxy, this reads nothing behind the unit: `1sec` is one second.
pub fn time(text: &[u8], default: Unit, result: Unit) -> Result<u32, TimeError> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, suffix) = text.split_at(digits);
    let unit = match suffix {
        [] => default,
        [b'u', b's', ..] => Unit::Microsecond,
        [b'm', b's', ..] => Unit::Millisecond,
        [b's', ..] => Unit::Second,
        [b'm', ..] => Unit::Minute,
        [b'h', ..] => Unit::Hour,
        [b'd', ..] => Unit::Day,
        [byte, ..] => return Err(TimeError::Unexpected(*byte)),
    };
    if digits == 0 {
        return Err(TimeError::Unexpected(suffix.first().copied().unwrap_or(0)));
    }
    let mut value: u64 = 0;
    for &digit in number {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u64::from(digit - b'0')))
            .ok_or(TimeError::Overflow)?;
    }
    let value = value.checked_mul(unit.microseconds()).ok_or(TimeError::Overflow)?;
    let value = value.div_ceil(result.microseconds());
    u32::try_from(value).ok().filter(|&value| value <= MAX_TIME).ok_or(TimeError::Overflow)
}

/// Why text is no size: what is left where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeError<'a> {
    /// The rest of the text; empty if there was no text at all.
    pub rest: &'a [u8],
}

impl SizeError<'_> {
    /// HAProxy's message about an argument of the directive `to`.
    pub fn message(self, to: &str) -> String {
        if self.rest.is_empty() {
            return format!("'{to}' expects an integer argument");
        }
        format!("unexpected '{}' after size passed to '{to}'", String::from_utf8_lossy(self.rest))
    }
}

/// Reads a size in bytes, up to 4 GiB - 1: digits and perhaps `k`, `m` or `g` in either case.
pub fn size(text: &[u8]) -> Result<u32, SizeError<'_>> {
    size_up_to(text, u64::from(u32::MAX)).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

/// Reads a size in bytes of 64 bits.
pub fn size64(text: &[u8]) -> Result<u64, SizeError<'_>> {
    size_up_to(text, u64::MAX)
}

fn size_up_to(text: &[u8], max: u64) -> Result<u64, SizeError<'_>> {
    let mut value: u64 = 0;
    let mut rest = text;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        let next = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit - b'0')));
        value = next.filter(|&v| v <= max).ok_or(SizeError { rest })?;
        rest = after;
    }
    if rest.len() == text.len() {
        return Err(SizeError { rest });
    }
    let (shift, after) = match rest {
        [] => return Ok(value),
        [b'k' | b'K', after @ ..] => (10, after),
        [b'm' | b'M', after @ ..] => (20, after),
        [b'g' | b'G', after @ ..] => (30, after),
        _ => return Err(SizeError { rest }),
    };
    let scaled = value.checked_mul(1 << shift).filter(|&v| v <= max).ok_or(SizeError { rest })?;
    if after.is_empty() { Ok(scaled) } else { Err(SizeError { rest: after }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("1", 1),
            ("0", 0),
            ("1us", 1),
            ("5000us", 5),
            ("0us", 0),
            ("1ms", 1),
            ("10s", 10_000),
            ("1sec", 1_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("24d", 2_073_600_000),
            ("2147483647", MAX_TIME),
        ] {
            assert_eq!(milliseconds(text.as_bytes()), Ok(expected), "{text}");
        }
        assert_eq!(time(b"2", Unit::Second, Unit::Second), Ok(2));
        assert_eq!(time(b"1500ms", Unit::Second, Unit::Second), Ok(2));
        assert_eq!(time(b"100us", Unit::Millisecond, Unit::Microsecond), Ok(100));
    }

    #[test]
    fn faulty_times_in_haproxys_words() {
        for (text, message) in [
            ("1x", "unexpected character 'x' in 'timeout client'"),
            ("-1", "unexpected character '-' in 'timeout client'"),
            ("1.5s", "unexpected character '.' in 'timeout client'"),
            ("1S", "unexpected character 'S' in 'timeout client'"),
            ("1u", "unexpected character 'u' in 'timeout client'"),
            (
                "25d",
                "timer overflow in argument '25d' to 'timeout client' (maximum value is 2147483647 ms or ~24.8 \
                 days)",
            ),
            (
                "99999999999999999999",
                "timer overflow in argument '99999999999999999999' to 'timeout client' (maximum value is \
                 2147483647 ms or ~24.8 days)",
            ),
        ] {
            let error = milliseconds(text.as_bytes()).unwrap_err();
            assert_eq!(error.message(text.as_bytes(), "timeout client"), message);
        }
        assert_eq!(milliseconds(b""), Err(TimeError::Unexpected(0)));
        assert_eq!(milliseconds(b"s"), Err(TimeError::Unexpected(b's')));
    }

    #[test]
    fn sizes() {
        for (text, expected) in
            [("16384", 16_384), ("16k", 16_384), ("16K", 16_384), ("1m", 1 << 20), ("3G", 3 << 30)]
        {
            assert_eq!(size(text.as_bytes()), Ok(expected), "{text}");
        }
        assert_eq!(size64(b"5g"), Ok(5 << 30));
        for (text, rest) in [
            ("5g", "g"),
            ("1x", "x"),
            ("1kb", "b"),
            ("-1", "-1"),
            ("1.5k", ".5k"),
            ("99999999999", "99"),
            ("4294967296", "6"),
            ("k", "k"),
            ("0x10", "x10"),
        ] {
            let message = format!("unexpected '{rest}' after size passed to 'tune.bufsize'");
            assert_eq!(size(text.as_bytes()).unwrap_err().message("tune.bufsize"), message);
        }
    }
}
