//! The PROXY protocol (haproxy/doc/proxy-protocol.txt): in front of a connection's own bytes stands who the client is.
//! Version 1 is a line of text, version 2 is binary and may carry more in TLVs.
//!
//! Stricter than the document where HAProxy is: datagrams and unix sockets are refused. Where the document says that a
//! receiver must ignore what follows (`UNKNOWN`, `LOCAL`, an unspecified family), it is ignored.

mod tlv;
mod v1;
mod v2;

use std::net::SocketAddr;

pub use tlv::{Tlvs, VALUE_MAX, kind};
pub use v1::write as write_v1;
pub use v2::{Extra, Ssl, write as write_v2};

/// Source and destination of the client's connection.
pub type Ends = (SocketAddr, SocketAddr);

/// The longest header that is read, in bytes.
pub const HEADER_MAX: usize = 16 * 1024;

/// What reading the front of a connection found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// Not all of it is there yet.
    Partial,
    Invalid(Fault),
    Complete {
        /// Bytes to drop from the connection.
        consumed: usize,
        header: Header<'a>,
    },
}

/// Why there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It begins like something else.
    Foreign,
    /// It names a protocol that is not TCP.
    Protocol,
    /// It is malformed.
    Malformed,
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// None: those of the connection itself hold.
    pub ends: Option<Ends>,
    pub tlvs: Tlvs<'a>,
}

/// Reads the header at the front of `bytes`.
pub fn read(bytes: &[u8]) -> Parsed<'_> {
    let begins = |signature: &[u8]| {
        let n = bytes.len().min(signature.len());
        bytes.get(..n) == signature.get(..n)
    };
    if begins(v2::SIGNATURE) {
        v2::read(bytes)
    } else if begins(v1::SIGNATURE) {
        v1::read(bytes)
    } else {
        Parsed::Invalid(Fault::Foreign)
    }
}

/// Both ends in one family: one of IPv4 beside one of IPv6 is mapped into it.
fn one_family((source, destination): Ends) -> Ends {
    let mapped = |end: SocketAddr| match end {
        SocketAddr::V4(end) => SocketAddr::from((end.ip().to_ipv6_mapped(), end.port())),
        SocketAddr::V6(_) => end,
    };
    if source.is_ipv4() == destination.is_ipv4() {
        (source, destination)
    } else {
        (mapped(source), mapped(destination))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end() -> impl Strategy<Value = SocketAddr> {
        any::<(std::net::IpAddr, u16)>().prop_map(SocketAddr::from)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            ends in proptest::option::of((end(), end())),
            old in any::<bool>(),
            crc in any::<bool>(),
            value in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut out = Vec::new();
            if old {
                write_v1(ends, &mut out);
            } else {
                write_v2(ends, &Extra { custom: &[(0xe1, &value)], crc32c: crc, ..Extra::default() }, &mut out);
            }
            for cut in 0..out.len() {
                prop_assert_eq!(read(&out[..cut]), Parsed::Partial);
            }
            let whole = out.len();
            out.extend_from_slice(b"PROXY");
            let Parsed::Complete { consumed, header } = read(&out) else { panic!("{out:?}") };
            prop_assert_eq!(consumed, whole);
            prop_assert_eq!(header.ends, ends.map(one_family));
            if !old && ends.is_some() {
                prop_assert_eq!(header.tlvs.find(0xe1), Some(&*value));
            }
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), sign in 0..3) {
            let mut input = [&b""[..], v1::SIGNATURE, v2::SIGNATURE][sign as usize].to_vec();
            input.extend(bytes);
            if let Parsed::Complete { consumed, header } = read(&input) {
                prop_assert!(consumed <= input.len());
                header.tlvs.iter().for_each(drop);
            }
        }
    }
}
