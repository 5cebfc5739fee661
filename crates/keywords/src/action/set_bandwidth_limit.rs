//! `set-bandwidth-limit`: has a `bwlim` filter work on this stream (manual 4.4, 9.7).

use sample::{Type, Value, cast};
use state::Timer;
use state::stream::Limit;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "set-bandwidth-limit",
    parenthesised: false,
    sets: &[
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
    ],
    doc: "Has the bandwidth limitation filter of this name work on the stream, with its own limit and period or with \
          these. Of several rules for one filter the last one counts. Shared filters keep to what they say themselves.",
    examples: &[
        "set-bandwidth-limit slow",
        "set-bandwidth-limit slow limit 100k period 1s if { path_beg /big }",
    ],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let name = p.words.next().ok_or("missing bwlim filter name")?;
    let filter = p.compiler.limiter(name);
    let mut action = SetBandwidthLimit { filter, limit: None, period: None };
    while let Some(word) = p.words.peek().filter(|w| matches!(*w, "limit" | "period")) {
        p.words.advance(1);
        match word {
            "limit" => action.limit = Some(amount(p)?),
            _ => {
                let timer = p.compiler.timer(&mut p.words, "set-bandwidth-limit");
                let invalid = |e| format!("'period': invalid time value or {e}");
                action.period = Some(timer.map_err(invalid)?);
            }
        }
    }
    Ok(Box::new(action))
}

/// A size, or an expression that gives one.
fn amount(p: &mut Parse<'_>) -> Result<Amount, String> {
    let text = p.words.peek().unwrap_or_default();
    if let Some(bytes) = p.compiler.size(text) {
        p.words.advance(1);
        return Ok(Amount::Fixed(bytes));
    }
    let expr = p.compiler.expr(&mut p.words);
    expr.map(Amount::Computed).map_err(|e| format!("'limit': invalid size value or {e}"))
}

#[derive(Debug)]
enum Amount {
    Fixed(u64),
    Computed(Expr),
}

impl Amount {
    /// None where the expression gives no positive number.
    fn get(&self, act: &Act<'_>) -> Option<u64> {
        match self {
            Self::Fixed(bytes) => Some(*bytes),
            Self::Computed(expr) => match cast(act.eval(expr)?, Type::Sint, act.arena)? {
                Value::Sint(bytes) => u64::try_from(bytes).ok().filter(|bytes| *bytes > 0),
                _ => None,
            },
        }
    }
}

#[derive(Debug)]
struct SetBandwidthLimit {
    filter: u32,
    limit: Option<Amount>,
    period: Option<Timer>,
}

impl Action for SetBandwidthLimit {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let limit = self.limit.as_ref().and_then(|limit| limit.get(act));
        let period_ms = self.period.as_ref().and_then(|period| period.get(act));
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        stream.limits.retain(|other| other.filter != self.filter);
        stream.limits.push(Limit { filter: self.filter, limit, period_ms });
        Verdict::Next
    }
}
