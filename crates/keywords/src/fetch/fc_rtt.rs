//! `fc_rtt`, `bc_rtt` and their kin: what the kernel knows of a TCP connection (manual 7.3.3).

use state::link::TcpFacts;

use super::prelude::*;

const UNIT: &[ArgSpec] =
    &[ArgSpec::optional("unit", ArgKind::OneOf(&["us", "ms"], "expects 'us' or 'ms', got '{}'"))];
/// HAProxy takes a text here and never looks at it.
const ANYTHING: &[ArgSpec] = &[ArgSpec::optional("unit", ArgKind::Str)];
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    time(
        "bc_rtt",
        "The round-trip time to the server in milliseconds, or microseconds (`us`).",
        |args, cx| shown(args, facts(cx, cx.stream?.link.socket)?.rtt_us),
    ),
    time("bc_rttvar", "The variance of the round-trip time to the server; see `bc_rtt`.", |args, cx| {
        shown(args, facts(cx, cx.stream?.link.socket)?.rtt_var_us)
    }),
    count("fc_fackets", "The forward acknowledgement counter of the client's connection.", |_, cx| {
        own(cx).map(|f| int(f.fackets))
    }),
    count("fc_lost", "Segments to the client that are taken for lost.", |_, cx| own(cx).map(|f| int(f.lost))),
    count("fc_reordering", "The reordering metric of the client's connection.", |_, cx| {
        own(cx).map(|f| int(f.reordering))
    }),
    count(
        "fc_retrans",
        "Segments to the client that were sent again and are not yet acknowledged.",
        |_, cx| own(cx).map(|f| int(f.retrans)),
    ),
    time(
        "fc_rtt",
        "The round-trip time to the client in milliseconds, or microseconds (`us`).",
        |args, cx| shown(args, own(cx)?.rtt_us),
    ),
    time("fc_rttvar", "The variance of the round-trip time to the client; see `fc_rtt`.", |args, cx| {
        shown(args, own(cx)?.rtt_var_us)
    }),
    count("fc_sacked", "Segments that the client acknowledged selectively.", |_, cx| {
        own(cx).map(|f| int(f.sacked))
    }),
    count("fc_unacked", "Segments to the client that are not yet acknowledged.", |_, cx| {
        own(cx).map(|f| int(f.unacked))
    }),
];

const fn time(name: &'static str, doc: &'static str, get: state::family::Get) -> Fetch {
    fetch(name, UNIT, doc, get)
}

const fn count(name: &'static str, doc: &'static str, get: state::family::Get) -> Fetch {
    fetch(name, ANYTHING, doc, get)
}

const fn fetch(
    name: &'static str,
    args: &'static [ArgSpec],
    doc: &'static str,
    get: state::family::Get,
) -> Fetch {
    // The example's connection is none of the kernel's.
    let examples = &[Example { given: GIVEN, expr: "fc_rtt", gives: "-" }];
    Fetch { name, args, gives: Type::Sint, needs: Needs::Client, doc, examples, get, each: None }
}

fn own(cx: &Ctx<'_>) -> Option<TcpFacts> {
    facts(cx, cx.session.socket)
}

fn facts(cx: &Ctx<'_>, socket: Option<i32>) -> Option<TcpFacts> {
    (cx.world.process.about.get()?.tcp_facts)(socket?)
}

fn shown<'a>(args: &Args, us: u32) -> Option<Value<'a>> {
    Some(int(if args.str(0) == Some(b"us") { us } else { us / 1000 }))
}
