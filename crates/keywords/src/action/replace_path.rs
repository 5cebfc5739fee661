//! `replace-path`, `replace-pathq`, `replace-uri`: rewrites the target by regular expression (manual 4.4).

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
    kind(
        "replace-path",
        "Replaces the path if a regular expression matches it; `\\1` to `\\9` stand for its groups.",
        &["replace-path (.*) /foo\\1", "replace-path /old/(.*) /new/\\1 if { path_beg /old }"],
        |p| parse(p, Message::path, Message::set_path),
    ),
    kind(
        "replace-pathq",
        "Like `replace-path` for the path with the query string.",
        &["replace-pathq ([^?]*)(\\?(.*))? \\1/foo\\2"],
        |p| parse(p, Message::pathq, Message::set_pathq),
    ),
    kind(
        "replace-uri",
        "Like `replace-path` for the whole target.",
        &["replace-uri ^http://(.*) https://\\1"],
        |p| parse(p, |m| Some(m.target_bytes()), Message::set_target),
    ),
];

type Get = fn(&Message) -> Option<&[u8]>;
type Set = fn(&mut Message, &[u8]) -> Result<(), Full>;

fn parse(p: &mut Parse<'_>, get: Get, set: Set) -> Result<Box<dyn Action>, String> {
    let expects = "expects exactly 2 arguments <match-regex> and <replace-format>";
    let regex = p.words.next().ok_or(expects)?;
    let text = p.words.next().ok_or(expects)?;
    p.only(expects)?;
    let compiled = p.compiler.regex(regex, false).map_err(|e| format!("failed to parse the regex : {e}"))?;
    Ok(Box::new(Replace { regex: compiled, replacement: p.compiler.format(text)?, get, set }))
}

struct Replace {
    regex: sample::Regex,
    replacement: Format,
    get: Get,
    set: Set,
}

impl std::fmt::Debug for Replace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Replace");
        out.field("regex", &self.regex).field("replacement", &self.replacement).finish_non_exhaustive()
    }
}

impl Action for Replace {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let replacement = act.text(&self.replacement);
        let mut new = bumpalo::collections::Vec::new_in(act.arena);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        let Some(groups) = (self.get)(&stream.request).and_then(|old| self.regex.captures(old)) else {
            return Verdict::Next;
        };
        crate::bytes::expand(&groups, replacement, &mut |part| new.extend_from_slice(part));
        if (self.set)(&mut stream.request, &new).is_err() { Verdict::NoRoom } else { Verdict::Next }
    }
}
