//! `has_ctl`: control characters in the input (manual 7.3.1).

use super::prelude::*;

/// One bit for each of the characters 0 to 31, and one for DEL.
const ALL: i64 = 0x1_ffff_ffff;
const ALL_BUT_TAB: i64 = ALL & !(1 << 9);
/// What may not stand in a header's value: CR, LF and NUL.
const HTTP: i64 = 0x2401;

const MASK: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        Ok(Arg::Sint(match written.text {
            "any" => ALL,
            "http" => HTTP,
            text => mask(text)?,
        }))
    },
});

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "has_ctl",
    args: &[ArgSpec::optional("mask", MASK)],
    takes: Type::Bin,
    gives: Type::Bool,
    doc: "Whether there is any control character of a mask in the input: a bit for each of 0x00 to 0x1f, and bit 32 \
          for 0x7f; `any`, or `http` for those that no header may have. Without one: all but the tabulator.",
    examples: &[
        Example { given: "", expr: "bin(610a),has_ctl", gives: "1" },
        Example { given: "", expr: "bin(6109),has_ctl", gives: "0" },
        Example { given: "", expr: "bin(6109),has_ctl(any)", gives: "1" },
        Example { given: "", expr: "bin(7f01),has_ctl(http)", gives: "0" },
        Example { given: "", expr: "bin(7f),has_ctl(0x100000000)", gives: "1" },
    ],
    run: |args, value, _| {
        let mask = args.int(0).unwrap_or(ALL_BUT_TAB);
        let wanted = |byte: &u8| match byte {
            0..=31 => mask >> byte & 1 == 1,
            127 => mask >> 32 & 1 == 1,
            _ => false,
        };
        Some(Value::Bool(value.bytes()?.iter().any(wanted)))
    },
}];

fn mask(text: &str) -> Result<i64, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let number = number.map_err(|_| {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        format!(
            "cannot parse value '{text}', problem at position {digits}; expecting an integer value (decimal or hex \
             with '0x' prefix)"
        )
    })?;
    match number & !ALL {
        0 => Ok(number),
        excess => Err(format!("unsupported excess bits 0x{excess:x} in argument value {text}")),
    }
}
