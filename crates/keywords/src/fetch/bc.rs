//! `bc_dst`, `bc_src` and their kin: the connection to the server (manual 7.3.3).

use state::fault::Fault;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "bc_be_queue",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "How many streams were ahead in the backend's queue.",
        examples: &[Example { given: GIVEN, expr: "bc_be_queue", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(s.backend_queue)),
        each: None,
    },
    Fetch {
        name: "bc_dst",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Server,
        doc: "The server's address.",
        examples: &[Example { given: GIVEN, expr: "bc_dst", gives: "192.0.2.10" }],
        get: |_, cx| address_of(cx).map(|a| ip(a.ip())),
        each: None,
    },
    Fetch {
        name: "bc_dst_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "The server's port.",
        examples: &[Example { given: GIVEN, expr: "bc_dst_port", gives: "8080" }],
        get: |_, cx| address_of(cx).map(|a| int(a.port())),
        each: None,
    },
    Fetch {
        name: "bc_err",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "The number of what went wrong with the server's connection; 0 for nothing.",
        examples: &[Example { given: GIVEN, expr: "bc_err", gives: "0" }],
        get: |_, cx| Some(Value::Sint(fault(cx)?.map_or(0, |fault| fault.parts().0))),
        each: None,
    },
    Fetch {
        name: "bc_err_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Server,
        doc: "The name of what went wrong with the server's connection.",
        examples: &[Example { given: GIVEN, expr: "bc_err_name", gives: "-" }],
        get: |_, cx| fault(cx)?.map(|fault| Value::Str(fault.parts().1.as_bytes())),
        each: None,
    },
    Fetch {
        name: "bc_err_str",
        args: &[],
        gives: Type::Str,
        needs: Needs::Server,
        doc: "What went wrong with the server's connection, in words.",
        examples: &[Example { given: GIVEN, expr: "bc_err_str", gives: "Success" }],
        get: |_, cx| Some(Value::Str(fault(cx)?.map_or("Success", |fault| fault.parts().2).as_bytes())),
        each: None,
    },
    Fetch {
        name: "bc_glitches",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "How many odd things the server has done on the connection that its protocol doesn't forbid, or not at once.",
        examples: &[Example { given: GIVEN, expr: "bc_glitches", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(s.link.glitches)),
        each: None,
    },
    Fetch {
        name: "bc_http_major",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "The major version of HTTP on the server's side.",
        examples: &[Example { given: GIVEN, expr: "bc_http_major", gives: "1" }],
        get: |_, cx| response(cx).map(|m| int(m.version().major)),
        each: None,
    },
    Fetch {
        name: "bc_reused",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Server,
        doc: "Whether the stream went to the server over a connection that was idle before.",
        examples: &[Example { given: GIVEN, expr: "bc_reused", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Bool(s.reused_connection)),
        each: None,
    },
    Fetch {
        name: "bc_src",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Server,
        doc: "The address from which the server was connected to.",
        examples: &[Example { given: GIVEN, expr: "bc_src", gives: "-" }],
        get: |_, cx| cx.stream?.server_source?.ip().map(ip),
        each: None,
    },
    Fetch {
        name: "bc_src_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "The port from which the server was connected to.",
        examples: &[Example { given: GIVEN, expr: "bc_src_port", gives: "-" }],
        get: |_, cx| cx.stream?.server_source.filter(|e| e.ip().is_some()).map(|e| int(e.port())),
        each: None,
    },
    Fetch {
        name: "bc_srv_queue",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Server,
        doc: "How many streams were ahead in the server's queue.",
        examples: &[Example { given: GIVEN, expr: "bc_srv_queue", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| int(s.server_queue)),
        each: None,
    },
];

/// What is wrong with the server's connection, where there is one or was to be one.
fn fault(cx: &Ctx<'_>) -> Option<Option<Fault>> {
    let stream = cx.stream?;
    (stream.server_fault.is_some() || stream.times.connected != 0).then_some(stream.server_fault)
}

fn address_of(cx: &Ctx<'_>) -> Option<std::net::SocketAddr> {
    match cx.stream?.server_destination? {
        state::Endpoint::Inet(address) => Some(address),
        state::Endpoint::Unix => None,
    }
}
