//! `host_only`, `port_only`: the parts of a host header's value (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "host_only",
        args: &[],
        takes: Type::Str,
        gives: Type::Str,
        doc: "The host, without its port, in small letters.",
        examples: &[
            Example { given: "", expr: "str(example.com:80),host_only", gives: "example.com" },
            Example { given: "", expr: "str([::1]:80),host_only", gives: "[::1]" },
            Example { given: "", expr: "str(Www.A),host_only", gives: "www.a" },
        ],
        run: |_, value, cx| {
            let host = cx.arena.alloc_slice_copy(split(value.bytes()?).0);
            host.make_ascii_lowercase();
            Some(Value::Str(host))
        },
    },
    Converter {
        name: "port_only",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "The port; 0 if there is none.",
        examples: &[
            Example { given: "", expr: "str(example.com:80),port_only", gives: "80" },
            Example { given: "", expr: "str([::1]),port_only", gives: "0" },
        ],
        run: |_, value, _| Some(Value::Sint(split(value.bytes()?).1.map_or(0, integer))),
    },
];

fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memrchr2(b':', b']', text) {
        Some(at) if text.get(at) == Some(&b':') => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        _ => (text, None),
    }
}
