//! `json`: text as the inside of a JSON string, in ASCII (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "json",
    args: &[ArgSpec::optional(
        "input-code",
        ArgKind::OneOf(
            &["ascii", "utf8", "utf8s", "utf8p", "utf8ps"],
            "Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'",
        ),
    )],
    takes: Type::Str,
    gives: Type::Str,
    doc: "Escapes the string for use inside a JSON string. The argument says how it is encoded: `ascii` (the default), \
          bytes that never fail; `utf8`, of which what is malformed, overlong or above U+FFFF fails. With `s` such \
          characters are left out instead, with `p` overlong ones are taken as what they stand for.",
    examples: &[
        Example { given: "", expr: "str(\"a/b\"),json", gives: "a\\/b" },
        Example { given: "", expr: "bin(636166c3a909),json", gives: "caf\\u00c3\\u00a9\\t" },
        Example { given: "", expr: "bin(636166c3a909),json(utf8)", gives: "caf\\u00e9\\t" },
        Example { given: "", expr: "bin(61e962),json(utf8)", gives: "-" },
        Example { given: "", expr: "bin(61e962),json(utf8s)", gives: "ab" },
    ],
    run: |args, value, cx| {
        let decoder = Decoder::new(args.str(0));
        let mut out = bumpalo::collections::Vec::new_in(cx.arena);
        let mut rest = value.bytes()?;
        while let Some((&lead, behind)) = rest.split_first() {
            if lead.is_ascii() || decoder.ascii {
                escape(u32::from(lead), &mut out);
                rest = behind;
                continue;
            }
            let (character, len) = decoder.next(lead, behind);
            match character {
                Some(code) => escape(code, &mut out),
                None if decoder.silent => {}
                None => return None,
            }
            rest = behind.get(len..).unwrap_or_default();
        }
        Some(Value::Str(out.into_bump_slice()))
    },
}];

/// What the argument asks for.
struct Decoder {
    ascii: bool,
    silent: bool,
    permissive: bool,
}

impl Decoder {
    fn new(word: Option<&[u8]>) -> Self {
        let word = word.unwrap_or(b"ascii");
        let flags = word.strip_prefix(b"utf8").unwrap_or_default();
        Self { ascii: word == b"ascii", silent: flags.ends_with(b"s"), permissive: flags.starts_with(b"p") }
    }

    /// The character that begins with a byte above ASCII, unless there is something wrong with it, and how many of the
    /// bytes behind that one belong to it.
    fn next(&self, lead: u8, behind: &[u8]) -> (Option<u32>, usize) {
        let (wanted, least) = match lead {
            0xc0..=0xdf => (1, 0x80),
            0xe0..=0xef => (2, 0x800),
            0xf0..=0xf7 => (3, 0x1_0000),
            0xf8..=0xfb => (4, 0x20_0000),
            0xfc..=0xfd => (5, 0x400_0000),
            _ => return (None, 0),
        };
        let mut code = u32::from(lead) & (0x3f >> wanted);
        let continued = behind.iter().take(wanted).take_while(|byte| **byte & 0xc0 == 0x80);
        let mut found = 0;
        for byte in continued {
            code = code << 6 | u32::from(byte & 0x3f);
            found += 1;
        }
        let whole = found == wanted && (code >= least || self.permissive);
        let allowed = !matches!(code, 0xd800..=0xdfff | 0xfffe..);
        (Some(code).filter(|_| whole && allowed), found)
    }
}

fn escape(code: u32, out: &mut bumpalo::collections::Vec<'_, u8>) {
    let short = match code {
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        0x22 => b'"',
        0x2f => b'/',
        0x5c => b'\\',
        0x20..=0x7e => {
            out.extend(u8::try_from(code));
            return;
        }
        _ => {
            let digit = |shift: u32| {
                let value = (code >> shift) & 15;
                char::from_digit(value, 16).map_or(b'0', |c| c as u8)
            };
            out.extend_from_slice(b"\\u");
            out.extend([12, 8, 4, 0].map(digit));
            return;
        }
    };
    out.extend([b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], word: &str) -> (Option<u32>, usize) {
        let (lead, behind) = bytes.split_first().unwrap();
        Decoder::new(Some(word.as_bytes())).next(*lead, behind)
    }

    #[test]
    fn characters_are_judged_as_observed() {
        assert_eq!(decoded(b"\xe2\x82\xacz", "utf8"), (Some(0x20ac), 2));
        assert_eq!(decoded(b"\xef\xb7\x90z", "utf8"), (Some(0xfdd0), 2));
        for (bytes, len) in [
            (&b"\xe9x"[..], 0),
            (b"\xe2\x82z", 1),
            (b"\x80b", 0),
            (b"\xed\xa0\x80z", 2),
            (b"\xef\xbf\xbfz", 2),
            (b"\xf0\x9f\x98\x80z", 3),
            (b"\xfe\x80z", 0),
        ] {
            assert_eq!(decoded(bytes, "utf8p"), (None, len), "{bytes:?}");
        }
        assert_eq!(decoded(b"\xc0\xafz", "utf8s"), (None, 1));
        assert_eq!(decoded(b"\xe0\x80\xafz", "utf8ps"), (Some(0x2f), 2));
    }
}
