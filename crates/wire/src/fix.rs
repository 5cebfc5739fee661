//! FIX, the messages of the financial markets: `tag=value` fields, each ended by SOH. Whether a message is sound, and the
//! value of one tag.

/// Ends each field.
const SOH: u8 = 1;
/// The shortest message there is: one field of one character behind version and length, and the checksum.
const LEAST: usize = 26;
/// `10=000` and SOH.
const TRAILER: usize = 7;
const VERSIONS: [&[u8]; 6] = [b"FIX.4.0", b"FIX.4.1", b"FIX.4.2", b"FIX.4.3", b"FIX.4.4", b"FIXT.1.1"];

/// The tags that have names here.
pub const TAGS: [(&str, u32); 6] = [
    ("BeginString", 8),
    ("BodyLength", 9),
    ("CheckSum", 10),
    ("MsgType", 35),
    ("SenderCompID", 49),
    ("TargetCompID", 56),
];

/// What can be said of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    Valid,
    Invalid,
    /// More of it has to come.
    Incomplete,
}

/// Judges the first message of `bytes`.
pub fn judge(bytes: &[u8]) -> Judgement {
    if bytes.len() < LEAST {
        return Judgement::Incomplete;
    }
    judged(bytes).unwrap_or(Judgement::Invalid)
}

/// None for what is wrong.
fn judged(bytes: &[u8]) -> Option<Judgement> {
    let (version, rest) = field(bytes)?;
    let (length, rest) = field(rest)?;
    if version.tag != 8 || !VERSIONS.contains(&version.value) || length.tag != 9 {
        return None;
    }
    let length = usize::try_from(number(length.value)?).ok()?;
    let before = bytes.len() - rest.len();
    let end = before.checked_add(length)?;
    let Some(trailer) = bytes.get(end..).filter(|rest| rest.len() >= TRAILER || rest.contains(&SOH)) else {
        return Some(Judgement::Incomplete);
    };
    let mut body = bytes.get(before..end)?;
    let mut first = true;
    while !body.is_empty() {
        let (field, rest) = field(body)?;
        if field.tag == 10 || first && field.tag != 35 {
            return None;
        }
        (body, first) = (rest, false);
    }
    let (check, _) = field(trailer)?;
    let sum = bytes.get(..end)?.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    let sound = !first && check.tag == 10 && check.value.len() == 3 && number(check.value)? == u32::from(sum);
    sound.then_some(Judgement::Valid)
}

/// The value of the first field with this tag.
pub fn value(bytes: &[u8], tag: u32) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let (field, after) = field(rest)?;
        if field.tag == tag {
            return Some(field.value);
        }
        rest = after;
    }
}

struct Field<'a> {
    tag: u32,
    value: &'a [u8],
}

/// The field at the front, and what follows it.
fn field(bytes: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let end = memchr::memchr(SOH, bytes)?;
    let (whole, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let equals = memchr::memchr(b'=', whole)?;
    let tag = number(whole.get(..equals)?).filter(|tag| *tag > 0)?;
    Some((Field { tag, value: whole.get(equals + 1..)? }, rest))
}

/// A decimal number.
fn number(digits: &[u8]) -> Option<u32> {
    let sound = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| sound)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01";

    #[test]
    fn messages_are_judged() {
        assert_eq!(judge(GOOD), Judgement::Valid);
        assert_eq!(judge(&[GOOD, b"more"].concat()), Judgement::Valid);
        for len in 0..GOOD.len() {
            assert_eq!(judge(GOOD.get(..len).unwrap_or_default()), Judgement::Incomplete);
        }
        for (from, to) in [("4.4", "4.5"), ("163", "164"), ("9=5", "9=4"), ("35=0", "36=0"), ("35=0", "x5=0")]
        {
            let text = String::from_utf8_lossy(GOOD).replace(from, to);
            assert_eq!(judge(text.as_bytes()), Judgement::Invalid, "{from} {to}");
        }
        assert_eq!(judge(b"8=FIX.4.4\x019=4294967295\x0135=0\x0110=163\x01"), Judgement::Incomplete);
    }

    #[test]
    fn values_by_tag() {
        assert_eq!(value(GOOD, 35), Some(&b"0"[..]));
        assert_eq!(value(GOOD, 49), None);
        assert_eq!(value(b"a=b\x018=c\x01", 8), None);
        assert_eq!(value(b"8=c", 8), None);
    }
}
