//! `reject`, `silent-drop`: the connection ends without an answer (manual 4.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "reject",
        parenthesised: false,
        sets: &[
            RuleSet::TcpRequestConnection,
            RuleSet::TcpRequestSession,
            RuleSet::TcpRequestContent,
            RuleSet::TcpResponseContent,
            RuleSet::HttpRequest,
        ],
        doc: "Closes the client's connection without an answer; as a connection rule by a reset.",
        examples: &["reject if { src 10.0.0.0/8 }"],
        parse: |p| {
            let early = p.set == RuleSet::TcpRequestConnection;
            Ok(Box::new(Close(if early { Farewell::Reset } else { Farewell::Close })))
        },
    },
    ActionKind {
        name: "silent-drop",
        parenthesised: false,
        sets: EVERYWHERE_BUT_AFTER,
        doc: "Forgets the client's connection so that the client does not notice. With `rst-ttl N`, sends a reset that \
              lives for N hops, so that what stands in between forgets it too.",
        examples: &["silent-drop if { src 10.0.0.0/8 }", "silent-drop rst-ttl 3"],
        parse: silent_drop,
    },
];

fn silent_drop(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if !p.words.accept("rst-ttl") {
        return Ok(Box::new(Close(Farewell::Silence)));
    }
    let word = p.words.next().ok_or("missing rst-ttl value\n")?;
    let odd = word.find(|c: char| !c.is_ascii_digit());
    if let Some(odd) = odd.and_then(|at| word.get(at..)) {
        return Err(format!("invalid character starting at '{odd}' (value 1-255 expected)\n"));
    }
    match word.parse::<u8>() {
        Ok(ttl) if ttl > 0 => Ok(Box::new(Close(Farewell::FadingReset(ttl)))),
        _ => Err("valid rst-ttl values are [1-255]\n".to_owned()),
    }
}

#[derive(Debug)]
struct Close(Farewell);

impl Action for Close {
    fn run<'w>(&'w self, _: &mut Act<'w>) -> Verdict {
        Verdict::Close(self.0)
    }
}
