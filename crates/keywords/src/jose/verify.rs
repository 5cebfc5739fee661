//! Signatures of tokens (RFC 7515, algorithms of RFC 7518 section 3).

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::{decoded, parts};

/// An algorithm of section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    None,
    Hmac(Hash),
    /// PKCS #1 version 1.5.
    Rsa(Hash),
    RsaPss(Hash),
    /// On the curve that goes with the hash.
    Ecdsa(Hash),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        if name == b"none" {
            return Some(Self::None);
        }
        let (family, size) = name.split_at_checked(2)?;
        let hash = match size {
            b"256" => Hash::Sha256,
            b"384" => Hash::Sha384,
            b"512" => Hash::Sha512,
            _ => return None,
        };
        match family {
            b"HS" => Some(Self::Hmac(hash)),
            b"RS" => Some(Self::Rsa(hash)),
            b"PS" => Some(Self::RsaPss(hash)),
            b"ES" => Some(Self::Ecdsa(hash)),
            _ => None,
        }
    }

    /// Whether it needs a secret.
    pub(crate) const fn is_hmac(self) -> bool {
        matches!(self, Self::Hmac(_))
    }

    /// Whether it needs a public key.
    pub(crate) const fn is_asymmetric(self) -> bool {
        !matches!(self, Self::None | Self::Hmac(_))
    }
}

/// A public key as its file holds it: in DER.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(Box<[u8]>);

impl PublicKey {
    /// The one in a certificate, which is in DER.
    pub(crate) fn from_certificate(der: &[u8]) -> Option<Self> {
        state::tls::x509::public_key(der).map(Self)
    }

    /// Reads `PUBLIC KEY` and `RSA PUBLIC KEY` of PEM.
    pub(crate) fn from_pem(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let label = ["PUBLIC KEY", "RSA PUBLIC KEY"].into_iter().find_map(|label| {
            let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
            let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
            Some(body)
        })?;
        let digits: String = label.split_ascii_whitespace().collect();
        let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, digits).ok()?;
        Some(Self(der.into()))
    }
}

/// What a token is verified with, or why there is nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    Secret(&'a [u8]),
    Public(&'a PublicKey),
    None(Outcome),
}

/// The outcome, by HAProxy's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Verified = 1,
    Failed = 0,
    UnknownAlgorithm = -1,
    UnfitAlgorithm = -2,
    InvalidToken = -3,
    UnknownKey = -5,
    UnusableKey = -7,
}

/// Verifies a token of three parts.
pub(crate) fn verify(token: &[u8], algorithm: Algorithm, key: Key<'_>) -> Outcome {
    let mut parts = parts(token);
    let (Some(header), Some(payload), Some(written), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Outcome::InvalidToken;
    };
    if algorithm == Algorithm::None {
        return if written.is_empty() { Outcome::Verified } else { Outcome::Failed };
    }
    let Some(given) = decoded(written).filter(|given| !given.is_empty()) else {
        return Outcome::InvalidToken;
    };
    let signed = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
    let verified = match (algorithm, key) {
        (Algorithm::Hmac(hash), Key::Secret(secret)) => {
            let key = hmac::Key::new(mac(hash), secret);
            hmac::verify(&key, signed, &given).is_ok()
        }
        (Algorithm::Ecdsa(hash), Key::Public(key)) => {
            // Two numbers of the same length.
            if !given.len().is_multiple_of(2) {
                return Outcome::InvalidToken;
            }
            UnparsedPublicKey::new(ecdsa(hash), &key.0).verify(signed, &given).is_ok()
        }
        (Algorithm::Rsa(hash), Key::Public(key)) => {
            UnparsedPublicKey::new(rsa(hash), &key.0).verify(signed, &given).is_ok()
        }
        (Algorithm::RsaPss(hash), Key::Public(key)) => {
            UnparsedPublicKey::new(pss(hash), &key.0).verify(signed, &given).is_ok()
        }
        (_, Key::None(why)) => return why,
        _ => return Outcome::UnknownKey,
    };
    if verified { Outcome::Verified } else { Outcome::Failed }
}

const fn mac(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

fn ecdsa(hash: Hash) -> &'static dyn VerificationAlgorithm {
    match hash {
        Hash::Sha256 => &signature::ECDSA_P256_SHA256_FIXED,
        Hash::Sha384 => &signature::ECDSA_P384_SHA384_FIXED,
        Hash::Sha512 => &signature::ECDSA_P521_SHA512_FIXED,
    }
}

fn rsa(hash: Hash) -> &'static dyn VerificationAlgorithm {
    match hash {
        Hash::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

fn pss(hash: Hash) -> &'static dyn VerificationAlgorithm {
    match hash {
        Hash::Sha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Hash::Sha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Hash::Sha512 => &signature::RSA_PSS_2048_8192_SHA512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7515, appendix A.1, and its key.
    const TOKEN: &[u8] =
        b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogIm\
        h0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const KEY: &[u8] =
        b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    #[test]
    fn the_example_of_the_specification() {
        let key = decoded(KEY).unwrap_or_default();
        let algorithm = Algorithm::of(b"HS256").unwrap_or(Algorithm::None);
        assert_eq!(verify(TOKEN, algorithm, Key::Secret(&key)), Outcome::Verified);
        assert_eq!(verify(TOKEN, algorithm, Key::Secret(b"x")), Outcome::Failed);
        assert_eq!(verify(TOKEN, Algorithm::Rsa(Hash::Sha256), Key::Secret(&key)), Outcome::UnknownKey);
    }

    #[test]
    fn tokens_that_are_none() {
        let hmac = Algorithm::Hmac(Hash::Sha256);
        for token in ["", "a", "a.b", "a.b.", "a.b.c.d", "e30.e30.!!!!"] {
            assert_eq!(verify(token.as_bytes(), hmac, Key::Secret(b"k")), Outcome::InvalidToken, "{token}");
        }
        assert_eq!(verify(b"e30.e30.", Algorithm::None, Key::Secret(b"")), Outcome::Verified);
        assert_eq!(Algorithm::of(b"HS257"), None);
        assert!(PublicKey::from_pem(b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----").is_none());
    }
}
