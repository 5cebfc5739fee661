//! Log-format strings, compiled (manual 8.2.6): text, aliases and sample expressions in order.

mod encode;

use sample::cast::write_text;
use sample::{Type, Value, cast};

pub use encode::{Encoding, Kind, Plain};

use crate::expr::{Ctx, Expr};
use crate::family::{Alias, Known, Written};

/// How an item is written: `%{+Q}`, `%{+X}`, `%{+E}`, and what the string becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub quote: bool,
    pub hexadecimal: bool,
    pub escape: bool,
    /// The string is a log line: what is absent shows as `-`, and what aliases bring from outside is encoded as `#XX`.
    pub log: bool,
    /// The string becomes part of a message's head: control characters are encoded as `%XX`.
    pub head: bool,
    /// `%{+json}`, `%{+cbor}`: values have types.
    pub encoding: Option<Encoding>,
    /// `%{+bin}`: bytes stay as they are.
    pub binary: bool,
}

/// The name and the type that a format gives an item: `%(name:type)[expr]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    pub name: Box<[u8]>,
    pub kind: Kind,
}

/// One piece of a format.
#[derive(Debug)]
pub enum Item {
    Text(Box<[u8]>),
    Alias(&'static Alias, Flags, Option<Box<Label>>),
    Expr(Box<Expr>, Flags, Option<Box<Label>>),
}

impl Item {
    fn label(&self) -> Option<&Label> {
        match self {
            Self::Text(_) => None,
            Self::Alias(_, _, label) | Self::Expr(_, _, label) => label.as_deref(),
        }
    }
}

/// A compiled format.
#[derive(Debug, Default)]
pub struct Format {
    pub items: Box<[Item]>,
    /// Spaces around an item that writes nothing count as one, and none begins the string.
    pub merge_spaces: bool,
    /// From when on everything it tells is known.
    pub known: Known,
    /// The whole is a document in which the named items are the values.
    pub document: Option<Encoding>,
    pub binary: bool,
}

impl Format {
    /// A format that is only text.
    pub fn constant(text: &[u8]) -> Self {
        Self { items: Box::new([Item::Text(text.into())]), ..Self::default() }
    }

    /// The text, if the format is only text.
    pub fn as_constant(&self) -> Option<&[u8]> {
        match &*self.items {
            _ if self.document.is_some() => None,
            [] => Some(b""),
            [Item::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the string to `out`.
    pub fn write(&self, cx: &Ctx<'_>, out: &mut Vec<u8>) {
        if let Some(encoding) = self.document {
            self.document(encoding, cx, out);
            return;
        }
        // How long `out` was behind the last space that separates items.
        let mut spaced = self.merge_spaces.then_some(out.len());
        for item in &self.items {
            match item {
                Item::Text(text) => {
                    let text = match text.split_first() {
                        Some((b' ', rest)) if spaced == Some(out.len()) => rest,
                        _ => text,
                    };
                    out.extend_from_slice(text);
                    if self.merge_spaces && text.last() == Some(&b' ') {
                        spaced = Some(out.len());
                    }
                }
                Item::Alias(_, flags, _) | Item::Expr(_, flags, _) if flags.encoding.is_some() => {
                    let start = out.len();
                    write_encoded(item, *flags, cx, out);
                    if flags.encoding == Some(Encoding::Cbor) && !flags.binary {
                        encode::hexadecimal(start, out);
                    }
                }
                Item::Alias(alias, flags, _) => write_alias(alias, *flags, cx, out),
                Item::Expr(expr, flags, _) => write_expr(expr, *flags, cx, out),
            }
        }
    }

    /// Writes a document; what has no name is left out.
    fn document(&self, encoding: Encoding, cx: &Ctx<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        encoding.open(out);
        let mut first = true;
        for item in &self.items {
            let (Item::Alias(_, flags, _) | Item::Expr(_, flags, _)) = item else { continue };
            let Some(label) = item.label().filter(|label| !label.name.is_empty()) else { continue };
            encoding.name(&label.name, first, out);
            first = false;
            write_encoded(item, Flags { encoding: Some(encoding), ..*flags }, cx, out);
        }
        encoding.close(out);
        if encoding == Encoding::Cbor && !self.binary {
            encode::hexadecimal(start, out);
        }
    }
}

/// Writes a value with its type.
fn write_encoded(item: &Item, flags: Flags, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let Some(encoding) = flags.encoding else { return };
    let kind = item.label().map_or(Kind::Own, |label| label.kind);
    match item {
        Item::Text(_) => {}
        Item::Alias(alias, _, _) => encode_alias(alias, encoding, kind, flags, cx, out),
        Item::Expr(expr, _, _) => encode_expr(expr, encoding, kind, cx, out),
    }
}

/// What an alias writes is taken back and written again as a value. Texts keep their type whatever is asked for.
fn encode_alias(
    alias: &Alias,
    encoding: Encoding,
    kind: Kind,
    flags: Flags,
    cx: &Ctx<'_>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let how = (alias.write)(cx, flags, out);
    if how == Written::Text && flags.log {
        replace(start, out, is_unsafe, b'#');
    }
    if how == Written::Value {
        return;
    }
    let text = cx.arena.alloc_slice_copy(out.get(start..).unwrap_or_default());
    out.truncate(start);
    let value = match how {
        Written::Plain if text.is_empty() => Plain::Nothing,
        Written::Nothing if encoding == Encoding::Cbor => Plain::Nothing,
        Written::Plain => match (number(text), kind) {
            (Some(n), Kind::Own | Kind::Sint | Kind::Raw) => Plain::Int(n),
            (Some(n), Kind::Bool) => Plain::Bool(n != 0),
            (Some(_), Kind::Str) | (None, _) => Plain::Text(text),
        },
        _ => Plain::Text(text),
    };
    encoding.value(value, out);
}

/// The number that digits stand for; those of a count that may still grow have a plus sign in front.
fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn encode_expr(expr: &Expr, encoding: Encoding, kind: Kind, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let Some(value) = expr.eval(cx) else {
        // JSON has an empty text where CBOR has nothing, like in HAProxy.
        let nothing = if encoding == Encoding::Json { Plain::Text(b"") } else { Plain::Nothing };
        encoding.value(nothing, out);
        return;
    };
    let int = || match cast(value, Type::Sint, cx.arena) {
        Some(Value::Sint(n)) => n,
        _ => 0,
    };
    match (kind, value) {
        (Kind::Raw, value) => write_text(&value, out),
        (Kind::Bool, _) => encoding.value(Plain::Bool(int() != 0), out),
        (Kind::Sint, _) => encoding.value(Plain::Int(int()), out),
        (Kind::Own, Value::Bool(set)) => encoding.value(Plain::Bool(set), out),
        (Kind::Own, Value::Sint(n)) => encoding.value(Plain::Int(n), out),
        (Kind::Own, Value::Bin(bytes)) if encoding == Encoding::Cbor => {
            encoding.value(Plain::Bytes(bytes), out);
        }
        (_, value) => {
            let start = out.len();
            write_text(&value, out);
            let text = cx.arena.alloc_slice_copy(out.get(start..).unwrap_or_default());
            out.truncate(start);
            let length = text.iter().position(|b| *b == 0).unwrap_or(text.len());
            encoding.value(Plain::Text(text.get(..length).unwrap_or_default()), out);
        }
    }
}

fn write_alias(alias: &Alias, flags: Flags, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    match (alias.write)(cx, flags, out) {
        Written::Nothing => absent(flags, out),
        Written::Plain | Written::Digits | Written::Value => {}
        Written::Encoded => finish(start, flags, out),
        Written::Text => {
            if flags.log {
                replace(start, out, is_unsafe, b'#');
            }
            finish(start, flags, out);
        }
    }
}

fn write_expr(expr: &Expr, flags: Flags, cx: &Ctx<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    if let Some(value) = expr.eval(cx) {
        write_text(&value, out);
    }
    // The text ends where a C string would.
    if !flags.binary
        && let Some(len) = out.get(start..).and_then(|written| written.iter().position(|b| *b == 0))
    {
        out.truncate(start + len);
    }
    if out.len() == start {
        absent(flags, out);
    } else {
        finish(start, flags, out);
    }
}

fn absent(flags: Flags, out: &mut Vec<u8>) {
    if flags.quote && !flags.head {
        out.extend_from_slice(b"\"\"");
    } else if flags.log {
        out.push(b'-');
    }
}

/// Encodes and quotes what was written from `start` on, as the flags say.
fn finish(start: usize, flags: Flags, out: &mut Vec<u8>) {
    if flags.head {
        replace(start, out, |b| (b < 32 && b != b'\t') || b == 127, b'%');
    }
    if flags.escape {
        escape(start, out);
    }
    if flags.quote {
        out.insert(start, b'"');
        out.push(b'"');
    }
}

/// What may not stand in a log line as it is.
const fn is_unsafe(byte: u8) -> bool {
    byte < 32 || byte >= 127 || matches!(byte, b'#' | b'"')
}

/// Appends the value of a captured header as logs show it: also braces and bars are encoded, which delimit such values.
pub fn write_captured(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(value);
    replace(start, out, |b| is_unsafe(b) || matches!(b, b'{' | b'|' | b'}'), b'#');
}

/// Appends a captured cookie, of which only what can't be printed is encoded.
pub fn write_cookie(value: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(value);
    replace(start, out, |b| !(32..127).contains(&b), b'#');
}

/// Writes each byte from `start` on that `wanted` names as `mark` and two hexadecimal digits.
fn replace(start: usize, out: &mut Vec<u8>, wanted: fn(u8) -> bool, mark: u8) {
    let Some(first) = out.get(start..).and_then(|w| w.iter().position(|b| wanted(*b))) else { return };
    let rest = out.split_off(start + first);
    for byte in rest {
        if wanted(byte) {
            out.extend_from_slice(&[mark, digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.push(byte);
        }
    }
}

/// Puts a backslash before what structured data of syslog reserves (RFC 5424 section 6.3.3).
fn escape(start: usize, out: &mut Vec<u8>) {
    let reserved = |b: u8| matches!(b, b'"' | b'\\' | b']');
    let Some(first) = out.get(start..).and_then(|w| w.iter().position(|b| reserved(*b))) else { return };
    let rest = out.split_off(start + first);
    for byte in rest {
        if reserved(byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

const fn digit(n: u8) -> u8 {
    if n < 10 { b'0' + n } else { b'A' + n - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(text: &[u8], flags: Flags) -> String {
        let mut out = b"x".to_vec();
        out.extend_from_slice(text);
        if flags.log {
            replace(1, &mut out, is_unsafe, b'#');
        }
        finish(1, flags, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn bytes_from_outside() {
        let log = Flags { log: true, ..Flags::default() };
        assert_eq!(finished(b"a\"b]\t\x80#", log), "xa#22b]#09#80#23");
        assert_eq!(finished(b"a]\\", Flags { escape: true, quote: true, ..log }), "x\"a\\]\\\\\"");
        assert_eq!(finished(b"a\r\nb\t", Flags { head: true, ..Flags::default() }), "xa%0D%0Ab\t");
        assert_eq!(finished(b"a\n\"", Flags::default()), "xa\n\"");
    }

    #[test]
    fn captured_headers() {
        let mut out = Vec::new();
        write_captured(b"UA {x}|", &mut out);
        assert_eq!(out, b"UA #7Bx#7D#7C");
        out.clear();
        write_cookie(b"a=\"#\x01\xe9", &mut out);
        assert_eq!(out, b"a=\"##01#E9");
    }
}
