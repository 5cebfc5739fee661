//! `sha1`, `sha2`, `digest`, `hmac`: digests (manual 7.3.1).

use hmac::digest::KeyInit;
use hmac::{Mac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::prelude::*;

const ALGORITHM: ArgKind = ArgKind::OneOf(
    &["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
    "algorithm must be a valid OpenSSL message digest name.",
);

const KEY: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| secret(written, reading, "failed to parse key "),
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "digest",
        args: &[ArgSpec::required("algorithm", ALGORITHM)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The digest of the input.",
        examples: &[Example {
            given: "",
            expr: "str(abc),digest(md5),hex",
            gives: "900150983CD24FB0D6963F7D28E17F72",
        }],
        run: |args, value, cx| {
            let bytes = value.bytes()?;
            Some(Value::Bin(match args.str(0)? {
                b"md5" => of::<Md5>(bytes, cx),
                b"sha1" => of::<Sha1>(bytes, cx),
                b"sha224" => of::<Sha224>(bytes, cx),
                b"sha256" => of::<Sha256>(bytes, cx),
                b"sha384" => of::<Sha384>(bytes, cx),
                _ => of::<Sha512>(bytes, cx),
            }))
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
            let (key, bytes) = (secret_bytes(args, 1, cx)?, value.bytes()?);
            match args.str(0)? {
                b"md5" => authenticated::<SimpleHmac<Md5>>(key, bytes, cx),
                b"sha1" => authenticated::<SimpleHmac<Sha1>>(key, bytes, cx),
                b"sha224" => authenticated::<SimpleHmac<Sha224>>(key, bytes, cx),
                b"sha256" => authenticated::<SimpleHmac<Sha256>>(key, bytes, cx),
                b"sha384" => authenticated::<SimpleHmac<Sha384>>(key, bytes, cx),
                _ => authenticated::<SimpleHmac<Sha512>>(key, bytes, cx),
            }
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
    cx.arena.alloc_slice_copy(&D::digest(bytes))
}

fn authenticated<'a, M: Mac + KeyInit>(key: &[u8], bytes: &[u8], cx: &Ctx<'a>) -> Option<Value<'a>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(bytes);
    Some(Value::Bin(cx.arena.alloc_slice_copy(&mac.finalize().into_bytes())))
}
