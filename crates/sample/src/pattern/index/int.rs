//! Integers and ranges of them: `5`, `1:9`, `:9`, `10:` (manual 7.1.2). Single ones by hash, ranges one by one.

use super::super::distinct::Distinct;
use super::super::{Entries, MatchKind, PatternError};
use super::{Hit, keys};

#[derive(Debug)]
pub(in super::super) struct Ints {
    single: Distinct<i64>,
    ranges: Box<[Range]>,
}

#[derive(Debug)]
struct Range {
    low: i64,
    high: i64,
    at: u32,
}

impl Ints {
    pub(super) fn new(entries: &Entries, kind: MatchKind) -> Result<Self, (u32, PatternError)> {
        let mut ranges = Vec::new();
        let mut single = Distinct::with_capacity(0);
        for (at, key) in keys(entries) {
            let (low, high) = number_range(key, kind).map_err(|e| (at, e))?;
            if low == high {
                single.insert(low, at, |_| true);
            } else {
                ranges.push(Range { low, high, at });
            }
        }
        Ok(Self { single, ranges: ranges.into() })
    }

    #[inline]
    pub(super) fn find(&self, n: i64, alive: impl Fn(u32) -> bool) -> Option<Hit> {
        let single = self.single.find(n, |_| true, &alive);
        let before = self.ranges.iter().take_while(|r| single.is_none_or(|at| r.at < at));
        let in_range = before.into_iter().find(|r| r.low <= n && n <= r.high && alive(r.at));
        in_range.map(|r| r.at).or(single).map(Hit::plain)
    }
}

/// The bounds that a pattern stands for, both included. A dash separates as a colon does, so that a number alone is never
/// negative: `-3` is everything up to 3.
pub fn number_range(pattern: &[u8], kind: MatchKind) -> Result<(i64, i64), PatternError> {
    let text = std::str::from_utf8(pattern).unwrap_or_default();
    let number = |s: &str| if kind == MatchKind::Version { version(s) } else { integer(s) };
    let what = if kind == MatchKind::Version { "dotted number" } else { "number" };
    let shown = || String::from_utf8_lossy(pattern).into_owned();
    let Some((low, high)) = text.split_once([':', '-']) else {
        let n = number(text).ok_or_else(|| PatternError(format!("'{}' is not a {what}", shown())))?;
        return Ok((n, n));
    };
    let bound = |text: &str, open: i64| if text.is_empty() { Some(open) } else { number(text) };
    match (bound(low, i64::MIN), bound(high, i64::MAX)) {
        (Some(low), Some(high)) if low <= high && text.len() > 1 => Ok((low, high)),
        _ => Err(PatternError(format!("'{}' is not a valid {what} range", shown()))),
    }
}

fn integer(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// `3.1` as the number that samples of versions are.
fn version(text: &str) -> Option<i64> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let (major, minor) = (integer(major)?, integer(minor)?);
    let small = |n: &i64| (0..=0xffff).contains(n);
    Some(major).filter(small)?.checked_mul(0x1_0000)?.checked_add(Some(minor).filter(small)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let range = |text: &str| number_range(text.as_bytes(), MatchKind::Version).ok();
        assert_eq!(range("3.1"), Some((0x3_0001, 0x3_0001)));
        assert_eq!(range("3:3.3"), Some((0x3_0000, 0x3_0003)));
        assert_eq!(range("3.2:"), Some((0x3_0002, i64::MAX)));
        assert_eq!([range("3.65536"), range("3.1.2"), range("x")], [None, None, None]);
    }

    #[test]
    fn ranges() {
        const LOW: i64 = i64::MIN;
        const HIGH: i64 = i64::MAX;
        for (text, range) in [
            ("5", (5, 5)),
            ("2-4", (2, 4)),
            ("7:9", (7, 9)),
            ("-3", (LOW, 3)),
            (":-1", (LOW, -1)),
            ("200-", (200, HIGH)),
        ] {
            assert_eq!(number_range(text.as_bytes(), MatchKind::Int), Ok(range), "{text}");
        }
        for bad in
            ["-9:-6", "-5:3", "5:1", ":", "-", "1:2:3", "a:5", "5:a", "0x10", "+5", "5x", "1.1:2.3", ""]
        {
            assert!(number_range(bad.as_bytes(), MatchKind::Int).is_err(), "{bad}");
        }
    }
}
