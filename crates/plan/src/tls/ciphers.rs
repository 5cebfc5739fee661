//! Lists of ciphers and groups in OpenSSL's spelling, read down to what is spoken here: ECDHE with AEAD ciphers. What
//! the list names beside that is known and left out.

use rustls::crypto::{SupportedKxGroup, aws_lc_rs};
use rustls::{CipherSuite, SignatureScheme, SupportedCipherSuite};
use state::tls::known;

/// What of a list is spoken here, in its order, and what else it names.
pub(crate) struct Chosen<T> {
    pub(crate) run: Vec<T>,
    pub(crate) missing: Vec<String>,
}

/// The suites of TLS 1.2 that `ciphers` leaves. None: the list means nothing.
pub(crate) fn tls12(list: &str) -> Option<Chosen<SupportedCipherSuite>> {
    let all: Vec<_> = suites().filter(|suite| suite.tls13().is_none()).collect();
    let mut run: Vec<SupportedCipherSuite> = Vec::new();
    let mut missing = Vec::new();
    let mut removed: Vec<CipherSuite> = Vec::new();
    let mut sense = false;
    for word in list.split([':', ',', ' ']).filter(|word| !word.is_empty()) {
        let (operator, name) = match word.chars().next() {
            Some(c @ ('!' | '-' | '+')) => (Some(c), word.get(1..).unwrap_or_default()),
            _ => (None, word),
        };
        if name.starts_with('@') {
            sense = true;
            continue;
        }
        let hits: Vec<_> = all.iter().copied().filter(|suite| matches(suite.suite(), name)).collect();
        sense |= !hits.is_empty() || is_known(name);
        match operator {
            Some('!') => {
                removed.extend(hits.iter().map(SupportedCipherSuite::suite));
                run.retain(|suite| !hits.contains(suite));
            }
            Some('-') => run.retain(|suite| !hits.contains(suite)),
            Some(_) => {
                let (moved, kept): (Vec<_>, Vec<_>) = run.into_iter().partition(|s| hits.contains(s));
                run = kept;
                run.extend(moved);
            }
            None => {
                if hits.is_empty() {
                    missing.push(name.to_owned());
                }
                for hit in hits {
                    if !run.contains(&hit) && !removed.contains(&hit.suite()) {
                        run.push(hit);
                    }
                }
            }
        }
    }
    sense.then_some(Chosen { run, missing })
}

/// The suites of TLS 1.3 that `ciphersuites` names. None: there is none of that name.
pub(crate) fn tls13(list: &str) -> Option<Chosen<SupportedCipherSuite>> {
    let mut chosen = Chosen { run: Vec::new(), missing: Vec::new() };
    for name in list.split(':').filter(|name| !name.is_empty()) {
        let of_name =
            |suite: &SupportedCipherSuite| known::cipher(suite.suite()).is_some_and(|(n, _)| n == name);
        match suites().find(|suite| suite.tls13().is_some() && of_name(suite)) {
            Some(suite) => chosen.run.push(suite),
            None if matches!(name, "TLS_AES_128_CCM_SHA256" | "TLS_AES_128_CCM_8_SHA256") => {
                chosen.missing.push(name.to_owned());
            }
            None => return None,
        }
    }
    Some(chosen)
}

/// The groups that `curves` names. None: one of them doesn't exist.
pub(crate) fn groups(list: &str) -> Option<Chosen<&'static dyn SupportedKxGroup>> {
    use aws_lc_rs::kx_group;
    let mut chosen: Chosen<&'static dyn SupportedKxGroup> = Chosen { run: Vec::new(), missing: Vec::new() };
    for name in list.split([':', '/']).filter(|name| !name.is_empty()) {
        let name = name.trim_start_matches(['?', '*', '-']);
        let group = match name.to_ascii_lowercase().as_str() {
            "x25519" => kx_group::X25519,
            "p-256" | "prime256v1" | "secp256r1" => kx_group::SECP256R1,
            "p-384" | "secp384r1" => kx_group::SECP384R1,
            "x25519mlkem768" => kx_group::X25519MLKEM768,
            "secp256r1mlkem768" => kx_group::SECP256R1MLKEM768,
            "p-521" | "secp521r1" | "p-224" | "secp224r1" | "x448" | "secp384r1mlkem1024" | "ffdhe2048"
            | "ffdhe3072" | "ffdhe4096" | "ffdhe6144" | "ffdhe8192" | "brainpoolp256r1"
            | "brainpoolp384r1" | "brainpoolp512r1" | "secp256k1" | "secp192r1" | "prime192v1" | "auto" => {
                chosen.missing.push(name.to_owned());
                continue;
            }
            _ => return None,
        };
        if !chosen.run.iter().any(|have| have.name() == group.name()) {
            chosen.run.push(group);
        }
    }
    Some(chosen)
}

/// The signatures that `sigalgs` names. None: one of them doesn't exist.
pub(crate) fn schemes(list: &str) -> Option<Chosen<SignatureScheme>> {
    let mut chosen = Chosen { run: Vec::new(), missing: Vec::new() };
    for name in list.split(':').filter(|name| !name.is_empty()) {
        let lower = name.to_ascii_lowercase();
        let scheme = match lower.trim_start_matches('?') {
            "rsa+sha256" | "rsa_pkcs1_sha256" => SignatureScheme::RSA_PKCS1_SHA256,
            "rsa+sha384" | "rsa_pkcs1_sha384" => SignatureScheme::RSA_PKCS1_SHA384,
            "rsa+sha512" | "rsa_pkcs1_sha512" => SignatureScheme::RSA_PKCS1_SHA512,
            "rsa-pss+sha256" | "pss+sha256" | "rsa_pss_rsae_sha256" => SignatureScheme::RSA_PSS_SHA256,
            "rsa-pss+sha384" | "pss+sha384" | "rsa_pss_rsae_sha384" => SignatureScheme::RSA_PSS_SHA384,
            "rsa-pss+sha512" | "pss+sha512" | "rsa_pss_rsae_sha512" => SignatureScheme::RSA_PSS_SHA512,
            "ecdsa+sha256" | "ecdsa_secp256r1_sha256" => SignatureScheme::ECDSA_NISTP256_SHA256,
            "ecdsa+sha384" | "ecdsa_secp384r1_sha384" => SignatureScheme::ECDSA_NISTP384_SHA384,
            "ecdsa+sha512" | "ecdsa_secp521r1_sha512" => SignatureScheme::ECDSA_NISTP521_SHA512,
            "ed25519" => SignatureScheme::ED25519,
            "rsa+sha1" | "rsa+sha224" | "ecdsa+sha1" | "ecdsa+sha224" | "dsa+sha1" | "dsa+sha224"
            | "dsa+sha256" | "dsa+sha384" | "dsa+sha512" | "ed448" | "rsa_pss_pss_sha256"
            | "rsa_pss_pss_sha384" | "rsa_pss_pss_sha512" | "rsa_pkcs1_sha1" | "ecdsa_sha1" => {
                chosen.missing.push(name.to_owned());
                continue;
            }
            _ => return None,
        };
        chosen.run.push(scheme);
    }
    Some(chosen)
}

/// All suites in the order of preference.
pub(crate) fn suites() -> impl Iterator<Item = SupportedCipherSuite> {
    const ORDER: [&str; 9] = [
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ];
    ORDER.iter().filter_map(|name| {
        let of_name = |s: &&SupportedCipherSuite| known::cipher(s.suite()).is_some_and(|(n, _)| n == *name);
        aws_lc_rs::ALL_CIPHER_SUITES.iter().find(of_name).copied()
    })
}

/// Whether a word of a cipher list, a name or classes joined by `+`, covers a suite.
fn matches(suite: CipherSuite, word: &str) -> bool {
    let Some((name, bits)) = known::cipher(suite) else { return false };
    let iana = format!("{suite:?}");
    word == name || word == iana || word.split('+').all(|class| is_in(name, bits, class))
}

fn is_in(name: &str, bits: i64, class: &str) -> bool {
    let chacha = name.contains("CHACHA20");
    let ecdsa = name.contains("ECDSA");
    match class {
        "ALL"
        | "DEFAULT"
        | "COMPLEMENTOFDEFAULT"
        | "HIGH"
        | "TLSv1.2"
        | "ECDHE"
        | "EECDH"
        | "kECDHE"
        | "kEECDH"
        | "ECDH"
        | "AEAD"
        | "FIPS" => class != "COMPLEMENTOFDEFAULT" && (class != "FIPS" || !chacha),
        "aRSA" | "RSA" => !ecdsa && class == "aRSA",
        "ECDSA" | "aECDSA" => ecdsa,
        "AES" | "AESGCM" => !chacha,
        "AES128" => !chacha && bits == 128,
        "AES256" => !chacha && bits == 256,
        "CHACHA20" => chacha,
        "SHA256" => false,
        "SUITEB128" | "SUITEB128ONLY" | "SUITEB192" => ecdsa && !chacha,
        _ => false,
    }
}

/// The pieces that OpenSSL's names are made of.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "ADH", "AECDH", "AES", "AES128", "AES256", "AESCCM", "AESCCM8", "AESGCM", "ALL", "ARIA",
    "ARIA128", "ARIA256", "ARIAGCM", "CAMELLIA", "CAMELLIA128", "CAMELLIA256", "CBC", "CBC3", "CCM",
    "CCM8", "CHACHA20", "COMPLEMENTOFALL", "COMPLEMENTOFDEFAULT", "DEFAULT", "DES", "DH", "DHE",
    "DSS", "ECDH", "ECDHE", "ECDSA", "EDH", "EECDH", "EXP", "EXPORT", "EXPORT40", "EXPORT56",
    "FIPS", "GCM", "GOST94", "GOST89MAC", "HIGH", "IDEA", "KRB5", "LOW", "MD5", "MEDIUM", "NULL",
    "POLY1305", "PSK", "RC2", "RC4", "RSA", "SEED", "SHA", "SHA1", "SHA256", "SHA384", "SRP",
    "SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.2", "3DES", "aDH", "aDSS", "aECDH", "aECDSA",
    "aGOST", "aNULL", "aPSK", "aRSA", "eNULL", "kDH", "kDHE", "kECDH", "kECDHE", "kECDHEPSK",
    "kEDH", "kEECDH", "kPSK", "kRSA", "kRSAPSK", "kSRP",
];

/// Whether OpenSSL knows the word although nothing of it is spoken here: made of the pieces that names are made of.
fn is_known(word: &str) -> bool {
    !word.is_empty() && word.split(['-', '+']).all(|piece| PIECES.contains(&piece))
        || word.starts_with("TLS_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Option<Vec<&'static str>> {
        let chosen = tls12(list)?;
        Some(chosen.run.iter().filter_map(|s| known::cipher(s.suite()).map(|(name, _)| name)).collect())
    }

    #[test]
    fn lists_are_read_as_openssl_does() {
        assert_eq!(names("FOO"), None);
        assert_eq!(names("kRSA").map(|n| n.len()), Some(0));
        assert_eq!(
            names("ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA"),
            Some(vec!["ECDHE-RSA-AES128-GCM-SHA256"])
        );
        assert_eq!(names("HIGH:!aNULL:!ECDSA:!CHACHA20").map(|n| n.len()), Some(2));
        assert_eq!(names("ALL:-ECDHE:ECDHE+AES128+aRSA"), Some(vec!["ECDHE-RSA-AES128-GCM-SHA256"]));
        assert_eq!(
            names("AESGCM+aRSA:+AES256"),
            Some(vec!["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"])
        );
    }

    #[test]
    fn suites_of_tls13_are_named_exactly() {
        assert!(tls13("FOO").is_none());
        assert_eq!(tls13("TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256").map(|c| c.run.len()), Some(1));
    }

    #[test]
    fn groups_have_several_names() {
        assert!(groups("FOO").is_none());
        let chosen = groups("P-256:prime256v1:X25519:P-521").unwrap();
        assert_eq!((chosen.run.len(), chosen.missing.len()), (2, 1));
    }
}
