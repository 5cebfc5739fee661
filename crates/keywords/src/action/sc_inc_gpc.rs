//! `sc-add-gpc`, `sc-inc-gpc`, `sc-inc-gpc0`, `sc-inc-gpc1`, `sc-set-gpt`, `sc-set-gpt0`: the general purpose counters
//! and tags of what is tracked (manual 4.4).

use sample::{Type, Value, cast};
use state::table::Kind;

use super::prelude::*;
use crate::table::add;

const GPC: [Kind; 2] = [Kind::Gpc, Kind::GpcRate];

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "sc-add-gpc",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Adds a number or what an expression gives to an element of `gpc` of what is tracked, and to its rate.",
        examples: &["sc-add-gpc(1,0) 5", "sc-add-gpc(0,0) req.hdr(x-score)"],
        parse: |p| {
            let (element, number) = two(p, "sc-add-gpc")?;
            Ok(Box::new(Change { number, element, does: Does::Add(GPC), operand: operand(p)? }))
        },
    },
    ActionKind {
        name: "sc-inc-gpc",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Increments an element of `gpc` of what is tracked, and its rate.",
        examples: &["sc-inc-gpc(1,0)"],
        parse: |p| {
            let (element, number) = two(p, "sc-inc-gpc")?;
            Ok(Box::new(Change { number, element, does: Does::Add(GPC), operand: Operand::Number(1) }))
        },
    },
    ActionKind {
        name: "sc-inc-gpc0",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Increments the first general purpose counter of what is tracked, and its rate.",
        examples: &["sc-inc-gpc0(0) if { path_beg /admin }"],
        parse: |p| increment(p, [Kind::Gpc0, Kind::Gpc0Rate], "sc-inc-gpc0"),
    },
    ActionKind {
        name: "sc-inc-gpc1",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Increments the second general purpose counter of what is tracked, and its rate.",
        examples: &["sc-inc-gpc1(0)"],
        parse: |p| increment(p, [Kind::Gpc1, Kind::Gpc1Rate], "sc-inc-gpc1"),
    },
    ActionKind {
        name: "sc-set-gpt",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Sets an element of `gpt` of what is tracked to a number or to what an expression gives.",
        examples: &["sc-set-gpt(1,0) 5", "sc-set-gpt(1,0) req.hdr_cnt(cookie)"],
        parse: |p| {
            let (element, number) = two(p, "sc-set-gpt")?;
            Ok(Box::new(Change { number, element, does: Does::Set(Kind::Gpt), operand: operand(p)? }))
        },
    },
    ActionKind {
        name: "sc-set-gpt0",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Sets the general purpose tag of what is tracked to a number or to what an expression gives.",
        examples: &["sc-set-gpt0(0) 1"],
        parse: |p| {
            let number = one(p, "sc-set-gpt0")?;
            Ok(Box::new(Change { number, element: 0, does: Does::Set(Kind::Gpt0), operand: operand(p)? }))
        },
    },
];

fn increment(p: &mut Parse<'_>, kinds: [Kind; 2], name: &str) -> Result<Box<dyn Action>, String> {
    let number = one(p, name)?;
    Ok(Box::new(Change { number, element: 0, does: Does::Add(kinds), operand: Operand::Number(1) }))
}

/// The number of what is tracked; the first where none is said.
fn one(p: &mut Parse<'_>, name: &str) -> Result<u32, String> {
    let inside = p.inside.filter(|inside| !inside.is_empty()).unwrap_or("0");
    let number = inside
        .parse()
        .map_err(|_| format!("invalid stick table track ID. Expects {name}({inside})(<Track ID>)"))?;
    allowed(p, number)
}

/// The number of an element and that of what is tracked.
fn two(p: &mut Parse<'_>, name: &str) -> Result<(u32, u32), String> {
    let inside = p.inside.unwrap_or_default();
    let wrong = || format!("Missing gpc ID '{name}({inside})'. Expects {name}(<GPC ID>,<Track ID>)");
    let (element, number) = inside.split_once(',').ok_or_else(wrong)?;
    let element = element.trim().parse().map_err(|_| wrong())?;
    let number = number.trim().parse().map_err(|_| wrong())?;
    Ok((element, allowed(p, number)?))
}

fn allowed(p: &Parse<'_>, number: u32) -> Result<u32, String> {
    let limit = p.compiler.stick_counters();
    if number >= limit {
        let most = limit.saturating_sub(1);
        return Err(format!(
            "invalid stick table track ID. The max allowed ID is {most} (tune.stick-counters)"
        ));
    }
    Ok(number)
}

/// A number or an expression.
fn operand(p: &mut Parse<'_>) -> Result<Operand, String> {
    let Some(word) = p.words.peek().filter(|_| !p.words.at_end()) else { return Ok(Operand::Number(0)) };
    if let Ok(number) = word.parse::<i64>() {
        p.words.advance(1);
        return Ok(Operand::Number(word_of(number)));
    }
    Ok(Operand::Expr(p.compiler.expr(&mut p.words)?))
}

/// The 32 bits that are kept of a number.
const fn word_of(number: i64) -> u32 {
    (number & 0xffff_ffff) as u32
}

#[derive(Debug)]
enum Operand {
    Number(u32),
    Expr(Expr),
}

#[derive(Clone, Copy, Debug)]
enum Does {
    /// Adds to a counter and to its rate.
    Add([Kind; 2]),
    Set(Kind),
}

#[derive(Debug)]
struct Change {
    number: u32,
    element: u32,
    does: Does,
    operand: Operand,
}

impl Action for Change {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let cx = act.ctx();
        let Some(entry) = cx.tracked(self.number) else { return Verdict::Next };
        let operand = match &self.operand {
            Operand::Number(number) => *number,
            Operand::Expr(expr) => match expr.eval(&cx).and_then(|v| cast(v, Type::Sint, cx.arena)) {
                Some(Value::Sint(number)) => word_of(number),
                _ => return Verdict::Next,
            },
        };
        match self.does {
            Does::Add(kinds) => {
                add(entry, kinds, self.element, operand, cx.now_ms());
            }
            Does::Set(kind) => {
                entry.touch(cx.now_ms());
                entry.set(kind, self.element, u64::from(operand), cx.now_ms());
            }
        }
        Verdict::Next
    }
}
