//! `prio_class`, `prio_offset`: a stream's urgency in queues (manual 7.3.2).

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "prio_class",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The class that the last `set-priority-class` gave the stream.",
        examples: &[Example { given: GIVEN, expr: "prio_class", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Sint(i64::from(s.priority_class))),
        each: None,
    },
    Fetch {
        name: "prio_offset",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The milliseconds that the last `set-priority-offset` gave the stream.",
        examples: &[Example { given: GIVEN, expr: "prio_offset", gives: "0" }],
        get: |_, cx| cx.stream.map(|s| Value::Sint(i64::from(s.priority_offset))),
        each: None,
    },
];
