//! Persistence by cookie as a backend is configured for it (manual 4.2 "cookie"), and the dates that such cookies carry.
//! What is done with them during an exchange is the engine's business.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Who makes the cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// The server, and its values are those of the configuration: they are only read.
    #[default]
    Passive,
    /// The server; its value is replaced.
    Rewrite,
    /// The proxy.
    Insert,
    /// The server; its value is prefixed, and what comes back loses the prefix again.
    Prefix,
}

/// A `cookie` line, with the values of the backend's servers.
#[derive(Debug)]
pub struct Cookie {
    pub name: Box<[u8]>,
    pub manner: Manner,
    pub indirect: bool,
    pub no_cache: bool,
    pub post_only: bool,
    pub preserve: bool,
    /// Seconds; none: not limited.
    pub max_idle: Option<u32>,
    pub max_life: Option<u32>,
    /// What follows the value of an inserted cookie: `; path=/` and the attributes asked for.
    pub attributes: Box<[u8]>,
    /// The positions of the servers that have this value, in the order of their declaration.
    pub servers: HashMap<Box<[u8]>, Vec<u32>, FixedState>,
}

impl Cookie {
    /// Whether logs say what became of it: a cookie that is only read is not worth two letters.
    pub const fn is_reported(&self) -> bool {
        !matches!(self.manner, Manner::Passive) || self.indirect
    }

    /// The servers with this value.
    pub fn servers_of(&self, value: &[u8]) -> &[u32] {
        self.servers.get(value).map_or(&[], Vec::as_slice)
    }
}

/// `ignore-persist` and `force-persist`: the first whose condition holds decides.
#[derive(Debug)]
pub struct PersistRule {
    pub cond: Option<crate::Cond>,
    /// Whether servers that are down are taken; otherwise no cookie is looked at.
    pub force: bool,
}

/// The digits of dates: 64 of them, six bits each.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A date in a cookie's value: seconds since 1970 over four, rounded up, as five digits.
pub fn encode_date(seconds: u64) -> [u8; 5] {
    let quarter = seconds.div_ceil(4);
    [24u32, 18, 12, 6, 0].map(|shift| {
        let digit = usize::try_from(quarter >> shift & 63).unwrap_or(0);
        DIGITS.get(digit).copied().unwrap_or(b'A')
    })
}

/// Seconds since 1970 from the five digits that begin `text`; none for what isn't a date, and for 0.
pub fn decode_date(text: &[u8]) -> Option<u64> {
    let mut quarter = 0;
    for byte in text.get(..5)? {
        quarter = quarter << 6 | u64::try_from(DIGITS.iter().position(|digit| digit == byte)?).ok()?;
    }
    (quarter > 0).then_some(quarter * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_five_digits_of_four_seconds_each() {
        assert_eq!(&encode_date(1_795_702_864), b"awhAU");
        assert_eq!(&encode_date(1_795_702_865), b"awhAV");
        assert_eq!(decode_date(b"awhAU"), Some(1_795_702_864));
        assert_eq!(decode_date(b"awhAUx"), Some(1_795_702_864));
        assert_eq!((decode_date(b"awhA"), decode_date(b"AAAA-"), decode_date(b"AAAAA")), (None, None, None));
    }
}
