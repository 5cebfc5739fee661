//! `be_name` and its kin, `nbsrv`, `connslots`, `queue`, `avg_queue`: a backend as configured and as it is doing (manual
//! 7.3.2, 7.3.3).

use state::{Backend, Server};

use super::prelude::*;

const ARGS: &[ArgSpec] = &[ArgSpec::required("backend", ArgKind::Backend)];
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "be_sess_rate",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams a second that begin in a backend.",
        examples: &[Example { given: GIVEN, expr: "be_sess_rate(app)", gives: "-" }],
        get: |args, cx| {
            let live = &at(args, cx)?.live;
            rate(cx, &live.session_rate, live.sessions.total())
        },
        each: None,
    },
    Fetch {
        name: "avg_queue",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams queued in a backend and its servers over the number of usable servers; twice their number if none is usable.",
        examples: &[Example { given: GIVEN, expr: "avg_queue(app)", gives: "0" }],
        get: |args, cx| {
            let backend = at(args, cx)?;
            let queued = queued(backend);
            Some(match i64::try_from(backend.usable_count()) {
                Ok(n) if n > 0 => Value::Sint(queued.saturating_add(n - 1) / n),
                _ => Value::Sint(queued.saturating_mul(2)),
            })
        },
        each: None,
    },
    Fetch {
        name: "be_conn",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams a backend serves now.",
        examples: &[Example { given: GIVEN, expr: "be_conn(app)", gives: "0" }],
        get: |args, cx| at(args, cx).map(|b| int(b.live.sessions.now())),
        each: None,
    },
    Fetch {
        name: "be_conn_free",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many streams the usable servers of a backend can still take; -1 if one of them has no limit.",
        examples: &[Example { given: GIVEN, expr: "be_conn_free(app)", gives: "-1" }],
        get: |args, cx| Some(Value::Sint(free(at(args, cx)?))),
        each: None,
    },
    Fetch {
        name: "be_connect_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `timeout connect` of the backend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "be_connect_timeout", gives: "4000" }],
        get: |_, cx| own(cx)?.timeouts.connect.map(int),
        each: None,
    },
    Fetch {
        name: "be_id",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The number of the backend at work.",
        examples: &[Example { given: GIVEN, expr: "be_id", gives: "3" }],
        get: |_, cx| own(cx).map(|b| int(b.id)),
        each: None,
    },
    Fetch {
        name: "be_max_retries",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `retries` of the backend.",
        examples: &[Example { given: GIVEN, expr: "be_max_retries", gives: "3" }],
        get: |_, cx| own(cx).map(|b| int(b.retries)),
        each: None,
    },
    Fetch {
        name: "cur_max_retries",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "How often failed attempts are repeated: the `retries` of the backend, or what `set-retries` said.",
        examples: &[Example { given: GIVEN, expr: "cur_max_retries", gives: "3" }],
        get: |_, cx| cx.stream.and_then(|s| s.max_retries).or_else(|| Some(own(cx)?.retries)).map(int),
        each: None,
    },
    Fetch {
        name: "cur_connect_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The connect timeout of the stream in milliseconds: the backend's, or what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_connect_timeout", gives: "4000" }],
        get: |_, cx| cx.stream?.timeouts.connect.or_else(|| own(cx)?.timeouts.connect).map(int),
        each: None,
    },
    Fetch {
        name: "cur_queue_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The queue timeout of the stream in milliseconds: the backend's, or what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_queue_timeout", gives: "4500" }],
        get: |_, cx| cx.stream?.timeouts.queue.or_else(|| own(cx)?.timeouts.queue).map(int),
        each: None,
    },
    Fetch {
        name: "cur_server_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The server timeout of the stream in milliseconds: the backend's, or what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_server_timeout", gives: "20000" }],
        get: |_, cx| cx.stream?.timeouts.server.or_else(|| own(cx)?.timeouts.server).map(int),
        each: None,
    },
    Fetch {
        name: "cur_tunnel_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The tunnel timeout of the stream in milliseconds: the backend's, or what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_tunnel_timeout", gives: "60000" }],
        get: |_, cx| cx.stream?.timeouts.tunnel.or_else(|| own(cx)?.timeouts.tunnel).map(int),
        each: None,
    },
    Fetch {
        name: "be_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Backend,
        doc: "The name of the backend at work.",
        examples: &[Example { given: GIVEN, expr: "be_name", gives: "app" }],
        get: |_, cx| own(cx).map(|b| Value::Str(b.name.as_bytes())),
        each: None,
    },
    Fetch {
        name: "be_queue_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `timeout queue` of the backend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "be_queue_timeout", gives: "4500" }],
        get: |_, cx| own(cx)?.timeouts.queue.map(int),
        each: None,
    },
    Fetch {
        name: "be_server_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `timeout server` of the backend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "be_server_timeout", gives: "20000" }],
        get: |_, cx| own(cx)?.timeouts.server.map(int),
        each: None,
    },
    Fetch {
        name: "be_tarpit_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `timeout tarpit` of the backend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "be_tarpit_timeout", gives: "5000" }],
        get: |_, cx| own(cx)?.timeouts.tarpit.map(int),
        each: None,
    },
    Fetch {
        name: "be_tunnel_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Backend,
        doc: "The `timeout tunnel` of the backend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "be_tunnel_timeout", gives: "60000" }],
        get: |_, cx| own(cx)?.timeouts.tunnel.map(int),
        each: None,
    },
    Fetch {
        name: "connslots",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many streams the servers of a backend can still take, their queues included; -1 if one of them has no limit.",
        examples: &[Example { given: GIVEN, expr: "connslots(app)", gives: "-1" }],
        get: |args, cx| Some(Value::Sint(slots(at(args, cx)?))),
        each: None,
    },
    Fetch {
        name: "nbsrv",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How many servers of a backend are usable.",
        examples: &[Example { given: GIVEN, expr: "nbsrv(app)", gives: "2" }],
        get: |args, cx| i64::try_from(at(args, cx)?.usable_count()).ok().map(Value::Sint),
        each: None,
    },
    Fetch {
        name: "queue",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The streams queued in a backend and its servers.",
        examples: &[Example { given: GIVEN, expr: "queue(app)", gives: "0" }],
        get: |args, cx| Some(Value::Sint(queued(at(args, cx)?))),
        each: None,
    },
];

/// The backend in the arguments.
fn at<'a>(args: &Args, cx: &Ctx<'a>) -> Option<&'a Backend> {
    cx.world.backend(args.backend(0)?)
}

/// The backend that works on the stream.
/// The backend that was chosen; in a `listen` section its own until then.
fn own<'a>(cx: &Ctx<'a>) -> Option<&'a Backend> {
    let stream = cx.stream?;
    let of_section = || cx.world.frontend(stream.frontend)?.back;
    cx.world.backend(stream.backend.or_else(of_section)?)
}

fn queued(backend: &Backend) -> i64 {
    let servers: i64 = backend.servers.iter().map(|s| i64::from(s.live.queued.now())).sum();
    i64::from(backend.live.queued.now()).saturating_add(servers)
}

/// Sums what each server gives; -1 as soon as one has no limit.
fn total<'s>(servers: impl Iterator<Item = &'s Server>, one: fn(&Server) -> Option<i64>) -> i64 {
    servers.map(one).try_fold(0i64, |sum, n| Some(sum.saturating_add(n?))).unwrap_or(-1)
}

fn free(backend: &Backend) -> i64 {
    let active = backend.servers.iter().any(|s| !s.backup && s.is_usable());
    let usable = backend.servers.iter().filter(|s| s.is_usable() && s.backup != active);
    total(usable, |s| {
        let limit = i64::from(s.maxconn());
        (limit > 0).then(|| (limit - i64::from(s.live.sessions.now())).max(0))
    })
}

fn slots(backend: &Backend) -> i64 {
    let running = backend.servers.iter().filter(|s| s.is_up());
    total(running, |s| {
        let (limit, queue) = (i64::from(s.maxconn()), i64::from(s.maxqueue));
        let taken = i64::from(s.live.sessions.now()) + i64::from(s.live.queued.now());
        (limit > 0 && queue > 0).then_some(limit + queue - taken)
    })
}
