//! `fix_is_valid`, `fix_tag_value`: messages of the FIX protocol (manual 7.3.1).

use wire::fix::{self, Judgement};

use super::prelude::*;

const TAG: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let named = fix::TAGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(written.text));
        let number = || written.text.parse().ok().filter(|tag: &u32| *tag > 0);
        let tag = named.map(|(_, tag)| *tag).or_else(number);
        let tag = tag.ok_or_else(|| format!("Unknown FIX tag name '{}'", written.text))?;
        Ok(Arg::Sint(tag.into()))
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "fix_is_valid",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bool,
        doc: "Whether the input begins with a sound message: version, length and kind first, fields that are numbers and \
              values, the right length and checksum. None while the message is not complete.",
        examples: &[
            Example {
                given: "",
                expr: "bin(383d4649582e342e3401393d350133353d300131303d31363301),fix_is_valid",
                gives: "1",
            },
            Example {
                given: "",
                expr: "bin(383d4649582e342e3401393d350133353d300131303d31363401),fix_is_valid",
                gives: "0",
            },
            Example { given: "", expr: "bin(383d4649582e342e3401393d35),fix_is_valid", gives: "-" },
        ],
        run: |_, value, _| match fix::judge(value.bytes()?) {
            Judgement::Valid => Some(Value::Bool(true)),
            Judgement::Invalid => Some(Value::Bool(false)),
            Judgement::Incomplete => None,
        },
    },
    Converter {
        name: "fix_tag_value",
        args: &[ArgSpec::required("tag", TAG)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The value of the first field with this tag, given by its number or as `BeginString`, `BodyLength`, `MsgType`, \
              `SenderCompID`, `TargetCompID` or `CheckSum`.",
        examples: &[
            Example { given: "", expr: "bin(383d4649582e342e3401393d3501),fix_tag_value(9)", gives: "5" },
            Example {
                given: "",
                expr: "bin(383d4649582e342e3401393d3501),fix_tag_value(BeginString)",
                gives: "FIX.4.4",
            },
            Example { given: "", expr: "bin(383d4649582e342e3401393d3501),fix_tag_value(35)", gives: "-" },
        ],
        run: |args, value, _| {
            let tag = u32::try_from(args.int(0)?).ok()?;
            fix::value(value.bytes()?, tag).filter(|value| !value.is_empty()).map(Value::Bin)
        },
    },
];
