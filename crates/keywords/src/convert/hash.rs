//! `sdbm`, `djb2`, `crc32`, `crc32c`, `xxh32`, `xxh64`, `xxh3`: hashes that are no secrets' guards (manual 7.3.1).

use twox_hash::{XxHash3_64, XxHash32, XxHash64};

use super::prelude::*;
use crate::bytes::{crc32, crc32c};

const AVALANCHE: &[ArgSpec] = &[ArgSpec::optional("avalanche", ArgKind::Sint)];
const SEED: &[ArgSpec] = &[ArgSpec::optional("seed", ArgKind::Sint)];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "crc32",
        args: AVALANCHE,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The CRC-32 of Ethernet, gzip and PNG; with `avalanche`, its bits are spread.",
        examples: &[
            Example { given: "", expr: "str(abc),crc32", gives: "891568578" },
            Example { given: "", expr: "str(abc),crc32(1)", gives: "930845320" },
        ],
        run: |args, value, _| Some(spread(args, crc32(value.bytes()?))),
    },
    Converter {
        name: "crc32c",
        args: AVALANCHE,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The CRC-32 of iSCSI and SCTP; with `avalanche`, its bits are spread.",
        examples: &[Example { given: "", expr: "str(abc),crc32c", gives: "910901175" }],
        run: |args, value, _| Some(spread(args, crc32c(value.bytes()?))),
    },
    Converter {
        name: "djb2",
        args: AVALANCHE,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "Bernstein's hash; with `avalanche`, its bits are spread.",
        examples: &[Example { given: "", expr: "str(abc),djb2", gives: "193485963" }],
        run: |args, value, _| Some(spread(args, djb2(value.bytes()?))),
    },
    Converter {
        name: "sdbm",
        args: AVALANCHE,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The hash of sdbm; with `avalanche`, its bits are spread.",
        examples: &[Example { given: "", expr: "str(abc),sdbm", gives: "807794786" }],
        run: |args, value, _| Some(spread(args, sdbm(value.bytes()?))),
    },
    Converter {
        name: "xxh3",
        args: SEED,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The 64-bit hash XXH3.",
        examples: &[Example { given: "", expr: "str(abc),xxh3", gives: "8696274497037089104" }],
        run: |args, value, _| {
            Some(Value::Sint(XxHash3_64::oneshot_with_seed(seed(args), value.bytes()?) as i64))
        },
    },
    Converter {
        name: "xxh32",
        args: SEED,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The 32-bit hash XXH32.",
        examples: &[Example { given: "", expr: "str(abc),xxh32", gives: "852579327" }],
        run: |args, value, _| {
            Some(Value::Sint(i64::from(XxHash32::oneshot(seed(args) as u32, value.bytes()?))))
        },
    },
    Converter {
        name: "xxh64",
        args: SEED,
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The 64-bit hash XXH64.",
        examples: &[Example { given: "", expr: "str(abc),xxh64", gives: "4952883123889572249" }],
        run: |args, value, _| Some(Value::Sint(XxHash64::oneshot(seed(args), value.bytes()?) as i64)),
    },
];

fn spread<'a>(args: &Args, hash: u32) -> Value<'a> {
    Value::Sint(i64::from(if args.int(0).unwrap_or(0) == 0 { hash } else { avalanche(hash) }))
}

fn seed(args: &Args) -> u64 {
    args.int(0).unwrap_or(0) as u64
}
