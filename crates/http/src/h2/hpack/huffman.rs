//! The Huffman code of RFC 7541 appendix B. The code is canonical, so that the lengths of its words say all.

use std::sync::LazyLock;

/// Bits of the words for each byte.
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, // 0x10
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, // 0x20
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, // 0x30
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, // 0x40
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, // 0x50
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, // 0x60
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, // 0xf0
];

/// The longest word. The last one of that length means the end of a string, which must not occur.
const LONGEST: u32 = 30;

/// Bits that are looked up at once.
const QUICK: u32 = 9;

/// How words of one length are read.
#[derive(Clone, Copy, Default)]
struct Length {
    /// The first word, with its bits at the upper end of 32.
    first: u32,
    /// The place of that word's byte in `order`.
    at: usize,
    /// How many words there are.
    count: usize,
}

/// What follows from the lengths.
struct Code {
    /// Bytes in the order of their words.
    order: Vec<u8>,
    /// By the length of words.
    lengths: Vec<Length>,
    /// The word of each byte, right-aligned, and its length.
    words: [(u32, u32); 256],
    /// By the next bits: the length of a short word and its byte; 0 for the beginning of a longer one.
    short: [u16; 1 << QUICK],
}

static CODE: LazyLock<Code> = LazyLock::new(|| {
    let (mut order, mut lengths) = (Vec::with_capacity(256), vec![Length::default()]);
    let (mut words, mut short) = ([(0, 0); 256], [0; 1 << QUICK]);
    let mut word = 0u32;
    for length in 1..=LONGEST {
        word <<= 1;
        let (first, at) = (word << (32 - length), order.len());
        for (byte, slot) in words.iter_mut().enumerate() {
            if LENGTHS.get(byte).is_some_and(|len| u32::from(*len) == length) {
                *slot = (word, length);
                if length <= QUICK {
                    let places = short.iter_mut().skip((word as usize) << (QUICK - length));
                    places.take(1 << (QUICK - length)).for_each(|s| *s = (length as u16) << 8 | byte as u16);
                }
                order.push(byte as u8);
                word += 1;
            }
        }
        lengths.push(Length { first, at, count: order.len() - at });
    }
    Code { order, lengths, words, short }
});

/// What is no Huffman-coded string: an end within it, or padding that isn't the beginning of the end's word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotCoded;

/// Appends what `input` stands for.
pub fn decode(input: &[u8], out: &mut Vec<u8>) -> Result<(), NotCoded> {
    let code = &*CODE;
    // The bits to be read, at the upper end, and how many they are.
    let (mut bits, mut have) = (0u64, 0u32);
    let mut rest = input.iter();
    loop {
        while have <= 56
            && let Some(byte) = rest.next()
        {
            bits |= u64::from(*byte) << (56 - have);
            have += 8;
        }
        let (byte, length) = match code.short.get((bits >> (64 - QUICK)) as usize) {
            Some(short) if *short != 0 => (*short as u8, u32::from(*short >> 8)),
            _ => long(code, (bits >> 32) as u32).unwrap_or((0, u32::MAX)),
        };
        if length > have {
            // Less than a byte of ones may be left.
            let padding = have < 8 && bits == !(u64::MAX.checked_shr(have).unwrap_or(0));
            return if padding { Ok(()) } else { Err(NotCoded) };
        }
        out.push(byte);
        bits <<= length;
        have -= length;
    }
}

/// A word of more than the bits that are looked up at once, and its length.
#[cold]
fn long(code: &Code, bits: u32) -> Option<(u8, u32)> {
    code.lengths.iter().zip(0u32..).skip(QUICK as usize + 1).find_map(|(row, length)| {
        let place = (bits.checked_sub(row.first)? >> (32 - length)) as usize;
        let byte = code.order.get(row.at + place).filter(|_| place < row.count);
        Some((*byte?, length))
    })
}

/// Appends the coded form of `input`.
pub fn encode(input: &[u8], out: &mut Vec<u8>) {
    let (mut bits, mut have) = (0u64, 0u32);
    for byte in input {
        let (word, length) = CODE.words.get(usize::from(*byte)).copied().unwrap_or_default();
        bits = bits << length | u64::from(word);
        have += length;
        while have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
        }
    }
    if have > 0 {
        out.push((bits << (8 - have)) as u8 | 0xff >> have);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways(text: &[u8], coded: &[u8]) {
        let (mut out, mut back) = (Vec::new(), Vec::new());
        encode(text, &mut out);
        assert_eq!(out, coded);
        assert_eq!(decode(coded, &mut back), Ok(()));
        assert_eq!(back, text);
    }

    #[test]
    fn the_examples_of_the_rfc() {
        both_ways(
            b"www.example.com",
            &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff],
        );
        both_ways(b"no-cache", &[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]);
        both_ways(b"custom-key", &[0x25, 0xa8, 0x49, 0xe9, 0x5b, 0xa9, 0x7d, 0x7f]);
        both_ways(b"307", &[0x64, 0x0e, 0xff]);
        both_ways(b"", &[]);
    }

    #[test]
    fn every_byte_comes_back() {
        // All words but the one for the end are in use.
        assert_eq!(CODE.order.len(), 256);
        assert_eq!(
            CODE.words.iter().map(|(_, length)| 1u64 << (LONGEST - length)).sum::<u64>(),
            (1 << LONGEST) - 1
        );
        for byte in 0..=255u8 {
            for text in [vec![byte], vec![byte; 9], vec![b'a', byte, b'z', byte]] {
                let (mut out, mut back) = (Vec::new(), Vec::new());
                encode(&text, &mut out);
                assert_eq!(decode(&out, &mut back), Ok(()), "{text:?}");
                assert_eq!(back, text);
            }
        }
    }

    #[test]
    fn an_end_and_wrong_padding_are_refused() {
        let bad = |input: &[u8]| decode(input, &mut Vec::new()).is_err();
        // The word for the end, a whole byte of padding, zeros as padding.
        assert!(bad(&[0xff, 0xff, 0xff, 0xff]) && bad(&[0xff]) && bad(&[0x1f, 0xff]));
        assert!(bad(&[0x18]) && !bad(&[0x1f]) && bad(&[0xff, 0xff, 0xff, 0xfc]));
    }
}
