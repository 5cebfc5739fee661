//! `tcp.*`: the header of a TCP segment (manual 7.3.1), as `ip.data` gives it.

use wire::packet::Tcp;

use super::prelude::*;

/// The kinds of options.
const MSS: u8 = 2;
const SCALE: u8 = 3;
const SACK: u8 = 4;
const TIMESTAMP: u8 = 8;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "tcp.dst",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The port a TCP segment goes to.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.dst",
            gives: "80",
        }],
        run: |_, value, _| Tcp(value.bytes()?).destination().map(number),
    },
    Converter {
        name: "tcp.flags",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The flags of a TCP segment, from FIN (1) to CWR (128).",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.flags",
            gives: "2",
        }],
        run: |_, value, _| Tcp(value.bytes()?).flags().map(number),
    },
    Converter {
        name: "tcp.options.mss",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The longest segment that a TCP header announces; 0 if it doesn't.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.mss",
            gives: "1460",
        }],
        run: |_, value, _| Tcp(value.bytes()?).number(MSS, 2).map(number),
    },
    Converter {
        name: "tcp.options.sack",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "1 if a TCP header permits selective acknowledgements, else 0.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.sack",
            gives: "1",
        }],
        run: |_, value, _| has(value, SACK),
    },
    Converter {
        name: "tcp.options.tsopt",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "1 if a TCP header has a timestamp, else 0.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.tsopt",
            gives: "1",
        }],
        run: |_, value, _| has(value, TIMESTAMP),
    },
    Converter {
        name: "tcp.options.tsval",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The timestamp of a TCP header; 0 without one.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.tsval",
            gives: "3735928559",
        }],
        run: |_, value, _| Tcp(value.bytes()?).number(TIMESTAMP, 4).map(number),
    },
    Converter {
        name: "tcp.options.wscale",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "How far the window of a TCP connection is scaled; 0 if it isn't.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.wscale",
            gives: "7",
        }],
        run: |_, value, _| Tcp(value.bytes()?).number(SCALE, 1).map(number),
    },
    Converter {
        name: "tcp.options.wsopt",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "1 if a TCP header asks for window scaling, else 0.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options.wsopt",
            gives: "1",
        }],
        run: |_, value, _| has(value, SCALE),
    },
    Converter {
        name: "tcp.options_list",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The kinds of a TCP header's options in their order, a byte each.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.options_list,hex",
            gives: "0204080103",
        }],
        run: |_, value, cx| kinds(value, cx),
    },
    Converter {
        name: "tcp.seq",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The sequence number of a TCP segment.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.seq",
            gives: "4275878552",
        }],
        run: |_, value, _| Tcp(value.bytes()?).sequence().map(number),
    },
    Converter {
        name: "tcp.src",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The port a TCP segment comes from.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.src",
            gives: "1234",
        }],
        run: |_, value, _| Tcp(value.bytes()?).source().map(number),
    },
    Converter {
        name: "tcp.win",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The window that a TCP header announces, not scaled.",
        examples: &[Example {
            given: "",
            expr: "bin(04d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),tcp.win",
            gives: "64240",
        }],
        run: |_, value, _| Tcp(value.bytes()?).window().map(number),
    },
];

fn number<'a>(n: impl Into<i64>) -> Value<'a> {
    Value::Sint(n.into())
}

fn has<'a>(value: Value<'_>, kind: u8) -> Option<Value<'a>> {
    Tcp(value.bytes()?).option(kind).map(|option| Value::Sint(option.is_some().into()))
}

fn kinds<'a>(value: Value<'_>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let kinds = Tcp(value.bytes()?).kinds()?;
    let mut out = bumpalo::collections::Vec::new_in(cx.arena);
    out.extend(kinds);
    Some(Value::Bin(out.into_bump_slice()))
}
