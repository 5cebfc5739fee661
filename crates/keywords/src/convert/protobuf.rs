//! `protobuf`, `ungrpc`: fields of protocol buffers (manual 7.3.1).

use wire::protobuf::{Field, Wire, find, find_grpc, varint};

use super::prelude::*;

/// How a field's content becomes an integer.
#[derive(Clone, Copy, Debug)]
struct Kind {
    wire: Wire,
    read: Read,
}

type Read = fn(&[u8]) -> Option<i64>;

const NUMBER: ArgKind = ArgKind::Own(&Own {
    kind: "Protocol buffers field number",
    absent: false,
    read: |written, _| {
        let numbers = written.text.split('.').map(|n| n.parse().ok().filter(|_| !n.starts_with('+')));
        let numbers: Option<Vec<u64>> = numbers.collect();
        numbers.map(|path| Arg::own(path.into_boxed_slice())).ok_or(Unread::Form)
    },
});
const KIND: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let kind =
            kind(written.text).ok_or_else(|| format!("Wrong protocol buffer type '{}'", written.text))?;
        Ok(Arg::own(kind))
    },
});
const ARGS: &[ArgSpec] = &[ArgSpec::required("field_number", NUMBER), ArgSpec::optional("field_type", KIND)];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "protobuf",
        args: ARGS,
        takes: Type::Bin,
        gives: Type::Any,
        doc: "The first field with this number in a message of protocol buffers; `1.2` is field 2 in the message that \
              field 1 is. As bytes, or with a type (`int32`, `sint64`, `bool`, `enum`, `fixed32`, `double` and the like) \
              as an integer, if the field is written in that type's way.",
        examples: &[
            Example { given: "", expr: "bin(089601),protobuf(1,int32)", gives: "150" },
            Example { given: "", expr: "bin(0a050896011005),protobuf(1.2,int32)", gives: "5" },
            Example { given: "", expr: "bin(0a03616263),protobuf(1)", gives: "abc" },
            Example { given: "", expr: "bin(0a03616263),protobuf(1,int32)", gives: "-" },
        ],
        run: |args, value, _| read(args, find(value.bytes()?, args.own::<Box<[u64]>>(0)?)?),
    },
    Converter {
        name: "ungrpc",
        args: ARGS,
        takes: Type::Bin,
        gives: Type::Any,
        doc: "Like `protobuf`, in the messages of a body of gRPC.",
        examples: &[Example {
            given: "",
            expr: "bin(00000000070a050896011005),ungrpc(1.1,int32)",
            gives: "150",
        }],
        run: |args, value, _| read(args, find_grpc(value.bytes()?, args.own::<Box<[u64]>>(0)?)?),
    },
];

fn read<'a>(args: &Args, field: Field<'a>) -> Option<Value<'a>> {
    match args.own::<Kind>(1) {
        None => Some(Value::Bin(field.content)),
        Some(kind) if kind.wire == field.wire => (kind.read)(field.content).map(Value::Sint),
        Some(_) => None,
    }
}

fn kind(name: &str) -> Option<Kind> {
    let (wire, read): (Wire, Read) = match name {
        "int32" | "int64" | "uint32" | "uint64" | "bool" | "enum" => {
            (Wire::Varint, |bytes| Some(varint(bytes)?.0 as i64))
        }
        "sint32" | "sint64" => (Wire::Varint, |bytes| {
            let n = varint(bytes)?.0;
            Some((n >> 1) as i64 ^ -((n & 1) as i64))
        }),
        "fixed64" | "sfixed64" => (Wire::Fixed64, |bytes| Some(i64::from_le_bytes(*bytes.first_chunk()?))),
        "double" => (Wire::Fixed64, |bytes| Some(whole(f64::from_le_bytes(*bytes.first_chunk()?)))),
        "fixed32" => (Wire::Fixed32, |bytes| Some(u32::from_le_bytes(*bytes.first_chunk()?).into())),
        "sfixed32" => (Wire::Fixed32, |bytes| Some(i32::from_le_bytes(*bytes.first_chunk()?).into())),
        // HAProxy shows the 32 bits of a negative number as a positive one.
        "float" => (Wire::Fixed32, |bytes| {
            Some(whole(f32::from_le_bytes(*bytes.first_chunk()?).into()) & 0xffff_ffff)
        }),
        _ => return None,
    };
    Some(Kind { wire, read })
}

/// The whole part of a number, in 64 bits that may be meant without sign; for what doesn't fit, what x86 makes of it.
fn whole(number: f64) -> i64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    let signed = |n: f64| if (-HALF..HALF).contains(&n) { n as i64 } else { i64::MIN };
    if number >= HALF { signed(number - HALF) ^ i64::MIN } else { signed(number) }
}
