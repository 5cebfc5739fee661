//! The proof that whoever answers a WebSocket client has read its request (RFC 6455 section 4.2.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What `Sec-WebSocket-Accept` says for this `Sec-WebSocket-Key`.
pub fn accept(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut text = [0; 28];
    // 20 bytes take 28 digits.
    let _ = STANDARD.encode_slice(digest, &mut text);
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_standard() {
        assert_eq!(&super::accept(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
