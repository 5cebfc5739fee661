//! Keys that tokens are decrypted with: secrets, and JSON Web Keys (RFC 7517, RFC 7518 section 6) of RSA and of elliptic
//! curves. Reads them; doesn't know what they open.

use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::rsa::PrivateDecryptingKey;
use rustls::pki_types::PrivateKeyDer;
use wire::json::{self, Found};

use super::decoded;

/// What a token may be opened with.
pub(crate) enum Key {
    Secret(Vec<u8>),
    Rsa(PrivateDecryptingKey),
    Curve(PrivateKey),
}

/// Why a text is no key: what is said of it where a configuration holds it.
pub(crate) type Unfit = &'static str;

const KINDS: Unfit = "Missing key type (expected 'oct', 'RSA' or 'EC')";

/// The object identifier of RSA keys with its parameters, as PKCS #8 says them.
const RSA: &[u8] = &[0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

impl Key {
    /// Takes the private key of a certificate; none if it is no key of RSA or of one of the curves.
    pub(crate) fn from_private(key: &PrivateKeyDer<'_>) -> Option<Self> {
        let der = key.secret_der();
        let rsa = match key {
            PrivateKeyDer::Pkcs1(_) => PrivateDecryptingKey::from_pkcs8(&enveloped(der)).ok(),
            _ => PrivateDecryptingKey::from_pkcs8(der).ok(),
        };
        let curves = [&agreement::ECDH_P256, &agreement::ECDH_P384, &agreement::ECDH_P521];
        let curve = || curves.into_iter().find_map(|curve| PrivateKey::from_private_key_der(curve, der).ok());
        rsa.map(Self::Rsa).or_else(|| curve().map(Self::Curve))
    }

    /// Reads a JSON Web Key with its private part.
    pub(crate) fn from_jwk(text: &[u8]) -> Result<Self, Unfit> {
        let kind = member(text, b"$.kty").ok_or(KINDS)?;
        match kind {
            b"oct" => bytes(text, b"$.k").map(Self::Secret).ok_or("Missing or invalid 'k' field"),
            b"RSA" => rsa(text).map(Self::Rsa).ok_or("Invalid or incomplete RSA key"),
            b"EC" => curve(text).map(Self::Curve).ok_or("Invalid or incomplete EC key"),
            _ => Err(KINDS),
        }
    }
}

/// A string of the object.
fn member<'a>(text: &'a [u8], path: &[u8]) -> Option<&'a [u8]> {
    match json::find(text, path)? {
        Found::Text(inside) => Some(inside),
        _ => None,
    }
}

fn bytes(text: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    decoded(member(text, path)?)
}

fn rsa(text: &[u8]) -> Option<PrivateDecryptingKey> {
    const PARTS: [&[u8]; 8] = [b"$.n", b"$.e", b"$.d", b"$.p", b"$.q", b"$.dp", b"$.dq", b"$.qi"];
    let mut key = integer(&[0]);
    for part in PARTS {
        key.extend(integer(&bytes(text, part)?));
    }
    PrivateDecryptingKey::from_pkcs8(&enveloped(&element(0x30, &key))).ok()
}

/// A key of RSA as PKCS #8 holds it.
fn enveloped(key: &[u8]) -> Vec<u8> {
    element(0x30, &[integer(&[0]), RSA.to_vec(), element(0x04, key)].concat())
}

fn curve(text: &[u8]) -> Option<PrivateKey> {
    let (curve, length) = match member(text, b"$.crv")? {
        b"P-256" => (&agreement::ECDH_P256, 32),
        b"P-384" => (&agreement::ECDH_P384, 48),
        b"P-521" => (&agreement::ECDH_P521, 66),
        _ => return None,
    };
    let number = bytes(text, b"$.d")?;
    let mut padded = vec![0; length];
    padded.get_mut(length.checked_sub(number.len())?..)?.copy_from_slice(&number);
    PrivateKey::from_private_key(curve, &padded).ok()
}

/// The point of a public key of an elliptic curve, uncompressed, from the object at `path`; none if it isn't on a curve of
/// `length` bytes.
pub(crate) fn point(text: &[u8], path: &[u8], length: usize) -> Option<Vec<u8>> {
    let Found::Object(object) = json::find(text, path)? else { return None };
    let mut point = vec![4];
    for part in [b"$.x", b"$.y"] {
        let number = bytes(object, part)?;
        point.resize(point.len() + length.checked_sub(number.len())?, 0);
        point.extend(number);
    }
    Some(point)
}

/// An element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: &[u8] = {
        let zeros = length.iter().take_while(|b| **b == 0).count();
        length.get(zeros..).unwrap_or_default()
    };
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ ..128) => out.push(short),
        _ => {
            // At most eight digits.
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

/// A positive integer of DER from its bytes.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|b| **b == 0).count();
    let mut content = vec![0];
    content.extend(number.get(zeros..).unwrap_or_default());
    let spare = content.get(1).is_some_and(|first| *first < 0x80);
    element(0x02, content.get(usize::from(spare)..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der() {
        assert_eq!(integer(&[0]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(element(4, &[0; 200]).get(..3), Some(&[4, 0x81, 200][..]));
        assert_eq!(element(4, &[0; 300]).get(..4), Some(&[4, 0x82, 1, 44][..]));
    }

    #[test]
    fn what_is_no_key() {
        for text in ["", "x", "{}", r#"{"kty":"x"}"#] {
            assert_eq!(Key::from_jwk(text.as_bytes()).err(), Some(KINDS), "{text}");
        }
        for text in
            [r#"{"kty":"oct"}"#, r#"{"kty":"RSA","n":"AQ"}"#, r#"{"kty":"EC","crv":"P-256","d":"AQ"}"#]
        {
            let read = Key::from_jwk(text.as_bytes());
            assert_eq!(read.is_err(), !text.contains("EC"), "{text}");
        }
        assert!(point(br#"{"epk":{"x":"AQ","y":"Ag"}}"#, b"$.epk", 2).is_some_and(|p| p == [4, 0, 1, 0, 2]));
    }
}
