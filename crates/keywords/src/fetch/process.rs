//! `act_conn`, `hostname`, `pid`, `thread`, `env` and their kin: the process (manual 7.3.2).

use std::sync::atomic::Ordering::Relaxed;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "cpu_usage_proc",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How busy the threads were in the last second or so, in percent.",
        examples: &[Example { given: GIVEN, expr: "cpu_usage_proc", gives: "-" }],
        get: |_, cx| {
            let about = cx.world.process.about.get()?;
            let used = about.per_second(&about.cpu_rate, (about.cpu_time_ns)(), cx.now_ns);
            let threads = u64::try_from(about.tasks.iter().count()).ok()?.saturating_sub(1).max(1);
            i64::try_from((used / threads / 10_000_000).min(100)).ok().map(Value::Sint)
        },
        each: None,
    },
    Fetch {
        name: "cpu_usage_grp",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How busy the threads were when they were last asked, once a second, in percent.",
        examples: &[Example { given: GIVEN, expr: "cpu_usage_grp", gives: "-" }],
        get: |_, cx| {
            let about = cx.world.process.about.get()?;
            // The last one is the main thread's.
            let threads = about.busy.iter().count().saturating_sub(1).max(1);
            let sum: u32 = about.busy.iter().take(threads).map(|busy| busy.load(Relaxed)).sum();
            Some(int(sum / u32::try_from(threads).ok()?))
        },
        each: None,
    },
    Fetch {
        name: "cpu_usage_thr",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "How busy this thread was in the last milliseconds, in percent.",
        examples: &[Example { given: GIVEN, expr: "cpu_usage_thr", gives: "-" }],
        get: |_, cx| Some(int((cx.world.process.about.get()?.busy_percent)())),
        each: None,
    },
    Fetch {
        name: "stopping",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Nothing,
        doc: "Whether the process finishes what it has and takes nothing new.",
        examples: &[Example { given: GIVEN, expr: "stopping", gives: "0" }],
        get: |_, cx| {
            let about = cx.world.process.about.get();
            Some(Value::Bool(about.is_some_and(|about| about.stopping.load(Relaxed))))
        },
        each: None,
    },
    Fetch {
        name: "uptime",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Constant,
        doc: "The seconds since the process began to serve.",
        examples: &[Example { given: GIVEN, expr: "uptime", gives: "0" }],
        get: |_, cx| {
            let up = cx.world.process.about.get().map_or(0, |about| about.uptime_s(cx.now_ns));
            i64::try_from(up).ok().map(Value::Sint)
        },
        each: None,
    },
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
