//! CRC-32C (Castagnoli), the checksum of PROXY protocol headers.

/// The polynomial, its bits in reverse.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The checksum of several pieces, one after the other. Bit by bit: headers are short.
pub(crate) fn checksum<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
    let bytes = pieces.into_iter().flatten();
    !bytes.fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_everybody_checks() {
        assert_eq!(checksum([&b"1234"[..], b"56789"]), 0xe306_9283);
        assert_eq!(checksum([]), 0);
    }
}
