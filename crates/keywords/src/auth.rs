//! Who asks: credentials in a request (RFC 7617, RFC 6750) and whether a password is the right one (manual 12.2).

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypt3_rs::crypt::{md5, unix};
use http::{Known, Message};
use sample::Bump;
use sha2::{Digest, Sha256};
use state::World;
use state::auth::{Password, User, Userlist};
use yescrypt::{PasswordVerifier, Yescrypt};

/// Longer credentials are nobody's.
const LONGEST: usize = 8 * 1024;

/// A request and where its credentials stand.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    message: &'a Message,
    /// Whether it asks a proxy (`option http-use-proxy-header`), which has headers of its own for this.
    pub(crate) of_proxy: bool,
}

impl<'a> Asked<'a> {
    /// A request that came in by this frontend.
    pub(crate) fn new(world: &World, frontend: u32, message: &'a Message) -> Self {
        let of_proxy = world.frontend(frontend).is_some_and(|f| f.options.proxy_header)
            && !matches!(message.target_bytes().first(), None | Some(b'/' | b'*'));
        Self { message, of_proxy }
    }

    /// What the header says: the scheme, and what follows it.
    pub(crate) fn authorization(self) -> Option<(&'a [u8], &'a [u8])> {
        let header = if self.of_proxy { Known::ProxyAuthorization } else { Known::Authorization };
        split(self.message.find(header)?)
    }

    /// User and password of the `Basic` scheme.
    pub(crate) fn basic(self, arena: &'a Bump) -> Option<(&'a [u8], &'a [u8])> {
        let (scheme, rest) = self.authorization()?;
        if !scheme.eq_ignore_ascii_case(b"basic") || rest.len() > LONGEST {
            return None;
        }
        let room = arena.alloc_slice_fill_copy(base64::decoded_len_estimate(rest.len()), 0u8);
        let n = STANDARD.decode_slice(rest, room).ok()?;
        let text = room.get(..n)?;
        let colon = memchr::memchr(b':', text)?;
        Some((text.get(..colon)?, text.get(colon + 1..)?))
    }

    /// The user of the list that the credentials belong to.
    pub(crate) fn user<'l>(self, list: &'l Userlist, arena: &Bump) -> Option<(&'l [u8], &'l User)> {
        let (name, password) = self.basic(arena)?;
        let (name, user) = list.users.get_key_value(name)?;
        is_right(user, password).then_some((&**name, user))
    }
}

/// The scheme and what follows its space.
pub(crate) fn split(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', value).filter(|at| *at > 0)?;
    Some((value.get(..space)?, value.get(space..)?.trim_ascii_start()))
}

/// Whether this is the user's password.
fn is_right(user: &User, password: &[u8]) -> bool {
    match &user.password {
        Password::None => false,
        Password::Plain(expected) => same(expected, password),
        Password::Crypt(hash) => {
            let digest = keyed(password);
            if let Some(proven) = user.proven.get() {
                return same(proven, &digest);
            }
            let right = verify(hash, password);
            if right {
                let _ = user.proven.set(digest);
            }
            right
        }
    }
}

/// Compares without telling by its duration where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0u8, |different, (a, b)| different | (a ^ b)) == 0
}

/// A digest that means nothing outside of this process.
fn keyed(password: &[u8]) -> [u8; 32] {
    static KEY: OnceLock<[u64; 2]> = OnceLock::new();
    let [a, b] = KEY.get_or_init(|| [RandomState::new().hash_one(1u8), RandomState::new().hash_one(2u8)]);
    let mut digest = Sha256::new();
    digest.update(a.to_le_bytes());
    digest.update(b.to_le_bytes());
    digest.update(password);
    digest.finalize().into()
}

/// Whether crypt(3) makes this hash of the password. False for hashes of a kind that [`is_run`] doesn't know.
fn verify(hash: &str, password: &[u8]) -> bool {
    match Kind::of(hash) {
        Some(Kind::Bcrypt) => bcrypt::verify(password, hash).unwrap_or(false),
        Some(Kind::Sha256) => sha(hash, "$5$", |salt, rounds| {
            sha_crypt::sha256_crypt_b64(password, salt, &sha_crypt::Sha256Params::new(rounds).ok()?).ok()
        }),
        Some(Kind::Sha512) => sha(hash, "$6$", |salt, rounds| {
            sha_crypt::sha512_crypt_b64(password, salt, &sha_crypt::Sha512Params::new(rounds).ok()?).ok()
        }),
        Some(Kind::Yescrypt) => Yescrypt::default().verify_password(password, hash).is_ok(),
        Some(Kind::Md5) => md5::verify(password, hash),
        Some(Kind::Des) => unix::verify(password, hash),
        None => false,
    }
}

/// `$6$rounds=N$salt$hash`; the number of rounds may be absent, and of the salt only 16 characters count.
fn sha(hash: &str, prefix: &str, digest: impl Fn(&[u8], usize) -> Option<String>) -> bool {
    const USUAL: usize = 5000;
    const FEWEST: usize = 1000;
    const MOST: usize = 999_999_999;
    let parts = || {
        let rest = hash.strip_prefix(prefix)?;
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$')?;
                (rounds.parse::<usize>().ok().filter(|n| (FEWEST..=MOST).contains(n))?, rest)
            }
            None => (USUAL, rest),
        };
        let (salt, expected) = rest.split_once('$')?;
        let salt = salt.as_bytes();
        Some((salt.get(..salt.len().min(16))?, rounds, expected))
    };
    parts().is_some_and(|(salt, rounds, expected)| {
        digest(salt, rounds).is_some_and(|made| same(made.as_bytes(), expected.as_bytes()))
    })
}

/// Kinds of hashes.
enum Kind {
    Bcrypt,
    Sha256,
    Sha512,
    Yescrypt,
    Md5,
    /// The first one: two characters of salt, eleven of hash, eight characters of the password.
    Des,
}

impl Kind {
    fn of(hash: &str) -> Option<Self> {
        Some(match hash.get(..3)? {
            "$2a" | "$2b" | "$2y" => Self::Bcrypt,
            "$5$" => Self::Sha256,
            "$6$" => Self::Sha512,
            "$y$" => Self::Yescrypt,
            "$1$" => Self::Md5,
            _ if hash.len() == 13 && hash.bytes().all(is_digit) => Self::Des,
            _ => return None,
        })
    }
}

/// Whether the byte is one of the 64 digits that crypt(3) writes hashes with.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')
}

/// Whether passwords can be compared with a hash of this kind: yescrypt (`$y$`), bcrypt (`$2b$`), SHA-512 (`$6$`), SHA-256
/// (`$5$`), MD5 (`$1$`) and DES.
pub fn is_run(hash: &str) -> bool {
    Kind::of(hash).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_crypt() {
        // What crypt(3) of Debian makes of this password.
        for hash in [
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
            "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            "$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
            "$1$saltsalt$le8lFSqqnPaRFOlmAZpvH1",
            "abMbH7WsHr7wQ",
            "$y$j75$WZaPV7LSUEKMo34UKMo341$edcKRcfXsrBNrL3fNQWhjJgylEN.SWkRlrKHBNHBl8C",
            "$y$j9T$5Wz1yhaBLyMsAGoRDHJvA1$4Cch2S6OiwEiBRalkkJsNaqbGAlg5Ov6gOkOsKwUmS6",
        ] {
            assert!(is_run(hash) && verify(hash, b"Hello world!"), "{hash}");
            assert!(!verify(hash, b"Hell0 world!"), "{hash}");
        }
        for hash in [
            "",
            "$",
            "$6$",
            "$6$x",
            "$5$rounds=a$b$c",
            "$2b$",
            "$1$a$b",
            "$y$",
            "$y$j9T$a$b",
            "$y$zzz$a$b",
            "abc",
            "!!Tk71qDTQKMY",
        ] {
            assert!(!verify(hash, b"x"), "{hash}");
        }
    }

    #[test]
    fn a_proven_password_stays_the_only_one() {
        let hash = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
        let user = User { password: Password::Crypt(hash.into()), ..User::default() };
        assert!(!is_right(&user, b"hello"));
        assert!(user.proven.get().is_none());
        for _ in 0..2 {
            assert!(is_right(&user, b"Hello world!"));
            assert!(!is_right(&user, b"hello"));
        }
    }
}
