//! `last_rule_file`, `last_rule_line`, `last_entity`, `waiting_entity`: which rule ended the last rule set that
//! one ended, and which one waits (manual 7.3.1, 7.3.2).

use state::rule::Place;

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "last_entity",
        args: &[],
        gives: Type::Str,
        needs: Needs::Nothing,
        doc: "`FILE:LINE` of the last rule that ended its rule set.",
        examples: &[Example { given: GIVEN, expr: "last_entity", gives: "web.cfg:30" }],
        get: |_, cx| named(cx, last(cx)?),
        each: None,
    },
    Fetch {
        name: "waiting_entity",
        args: &[],
        gives: Type::Str,
        needs: Needs::Nothing,
        doc: "`FILE:LINE` of the rule that waited for something when the stream ended.",
        examples: &[Example { given: GIVEN, expr: "waiting_entity", gives: "-" }],
        get: |_, cx| named(cx, cx.stream?.trail.waiting?),
        each: None,
    },
    Fetch {
        name: "last_rule_file",
        args: &[],
        gives: Type::Str,
        needs: Needs::Nothing,
        doc: "The file of the last rule that ended its rule set: by allowing, denying, answering. `redirect` lines of their \
              own and the rules of connections and sessions don't count.",
        examples: &[Example { given: GIVEN, expr: "last_rule_file", gives: "web.cfg" }],
        get: |_, cx| file(cx, last(cx)?).map(|name| Value::Str(name.as_bytes())),
        each: None,
    },
    Fetch {
        name: "last_rule_line",
        args: &[],
        gives: Type::Sint,
        needs: Needs::Nothing,
        doc: "The line of that rule; see `last_rule_file`.",
        examples: &[Example { given: GIVEN, expr: "last_rule_line", gives: "30" }],
        get: |_, cx| last(cx).map(|place| Value::Sint(i64::from(place.line))),
        each: None,
    },
];

/// `FILE:LINE`.
fn named<'a>(cx: &Ctx<'a>, place: Place) -> Option<Value<'a>> {
    let text = format!("{}:{}", file(cx, place)?, place.line);
    Some(Value::Str(cx.arena.alloc_slice_copy(text.as_bytes())))
}

fn last(cx: &Ctx<'_>) -> Option<Place> {
    cx.stream?.trail.last_rule
}

fn file<'a>(cx: &Ctx<'a>, place: Place) -> Option<&'a str> {
    cx.world.files.get(usize::from(place.file)).map(|name| &**name)
}
