//! The TLVs behind the addresses of a version 2 header: a type, two bytes of length, a value.

/// The longest value that is taken, in bytes; padding may be longer.
pub const VALUE_MAX: usize = 1024;

/// Types of TLVs, and of those inside [`kind::SSL`] (document section 2.2).
pub mod kind {
    pub const ALPN: u8 = 0x01;
    pub const AUTHORITY: u8 = 0x02;
    pub const CRC32C: u8 = 0x03;
    pub const NOOP: u8 = 0x04;
    pub const UNIQUE_ID: u8 = 0x05;
    pub const SSL: u8 = 0x20;
    pub const SSL_VERSION: u8 = 0x21;
    pub const SSL_CN: u8 = 0x22;
    pub const SSL_CIPHER: u8 = 0x23;
    pub const SSL_SIG_ALG: u8 = 0x24;
    pub const SSL_KEY_ALG: u8 = 0x25;
    pub const NETNS: u8 = 0x30;
}

/// The TLVs of a header, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    /// A view of such a block; what does not fit into it is not seen.
    pub const fn new(block: &'a [u8]) -> Self {
        Self(block)
    }

    /// The block's bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Each type with its value.
    pub fn iter(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (kind, value, after) = first(rest)?;
            rest = after;
            Some((kind, value))
        })
    }

    /// The first value of this type.
    pub fn find(self, kind: u8) -> Option<&'a [u8]> {
        self.iter().find(|(k, _)| *k == kind).map(|(_, value)| value)
    }

    /// Whether the block is nothing but whole TLVs of bearable size.
    pub(super) fn well_formed(self) -> bool {
        let mut rest = self.0;
        while !rest.is_empty() {
            let Some((kind, value, after)) = first(rest) else { return false };
            if value.len() > VALUE_MAX && kind != kind::NOOP {
                return false;
            }
            rest = after;
        }
        true
    }
}

fn first(block: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([kind, high, low], rest) = block.split_first_chunk()?;
    let (value, after) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
    Some((*kind, value, after))
}

/// Appends one. A value that does not fit into the two bytes of its length is left out.
pub(super) fn push(kind: u8, value: &[u8], out: &mut Vec<u8>) {
    if let Ok(len) = u16::try_from(value.len()) {
        out.push(kind);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_in_order_and_checked() {
        let mut block = Vec::new();
        push(2, b"a", &mut block);
        push(0xe1, b"", &mut block);
        push(2, b"b", &mut block);
        let tlvs = Tlvs::new(&block);
        assert_eq!((tlvs.find(2), tlvs.find(0xe1), tlvs.find(9)), (Some(&b"a"[..]), Some(&b""[..]), None));
        assert!(tlvs.well_formed() && tlvs.iter().count() == 3);
        assert!(!Tlvs::new(&block[..block.len() - 1]).well_formed());
        let mut long = Vec::new();
        push(9, &[0; VALUE_MAX + 1], &mut long);
        assert!(!Tlvs::new(&long).well_formed());
        long[0] = kind::NOOP;
        assert!(Tlvs::new(&long).well_formed());
    }
}
