//! `del-header`: removes headers by name (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "del-header",
    parenthesised: false,
    sets: HTTP,
    doc: "Removes every line of a name; with `-m` of all names that begin (`beg`), end (`end`), contain (`sub`) or match \
          (`reg`) the text.",
    examples: &[
        "del-header server",
        "del-header x-internal- -m beg",
        "del-header \"^x-[a-c]$\" -m reg if { path /a }",
    ],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let text = p.words.next().ok_or("expects at least 1 argument")?;
    let lower = || text.to_ascii_lowercase().into_bytes().into_boxed_slice();
    let which = if p.words.accept("-m") {
        match p.words.next().ok_or("-m flag expects exactly 1 argument")? {
            "str" => Which::Name(http::Name::new(&sample::text::bytes(text))),
            "beg" => Which::Begins(lower()),
            "end" => Which::Ends(lower()),
            "sub" => Which::Contains(lower()),
            "reg" => Which::Matches(p.compiler.regex(text, true)?),
            other => return Err(format!("-m with unsupported matching method '{other}'")),
        }
    } else {
        Which::Name(http::Name::new(&sample::text::bytes(text)))
    };
    Ok(Box::new(DelHeader { which }))
}

#[derive(Debug)]
struct DelHeader {
    which: Which,
}

#[derive(Debug)]
enum Which {
    Name(http::Name),
    Begins(Box<[u8]>),
    Ends(Box<[u8]>),
    Contains(Box<[u8]>),
    Matches(sample::Regex),
}

impl Action for DelHeader {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(message) = act.message() else { return Verdict::Next };
        match &self.which {
            Which::Name(name) => message.del_header(name),
            Which::Begins(text) => message.retain(|h| !h.name.starts_with(text)),
            Which::Ends(text) => message.retain(|h| !h.name.ends_with(text)),
            Which::Contains(text) => message.retain(|h| memchr::memmem::find(h.name, text).is_none()),
            Which::Matches(regex) => message.retain(|h| !regex.is_match(h.name)),
        };
        Verdict::Next
    }
}
