//! `fe_exists`, `nbsrv`, `srv_is_up`, `srv_queue`: proxies and servers by a name that is only known at run time (manual
//! 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "fe_exists",
        args: &[],
        takes: Type::Str,
        gives: Type::Bool,
        doc: "Whether there is a frontend of this name.",
        examples: &[
            Example { given: "", expr: "str(web),fe_exists", gives: "1" },
            Example { given: "", expr: "str(app),fe_exists", gives: "0" },
        ],
        run: |_, value, cx| {
            let name = value.bytes()?;
            Some(Value::Bool(cx.world.frontends.iter().any(|f| f.name.as_bytes() == name)))
        },
    },
    Converter {
        name: "nbsrv",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "How many servers are usable in the backend of this name.",
        examples: &[
            Example { given: "", expr: "str(app),nbsrv", gives: "2" },
            Example { given: "", expr: "str(zz),nbsrv", gives: "-" },
        ],
        run: |_, value, cx| i64::try_from(backend(value.bytes()?, cx)?.usable_count()).ok().map(Value::Sint),
    },
    Converter {
        name: "srv_is_up",
        args: &[],
        takes: Type::Str,
        gives: Type::Bool,
        doc: "Whether the server `backend/server` is up.",
        examples: &[Example { given: "", expr: "str(app/s1),srv_is_up", gives: "1" }],
        run: |_, value, cx| server(value.bytes()?, cx).map(|s| Value::Bool(s.is_up())),
    },
    Converter {
        name: "srv_queue",
        args: &[],
        takes: Type::Str,
        gives: Type::Sint,
        doc: "How many streams wait for the server `backend/server`.",
        examples: &[Example { given: "", expr: "str(app/s1),srv_queue", gives: "0" }],
        run: |_, value, cx| server(value.bytes()?, cx).map(|s| Value::Sint(i64::from(s.live.queued.now()))),
    },
];

fn backend<'a>(name: &[u8], cx: &Ctx<'a>) -> Option<&'a state::Backend> {
    let number = cx.world.backend_names.get(std::str::from_utf8(name).ok()?)?;
    cx.world.backend(*number)
}

fn server<'a>(path: &[u8], cx: &Ctx<'a>) -> Option<&'a state::Server> {
    let (backend, name) = match memchr::memchr(b'/', path) {
        Some(at) => (backend(path.get(..at)?, cx)?, path.get(at + 1..)?),
        None => (cx.world.backend(cx.stream?.backend?)?, path),
    };
    backend.servers.iter().find(|s| s.name.as_bytes() == name)
}
