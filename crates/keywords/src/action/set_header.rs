//! `set-header`, `add-header`: a header from a log-format string (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "add-header",
        parenthesised: false,
        sets: HTTP,
        doc: "Appends a header line whose value is the log-format string.",
        examples: &["add-header x-via sluice", "add-header x-src %[src] if { path_beg /api }"],
        parse: |p| parse(p, false),
    },
    ActionKind {
        name: "set-header",
        parenthesised: false,
        sets: HTTP,
        doc: "Like `add-header`, after removing every line of that name.",
        examples: &["set-header x-forwarded-proto https", "set-header x-id %{+Q}[req.hdr(host)]"],
        parse: |p| parse(p, true),
    },
];

fn parse(p: &mut Parse<'_>, replace: bool) -> Result<Box<dyn Action>, String> {
    let expects = "expects exactly 2 arguments";
    let name = sample::text::boxed(p.words.next().ok_or(expects)?);
    let text = p.words.next().ok_or(expects)?;
    Ok(Box::new(SetHeader { name, value: p.compiler.format(text)?, replace }))
}

#[derive(Debug)]
struct SetHeader {
    name: Box<[u8]>,
    value: Format,
    replace: bool,
}

impl Action for SetHeader {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let value = act.text(&self.value);
        let Some(message) = act.message() else { return Verdict::Next };
        let name = &*self.name;
        let done =
            if self.replace { message.set_header(name, value) } else { message.add_header(name, value) };
        if done.is_err() { Verdict::NoRoom } else { Verdict::Next }
    }
}
