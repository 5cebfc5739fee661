//! `dst`, `dst_port`, `dst_is_local`, `src_is_local`: both ends of the client's connection (manual
//! 7.3.3).

use std::net::IpAddr;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "dst",
        args: &[],
        gives: Type::Addr,
        needs: Needs::Client,
        doc: "The address the client connected to.",
        examples: &[Example { given: GIVEN, expr: "dst", gives: "198.51.100.7" }],
        get: |_, cx| cx.destination()?.ip().map(ip),
        each: None,
    },
    Fetch {
        name: "dst_is_local",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Client,
        doc: "Whether the address the client connected to is this machine's own.",
        examples: &[Example { given: GIVEN, expr: "dst_is_local", gives: "0" }],
        get: |_, cx| cx.destination()?.ip().map(|a| Value::Bool(is_local(a))),
        each: None,
    },
    Fetch {
        name: "dst_port",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The port the client connected to.",
        examples: &[Example { given: GIVEN, expr: "dst_port", gives: "80" }],
        get: |_, cx| port(cx.destination()?),
        each: None,
    },
    Fetch {
        name: "src_is_local",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Client,
        doc: "Whether the client's address is this machine's own.",
        examples: &[Example { given: GIVEN, expr: "src_is_local", gives: "0" }],
        get: |_, cx| cx.source().ip().map(|a| Value::Bool(is_local(a))),
        each: None,
    },
];

pub(super) fn port<'a>(end: state::Endpoint) -> Option<Value<'a>> {
    end.ip().map(|_| int(end.port()))
}

/// Whether this machine has the address: only then a socket can be bound to it.
pub(super) fn is_local(address: IpAddr) -> bool {
    std::net::UdpSocket::bind((address, 0)).is_ok()
}
