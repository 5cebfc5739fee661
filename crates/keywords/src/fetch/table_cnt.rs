//! `table_cnt`, `table_avl`: how full a stick table is (manual 7.3.2).

use super::prelude::*;
use crate::table::table_in;

const ARGS: &[ArgSpec] = &[ArgSpec::required("table", ArgKind::Table)];

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "table_avl",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many entries a stick table still has room for.",
        examples: &[Example { given: "", expr: "table_avl(web)", gives: "99" }],
        get: |args, cx| table_in(args, 0, cx).map(|t| int(t.size.saturating_sub(t.used()))),
        each: None,
    },
    Fetch {
        name: "table_cnt",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many entries a stick table has.",
        examples: &[Example { given: "", expr: "table_cnt", gives: "1" }],
        get: |args, cx| table_in(args, 0, cx).map(|t| int(t.used())),
        each: None,
    },
];
