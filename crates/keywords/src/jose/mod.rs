//! Signed and encrypted objects of JSON (RFC 7515 to 7518) in their compact form, as far as converters look into them. The
//! cryptography is that of libraries. Knows nothing of arguments and samples.
//!
//! [`verify`] judges signatures, [`decrypt`] opens what is encrypted with the keys that [`key`] reads.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub(crate) mod decrypt;
pub(crate) mod key;
pub(crate) mod verify;

/// Base 64 for URLs; padding, which tokens have none of, is let pass.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is between the dots.
pub(crate) fn parts(token: &[u8]) -> impl Iterator<Item = &[u8]> {
    token.split(|b| *b == b'.')
}

/// The bytes of one part.
pub(crate) fn decoded(part: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(part).ok()
}
