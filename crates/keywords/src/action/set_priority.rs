//! `set-priority-class`, `set-priority-offset`: who goes first in queues (manual 4.4).

use sample::{Type, Value, cast};

use state::Stream;

use super::prelude::*;

const SETS: &[RuleSet] = &[RuleSet::TcpRequestContent, RuleSet::HttpRequest];

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "set-priority-class",
        parenthesised: false,
        sets: SETS,
        doc: "The class of the stream in queues, from -2047 to 2047; all of a lower one go first.",
        examples: &["set-priority-class int(-10) if { path_beg /checkout }"],
        parse: |p| parse(p, 2047, |stream, class| stream.priority_class = class),
    },
    ActionKind {
        name: "set-priority-offset",
        parenthesised: false,
        sets: SETS,
        doc: "How many milliseconds the stream counts as having come later (or sooner, if negative) than others of its class, \
              from -524287 to 524287.",
        examples: &["set-priority-offset int(5000) if { hdr(x-batch) -m found }"],
        parse: |p| parse(p, 524_287, |stream, offset| stream.priority_offset = offset),
    },
];

type Set = fn(&mut Stream, i32);

fn parse(p: &mut Parse<'_>, most: i32, set: Set) -> Result<Box<dyn Action>, String> {
    if p.words.at_end() {
        return Err("missing fetch method".into());
    }
    Ok(Box::new(SetPriority { expr: p.compiler.expr(&mut p.words)?, most, set }))
}

#[derive(Debug)]
struct SetPriority {
    expr: Expr,
    most: i32,
    set: Set,
}

impl Action for SetPriority {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let number = {
            let cx = act.ctx();
            let value = self.expr.eval(&cx).and_then(|value| cast(value, Type::Sint, cx.arena));
            match value {
                Some(Value::Sint(n)) => n.clamp(i64::from(-self.most), i64::from(self.most)),
                _ => return Verdict::Next,
            }
        };
        if let (Some(stream), Ok(number)) = (act.stream.as_deref_mut(), i32::try_from(number)) {
            (self.set)(stream, number);
        }
        Verdict::Next
    }
}
