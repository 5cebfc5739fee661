//! Encrypted tokens (RFC 7516) in their compact form: the content's key is found by the algorithm that the header names
//! (RFC 7518 section 4), then the content is decrypted (section 5). None of it says why it failed.

use ::aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::{AeadInPlace, AesGcm, KeyInit};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey,
};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use state::jose::Policy;
use subtle::ConstantTimeEq;
use wire::json::{self, Found};

use super::key::{Key, point};
use super::{decoded, parts};

/// The bytes of a tag and of an initialization vector in CBC.
const BLOCK: usize = 16;

/// The content of a token, if the key opens it by algorithms that are allowed.
pub(crate) fn decrypt(token: &[u8], key: &Key, policy: Policy) -> Option<Vec<u8>> {
    let mut parts = parts(token);
    let (protected, wrapped, iv, sealed, tag) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let header = decoded(protected)?;
    let algorithm = text(&header, b"$.alg").filter(|name| policy.keys.has(name))?;
    let cipher = text(&header, b"$.enc").filter(|name| policy.contents.has(name)).and_then(Cipher::of)?;
    let own = content_key(algorithm, cipher, key, &decoded(wrapped)?, &header)?;
    cipher.open(&own, &decoded(iv)?, protected, decoded(sealed)?, &decoded(tag)?)
}

/// A string in the header.
fn text<'a>(header: &'a [u8], path: &[u8]) -> Option<&'a [u8]> {
    match json::find(header, path)? {
        Found::Text(inside) => Some(inside),
        _ => None,
    }
}

/// The key of the content.
fn content_key(
    algorithm: &[u8],
    cipher: Cipher,
    key: &Key,
    wrapped: &[u8],
    header: &[u8],
) -> Option<Vec<u8>> {
    match (algorithm, key) {
        (b"dir", Key::Secret(secret)) => wrapped.is_empty().then(|| secret.clone()),
        (b"A128KW" | b"A192KW" | b"A256KW", Key::Secret(secret)) => {
            unwrap(secret, bits(algorithm.get(1..)?)?, wrapped)
        }
        (b"A128GCMKW" | b"A192GCMKW" | b"A256GCMKW", Key::Secret(secret)) => {
            let (iv, tag) = (decoded(text(header, b"$.iv")?)?, decoded(text(header, b"$.tag")?)?);
            let fits = secret.len() == bits(algorithm.get(1..)?)?;
            gcm(secret, &iv, b"", wrapped.to_vec(), &tag).filter(|_| fits)
        }
        (b"RSA1_5", Key::Rsa(key)) => {
            let key = Pkcs1PrivateDecryptingKey::new(key.clone()).ok()?;
            let mut room = vec![0; key.min_output_size()];
            key.decrypt(wrapped, &mut room).ok().map(|found| found.to_vec())
        }
        (b"RSA-OAEP" | b"RSA-OAEP-256", Key::Rsa(key)) => {
            let how = if algorithm.ends_with(b"256") { &OAEP_SHA256_MGF1SHA256 } else { &OAEP_SHA1_MGF1SHA1 };
            let key = OaepPrivateDecryptingKey::new(key.clone()).ok()?;
            let mut room = vec![0; key.min_output_size()];
            key.decrypt(how, wrapped, &mut room, None).ok().map(|found| found.to_vec())
        }
        (_, Key::Curve(key)) => match algorithm.strip_prefix(b"ECDH-ES")? {
            b"" => agreed(key, header, text(header, b"$.enc")?, cipher.key_len()),
            wrap => {
                let wrap = wrap.strip_prefix(b"+")?;
                let length = bits(wrap.get(1..)?)?;
                unwrap(&agreed(key, header, algorithm, length)?, length, wrapped)
            }
        },
        _ => None,
    }
}

/// The bytes that the number in the name of an algorithm asks of its key.
fn bits(name: &[u8]) -> Option<usize> {
    match name.get(..3)? {
        b"128" => Some(16),
        b"192" => Some(24),
        b"256" => Some(32),
        _ => None,
    }
}

/// RFC 3394.
fn unwrap(key: &[u8], length: usize, wrapped: &[u8]) -> Option<Vec<u8>> {
    if key.len() != length {
        return None;
    }
    match length {
        16 => aes_kw::KekAes128::new(GenericArray::from_slice(key)).unwrap_vec(wrapped).ok(),
        24 => aes_kw::KekAes192::new(GenericArray::from_slice(key)).unwrap_vec(wrapped).ok(),
        _ => aes_kw::KekAes256::new(GenericArray::from_slice(key)).unwrap_vec(wrapped).ok(),
    }
}

/// What follows from the sender's public key and ours (RFC 7518 section 4.6.2).
fn agreed(key: &PrivateKey, header: &[u8], name: &[u8], length: usize) -> Option<Vec<u8>> {
    let curve = key.algorithm();
    let size = match text(header, b"$.epk.crv")? {
        b"P-256" if *curve == aws_lc_rs::agreement::ECDH_P256 => 32,
        b"P-384" if *curve == aws_lc_rs::agreement::ECDH_P384 => 48,
        b"P-521" if *curve == aws_lc_rs::agreement::ECDH_P521 => 66,
        _ => return None,
    };
    let peer = UnparsedPublicKey::new(curve, point(header, b"$.epk", size)?);
    let party = |path: &[u8]| text(header, path).map_or(Some(Vec::new()), decoded);
    let mut info = Vec::new();
    for part in [name, &party(b"$.apu")?, &party(b"$.apv")?] {
        info.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
        info.extend(part);
    }
    info.extend(u32::try_from(length * 8).ok()?.to_be_bytes());
    let digest = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256)?;
    let mut made = vec![0; length];
    agree(key, peer, (), |secret| sskdf_digest(digest, secret, &info, &mut made).map_err(|_| ())).ok()?;
    Some(made)
}

/// How a content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    /// With a key of so many bytes.
    Gcm(usize),
    /// As many bytes of key for the authentication, and as many again for AES.
    Cbc(usize),
}

impl Cipher {
    fn of(name: &[u8]) -> Option<Self> {
        let length = bits(name.get(1..)?)?;
        match name.get(4..)? {
            b"GCM" => Some(Self::Gcm(length)),
            _ => Some(Self::Cbc(length)),
        }
    }

    const fn key_len(self) -> usize {
        match self {
            Self::Gcm(length) => length,
            Self::Cbc(half) => half * 2,
        }
    }

    fn open(self, key: &[u8], iv: &[u8], aad: &[u8], sealed: Vec<u8>, tag: &[u8]) -> Option<Vec<u8>> {
        if key.len() != self.key_len() {
            return None;
        }
        let Self::Cbc(half) = self else { return gcm(key, iv, aad, sealed, tag) };
        let (authentic, secret) = key.split_at_checked(half)?;
        let bits = (u64::try_from(aad.len()).ok()? * 8).to_be_bytes();
        let signed: [&[u8]; 4] = [aad, iv, &sealed, &bits];
        let expected = match half {
            16 => authenticated::<Hmac<sha2::Sha256>>(authentic, &signed),
            24 => authenticated::<Hmac<sha2::Sha384>>(authentic, &signed),
            _ => authenticated::<Hmac<sha2::Sha512>>(authentic, &signed),
        }?;
        if iv.len() != BLOCK || !bool::from(expected.get(..half)?.ct_eq(tag)) {
            return None;
        }
        match half {
            16 => cbc::Decryptor::<Aes128>::new_from_slices(secret, iv)
                .ok()?
                .decrypt_padded_vec_mut::<Pkcs7>(&sealed),
            24 => cbc::Decryptor::<Aes192>::new_from_slices(secret, iv)
                .ok()?
                .decrypt_padded_vec_mut::<Pkcs7>(&sealed),
            _ => cbc::Decryptor::<Aes256>::new_from_slices(secret, iv)
                .ok()?
                .decrypt_padded_vec_mut::<Pkcs7>(&sealed),
        }
        .ok()
    }
}

fn authenticated<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac.finalize().into_bytes().to_vec())
}

fn gcm(key: &[u8], iv: &[u8], aad: &[u8], sealed: Vec<u8>, tag: &[u8]) -> Option<Vec<u8>> {
    fn run<C: KeyInit + AeadInPlace>(
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        mut bytes: Vec<u8>,
        tag: &[u8],
    ) -> Option<Vec<u8>> {
        let cipher = C::new_from_slice(key).ok()?;
        let (iv, tag) = (GenericArray::from_slice(iv), GenericArray::from_slice(tag));
        cipher.decrypt_in_place_detached(iv, aad, &mut bytes, tag).ok()?;
        Some(bytes)
    }
    if iv.len() != 12 || tag.len() != BLOCK {
        return None;
    }
    match key.len() {
        16 => run::<AesGcm<Aes128, U12>>(key, iv, aad, sealed, tag),
        24 => run::<AesGcm<Aes192, U12>>(key, iv, aad, sealed, tag),
        32 => run::<AesGcm<Aes256, U12>>(key, iv, aad, sealed, tag),
        _ => None,
    }
}
