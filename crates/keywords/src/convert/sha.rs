//! `sha1`, `sha2`, `digest`, `hmac`: digests (manual 7.3.1).

use blake2::{Blake2b512, Blake2s256};
use hmac::digest::KeyInit;
use hmac::{Mac, SimpleHmac};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::prelude::*;

/// The name of an algorithm, as OpenSSL knows it.
const ALGORITHM: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let unknown = "algorithm must be a valid OpenSSL message digest name.";
        Ok(Arg::own(Digester::of(written.text).ok_or(unknown)?))
    },
});
const KEY: ArgKind = secret!("failed to parse key ");

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "digest",
        args: &[ArgSpec::required("algorithm", ALGORITHM)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The digest of the input by an algorithm of this name, as OpenSSL writes it: md5, sha1, the families of SHA-2 and SHA-3, ripemd160, blake2b512, blake2s256.",
        examples: &[Example {
            given: "",
            expr: "str(abc),digest(md5),hex",
            gives: "900150983CD24FB0D6963F7D28E17F72",
        }],
        run: |args, value, cx| {
            let digest = args.own::<Digester>(0)?.digest;
            Some(Value::Bin(digest(value.bytes()?, cx.arena)))
        },
    },
    Converter {
        name: "hmac",
        args: &[ArgSpec::required("algorithm", ALGORITHM), ArgSpec::required("key", KEY)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The message authentication code of the input under a key, which is given in base 64, or by a variable that holds it so.",
        examples: &[Example {
            given: "",
            expr: "str(abc),hmac(sha256,a2V5),hex",
            gives: "9C196E32DC0175F86F4B1CB89289D6619DE6BEE699E4C378E68309ED97A1A6AB",
        }],
        run: |args, value, cx| {
            let mac = args.own::<Digester>(0)?.mac;
            mac(secret_bytes(args, 1, cx)?, value.bytes()?, cx.arena).map(Value::Bin)
        },
    },
    Converter {
        name: "sha1",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The SHA-1 digest of the input.",
        examples: &[Example {
            given: "",
            expr: "str(abc),sha1,hex",
            gives: "A9993E364706816ABA3E25717850C26C9CD0D89D",
        }],
        run: |_, value, cx| Some(Value::Bin(of::<Sha1>(value.bytes()?, cx))),
    },
    Converter {
        name: "sha2",
        args: &[ArgSpec::optional(
            "bits",
            ArgKind::IntOf(&[224, 256, 384, 512], "Unsupported number of bits: '{}'"),
        )],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The SHA-2 digest of the input in this many bits, 256 if none is given.",
        examples: &[
            Example {
                given: "",
                expr: "str(abc),sha2,hex",
                gives: "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
            },
            Example {
                given: "",
                expr: "str(abc),sha2(224),hex",
                gives: "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7",
            },
        ],
        run: |args, value, cx| {
            let bytes = value.bytes()?;
            Some(Value::Bin(match args.int(0) {
                Some(224) => of::<Sha224>(bytes, cx),
                Some(384) => of::<Sha384>(bytes, cx),
                Some(512) => of::<Sha512>(bytes, cx),
                _ => of::<Sha256>(bytes, cx),
            }))
        },
    },
];

fn of<'a, D: Digest>(bytes: &[u8], cx: &Ctx<'a>) -> &'a [u8] {
    digest::<D>(bytes, cx.arena)
}

/// The authentication code of bytes under a key.
type Authenticate = for<'a> fn(&[u8], &[u8], &'a Bump) -> Option<&'a [u8]>;

/// What one algorithm does.
#[derive(Clone, Copy)]
struct Digester {
    digest: for<'a> fn(&[u8], &'a Bump) -> &'a [u8],
    mac: Authenticate,
}

macro_rules! digester {
    ($algorithm:ty) => {
        Digester { digest: digest::<$algorithm>, mac: mac::<SimpleHmac<$algorithm>> }
    };
}

impl Digester {
    fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("rsa-").unwrap_or(&name);
        Some(match name {
            "md5" | "ssl3-md5" => digester!(Md5),
            "sha1" | "sha-1" | "ssl3-sha1" => digester!(Sha1),
            "sha224" | "sha-224" | "sha2-224" => digester!(Sha224),
            "sha256" | "sha-256" | "sha2-256" => digester!(Sha256),
            "sha384" | "sha-384" | "sha2-384" => digester!(Sha384),
            "sha512" | "sha-512" | "sha2-512" => digester!(Sha512),
            "sha512-224" | "sha-512/224" | "sha2-512/224" => digester!(Sha512_224),
            "sha512-256" | "sha-512/256" | "sha2-512/256" => digester!(Sha512_256),
            "sha3-224" => digester!(Sha3_224),
            "sha3-256" => digester!(Sha3_256),
            "sha3-384" => digester!(Sha3_384),
            "sha3-512" => digester!(Sha3_512),
            "ripemd160" | "ripemd" | "ripemd-160" | "rmd160" => digester!(Ripemd160),
            "blake2b512" | "blake2b-512" => digester!(Blake2b512),
            "blake2s256" | "blake2s-256" => digester!(Blake2s256),
            _ => return None,
        })
    }
}

fn digest<'a, D: Digest>(bytes: &[u8], arena: &'a Bump) -> &'a [u8] {
    arena.alloc_slice_copy(&D::digest(bytes))
}

fn mac<'a, M: Mac + KeyInit>(key: &[u8], bytes: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(arena.alloc_slice_copy(&mac.finalize().into_bytes()))
}
