//! Small operations on bytes that several keywords share: joining in the arena, hashes for tables and balancing.

use sample::Bump;

/// The parts one after the other, in the arena.
pub(crate) fn joined<'a>(parts: &[&[u8]], arena: &'a Bump) -> &'a [u8] {
    let mut out = bumpalo::collections::Vec::with_capacity_in(parts.iter().map(|p| p.len()).sum(), arena);
    for part in parts {
        out.extend_from_slice(part);
    }
    out.into_bump_slice()
}

/// The number at the front, in HAProxy's encoding of numbers of variable length (its SPOE manual, 3.1), and takes its
/// bytes; none where they are not all there, or it is larger than 64 bits hold.
pub(crate) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut take = || {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(*first)
    };
    let first = take()?;
    let mut number = u64::from(first);
    if first < 0xf0 {
        return Some(number);
    }
    let mut shift = 4;
    loop {
        let next = take()?;
        let more = u64::from(next).checked_shl(shift).filter(|more| more >> shift == u64::from(next))?;
        number = number.checked_add(more)?;
        if next < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// The hash of the sdbm database library.
pub(crate) fn sdbm(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0u32, |hash, b| {
        u32::from(*b).wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
    })
}

/// Daniel J. Bernstein's hash.
pub(crate) fn djb2(bytes: &[u8]) -> u32 {
    bytes.iter().fold(5381u32, |hash, b| (hash << 5).wrapping_add(hash).wrapping_add(u32::from(*b)))
}

/// The cyclic redundancy check of Ethernet, gzip and PNG.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    crc(&CRC32, bytes)
}

/// The cyclic redundancy check of iSCSI and SCTP (RFC 3385).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc(&CRC32C, bytes)
}

static CRC32: [u32; 256] = table(0xedb8_8320);
static CRC32C: [u32; 256] = table(0x82f6_3b78);

fn crc(table: &[u32; 256], bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, b| {
        let [low, ..] = (crc ^ u32::from(*b)).to_le_bytes();
        (crc >> 8) ^ table.get(usize::from(low)).copied().unwrap_or(0)
    })
}

const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut rest: &mut [u32] = &mut table;
    let mut byte = 0u32;
    while let Some((slot, tail)) = rest.split_first_mut() {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (polynomial & (crc & 1).wrapping_neg());
            bit += 1;
        }
        *slot = crc;
        byte += 1;
        rest = tail;
    }
    table
}

/// Spreads every bit of a hash over all others: Bob Jenkins' integer hash with full avalanche, times 1 - 2^30.
pub(crate) const fn avalanche(hash: u32) -> u32 {
    let mut a = hash;
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_sub(a << 30)
}

/// Writes a replacement in which `\0` to `\9` stand for the groups of a match, and `\xHH` for a byte.
pub(crate) fn expand(groups: &sample::Groups<'_>, replacement: &[u8], write: &mut dyn FnMut(&[u8])) {
    let mut rest = replacement;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        write(rest.get(..at).unwrap_or_default());
        rest = match rest.get(at + 1..).unwrap_or_default() {
            [digit @ b'0'..=b'9', tail @ ..] => {
                write(groups.get(usize::from(digit - b'0')).unwrap_or_default());
                tail
            }
            [b'x', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |c: u8| char::from(c).to_digit(16).unwrap_or(0);
                write(&[(digit(*high) * 16 + digit(*low)) as u8]);
                tail
            }
            [other, tail @ ..] => {
                write(&[*other]);
                tail
            }
            [] => {
                write(b"\\");
                b""
            }
        };
    }
    write(rest);
}
