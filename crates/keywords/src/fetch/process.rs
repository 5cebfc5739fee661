//! `act_conn`, `hostname`, `pid`, `thread`, `env` and their kin: the process (manual 7.3.2).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "act_conn",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The clients' connections of the whole process there are now.",
        examples: &[Example { given: GIVEN, expr: "act_conn", gives: "0" }],
        get: |_, cx| Some(int(cx.world.process.connections.now())),
        each: None,
    },
    Fetch {
        name: "env",
        args: &[ArgSpec::required("name", ArgKind::Str)],
        gives: Type::Str,
        needs: Needs::Constant,
        doc: "The value of an environment variable; none if it is not set.",
        examples: &[Example { given: GIVEN, expr: "env(SLUICE_IS_NOT_SET)", gives: "-" }],
        get: |args, cx| variable(args, cx),
        each: None,
    },
    Fetch {
        name: "hostname",
        args: &[],
        gives: Type::Str,
        needs: Needs::Constant,
        doc: "The machine's name.",
        examples: &[Example { given: GIVEN, expr: "hostname", gives: "lb1" }],
        get: |_, cx| Some(Value::Str(cx.world.global.hostname.as_bytes())),
        each: None,
    },
    Fetch {
        name: "nbproc",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The number of processes: always 1.",
        examples: &[Example { given: GIVEN, expr: "nbproc", gives: "1" }],
        get: |_, _| Some(Value::Sint(1)),
        each: None,
    },
    Fetch {
        name: "pid",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The number of the process.",
        examples: &[Example { given: GIVEN, expr: "pid,bool", gives: "1" }],
        get: |_, _| Some(int(std::process::id())),
        each: None,
    },
    Fetch {
        name: "proc",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The position of the process: always 1.",
        examples: &[Example { given: GIVEN, expr: "proc", gives: "1" }],
        get: |_, _| Some(Value::Sint(1)),
        each: None,
    },
    Fetch {
        name: "tgroup",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The position of the thread group: always 0.",
        examples: &[Example { given: GIVEN, expr: "tgroup", gives: "0" }],
        get: |_, _| Some(Value::Sint(0)),
        each: None,
    },
    Fetch {
        name: "thread",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The number of the thread, from 0.",
        examples: &[Example { given: GIVEN, expr: "thread", gives: "0" }],
        get: |_, cx| Some(int(cx.thread)),
        each: None,
    },
];

fn variable<'a>(args: &Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let name = std::str::from_utf8(args.str(0)?).ok().filter(|n| !n.contains(['=', '\0']))?;
    let value = std::env::var_os(name)?;
    Some(Value::Str(cx.arena.alloc_slice_copy(value.as_encoded_bytes())))
}
