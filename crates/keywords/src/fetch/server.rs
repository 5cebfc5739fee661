//! `srv_name`, `srv_id` and the fetches that name a server: how servers are doing (manual 7.3.2, 7.3.4).

use std::sync::atomic::Ordering::Relaxed;

use state::Server;

use super::prelude::*;

const ARGS: &[ArgSpec] = &[ArgSpec::required("server", ArgKind::Server)];
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "srv_sess_rate",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams a second that go to a server.",
        examples: &[Example { given: GIVEN, expr: "srv_sess_rate(app/s1)", gives: "-" }],
        get: |args, cx| {
            let live = &at(args, cx)?.live;
            rate(cx, &live.session_rate, live.sessions.total())
        },
        each: None,
    },
    Fetch {
        name: "server_status",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Response,
        doc: "The status the server answered with, whatever rules made of it.",
        examples: &[Example { given: GIVEN, expr: "server_status", gives: "-" }],
        get: |_, cx| cx.stream.map(|s| s.server_status).filter(|status| *status != 0).map(int),
        each: None,
    },
    Fetch {
        name: "srv_conn",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams a server serves now.",
        examples: &[Example { given: GIVEN, expr: "srv_conn(app/s1)", gives: "0" }],
        get: |args, cx| at(args, cx).map(|s| int(s.live.sessions.now())),
        each: None,
    },
    Fetch {
        name: "srv_conn_free",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many streams a server can still take; -1 without a limit.",
        examples: &[Example { given: GIVEN, expr: "srv_conn_free(app/s2)", gives: "100" }],
        get: |args, cx| Some(Value::Sint(free(at(args, cx)?))),
        each: None,
    },
    Fetch {
        name: "srv_id",
        args: &[],
        gives: Type::Sint,
        needs: Needs::ServerChosen,
        doc: "The number of the server that the stream went to.",
        examples: &[Example { given: GIVEN, expr: "srv_id", gives: "1" }],
        get: |_, cx| own(cx).map(|s| int(s.id)),
        each: None,
    },
    Fetch {
        name: "srv_is_up",
        args: ARGS,
        gives: Type::Bool,
        needs: Needs::Nothing,
        doc: "Whether a server is up.",
        examples: &[Example { given: GIVEN, expr: "srv_is_up(app/s1)", gives: "1" }],
        get: |args, cx| at(args, cx).map(|s| Value::Bool(s.is_up())),
        each: None,
    },
    Fetch {
        name: "srv_iweight",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The weight a server was configured with.",
        examples: &[Example { given: GIVEN, expr: "srv_iweight(app/s2)", gives: "10" }],
        get: |args, cx| at(args, cx).map(|s| int(s.weight)),
        each: None,
    },
    Fetch {
        name: "srv_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::ServerChosen,
        doc: "The name of the server that the stream went to.",
        examples: &[Example { given: GIVEN, expr: "srv_name", gives: "s1" }],
        get: |_, cx| own(cx).map(|s| Value::Str(s.name.as_bytes())),
        each: None,
    },
    Fetch {
        name: "srv_queue",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams that wait for a server.",
        examples: &[Example { given: GIVEN, expr: "srv_queue(app/s1)", gives: "0" }],
        get: |args, cx| at(args, cx).map(|s| int(s.live.queued.now())),
        each: None,
    },
    Fetch {
        name: "srv_uweight",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The weight an administrator gave a server.",
        examples: &[Example { given: GIVEN, expr: "srv_uweight(app/s2)", gives: "10" }],
        get: |args, cx| at(args, cx).map(|s| int(s.live.weight.load(Relaxed))),
        each: None,
    },
    Fetch {
        name: "srv_weight",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The weight in force of a server.",
        examples: &[Example { given: GIVEN, expr: "srv_weight(app/s2)", gives: "10" }],
        get: |args, cx| at(args, cx).map(|s| int(s.live.weight.load(Relaxed))),
        each: None,
    },
];

fn at<'a>(args: &Args, cx: &Ctx<'a>) -> Option<&'a Server> {
    let (backend, server) = args.server(0)?;
    cx.world.backend(backend)?.server(server)
}

/// The server that the stream went to.
fn own<'a>(cx: &Ctx<'a>) -> Option<&'a Server> {
    let stream = cx.stream?;
    cx.world.backend(stream.backend?)?.server(stream.server?)
}

fn free(server: &Server) -> i64 {
    let limit = i64::from(server.maxconn());
    if limit == 0 { -1 } else { (limit - i64::from(server.live.sessions.now())).max(0) }
}
