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
    let mut at = 0;
    while let Some(Ok(eight)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let hits = below_14(u64::from_le_bytes(eight));
        if hits != 0 {
            // A byte below 14 that isn't one of the three (a tab, say) only ends the fast walk for this word.
            let from = at + (hits.trailing_zeros() / 8) as usize;
            match stop_within(bytes, from, at + 8) {
                Some(stop) => return stop,
                None => at += 8,
            }
        } else {
            at += 8;
        }
    }
    stop_within(bytes, at, bytes.len()).unwrap_or(bytes.len())
}

fn stop_within(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let rest = bytes.get(from..to)?;
    rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)).map(|at| from + at)
}

/// Marks the top bit of (at least) the first byte below 14; bytes after a marked one may be marked wrongly.
#[inline]
fn below_14(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    word.wrapping_sub(ONES * 14) & !word & (ONES * 0x80)
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
}
