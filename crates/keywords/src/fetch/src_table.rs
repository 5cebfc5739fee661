//! `src_conn_rate` and its kin: what a stick table counts of the client's address (manual 7.3.3).

use super::prelude::*;
use crate::table::*;

const TABLE: ArgSpec = ArgSpec::required("table", ArgKind::Table);
const INDEX: ArgSpec = ArgSpec::required("idx", ArgKind::Sint);
const ASK: Fetch = Fetch {
    name: "",
    args: &[],
    gives: Type::Sint,
    needs: Needs::Client,
    doc: "",
    examples: &[],
    get: |_, _| None,
    each: None,
};

macro_rules! named {
    ($($name:literal $_converter:literal $ask:ident $gives:literal $doc:literal;)*) => {
        &[$(
            Fetch {
                name: concat!("src_", $name),
                args: &[TABLE],
                doc: concat!($doc, " of the client's address; 0 if the table doesn't have it."),
                examples: &[
                    Example { given: "", expr: concat!("src_", $name), gives: $gives },
                    Example { given: "", expr: concat!("src_", $name, "(web)"), gives: $gives },
                ],
                get: by_source::<$ask>,
                ..ASK
            },
        )*]
    };
}

pub(super) const KEYWORDS: &[Fetch] = questions! { named:
    "updt_conn_cnt" "" UpdateConnCnt "6" "Counts a connection; gives the number of connections";
};

/// Those that ask for an element of an array.
pub(super) const ELEMENTS: &[Fetch] = &[
    Fetch {
        name: "src_clr_gpc",
        args: &[INDEX, TABLE],
        doc: "Clears an element of `gpc` of the client's address; gives what it was.",
        examples: &[Example { given: "", expr: "src_clr_gpc(1,arrays)", gives: "0" }],
        get: by_source::<ClearGpc>,
        ..ASK
    },
    Fetch {
        name: "src_get_gpc",
        args: &[INDEX, TABLE],
        doc: "An element of `gpc` of the client's address; 0 if the table doesn't have it.",
        examples: &[
            Example { given: "", expr: "src_get_gpc(1,arrays)", gives: "0" },
            Example { given: "", expr: "src_get_gpc(1,web)", gives: "-" },
        ],
        get: by_source::<GetGpc>,
        ..ASK
    },
    Fetch {
        name: "src_get_gpt",
        args: &[INDEX, TABLE],
        doc: "An element of `gpt` of the client's address; 0 if the table doesn't have it.",
        examples: &[Example { given: "", expr: "src_get_gpt(1,arrays)", gives: "0" }],
        get: by_source::<GetGpt>,
        ..ASK
    },
    Fetch {
        name: "src_gpc_rate",
        args: &[INDEX, TABLE],
        doc: "How often an element of `gpc` of the client's address was incremented in the table's period.",
        examples: &[Example { given: "", expr: "src_gpc_rate(1,arrays)", gives: "0" }],
        get: by_source::<GpcRate>,
        ..ASK
    },
    Fetch {
        name: "src_inc_gpc",
        args: &[INDEX, TABLE],
        doc: "Increments an element of `gpc` of the client's address, which the table has then; gives what it is then.",
        examples: &[
            Example { given: "", expr: "src_inc_gpc(1,arrays)", gives: "1" },
            Example { given: "", expr: "src_inc_gpc(1,web)", gives: "0" },
        ],
        get: by_source::<IncrementGpc>,
        ..ASK
    },
];
