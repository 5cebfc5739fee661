//! `fc_src`, `fc_dst`, `fc_err` and their kin: the client's connection itself, whoever a header in front of it or a later
//! rule says the client is (manual 7.3.3).

use super::dst::{is_local, port};
use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "fc_err",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The number of what went wrong with the client's connection; 0 for nothing.",
        examples: &[Example { given: GIVEN, expr: "fc_err", gives: "0" }],
        get: |_, cx| Some(Value::Sint(cx.session.fault.map_or(0, |fault| fault.parts().0))),
        each: None,
    },
    Fetch {
        name: "fc_err_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Client,
        doc: "The name of what went wrong with the client's connection.",
        examples: &[Example { given: GIVEN, expr: "fc_err_name", gives: "" }],
        get: |_, cx| Some(Value::Str(cx.session.fault.map_or(b"", |fault| fault.parts().1.as_bytes()))),
        each: None,
    },
    Fetch {
        name: "fc_err_str",
        args: &[],
        gives: Type::Str,
        needs: Needs::Client,
        doc: "What went wrong with the client's connection, in words.",
        examples: &[Example { given: GIVEN, expr: "fc_err_str", gives: "Success" }],
        get: |_, cx| {
            Some(Value::Str(cx.session.fault.map_or(b"Success", |fault| fault.parts().2.as_bytes())))
        },
        each: None,
    },
    Fetch {
        name: "fc_dst",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Client,
        doc: "The address the connection itself came to.",
        examples: &[Example { given: GIVEN, expr: "fc_dst", gives: "198.51.100.7" }],
        get: |_, cx| cx.session.local?.ip().map(ip),
        each: None,
    },
    Fetch {
        name: "fc_dst_is_local",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Client,
        doc: "Whether that address is this machine's own.",
        examples: &[Example { given: GIVEN, expr: "fc_dst_is_local", gives: "0" }],
        get: |_, cx| cx.session.local?.ip().map(|a| Value::Bool(is_local(a))),
        each: None,
    },
    Fetch {
        name: "fc_dst_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The port the connection itself came to.",
        examples: &[Example { given: GIVEN, expr: "fc_dst_port", gives: "80" }],
        get: |_, cx| port(cx.session.local?),
        each: None,
    },
    Fetch {
        name: "fc_src",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Client,
        doc: "The address the connection itself comes from.",
        examples: &[Example { given: GIVEN, expr: "fc_src", gives: "192.0.2.1" }],
        get: |_, cx| cx.session.peer.ip().map(ip),
        each: None,
    },
    Fetch {
        name: "fc_src_is_local",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Client,
        doc: "Whether that address is this machine's own.",
        examples: &[Example { given: GIVEN, expr: "fc_src_is_local", gives: "0" }],
        get: |_, cx| cx.session.peer.ip().map(|a| Value::Bool(is_local(a))),
        each: None,
    },
    Fetch {
        name: "fc_src_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The port the connection itself comes from.",
        examples: &[Example { given: GIVEN, expr: "fc_src_port", gives: "50000" }],
        get: |_, cx| port(cx.session.peer),
        each: None,
    },
];
