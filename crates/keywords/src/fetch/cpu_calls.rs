//! `cpu_calls`, `cpu_ns_avg`, `lat_ns_avg` and their kin: what the stream took of the processor so far, and how long it
//! waited for it (manual 7.3.2). Times are counted only where tasks are profiled (`profiling.tasks`).

use state::about::Effort;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    fetch("cpu_calls", "How often the stream's task was called.", |_, cx| Some(int(own(cx)?.calls))),
    fetch("cpu_ns_avg", "The nanoseconds that a call took on average.", |_, cx| {
        let own = own(cx)?;
        average(own.cpu_ns, own.calls)
    }),
    fetch("cpu_ns_tot", "The nanoseconds that its calls took.", |_, cx| count(own(cx)?.cpu_ns)),
    fetch("lat_ns_avg", "The nanoseconds that it was ready before a call on average.", |_, cx| {
        let own = own(cx)?;
        average(own.latency_ns, own.calls)
    }),
    fetch("lat_ns_tot", "The nanoseconds that it was ready before its calls.", |_, cx| {
        count(own(cx)?.latency_ns)
    }),
];

const fn fetch(name: &'static str, doc: &'static str, get: state::family::Get) -> Fetch {
    // Where an example is evaluated nothing is called by itself.
    let examples = &[Example { given: GIVEN, expr: "cpu_calls", gives: "-" }];
    Fetch { name, args: &[], gives: Type::Sint, needs: Needs::Nothing, doc, examples, get, each: None }
}

/// What the stream's task took since the stream began.
fn own(cx: &Ctx<'_>) -> Option<Effort> {
    let before = cx.stream?.trail.effort_before;
    let now = (cx.world.process.about.get()?.effort)();
    Some(Effort {
        // The call that began it is its own.
        calls: now.calls.wrapping_sub(before.calls).wrapping_add(1),
        cpu_ns: now.cpu_ns.saturating_sub(before.cpu_ns),
        latency_ns: now.latency_ns.saturating_sub(before.latency_ns),
    })
}

fn count<'a>(ns: u64) -> Option<Value<'a>> {
    i64::try_from(ns).ok().map(Value::Sint)
}

fn average<'a>(ns: u64, calls: u32) -> Option<Value<'a>> {
    count(ns.checked_div(u64::from(calls)).unwrap_or(0))
}
