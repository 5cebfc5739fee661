//! `sc_conn_rate(0)`, `sc0_conn_rate` and their kin: what is counted of what the stream or its session tracks (manual
//! 7.3.3). Each exists with the number as an argument, and for the first three in its name.

use sample::Value;
use state::table::Tracked;

use super::prelude::*;
use crate::table::*;

const TABLE: ArgSpec = ArgSpec::optional("table", ArgKind::Table);
const NUMBER: ArgSpec = ArgSpec::required("ctr", ArgKind::Sint);
const INDEX: ArgSpec = ArgSpec::required("idx", ArgKind::Sint);
const ASK: Fetch = Fetch {
    name: "",
    args: &[],
    gives: Type::Sint,
    needs: Needs::Nothing,
    doc: "",
    examples: &[],
    get: |_, _| None,
    each: None,
};

/// The four names of each question, the answer to it of the entry that examples track, and what it tells.
macro_rules! named {
    ($($name:literal $_converter:literal $ask:ident $gives:literal $doc:literal;)*) => {
        &[$(
            Fetch {
                name: concat!("sc_", $name),
                args: &[NUMBER, TABLE],
                doc: concat!($doc, " of what is tracked under this number."),
                examples: &[
                    Example { given: "", expr: concat!("sc_", $name, "(0)"), gives: $gives },
                    Example { given: "", expr: concat!("sc_", $name, "(2)"), gives: "-" },
                ],
                get: numbered::<$ask>,
                ..ASK
            },
            named!(0, "sc0_", $name, "", $ask $gives $doc),
            named!(1, "sc1_", $name, "(web)", $ask "-" $doc),
            named!(2, "sc2_", $name, "", $ask "-" $doc),
        )*]
    };
    ($number:literal, $prefix:literal, $name:literal, $table:literal, $ask:ident $gives:literal $doc:literal) => {
        Fetch {
            name: concat!($prefix, $name),
            args: &[TABLE],
            doc: concat!($doc, " of what is tracked under the number in the name."),
            examples: &[Example { given: "", expr: concat!($prefix, $name, $table), gives: $gives }],
            get: fixed::<$ask, $number>,
            ..ASK
        }
    };
}

pub(super) const KEYWORDS: &[Fetch] = questions! { named:
    "trackers" "" Trackers "1" "The number of those who track the same entry,";
};

/// Questions that have one name only.
pub(super) const NUMBERED: &[Fetch] = &[
    Fetch {
        name: "sc_clr_gpc",
        args: &[INDEX, NUMBER, TABLE],
        doc: "Clears an element of `gpc` of what is tracked under this number; gives what it was.",
        examples: &[Example { given: "", expr: "sc_clr_gpc(1,1)", gives: "41" }],
        get: numbered::<ClearGpc>,
        ..ASK
    },
    Fetch {
        name: "sc1_clr_gpc",
        args: &[INDEX, TABLE],
        doc: "Clears an element of `gpc` of what is tracked under number 1; gives what it was.",
        examples: &[Example { given: "", expr: "sc1_clr_gpc(1)", gives: "41" }],
        get: fixed::<ClearGpc, 1>,
        ..ASK
    },
    Fetch {
        name: "sc_get_gpc",
        args: &[INDEX, NUMBER, TABLE],
        doc: "An element of `gpc` of what is tracked under this number.",
        examples: &[
            Example { given: "", expr: "sc_get_gpc(1,1)", gives: "41" },
            Example { given: "", expr: "sc_get_gpc(3,1)", gives: "-" },
            Example { given: "", expr: "sc1_get_gpc0", gives: "40" },
        ],
        get: numbered::<GetGpc>,
        ..ASK
    },
    Fetch {
        name: "sc_get_gpt",
        args: &[INDEX, NUMBER, TABLE],
        doc: "An element of `gpt` of what is tracked under this number.",
        examples: &[Example { given: "", expr: "sc_get_gpt(1,1)", gives: "31" }],
        get: numbered::<GetGpt>,
        ..ASK
    },
    Fetch {
        name: "sc_gpc_rate",
        args: &[INDEX, NUMBER, TABLE],
        doc: "How often an element of `gpc` of what is tracked under this number was incremented in the period.",
        examples: &[Example { given: "", expr: "sc_gpc_rate(1,1)", gives: "51" }],
        get: numbered::<GpcRate>,
        ..ASK
    },
    Fetch {
        name: "sc_inc_gpc",
        args: &[INDEX, NUMBER, TABLE],
        doc: "Increments an element of `gpc` of what is tracked under this number; gives what it is then.",
        examples: &[
            Example { given: "", expr: "sc_inc_gpc(1,1)", gives: "42" },
            Example { given: "", expr: "sc_inc_gpc(3,1)", gives: "0" },
        ],
        get: numbered::<IncrementGpc>,
        ..ASK
    },
    Fetch {
        name: "sc_key",
        args: &[NUMBER],
        gives: Type::Any,
        doc: "The key that is tracked under this number.",
        examples: &[Example { given: "", expr: "sc_key(0)", gives: "192.0.2.1" }],
        get: |args, cx| key(cx.tracked(number(args)?)?, cx),
        ..ASK
    },
    key_of::<0>("sc0_key", &[Example { given: "", expr: "sc0_key", gives: "192.0.2.1" }]),
    key_of::<1>("sc1_key", &[Example { given: "", expr: "sc1_key", gives: "some key" }]),
    key_of::<2>("sc2_key", &[Example { given: "", expr: "sc2_key", gives: "-" }]),
    Fetch {
        name: "sc_tracked",
        args: &[NUMBER, TABLE],
        gives: Type::Bool,
        doc: "Whether something is tracked under this number; with a table, something that could be a key of it.",
        examples: &[
            Example { given: "", expr: "sc_tracked(0)", gives: "1" },
            Example { given: "", expr: "sc_tracked(1,web)", gives: "0" },
            Example { given: "", expr: "sc_tracked(2)", gives: "0" },
        ],
        get: |args, cx| Some(Value::Bool(is_tracked(number(args)?, args, 1, cx))),
        ..ASK
    },
    tracked_as::<0>("sc0_tracked", &[Example { given: "", expr: "sc0_tracked", gives: "1" }]),
    tracked_as::<1>("sc1_tracked", &[Example { given: "", expr: "sc1_tracked", gives: "1" }]),
    tracked_as::<2>("sc2_tracked", &[Example { given: "", expr: "sc2_tracked", gives: "0" }]),
];

const fn key_of<const N: u32>(name: &'static str, examples: &'static [Example]) -> Fetch {
    Fetch {
        name,
        gives: Type::Any,
        doc: "The key that is tracked under the number in the name.",
        examples,
        get: |_, cx| key(cx.tracked(N)?, cx),
        ..ASK
    }
}

const fn tracked_as<const N: u32>(name: &'static str, examples: &'static [Example]) -> Fetch {
    Fetch {
        name,
        args: &[TABLE],
        gives: Type::Bool,
        doc: "Whether something is tracked under the number in the name; with a table, something that could be a key of it.",
        examples,
        get: |args, cx| Some(Value::Bool(is_tracked(N, args, 0, cx))),
        ..ASK
    }
}

fn number(args: &Args) -> Option<u32> {
    u32::try_from(args.int(0)?).ok()
}

fn key<'a>(entry: &Tracked, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let mut key = Vec::with_capacity(64);
    entry.key(&mut key);
    entry.table().key.value(cx.arena.alloc_slice_copy(&key))
}

fn is_tracked(number: u32, args: &Args, table: usize, cx: &Ctx<'_>) -> bool {
    let Some(entry) = cx.tracked(number) else { return false };
    table_in(args, table, cx).is_none_or(|table| table.key == entry.table().key)
}
