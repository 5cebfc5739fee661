//! Numbers and durations as the language writes them (manual 2.5, 2.6).

/// The longest duration, milliseconds: what a signed 32-bit number holds.
pub(crate) const MAX_MS: u64 = 2_147_483_647;

/// What is wrong with a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeError {
    Unexpected(char),
    Overflow,
}

impl TimeError {
    /// The sentence for `argument` of a rule.
    pub(crate) fn of_rule(self, argument: &str, rule: &str) -> String {
        match self {
            Self::Unexpected(' ') => "unexpected character '".to_owned(),
            Self::Unexpected(c) => format!("unexpected character '{c}' in rule '{rule}'"),
            Self::Overflow => format!(
                "timer overflow in argument '{argument}' to rule '{rule}' (maximum value is 2147483647 ms or \
                 ~24.8 days)"
            ),
        }
    }

    /// The sentence for `argument` after `keyword`.
    pub(crate) fn explain(self, argument: &str, keyword: &str) -> String {
        match self {
            Self::Unexpected(c) => format!("unexpected character '{c}' in '{keyword}'"),
            Self::Overflow => format!(
                "timer overflow in argument '{argument}' to '{keyword}' (maximum value is 2147483647 ms or \
                 ~24.8 days)"
            ),
        }
    }
}

/// A duration in milliseconds; a bare number is milliseconds, a fraction of one is rounded up.
pub(crate) fn time_ms(text: &str) -> Result<u32, TimeError> {
    let (number, unit) = leading_digits(text)?;
    let ms = match unit {
        "" | "ms" => number,
        "us" => number.div_ceil(1000),
        "s" => number.saturating_mul(1000),
        "m" => number.saturating_mul(60_000),
        "h" => number.saturating_mul(3_600_000),
        "d" => number.saturating_mul(86_400_000),
        other => return Err(TimeError::Unexpected(stray(other))),
    };
    u32::try_from(ms).ok().filter(|_| ms <= MAX_MS).ok_or(TimeError::Overflow)
}

/// The number at the front as C's `atol` reads it: 0 where there is none.
pub(crate) fn atol(text: &str) -> i64 {
    let text = text.trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0i64, |n, d| n.saturating_mul(10).saturating_add(i64::from(d - b'0')));
    if negative { -magnitude } else { magnitude }
}

/// The same, kept within 0 and the largest `u32`.
pub(crate) fn count(text: &str) -> u32 {
    u32::try_from(atol(text).max(0)).unwrap_or(u32::MAX)
}

fn leading_digits(text: &str) -> Result<(u64, &str), TimeError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, ""));
    if digits == 0 {
        return Err(TimeError::Unexpected(rest.chars().next().unwrap_or(' ')));
    }
    Ok((number.parse().map_err(|_| TimeError::Overflow)?, rest))
}

/// The character of a unit that should not be there.
fn stray(unit: &str) -> char {
    let known = ["us", "ms", "s", "m", "h", "d"];
    let longest = known.iter().filter(|k| unit.starts_with(**k)).map(|k| k.len()).max().unwrap_or(0);
    unit.get(longest..).and_then(|rest| rest.chars().next()).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("10", Ok(10)),
            ("10us", Ok(1)),
            ("3s", Ok(3000)),
            ("2h", Ok(7_200_000)),
            ("24d", Ok(2_073_600_000)),
            ("30d", Err(TimeError::Overflow)),
            ("99999999999999999999", Err(TimeError::Overflow)),
            ("abc", Err(TimeError::Unexpected('a'))),
            ("5sx", Err(TimeError::Unexpected('x'))),
        ];
        for (text, expected) in cases {
            assert_eq!(time_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!((atol("12abc"), atol("-3"), atol("x"), count("-3")), (12, -3, 0, 0));
    }
}
