//! `early-hint`: an answer of status 103 before the answer (manual 4.4, RFC 8297).

use http::Version;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "early-hint",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest],
    doc: "Sends the client an answer of status 103 with this header, whose value is a log-format string, before any other. \
          Clients older than HTTP/1.1 get none.",
    examples: &["early-hint link \"</style.css>; rel=preload; as=style\""],
    parse: |p| {
        let expects = "expects exactly 2 arguments";
        let name = sample::text::boxed(p.words.next().ok_or(expects)?);
        let text = p.words.next().ok_or(expects)?;
        Ok(Box::new(EarlyHint { name, value: p.compiler.format(text)? }))
    },
}];

/// The most that waits to be sent in front of one answer.
const MOST: usize = 16_384;

#[derive(Debug)]
struct EarlyHint {
    name: Box<[u8]>,
    value: Format,
}

impl Action for EarlyHint {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let value = act.text(&self.value);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        if stream.request.version() < Version::HTTP_11 {
            return Verdict::Next;
        }
        let hints = &mut stream.hints;
        if hints.len() + self.name.len() + value.len() > MOST {
            return Verdict::NoRoom;
        }
        hints.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\n");
        hints.extend_from_slice(&self.name);
        hints.extend_from_slice(b": ");
        hints.extend(value.iter().map(|b| if matches!(b, b'\r' | b'\n' | 0) { b' ' } else { *b }));
        hints.extend_from_slice(b"\r\n\r\n");
        Verdict::Next
    }
}
