//! Classes of bytes and the fast searches over them.

/// May stand in a token (RFC 9110 §5.6.2): methods and header names.
pub(crate) const TOKEN: u8 = 1;
/// May stand in a request target: visible ASCII but `#`.
pub(crate) const TARGET: u8 = 2;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0x21u8;
    while byte < 0x7f {
        if byte != b'#' {
            classes[byte as usize] |= TARGET;
        }
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
        {
            classes[byte as usize] |= TOKEN;
        }
        byte += 1;
    }
    classes
};

/// Whether a byte is of a class.
#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    // The table has an entry for each byte.
    CLASSES.get(byte as usize).is_some_and(|classes| classes & class != 0)
}

/// The offset of the first byte that is not of the class, or the length.
#[inline]
pub(crate) fn span_of(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|byte| !is(*byte, class)).unwrap_or(bytes.len())
}

/// The offset of the first byte that may not stand in a request target, or the length.
#[inline]
pub(super) fn target_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    for word in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let odd = below(word, 0x21)
            | below(word ^ each(b'#'), 1)
            | below(word ^ each(0x7f), 1)
            | (word & each(0x80));
        if odd != 0 {
            at += (odd.trailing_zeros() / 8) as usize;
            break;
        }
        at += 8;
    }
    // The first hit of a word is exact, so that this ends at once unless the words are used up.
    at + span_of(bytes.get(at..).unwrap_or_default(), TARGET)
}

/// The offset of the first CR, LF or NUL, or the length.
#[inline]
pub(super) fn find_line_stop(bytes: &[u8]) -> usize {
    let (pairs, rest) = bytes.as_chunks::<16>();
    for (place, pair) in pairs.iter().enumerate() {
        let pair = u128::from_le_bytes(*pair);
        let (low, high) = (below(pair as u64, 14), below((pair >> 64) as u64, 14));
        if low | high != 0 {
            // A byte below 14 that isn't one of the three (a tab, say) only ends the fast walk for this pair.
            let first = if low != 0 { low.trailing_zeros() / 8 } else { 8 + high.trailing_zeros() / 8 };
            if let Some(stop) = stop_within(bytes, place * 16 + first as usize, place * 16 + 16) {
                return stop;
            }
        }
    }
    stop_within(bytes, bytes.len() - rest.len(), bytes.len()).unwrap_or(bytes.len())
}

/// Lower-cases the `len` bytes of a name at `start`. Works on whole words where more bytes follow.
#[inline]
pub(super) fn lower_case(bytes: &mut [u8], start: usize, len: usize) {
    let Some(rest) = bytes.get_mut(start..) else { return };
    let mut at = 0;
    while at < len {
        let left = len - at;
        let Some(word) = rest.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<8>) else {
            rest.get_mut(at..len).unwrap_or_default().make_ascii_lowercase();
            return;
        };
        let value = u64::from_le_bytes(*word);
        let low = value & each(0x7f);
        let upper = (low + each(0x80 - b'A')) & !(low + each(0x7f - b'Z')) & !value & each(0x80);
        let mask = if left < 8 { (1 << (8 * left)) - 1 } else { u64::MAX };
        *word = (value | (upper >> 2 & mask)).to_le_bytes();
        at += 8;
    }
}

/// A word with the same byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The offset of the first `:` (or of a byte that ends the line before one), or the length.
#[inline]
pub(super) fn find_colon(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Zero bytes are found exactly up to the first one.
        let hits = below(word ^ each(b':'), 1) | below(word, 14);
        if hits != 0 {
            return place * 8 + (hits.trailing_zeros() / 8) as usize;
        }
    }
    let at = bytes.len() - rest.len();
    at + rest.iter().position(|byte| *byte == b':' || *byte < 14).unwrap_or(rest.len())
}

fn stop_within(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let rest = bytes.get(from..to)?;
    rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)).map(|at| from + at)
}

/// Marks the top bit of (at least) the first byte below `limit`; bytes behind a marked one may be marked wrongly.
#[inline]
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(each(1) * limit) & !word & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_grammar() {
        for byte in 0..=255u8 {
            let token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is(byte, TOKEN), token, "{byte:#x}");
            assert_eq!(is(byte, TARGET), byte.is_ascii_graphic() && byte != b'#', "{byte:#x}");
        }
    }

    #[test]
    fn line_stops_are_found_at_every_place() {
        for len in 0..40 {
            for filler in [b'a', b'\t', 0x80, 0xff, 0x0e, 0x01] {
                assert_eq!(find_line_stop(&vec![filler; len]), len);
                for at in 0..len {
                    for stop in [b'\r', b'\n', 0] {
                        let mut bytes = vec![filler; len];
                        bytes[at] = stop;
                        assert_eq!(find_line_stop(&bytes), at);
                    }
                }
            }
        }
    }

    #[test]
    fn colons_are_found_at_every_place() {
        for len in 0..40 {
            for filler in [b'a', 0x80, 0xff, b'9', b';'] {
                assert_eq!(find_colon(&vec![filler; len]), len);
                for at in 0..len {
                    let mut bytes = vec![filler; len];
                    bytes[at] = b':';
                    assert_eq!(find_colon(&bytes), at);
                }
            }
        }
    }

    #[test]
    fn targets_end_at_forbidden_bytes() {
        for len in 0..24 {
            assert_eq!(target_len(&vec![b'a'; len]), len);
            for at in 0..len {
                for byte in 0..=255 {
                    let mut bytes = vec![b'~'; len];
                    bytes[at] = byte;
                    let expected = if is(byte, TARGET) { len } else { at };
                    assert_eq!(target_len(&bytes), expected, "{bytes:?}");
                    bytes[len - 1] = b'#';
                    assert_eq!(target_len(&bytes), expected.min(len - 1), "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn only_the_name_is_lower_cased() {
        let all: Vec<u8> = (0..=255).collect();
        for start in [0, 1, 60, 63, 64, 65, 88, 128, 190, 240, 250] {
            for len in 0..=(256 - start).min(40) {
                let mut bytes = all.clone();
                lower_case(&mut bytes, start, len);
                let mut expected = all.clone();
                expected[start..start + len].make_ascii_lowercase();
                assert_eq!(bytes, expected);
            }
        }
    }
}
