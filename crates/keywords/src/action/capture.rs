//! `capture`: keeps a sample for logs and later rules (manual 4.4).

use sample::cast::text;
use state::expr::Side;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "capture",
    parenthesised: false,
    sets: &[
        RuleSet::TcpRequestContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
    ],
    doc: "Keeps what an expression gives, cut to `len` bytes, in a new slot behind those of `capture request header`, or \
          in the slot `id`. Responses only know `id`.",
    examples: &["capture req.hdr(user-agent) len 64", "capture path len 32 if { path_beg /a }"],
    parse,
}];

/// The longest text that fits in a slot of another's, where its own length is not known here.
const LONGEST: usize = 65_536;

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if p.set == RuleSet::TcpRequestContent {
        return parse_tcp(p).map_err(|e| format!("'tcp-request content capture' : {e}"));
    }
    let side = p.set.side();
    let expects = match side {
        Side::Request => "expects <expression> [ 'len' <length> | id <idx> ]",
        Side::Response => "expects <expression> id <idx>",
    };
    if p.words.at_end() {
        return Err(expects.to_owned());
    }
    let expr = p.compiler.expr(&mut p.words)?;
    match (p.words.next().ok_or(expects)?, p.words.next()) {
        ("len", Some(text)) if side == Side::Request => new_slot(p, expr, text),
        ("id", Some(text)) => {
            let slot = text.parse().map_err(|_| format!("cannot parse id '{text}'"))?;
            p.compiler.need_capture(side, slot);
            Ok(Box::new(Capture { expr, slot, len: LONGEST }))
        }
        (word, _) if side == Side::Response && word != "id" => Err(format!("expects 'id', found '{word}'")),
        _ => Err(expects.to_owned()),
    }
}

fn parse_tcp(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let expr = p.compiler.expr(&mut p.words)?;
    if !p.words.accept("len") {
        return Err("a positive 'len' argument is mandatory".to_owned());
    }
    let text = p.words.next().unwrap_or_default();
    new_slot(p, expr, text)
}

fn new_slot(p: &mut Parse<'_>, expr: Expr, length: &str) -> Result<Box<dyn Action>, String> {
    let len = length.parse().ok().filter(|n: &usize| *n > 0).ok_or("length must be > 0")?;
    let slot = p.compiler.capture(p.set.side(), len)? as usize;
    Ok(Box::new(Capture { expr, slot, len }))
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
        slots.set(self.slot, Some(bytes.get(..limit).unwrap_or(bytes)));
        Verdict::Next
    }
}
