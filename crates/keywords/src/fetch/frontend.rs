//! `fe_name` and its kin, `so_id`, `so_name`, `dst_conn`: the frontend that took the client (manual 7.3.2, 7.3.3).

use state::Frontend;

use super::prelude::*;

const ARGS: &[ArgSpec] = &[ArgSpec::required("frontend", ArgKind::Frontend)];
const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "dst_conn",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The connections there are now to the address the client connected to.",
        examples: &[Example { given: GIVEN, expr: "dst_conn", gives: "0" }],
        get: |_, cx| own(cx)?.listening(cx.session.bind).map(|at| int(at.clients.now())),
        each: None,
    },
    Fetch {
        name: "fe_req_rate",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The requests a second that come to a frontend.",
        examples: &[Example { given: GIVEN, expr: "fe_req_rate", gives: "-" }],
        get: |args, cx| {
            let live = &cx.world.frontend(args.frontend(0)?)?.live;
            rate(cx, &live.request_rate, live.counters.sum(|c| &c.requests))
        },
        each: None,
    },
    Fetch {
        name: "fe_sess_rate",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The sessions a second that begin in a frontend.",
        examples: &[Example { given: GIVEN, expr: "fe_sess_rate", gives: "-" }],
        get: |args, cx| {
            let live = &cx.world.frontend(args.frontend(0)?)?.live;
            rate(cx, &live.session_rate, live.sessions.total())
        },
        each: None,
    },
    Fetch {
        name: "cur_client_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The client timeout of the stream in milliseconds: the frontend's, or what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_client_timeout", gives: "30000" }],
        get: |_, cx| {
            let said = cx.stream.and_then(|s| s.timeouts.client);
            said.or_else(|| own(cx)?.timeouts.client).map(int)
        },
        each: None,
    },
    Fetch {
        name: "cur_tarpit_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Client,
        doc: "The tarpit timeout of the stream in milliseconds: the backend's, before one is chosen the frontend's, or \
              what `set-timeout` said.",
        examples: &[Example { given: GIVEN, expr: "cur_tarpit_timeout", gives: "5000" }],
        get: |_, cx| {
            let said = cx.stream.and_then(|s| s.timeouts.tarpit);
            let backend = cx.stream.and_then(|s| cx.world.backend(s.backend?));
            let configured = || match backend {
                Some(backend) => backend.timeouts.tarpit,
                None => own(cx)?.timeouts.tarpit,
            };
            said.or_else(configured).map(int)
        },
        each: None,
    },
    Fetch {
        name: "fe_client_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The `timeout client` of the frontend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "fe_client_timeout", gives: "30000" }],
        get: |_, cx| own(cx)?.timeouts.client.map(int),
        each: None,
    },
    Fetch {
        name: "fe_conn",
        args: ARGS,
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The connections of a frontend (this one if none is given) there are now.",
        examples: &[Example { given: GIVEN, expr: "fe_conn", gives: "0" }],
        get: |args, cx| cx.world.frontend(args.frontend(0)?).map(|f| int(f.live.sessions.now())),
        each: None,
    },
    Fetch {
        name: "fe_defbe",
        args: &[],
        gives: Type::Str,
        needs: Needs::Frontend,
        doc: "The name of the frontend's default backend.",
        examples: &[Example { given: GIVEN, expr: "fe_defbe", gives: "app" }],
        get: |_, cx| cx.world.backend(own(cx)?.switching.default?).map(|b| Value::Str(b.name.as_bytes())),
        each: None,
    },
    Fetch {
        name: "fe_id",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The frontend's number.",
        examples: &[Example { given: GIVEN, expr: "fe_id", gives: "2" }],
        get: |_, cx| own(cx).map(|f| int(f.id)),
        each: None,
    },
    Fetch {
        name: "fe_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Frontend,
        doc: "The frontend's name.",
        examples: &[Example { given: GIVEN, expr: "fe_name", gives: "web" }],
        get: |_, cx| own(cx).map(|f| Value::Str(f.name.as_bytes())),
        each: None,
    },
    Fetch {
        name: "fe_tarpit_timeout",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The `timeout tarpit` of the frontend in milliseconds.",
        examples: &[Example { given: GIVEN, expr: "fe_tarpit_timeout", gives: "5000" }],
        get: |_, cx| own(cx)?.timeouts.tarpit.map(int),
        each: None,
    },
    Fetch {
        name: "so_id",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Frontend,
        doc: "The number of the `bind` line the client came in by.",
        examples: &[Example { given: GIVEN, expr: "so_id", gives: "1" }],
        get: |_, cx| bind(cx).map(|b| int(b.id)),
        each: None,
    },
    Fetch {
        name: "so_name",
        args: &[],
        gives: Type::Str,
        needs: Needs::Frontend,
        doc: "The name of the `bind` line the client came in by.",
        examples: &[Example { given: GIVEN, expr: "so_name", gives: "main" }],
        get: |_, cx| bind(cx)?.name.as_deref().map(|n| Value::Str(n.as_bytes())),
        each: None,
    },
];

fn own<'a>(cx: &Ctx<'a>) -> Option<&'a Frontend> {
    cx.world.frontend(cx.session.frontend)
}

fn bind<'a>(cx: &Ctx<'a>) -> Option<&'a state::frontend::Bind> {
    own(cx)?.binds.get(usize::try_from(cx.session.bind).ok()?)
}
