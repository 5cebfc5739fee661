//! `capture`: keeps a sample for logs and later rules (manual 4.4).

use sample::cast::text;
use state::expr::Side;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "capture",
    parenthesised: false,
    sets: &[RuleSet::TcpRequestContent, RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Keeps what an expression gives, cut to `len` bytes, in a new slot behind those of `capture request header`, or \
          in the slot `id`. Responses only know `id`.",
    examples: &["capture req.hdr(user-agent) len 64", "capture path len 32 if { path_beg /a }"],
    parse,
}];

/// The longest text that fits in a slot of another's, where its own length is not known here.
const LONGEST: usize = 65_536;

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let expr = p.compiler.expr(&mut p.words)?;
    let side = p.set.side();
    let number = |word: &str| word.parse::<usize>().ok();
    match p.words.next() {
        Some("len") if side == Side::Request => {
            let len = p.words.next().and_then(number).filter(|n| *n > 0).ok_or("length must be > 0")?;
            let slot = p.compiler.capture(side, len)? as usize;
            Ok(Box::new(Capture { expr, slot, len }))
        }
        Some("id") => {
            let slot = p.words.next().and_then(number).ok_or("missing or invalid id")?;
            Ok(Box::new(Capture { expr, slot, len: LONGEST }))
        }
        _ => Err("expects <expression> [ 'len' <length> | id <idx> ]".to_owned()),
    }
}

#[derive(Debug)]
struct Capture {
    expr: Expr,
    slot: usize,
    len: usize,
}

impl Action for Capture {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(value) = act.eval(&self.expr) else { return Verdict::Next };
        let (side, world, arena) = (act.side, act.world, act.arena);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        let Some(frontend) = world.frontend(stream.frontend) else { return Verdict::Next };
        let (declared, slots) = match side {
            Side::Request => (&frontend.captures.request, &mut stream.captured_request),
            Side::Response => (&frontend.captures.response, &mut stream.captured_response),
        };
        // A backend's rule may name a slot that this frontend does not have.
        let Some(limit) = declared.get(self.slot).map(|c| c.len.min(self.len)) else { return Verdict::Next };
        let bytes = text(value, arena);
        slots.set(self.slot, Some(bytes.get(..limit).unwrap_or(bytes).into()));
        Verdict::Next
    }
}
