//! SOCKS4 as a client speaks it (the protocol of 1992): what asks for a connection, and what grants it.

use std::net::SocketAddrV4;

/// Who asks, as HAProxy's servers know it.
const USER: &[u8] = b"HAProxy\0";

/// How long an answer is.
pub const ANSWER: usize = 8;

/// What asks for a connection to this address.
pub fn request(to: SocketAddrV4) -> [u8; 16] {
    let mut out = [0; 16];
    let [high, low] = to.port().to_be_bytes();
    let [a, b, c, d] = to.ip().octets();
    let bytes = [4, 1, high, low, a, b, c, d].into_iter().chain(USER.iter().copied());
    out.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
    out
}

/// Whether an answer grants it. Nothing else of it means anything.
pub const fn is_granted(answer: &[u8; ANSWER]) -> bool {
    const GRANTED: u8 = 90;
    let [_, code, ..] = *answer;
    code == GRANTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_asked_for() {
        let asked = request("127.0.0.1:80".parse().unwrap());
        assert_eq!(&asked, b"\x04\x01\x00\x50\x7f\x00\x00\x01HAProxy\x00");
    }

    #[test]
    fn the_code_decides() {
        assert!(is_granted(&[0, 90, 0, 0, 0, 0, 0, 0]) && is_granted(&[5, 90, 1, 1, 1, 1, 1, 1]));
        assert!(!is_granted(&[0, 91, 0, 0, 0, 0, 0, 0]) && !is_granted(&[90, 0, 0, 0, 0, 0, 0, 0]));
    }
}
