//! `replace-header`, `replace-value`: rewrites headers by regular expression (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "replace-header",
        parenthesised: false,
        sets: HTTP,
        doc: "Replaces the whole value of each line of a name that a regular expression matches; `\\1` to `\\9` stand for \
              its groups.",
        examples: &["replace-header cookie foo=([^;]*);(.*) foo=\\1;ip=%ci;\\2"],
        parse: |p| parse(p, false),
    },
    ActionKind {
        name: "replace-value",
        parenthesised: false,
        sets: HTTP,
        doc: "Like `replace-header` for each comma-separated value.",
        examples: &["replace-value x-forwarded-for ^192\\.168\\.(.*)$ 172.16.\\1"],
        parse: |p| parse(p, true),
    },
];

fn parse(p: &mut Parse<'_>, each_value: bool) -> Result<Box<dyn Action>, String> {
    let expects = || "expects exactly 3 arguments".to_owned();
    let name = http::Name::new(&sample::text::bytes(p.words.next().ok_or_else(expects)?));
    let regex = p.words.next().ok_or_else(expects)?;
    let text = p.words.next().ok_or_else(expects)?;
    Ok(Box::new(ReplaceHeader {
        name,
        regex: p.compiler.regex(regex, false)?,
        replacement: p.compiler.format(text)?,
        each_value,
    }))
}

#[derive(Debug)]
struct ReplaceHeader {
    name: http::Name,
    regex: sample::Regex,
    replacement: Format,
    each_value: bool,
}

impl Action for ReplaceHeader {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let replacement = act.text(&self.replacement);
        let arena = act.arena;
        let Some(message) = act.message() else { return Verdict::Next };
        let mut from = 0;
        while let Some(index) = message.position(&self.name, from) {
            from = index + 1;
            let mut at = Some(0);
            while let Some(start) = at {
                let Some(value) = message.header(index).map(|h| h.value) else { break };
                let Some(rest) = value.get(start..) else { break };
                let len = if self.each_value { item(rest) } else { rest.len() };
                let end = start + len;
                let text = rest.get(..len).unwrap_or_default().trim_ascii();
                at = (end < value.len()).then_some(end + 1);
                let Some(groups) = self.regex.captures(text) else { continue };
                let mut new = bumpalo::collections::Vec::new_in(arena);
                crate::bytes::expand(&groups, replacement, &mut |part| new.extend_from_slice(part));
                let moved = at.map(|_| start + new.len() + 1);
                if message.replace_part(index, start..end, &new).is_err() {
                    return Verdict::NoRoom;
                }
                at = moved;
            }
        }
        Verdict::Next
    }
}

/// The length of the value at the front, up to a comma outside of quotes.
fn item(text: &[u8]) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (i, b) in text.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return i,
            _ => {}
        }
    }
    text.len()
}
