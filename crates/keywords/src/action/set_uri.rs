//! `set-method`, `set-path`, `set-pathq`, `set-query`, `set-uri`: parts of the request line (manual 4.4).

use http::{Full, Message};

use super::prelude::*;

const fn kind(
    name: &'static str,
    doc: &'static str,
    examples: &'static [&'static str],
    parse: fn(&mut Parse<'_>) -> Result<Box<dyn Action>, String>,
) -> ActionKind {
    ActionKind { name, parenthesised: false, sets: &[RuleSet::HttpRequest], doc, examples, parse }
}

pub(super) const KEYWORDS: &[ActionKind] = &[
    kind("set-method", "Replaces the method.", &["set-method POST"], |p| parse(p, Message::set_method)),
    kind(
        "set-path",
        "Replaces the path; the query string stays.",
        &["set-path /%[req.hdr(host)]%[path]"],
        |p| parse(p, Message::set_path),
    ),
    kind("set-pathq", "Replaces the path and the query string.", &["set-pathq /a?b=%[src]"], |p| {
        parse(p, Message::set_pathq)
    }),
    kind("set-query", "Replaces the query string.", &["set-query a=%[src]"], |p| {
        parse(p, Message::set_query)
    }),
    kind("set-uri", "Replaces the whole target.", &["set-uri /%[path]"], |p| parse(p, Message::set_target)),
];

type Set = fn(&mut Message, &[u8]) -> Result<(), Full>;

fn parse(p: &mut Parse<'_>, set: Set) -> Result<Box<dyn Action>, String> {
    let expects = "expects exactly 1 argument <format>";
    let text = p.words.next().ok_or(expects)?;
    p.only(expects)?;
    Ok(Box::new(SetPart { value: p.compiler.format(text)?, set }))
}

struct SetPart {
    value: Format,
    set: Set,
}

impl std::fmt::Debug for SetPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetPart").field("value", &self.value).finish_non_exhaustive()
    }
}

impl Action for SetPart {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let value = act.text(&self.value);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        if (self.set)(&mut stream.request, value).is_err() { Verdict::NoRoom } else { Verdict::Next }
    }
}
