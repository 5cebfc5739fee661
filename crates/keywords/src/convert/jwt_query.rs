//! `jwt_header_query`, `jwt_payload_query`: what stands in a JSON Web Token (manual 7.3.1).

use super::json_query::{OUTPUT, query};
use super::prelude::*;
use crate::jose::{decoded, parts};

const ARGS: &[ArgSpec] =
    &[ArgSpec::optional("json_path", ArgKind::Str), ArgSpec::optional("output_type", OUTPUT)];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "jwt_header_query",
        args: ARGS,
        takes: Type::Bin,
        gives: Type::Any,
        doc: "The header of a JSON Web Token in the compact form, decoded; with a path the value there (see `json_query`).",
        examples: &[
            Example {
                given: "",
                expr: "str(eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsIm4iOjV9.c2ln),jwt_header_query('$.alg')",
                gives: "HS256",
            },
            Example { given: "", expr: "str(x),jwt_header_query('$.alg')", gives: "-" },
        ],
        run: |args, value, cx| part(args, value, 0, cx),
    },
    Converter {
        name: "jwt_payload_query",
        args: ARGS,
        takes: Type::Bin,
        gives: Type::Any,
        doc: "The payload of a signed JSON Web Token in the compact form, decoded; with a path the value there (see \
              `json_query`).",
        examples: &[
            Example {
                given: "",
                expr: "str(eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsIm4iOjV9.c2ln),jwt_payload_query('$.n',int)",
                gives: "5",
            },
            Example {
                given: "",
                expr: "str(eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsIm4iOjV9.c2ln),jwt_payload_query",
                gives: "{\"sub\":\"me\",\"n\":5}",
            },
        ],
        run: |args, value, cx| part(args, value, 1, cx),
    },
];

/// The part at this position, or what the arguments ask of it.
fn part<'a>(args: &Args, value: Value<'_>, position: usize, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let part = parts(value.bytes()?).nth(position)?;
    let text = cx.arena.alloc_slice_copy(&decoded(part)?);
    match args.str(0) {
        None => Some(Value::Bin(text)),
        Some(path) => query(text, path, args.str(1).is_some(), cx),
    }
}
