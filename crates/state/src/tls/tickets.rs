//! Keys that seal the sessions which clients keep (manual 5.1 "tls-ticket-keys"): several at a time, so that a fleet of
//! proxies can change them one after the other. The last one is the next to seal; the one in front of it seals now; all of
//! them open. The sealing is AES-GCM of aws-lc-rs under a key derived (HKDF) from the one given.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::server::ProducesTickets;

/// How many keys there are at once.
const KEPT: usize = 3;
/// The first bytes of a key name it.
const NAME: usize = 16;
/// How long clients may keep a ticket, seconds.
const LIFETIME_S: u32 = 12 * 3600;

/// What is wrong with a file of keys, in HAProxy's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    Base64(usize),
    Size(usize),
    TooFew,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64(line) => write!(f, "unable to decode base64 key on line {line}"),
            Self::Size(line) => write!(f, "wrong sized key on line {line}"),
            Self::TooFew => write!(f, "please supply at least {KEPT} keys in the tls-tickets-file"),
        }
    }
}

/// The keys of one file.
pub struct Keys {
    ring: ArcSwap<Vec<Arc<Key>>>,
}

struct Key {
    bytes: Box<[u8]>,
    seal: LessSafeKey,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Key {
    /// One of 48 or 80 bytes.
    fn new(bytes: &[u8]) -> Option<Self> {
        let secret = bytes.get(NAME..).filter(|_| matches!(bytes.len(), 48 | 80))?;
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"TLS session tickets");
        let derived = salt.extract(secret);
        let seal = UnboundKey::from(derived.expand(&[b"seal"], &AES_256_GCM).ok()?);
        Some(Self { bytes: bytes.into(), seal: LessSafeKey::new(seal) })
    }

    fn name(&self) -> &[u8] {
        self.bytes.get(..NAME).unwrap_or_default()
    }
}

impl Keys {
    /// Reads a file: a key a line, in base64.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let mut ring: Vec<Arc<Key>> = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty()) {
            let bytes = STANDARD.decode(line).map_err(|_| Wrong::Base64(number))?;
            let key = Key::new(&bytes).ok_or(Wrong::Size(number))?;
            if ring.last().is_some_and(|other| other.bytes.len() != key.bytes.len()) {
                return Err(Wrong::Size(number));
            }
            ring.push(Arc::new(key));
        }
        let first = ring.len().checked_sub(KEPT).ok_or(Wrong::TooFew)?;
        Ok(Self { ring: ArcSwap::from_pointee(ring.split_off(first)) })
    }

    /// The keys as they are given, in their order.
    pub fn texts(&self) -> Vec<String> {
        self.ring.load().iter().map(|key| STANDARD.encode(&key.bytes)).collect()
    }

    /// A key more, which is the next to seal; the first one is forgotten. False if it has not the size of the others.
    pub fn push(&self, bytes: &[u8]) -> bool {
        let ring = self.ring.load();
        let alike = ring.last().is_some_and(|key| key.bytes.len() == bytes.len());
        let Some(key) = Key::new(bytes).filter(|_| alike) else { return false };
        let mut next: Vec<_> = ring.iter().skip(1).cloned().collect();
        next.push(Arc::new(key));
        self.ring.store(Arc::new(next));
        true
    }
}

impl ProducesTickets for Keys {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME_S
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let ring = self.ring.load();
        let key = ring.get(KEPT - 2)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = plain.to_vec();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        key.seal.seal_in_place_append_tag(nonce_used, Aad::from(key.name()), &mut sealed).ok()?;
        Some([key.name(), &nonce, &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_at_checked(NAME)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let ring = self.ring.load();
        let key = ring.iter().find(|key| key.name() == name)?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        key.seal.open_in_place(nonce, Aad::from(name), &mut bytes).ok().map(|plain| plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: u8, len: usize) -> Vec<u8> {
        vec![fill; len]
    }

    fn keys(fills: &[u8]) -> Keys {
        let lines: Vec<String> = fills.iter().map(|fill| STANDARD.encode(key(*fill, 48))).collect();
        Keys::parse(&lines.join("\n")).unwrap()
    }

    #[test]
    fn tickets_outlive_a_change_of_keys_as_long_as_theirs_is_there() {
        let one = keys(&[1, 2, 3]);
        let ticket = one.encrypt(b"session").unwrap();
        assert_eq!(ticket.get(..NAME).unwrap(), [2; NAME]);
        assert_eq!(one.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        assert!(one.push(&key(4, 48)));
        assert_eq!(one.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        assert!(one.push(&key(5, 48)));
        assert_eq!(one.decrypt(&ticket), None);
        assert_eq!(one.encrypt(b"x").unwrap().get(..NAME).unwrap(), [4; NAME]);
    }

    #[test]
    fn another_proxy_with_the_same_keys_opens_it() {
        let ticket = keys(&[0, 1, 2, 3]).encrypt(b"session").unwrap();
        assert_eq!(keys(&[2, 3, 4]).decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        let mut broken = ticket.clone();
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(keys(&[2, 3, 4]).decrypt(&broken), None);
        for len in 0..ticket.len() {
            assert_eq!(keys(&[2, 3, 4]).decrypt(&ticket[..len]), None);
        }
    }

    #[test]
    fn wrong_files_are_refused() {
        let line = |len| STANDARD.encode(key(7, len));
        let parse = |lines: &[String]| Keys::parse(&lines.join("\n")).unwrap_err();
        assert_eq!(parse(&[line(48), line(48)]), Wrong::TooFew);
        assert_eq!(parse(&[line(48), line(80), line(48)]), Wrong::Size(2));
        assert_eq!(parse(&[line(47)]), Wrong::Size(1));
        assert_eq!(parse(&[line(48), "?".to_owned()]), Wrong::Base64(2));
        assert!(!keys(&[1, 2, 3]).push(&key(4, 80)));
    }
}
