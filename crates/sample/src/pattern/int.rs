//! Ranges of integers: `5`, `1:9`, `:9`, `10:` (manual 7.1.2).

use super::PatternError;

/// A list of inclusive ranges.
#[derive(Debug, Default)]
pub struct Ranges(Vec<(i64, i64)>);

impl Ranges {
    pub fn push(&mut self, low: i64, high: i64) {
        self.0.push((low, high));
    }

    pub fn add(&mut self, pattern: &[u8]) -> Result<(), PatternError> {
        let text = std::str::from_utf8(pattern).unwrap_or_default();
        let bad = || PatternError(format!("'{}' is not a number", String::from_utf8_lossy(pattern)));
        let number = |s: &str| s.parse::<i64>().map_err(|_| bad());
        let (low, high) = match text.split_once(':') {
            None => {
                let n = number(text)?;
                (n, n)
            }
            Some((low, high)) => (
                if low.is_empty() { i64::MIN } else { number(low)? },
                if high.is_empty() { i64::MAX } else { number(high)? },
            ),
        };
        self.push(low, high);
        Ok(())
    }

    pub fn contains(&self, n: i64) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&n))
    }
}
