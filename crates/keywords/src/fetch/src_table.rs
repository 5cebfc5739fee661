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
    ($($name:literal $ask:ident $gives:literal $doc:literal;)*) => {
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

pub(super) const KEYWORDS: &[Fetch] = named! {
    "bytes_in_rate" BytesInRate "1500" "The bytes from the client in the table's period";
    "bytes_out_rate" BytesOutRate "1700" "The bytes to the client in the table's period";
    "clr_gpc0" ClearGpc0 "3" "Clears the first general purpose counter; gives what it was,";
    "clr_gpc1" ClearGpc1 "18" "Clears the second general purpose counter; gives what it was,";
    "conn_cnt" ConnCnt "5" "The connections";
    "conn_cur" ConnCur "7" "The connections there are now";
    "conn_rate" ConnRate "6" "The connections in the table's period";
    "get_gpc0" GetGpc0 "3" "The first general purpose counter";
    "get_gpc1" GetGpc1 "18" "The second general purpose counter";
    "get_gpt0" GetGpt0 "2" "The general purpose tag";
    "glitch_cnt" GlitchCnt "26" "The protocol glitches of connections";
    "glitch_rate" GlitchRate "27" "The protocol glitches in the table's period";
    "gpc0_rate" Gpc0Rate "4" "How often the first general purpose counter was incremented in the table's period";
    "gpc1_rate" Gpc1Rate "19" "How often the second general purpose counter was incremented in the table's period";
    "http_err_cnt" HttpErrCnt "12" "The requests that were wrong, denied, or answered with a status 4xx,";
    "http_err_rate" HttpErrRate "13" "The requests that were wrong, denied, or answered with a status 4xx in the period";
    "http_fail_cnt" HttpFailCnt "24" "The responses that failed or had a status 5xx other than 501 and 505";
    "http_fail_rate" HttpFailRate "25" "The responses that failed or had a status 5xx in the table's period";
    "http_req_cnt" HttpReqCnt "10" "The requests";
    "http_req_rate" HttpReqRate "11" "The requests in the table's period";
    "inc_gpc0" IncrementGpc0 "4" "Increments the first general purpose counter; gives what it is then,";
    "inc_gpc1" IncrementGpc1 "19" "Increments the second general purpose counter; gives what it is then,";
    "kbytes_in" KbytesIn "14" "The bytes from the client, in units of 1024,";
    "kbytes_out" KbytesOut "16" "The bytes to the client, in units of 1024,";
    "sess_cnt" SessCnt "8" "The connections that rules accepted";
    "sess_rate" SessRate "9" "The connections that rules accepted in the table's period";
    "updt_conn_cnt" UpdateConnCnt "6" "Counts a connection; gives the number of connections";
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
