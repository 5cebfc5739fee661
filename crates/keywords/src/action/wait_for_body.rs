//! `wait-for-body`: goes on when the message's body has come (manual 4.4).

use state::rule::Wait;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "wait-for-body",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Waits for the body of the request or of the response: until all of it has come, or `at-least` so many bytes, or \
          as many as a buffer holds, a large one with `use-large-buffer` (`tune.bufsize.large`). Where that takes longer than `time` the answer is 408, for responses 504.",
    examples: &[
        "wait-for-body time 1s if METH_POST",
        "wait-for-body time 500ms at-least 1k use-large-buffer",
    ],
    parse,
}];

const WORDS: &[&str] = &["time", "at-least", "use-large-buffer"];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let (mut ms, mut at_least, mut large) = (None, 0, false);
    while let Some(word) = p.words.peek().filter(|w| WORDS.contains(w)) {
        p.words.advance(1);
        match word {
            "time" => {
                let text = p.words.next().ok_or("missing argument for 'time'")?;
                let time = p.compiler.duration(text);
                ms = Some(time.ok_or_else(|| odd(text))?);
            }
            "at-least" => {
                let text = p.words.next().ok_or("missing argument for 'at-least'")?;
                let size = p.compiler.size(text);
                at_least = size.ok_or_else(|| odd(text))?;
            }
            _ => large = true,
        }
    }
    match ms {
        Some(ms) => Ok(Box::new(WaitForBody(Wait { ms, at_least, large }))),
        None => Err("expects time <time> [ at-least <bytes> ]".to_owned()),
    }
}

/// The first character that is no digit, in HAProxy's words.
fn odd(text: &str) -> String {
    let character = text.chars().find(|c| !c.is_ascii_digit()).unwrap_or_default();
    format!("unexpected character '{character}'")
}

#[derive(Debug)]
struct WaitForBody(Wait);

impl Action for WaitForBody {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Body(self.0)
    }
}
