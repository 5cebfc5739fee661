//! Log-format strings, compiled (manual 8.2.6): text, aliases and sample expressions in order.

use sample::cast::write_text;
use sample::{Type, Value};

use crate::expr::{Ctx, Expr};
use crate::family::{Alias, Written};

/// How an item is written: `%{+Q}`, `%{+X}`, `%{+E}`, and whether bytes from outside are encoded as `#XX` because the
/// string becomes a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub quote: bool,
    pub hexadecimal: bool,
    pub escape: bool,
    /// `+M`: what is absent shows as nothing rather than `-`.
    pub mandatory: bool,
    /// The string is a log line: control characters must not break it.
    pub log: bool,
}

/// One piece of a format.
#[derive(Debug)]
pub enum Item {
    Text(Box<[u8]>),
    Alias(&'static Alias, Flags),
    Expr(Box<Expr>, Flags),
}

/// A compiled format.
#[derive(Debug, Default)]
pub struct Format {
    pub items: Box<[Item]>,
}

impl Format {
    /// A format that is only text.
    pub fn constant(text: &[u8]) -> Self {
        Self { items: Box::new([Item::Text(text.into())]) }
    }

    /// The text, if the format is only text.
    pub fn as_constant(&self) -> Option<&[u8]> {
        match &*self.items {
            [] => Some(b""),
            [Item::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether some item is only known when the stream is over.
    pub fn at_end(&self) -> bool {
        self.items.iter().any(|i| matches!(i, Item::Alias(alias, _) if alias.at_end))
    }

    /// Appends the string to `out`.
    pub fn write(&self, cx: &Ctx<'_>, out: &mut Vec<u8>) {
        for item in &self.items {
            match item {
                Item::Text(text) => out.extend_from_slice(text),
                Item::Alias(alias, flags) => write_alias(alias, *flags, cx, out),
                Item::Expr(expr, flags) => write_expr(expr, *flags, cx, out),
            }
        }
    }
}

fn write_alias(alias: &Alias, flags: Flags, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    match (alias.write)(cx, out) {
        Written::Nothing => absent(flags, out),
        Written::Plain if flags.quote && flags.log => requote(start, flags, out),
        Written::Plain => {}
        Written::Text => requote(start, flags, out),
    }
}

fn write_expr(expr: &Expr, flags: Flags, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let Some(value) = expr.eval(cx) else {
        if flags.log {
            absent(flags, out);
        }
        return;
    };
    let start = out.len();
    match value {
        Value::Bin(bytes) if flags.hexadecimal => hex(bytes, out),
        Value::Bin(bytes) if value.kind() == Type::Bin && flags.log => hex(bytes, out),
        _ => write_text(&value, out),
    }
    if flags.log {
        if out.len() == start {
            absent(flags, out);
        } else {
            requote(start, flags, out);
        }
    }
}

fn absent(flags: Flags, out: &mut Vec<u8>) {
    match (flags.quote, flags.mandatory) {
        (true, _) => out.extend_from_slice(b"\"\""),
        (false, true) => {}
        (false, false) => out.push(b'-'),
    }
}

/// Escapes what was written from `start` on, and quotes it when asked to.
fn requote(start: usize, flags: Flags, out: &mut Vec<u8>) {
    let special = |b: &u8| must_escape(*b, flags);
    let dirty = out.get(start..).is_some_and(|written| written.iter().any(special));
    if dirty {
        let written: Vec<u8> = out.get(start..).unwrap_or_default().to_vec();
        out.truncate(start);
        for byte in written {
            match byte {
                b if !must_escape(b, flags) => out.push(b),
                b if flags.escape && matches!(b, b'"' | b'\\' | b']') => out.extend_from_slice(&[b'\\', b]),
                b => {
                    out.push(b'#');
                    hex(&[b], out);
                }
            }
        }
    }
    if flags.quote {
        out.insert(start, b'"');
        out.push(b'"');
    }
}

const fn must_escape(byte: u8, flags: Flags) -> bool {
    flags.log && (byte < 32 || byte >= 127 || matches!(byte, b'#' | b'"'))
        || flags.escape && matches!(byte, b'"' | b'\\' | b']')
}

fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
    for b in bytes {
        out.extend_from_slice(&[digit(b >> 4), digit(b & 15)]);
    }
}
