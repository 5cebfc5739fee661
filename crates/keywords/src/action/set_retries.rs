//! `set-retries`, `disable-l7-retry`: how often, and after what, failed attempts are repeated (manual 4.4).

use sample::{Type, Value, cast};

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "disable-l7-retry",
        parenthesised: false,
        sets: &[RuleSet::HttpRequest],
        doc: "Repeats the request after a failed connection alone, whatever `retry-on` says.",
        examples: &["disable-l7-retry if { method POST }"],
        parse: |_| Ok(Box::new(NoReplay)),
    },
    ActionKind {
        name: "set-retries",
        parenthesised: false,
        sets: &[RuleSet::TcpRequestContent, RuleSet::HttpRequest],
        doc: "How often failed attempts are repeated, in place of the backend's `retries`: a number up to 100, or what an \
              expression gives.",
        examples: &["set-retries 5", "set-retries hdr(x-retries) if { src 192.0.2.0/24 }"],
        parse: retries,
    },
];

/// The most that can be asked for.
const MOST: i64 = 100;

#[derive(Debug)]
struct NoReplay;

impl Action for NoReplay {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if let Some(stream) = act.stream.as_deref_mut() {
            stream.no_replay = true;
        }
        Verdict::Next
    }
}

fn retries(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if !p.compiler.has_servers() {
        return Err("'set-retries' only available in backend or listen section.".into());
    }
    let Some(word) = p.words.peek().filter(|_| !p.words.at_end()) else {
        return Err("expects exactly 1 argument (an expression or an integer between 1 and 100)".into());
    };
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Box::new(SetRetries::Sample(p.compiler.expr(&mut p.words)?)));
    }
    p.words.advance(1);
    match word.parse() {
        Ok(n) if n <= MOST as u32 => Ok(Box::new(SetRetries::Number(n))),
        _ => Err("expects an expression or an integer between 1 and 100".into()),
    }
}

#[derive(Debug)]
enum SetRetries {
    Number(u32),
    Sample(Expr),
}

impl Action for SetRetries {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let number = match self {
            Self::Number(n) => Some(*n),
            Self::Sample(expr) => {
                let cx = act.ctx();
                match expr.eval(&cx).and_then(|value| cast(value, Type::Sint, cx.arena)) {
                    Some(Value::Sint(n @ 0..=MOST)) => u32::try_from(n).ok(),
                    _ => None,
                }
            }
        };
        if let (Some(stream), Some(number)) = (act.stream.as_deref_mut(), number) {
            stream.max_retries = Some(number);
        }
        Verdict::Next
    }
}
