//! Values as JSON (RFC 8259) and CBOR (RFC 8949), for `%{+json}` and `%{+cbor}` (manual 8.2.6). CBOR is written as bytes;
//! who needs it printable has them turned into hexadecimal digits at the end.

use super::digit;

/// How values are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Cbor,
}

/// The type that a format asks a value to be of: `%(name:sint)B`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The type it has.
    #[default]
    Own,
    Str,
    Sint,
    Bool,
    /// Text without quotes around it.
    Raw,
}

/// A value on its way into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain<'v> {
    Nothing,
    Bool(bool),
    Int(i64),
    Text(&'v [u8]),
    Bytes(&'v [u8]),
}

impl Encoding {
    /// Begins a document of named values.
    pub fn open(self, out: &mut Vec<u8>) {
        out.push(if self == Self::Json { b'{' } else { 0xbf });
    }

    /// Ends it.
    pub fn close(self, out: &mut Vec<u8>) {
        out.push(if self == Self::Json { b'}' } else { 0xff });
    }

    /// Writes a value's name in front of it.
    pub fn name(self, name: &[u8], first: bool, out: &mut Vec<u8>) {
        if self == Self::Json && !first {
            out.extend_from_slice(b", ");
        }
        self.value(Plain::Text(name), out);
        if self == Self::Json {
            out.extend_from_slice(b": ");
        }
    }

    /// Begins a list of texts.
    pub fn open_list(self, out: &mut Vec<u8>) {
        out.push(if self == Self::Json { b'[' } else { 0x9f });
    }

    /// Writes one text of a list.
    pub fn list_item(self, text: &[u8], first: bool, out: &mut Vec<u8>) {
        if self == Self::Json && !first {
            out.extend_from_slice(b", ");
        }
        self.value(Plain::Text(text), out);
    }

    /// Ends a list.
    pub fn close_list(self, out: &mut Vec<u8>) {
        out.push(if self == Self::Json { b']' } else { 0xff });
    }

    /// Writes one value.
    pub fn value(self, value: Plain<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Json => json(value, out),
            Self::Cbor => cbor(value, out),
        }
    }
}

fn json(value: Plain<'_>, out: &mut Vec<u8>) {
    match value {
        Plain::Nothing => out.extend_from_slice(b"null"),
        Plain::Bool(true) => out.extend_from_slice(b"true"),
        Plain::Bool(false) => out.extend_from_slice(b"false"),
        Plain::Int(n) => sample::cast::write_int(n, out),
        Plain::Text(text) | Plain::Bytes(text) => {
            out.push(b'"');
            for byte in text {
                match byte {
                    b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
                    0..32 | 127 => {
                        out.extend_from_slice(b"\\u00");
                        out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
                    }
                    _ => out.push(*byte),
                }
            }
            out.push(b'"');
        }
    }
}

/// The major types of CBOR, in the upper three bits.
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;

fn cbor(value: Plain<'_>, out: &mut Vec<u8>) {
    match value {
        Plain::Nothing => out.push(0xf6),
        Plain::Bool(set) => out.push(if set { 0xf5 } else { 0xf4 }),
        Plain::Int(n) if n < 0 => head(NEGATIVE, n.unsigned_abs() - 1, out),
        Plain::Int(n) => head(UNSIGNED, n.unsigned_abs(), out),
        Plain::Text(text) => {
            head(TEXT, text.len() as u64, out);
            out.extend_from_slice(text);
        }
        Plain::Bytes(bytes) => {
            head(BYTES, bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
    }
}

/// A type and its number, in as few bytes as hold it.
fn head(major: u8, n: u64, out: &mut Vec<u8>) {
    let bytes = n.to_be_bytes();
    let (mark, length) = match n {
        0..24 => (n as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    out.push(major | mark);
    out.extend_from_slice(bytes.get(8 - length..).unwrap_or_default());
}

/// Turns the bytes from `start` on into hexadecimal digits.
pub(super) fn hexadecimal(start: usize, out: &mut Vec<u8>) {
    let length = out.len().saturating_sub(start);
    out.resize(start + length * 2, 0);
    let Some(room) = out.get_mut(start..) else { return };
    for at in (0..length).rev() {
        let byte = room.get(at).copied().unwrap_or(0);
        for (place, half) in [(at * 2, byte >> 4), (at * 2 + 1, byte & 15)] {
            if let Some(place) = room.get_mut(place) {
                *place = digit(half);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(encoding: Encoding, value: Plain<'_>) -> String {
        let mut out = Vec::new();
        encoding.value(value, &mut out);
        if encoding == Encoding::Cbor {
            hexadecimal(0, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values() {
        for (value, json, cbor) in [
            (Plain::Nothing, "null", "F6"),
            (Plain::Bool(true), "true", "F5"),
            (Plain::Int(23), "23", "17"),
            (Plain::Int(24), "24", "1818"),
            (Plain::Int(65_536), "65536", "1A00010000"),
            (Plain::Int(-300), "-300", "39012B"),
            (Plain::Int(i64::MIN), "-9223372036854775808", "3B7FFFFFFFFFFFFFFF"),
            (Plain::Text(b"x"), "\"x\"", "6178"),
            (Plain::Text(b"a\"\\\n"), "\"a\\\"\\\\\\u000A\"", "6461225C0A"),
            (Plain::Bytes(&[0, 0xff]), "", "4200FF"),
        ] {
            if !json.is_empty() {
                assert_eq!(written(Encoding::Json, value), json);
            }
            assert_eq!(written(Encoding::Cbor, value), cbor);
        }
    }

    #[test]
    fn documents_and_lists() {
        for (encoding, expected) in [
            (Encoding::Json, "{\"a\": 1, \"b\": [\"x\", \"\"]}"),
            (Encoding::Cbor, "BF61610161629F617860FFFF"),
        ] {
            let mut out = Vec::new();
            encoding.open(&mut out);
            encoding.name(b"a", true, &mut out);
            encoding.value(Plain::Int(1), &mut out);
            encoding.name(b"b", false, &mut out);
            encoding.open_list(&mut out);
            encoding.list_item(b"x", true, &mut out);
            encoding.list_item(b"", false, &mut out);
            encoding.close_list(&mut out);
            encoding.close(&mut out);
            if encoding == Encoding::Cbor {
                hexadecimal(0, &mut out);
            }
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
