//! `table_conn_rate` and its kin, `in_table`: what a stick table has of a key (manual 7.3.1).

use super::prelude::*;
use crate::table::*;

const TABLE: ArgSpec = ArgSpec::required("table", ArgKind::Table);
const INDEX: ArgSpec = ArgSpec::required("idx", ArgKind::Sint);
const ASK: Converter = Converter {
    name: "",
    args: &[TABLE],
    takes: Type::Any,
    gives: Type::Sint,
    doc: "",
    examples: &[],
    run: |_, _, _| None,
};

macro_rules! named {
    ($($_fetch:literal $name:literal $ask:ident $gives:literal $doc:literal;)*) => {
        &[$(
            Converter {
                name: concat!("table_", $name),
                doc: concat!($doc, " of the key; 0 if the table doesn't have it, nothing if it doesn't store that."),
                examples: &[
                    Example { given: "", expr: concat!("src,table_", $name), gives: $gives },
                    Example { given: "", expr: concat!("src,table_", $name, "(web)"), gives: $gives },
                ],
                run: by_key::<$ask>,
                ..ASK
            },
        )*]
    };
}

pub(super) const KEYWORDS: &[Converter] = questions! { named:
    "" "server_id" ServerId "1" "The number of the server";
    "" "trackers" Trackers "2" "The number of those who track the entry, and one,";
};

/// Those that ask for an element of an array, or for the entry itself.
pub(super) const OTHERS: &[Converter] = &[
    Converter {
        name: "in_table",
        gives: Type::Bool,
        doc: "Whether the table has the key.",
        examples: &[
            Example { given: "", expr: "src,in_table(web)", gives: "1" },
            Example { given: "", expr: "ipv4(192.0.2.9),in_table", gives: "0" },
            Example { given: "", expr: "str(nonsense),in_table(web)", gives: "0" },
        ],
        run: |args, value, cx| Some(Value::Bool(look(args, 0, value, cx).is_some())),
        ..ASK
    },
    Converter {
        name: "table_clr_gpc",
        args: &[INDEX, TABLE],
        doc: "Clears an element of `gpc` of the key, which the table has then; gives what it was.",
        examples: &[Example { given: "", expr: "str(some key),table_clr_gpc(1,arrays)", gives: "41" }],
        run: by_key::<ClearGpc>,
        ..ASK
    },
    Converter {
        name: "table_expire",
        args: &[TABLE, ArgSpec::optional("default_value", ArgKind::Sint)],
        doc: "After how many milliseconds the entry goes; the default value, or nothing, if the table doesn't have the key.",
        examples: &[
            Example { given: "", expr: "src,table_expire(web)", gives: "59000" },
            Example { given: "", expr: "ipv4(192.0.2.9),table_expire(web,7)", gives: "7" },
            Example { given: "", expr: "ipv4(192.0.2.9),table_expire(web)", gives: "-" },
        ],
        run: |args, value, cx| match look(args, 0, value, cx) {
            Some(seen) => Some(number_value(seen.left_ms(cx.now_ms()).unwrap_or(0))),
            None => args.int(1).map(Value::Sint),
        },
        ..ASK
    },
    Converter {
        name: "table_gpc",
        args: &[INDEX, TABLE],
        doc: "An element of `gpc` of the key; 0 if the table doesn't have it.",
        examples: &[Example { given: "", expr: "str(some key),table_gpc(1,arrays)", gives: "41" }],
        run: by_key::<GetGpc>,
        ..ASK
    },
    Converter {
        name: "table_gpc_rate",
        args: &[INDEX, TABLE],
        doc: "How often an element of `gpc` of the key was incremented in the table's period.",
        examples: &[Example { given: "", expr: "str(some key),table_gpc_rate(1,arrays)", gives: "51" }],
        run: by_key::<GpcRate>,
        ..ASK
    },
    Converter {
        name: "table_gpt",
        args: &[INDEX, TABLE],
        doc: "An element of `gpt` of the key; 0 if the table doesn't have it.",
        examples: &[Example { given: "", expr: "str(some key),table_gpt(1,arrays)", gives: "31" }],
        run: by_key::<GetGpt>,
        ..ASK
    },
    Converter {
        name: "table_idle",
        args: &[TABLE, ArgSpec::optional("default_value", ArgKind::Sint)],
        doc: "For how many milliseconds the entry was not used; the default value, or nothing, if the table doesn't have the \
              key.",
        examples: &[
            Example { given: "", expr: "src,table_idle(web)", gives: "1000" },
            Example { given: "", expr: "ipv4(192.0.2.9),table_idle(web,7)", gives: "7" },
            Example { given: "", expr: "ipv4(192.0.2.9),table_idle(web)", gives: "-" },
        ],
        run: |args, value, cx| match look(args, 0, value, cx) {
            // Where entries don't expire it isn't told.
            Some(seen) if seen.left_ms(cx.now_ms()).is_none() => Some(Value::Sint(0)),
            Some(seen) => Some(number_value(seen.idle_ms(cx.now_ms()))),
            None => args.int(1).map(Value::Sint),
        },
        ..ASK
    },
    Converter {
        name: "table_inc_gpc",
        args: &[INDEX, TABLE],
        doc: "Increments an element of `gpc` of the key, which the table has then; gives what it is then.",
        examples: &[Example { given: "", expr: "str(some key),table_inc_gpc(1,arrays)", gives: "42" }],
        run: by_key::<IncrementGpc>,
        ..ASK
    },
];
