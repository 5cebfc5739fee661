//! `dump_all_vars`: every variable and its value (manual 7.3.2).

use std::io::Write as _;

use sample::arg::{Own, Scope};

use super::prelude::*;
use sample::Arg;

const SCOPES: [(&str, Scope); 5] = [
    ("sess", Scope::Sess),
    ("txn", Scope::Txn),
    ("req", Scope::Req),
    ("res", Scope::Res),
    ("proc", Scope::Proc),
];
const SCOPE: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| match written.text {
        text if text.is_empty() || SCOPES.iter().any(|(name, _)| *name == text) => {
            Ok(Arg::Str(text.as_bytes().into()))
        }
        text => Err(format!("invalid scope '{text}', must be one of: sess, txn, req, res, proc").into()),
    },
});

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "dump_all_vars",
    args: &[
        ArgSpec::optional("scope", SCOPE),
        ArgSpec::optional("prefix", ArgKind::Str),
        ArgSpec::optional("delimiter", ArgKind::Str),
    ],
    gives: Type::Str,
    needs: Needs::Constant,
    doc: "`name=value` of all variables, or of those in one scope, or of those whose name begins with a prefix, with a \
          delimiter between them, `, ` if none is given. Text stands in quotes, bytes in hexadecimal digits.",
    examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "dump_all_vars", gives: "" }],
    get: |args, cx| {
        let wanted = args.str(0);
        let delimiter = args.str(2).unwrap_or(b", ");
        let mut out = Vec::new();
        for (name, scope) in SCOPES.iter().filter(|(name, _)| wanted.is_none_or(|w| w == name.as_bytes())) {
            for (id, variable) in (0u32..).zip(&cx.world.var_names) {
                let hidden = args.str(1).is_some_and(|prefix| !variable.as_bytes().starts_with(prefix));
                let var = sample::arg::VarRef { scope: *scope, id };
                let Some(value) = super::var::lookup(var, cx).filter(|_| !hidden) else { continue };
                if !out.is_empty() {
                    out.extend_from_slice(delimiter);
                }
                // Writing to a vector can't fail.
                let _ = write!(out, "{name}.{variable}=");
                shown(value, &mut out);
            }
        }
        Some(Value::Str(cx.arena.alloc_slice_copy(&out)))
    },
    each: None,
}];

fn shown(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bool(on) => out.extend_from_slice(if on { b"true" } else { b"false" }),
        Value::Bin(bytes) => {
            for byte in bytes {
                let _ = write!(out, "{byte:02X}");
            }
        }
        Value::Str(text) | Value::Meth(text) => {
            out.push(b'"');
            for byte in text {
                let escaped = match byte {
                    b'"' | b'\\' => *byte,
                    b'\r' => b'r',
                    b'\n' => b'n',
                    8 => b'b',
                    0 => b'0',
                    _ => {
                        out.push(*byte);
                        continue;
                    }
                };
                out.extend_from_slice(&[b'\\', escaped]);
            }
            out.push(b'"');
        }
        Value::Sint(_) | Value::Ipv4(_) | Value::Ipv6(_) => sample::cast::write_text(&value, out),
    }
}
