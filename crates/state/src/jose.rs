//! Which algorithms of encrypted tokens may be used (`jwt.decrypt_alg_list`, `jwt.decrypt_enc_list`, manual 3.1). What they
//! do is `keywords`' business.

/// How a token's key is kept from others (RFC 7518 section 4), and how its content is (section 5).
const KEY_ALGORITHMS: &[&str] = &[
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "A128KW",
    "A192KW",
    "A256KW",
    "dir",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "A128GCMKW",
    "A192GCMKW",
    "A256GCMKW",
];
const CONTENT_ALGORITHMS: &[&str] =
    &["A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM"];

/// Which algorithms may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub keys: Allowed,
    pub contents: Allowed,
}

impl Default for Policy {
    fn default() -> Self {
        Self { keys: Allowed::KEYS, contents: Allowed::CONTENTS }
    }
}

/// A set of algorithms of one of the two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    names: &'static [&'static str],
    bits: u32,
}

impl Allowed {
    /// All but what is known to be weak (RFC 8725 section 3.2).
    pub const KEYS: Self = Self { names: KEY_ALGORITHMS, bits: !1 };
    pub const CONTENTS: Self = Self { names: CONTENT_ALGORITHMS, bits: !0 };

    /// The set that a list says: names between colons, `ALL`, and those with `!` in front left out again. The error is the
    /// name that is none.
    pub fn listed(self, text: &str) -> Result<Self, String> {
        let mut bits = 0;
        for word in text.split(':') {
            if word == "ALL" {
                bits = !0;
                continue;
            }
            let name = word.strip_prefix('!').unwrap_or(word);
            let bit = self.bit(name.as_bytes()).ok_or_else(|| name.to_owned())?;
            bits = if name.len() < word.len() { bits & !bit } else { bits | bit };
        }
        Ok(Self { names: self.names, bits })
    }

    pub fn has(self, name: &[u8]) -> bool {
        self.bit(name).is_some_and(|bit| self.bits & bit != 0)
    }

    fn bit(self, name: &[u8]) -> Option<u32> {
        self.names.iter().position(|known| known.as_bytes() == name).map(|position| 1 << position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert!(Allowed::KEYS.has(b"dir") && !Allowed::KEYS.has(b"RSA1_5") && !Allowed::KEYS.has(b"none"));
        let all = Allowed::KEYS.listed("ALL:!ECDH-ES").map(|l| (l.has(b"RSA1_5"), l.has(b"ECDH-ES")));
        assert_eq!(all, Ok((true, false)));
        let some = Allowed::CONTENTS.listed("A128GCM").map(|l| (l.has(b"A128GCM"), l.has(b"A256GCM")));
        assert_eq!(some, Ok((true, false)));
        assert_eq!(Allowed::CONTENTS.listed("dir"), Err("dir".to_owned()));
    }
}
