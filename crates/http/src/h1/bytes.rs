//! Classes of bytes and the fast searches over them.

/// May stand in a token (RFC 9110 §5.6.2): methods and header names.
pub(super) const TOKEN: u8 = 1;
/// May stand in a request target: visible ASCII but `#`.
pub(super) const TARGET: u8 = 2;

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
pub(super) fn is(byte: u8, class: u8) -> bool {
    // The table has an entry for each byte.
    CLASSES.get(byte as usize).is_some_and(|classes| classes & class != 0)
}

/// The offset of the first byte that is not of the class, or the length.
#[inline]
pub(super) fn span_of(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|byte| !is(*byte, class)).unwrap_or(bytes.len())
}

/// The offset of the first CR, LF or NUL, or the length.
#[inline]
pub(super) fn find_line_stop(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let hits = below(u64::from_le_bytes(*word), 14);
        if hits != 0 {
            // A byte below 14 that isn't one of the three (a tab, say) only ends the fast walk for this word.
            let from = place * 8 + (hits.trailing_zeros() / 8) as usize;
            if let Some(stop) = stop_within(bytes, from, place * 8 + 8) {
                return stop;
            }
        }
    }
    stop_within(bytes, bytes.len() - rest.len(), bytes.len()).unwrap_or(bytes.len())
}

/// The offset of the first `:` (or of a byte that ends the line before one), or the length.
#[inline]
pub(super) fn find_colon(bytes: &[u8]) -> usize {
    const COLONS: u64 = u64::from_le_bytes([b':'; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Zero bytes are found exactly up to the first one.
        let hits = below(word ^ COLONS, 1) | below(word, 14);
        if hits != 0 {
            return place * 8 + (hits.trailing_zeros() / 8) as usize;
        }
    }
    let at = bytes.len() - rest.len();
    at + rest.iter().position(|byte| *byte == b':').unwrap_or(rest.len())
}

fn stop_within(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let rest = bytes.get(from..to)?;
    rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)).map(|at| from + at)
}

/// Marks the top bit of (at least) the first byte below `limit`; bytes behind a marked one may be marked wrongly.
#[inline]
fn below(word: u64, limit: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    word.wrapping_sub(ONES * limit) & !word & (ONES * 0x80)
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
}
