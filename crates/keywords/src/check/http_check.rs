//! `http-check` rules (manual 4.2), and the actions on variables that they share with `tcp-check`.

use state::check::Request;
use state::family::{Parse, RuleSet};

use super::connect::connect;
use super::expect::{expect, format};
use super::httpchk::Asked;
use super::prelude::*;

const RULES: &str = "'disable-on-404', 'send-state', 'comment', 'connect', 'send', 'expect', 'set-var-fmt(*)', \
                     'set-var(*)', 'unset-var(*)'.";

/// Parses the words behind `http-check`. What a first request leaves open is taken from `asked`, what `option httpchk`
/// says. Errors are whole sentences.
pub fn http_rule(
    words: &[&str],
    compiler: &mut dyn Compiler,
    asked: &mut Option<Asked>,
) -> Result<Rule, String> {
    let first = words.first().copied().unwrap_or_default();
    let mut rest = Words::new(words.get(1..).unwrap_or_default());
    let read = match first {
        "comment" => rest
            .next()
            .map(|text| Rule::Comment(text.into()))
            .ok_or("expects a string as argument.".to_owned()),
        "connect" => connect(&mut rest, compiler, "http-check connect"),
        "send" => send(&mut rest, compiler, asked.take()),
        "expect" => expect(&mut rest, compiler, true),
        _ => match variable(first, &mut rest, compiler) {
            Some(read) => read,
            None => return Err(format!("'http-check' only supports {RULES} but got '{first}'")),
        },
    };
    read.map_err(|e| format!("'http-check {first}' : {e}"))
}

fn send(words: &mut Words<'_>, compiler: &mut dyn Compiler, asked: Option<Asked>) -> Result<Rule, String> {
    let (before, behind) = match asked {
        Some(asked) if asked.last => (None, Some(asked)),
        other => (other, None),
    };
    let mut request = before.unwrap_or_default().request();
    let mut headers = Vec::new();
    let mut comment = None;
    while let Some(word) = words.next() {
        match word {
            "hdr" => {
                let pair = words.next().zip(words.next());
                let (name, value) = pair.ok_or("'hdr' expects <name> and <value> as arguments.")?;
                let value = compiler.format(value).map_err(|e| format!("{}.", e.trim_end_matches('.')))?;
                headers.push((name.to_ascii_lowercase().into_bytes().into(), value));
                continue;
            }
            "comment" | "meth" | "uri" | "uri-lf" | "ver" | "body" | "body-lf" => {}
            other => {
                return Err(format!(
                    "expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' but got '{other}' as \
                     argument.."
                ));
            }
        }
        let text = words.next().ok_or_else(|| format!("'{word}' expects a string as argument.."))?;
        match word {
            "meth" => request.method = text.as_bytes().into(),
            "uri" => request.uri = state::Format::constant(text.as_bytes()),
            "uri-lf" => request.uri = format(compiler, text)?,
            "ver" => request.version = text.as_bytes().into(),
            "body" => request.body = Some(state::Format::constant(text.as_bytes())),
            "body-lf" => request.body = Some(format(compiler, text)?),
            _ => comment = Some(text.into()),
        }
    }
    if !headers.is_empty() {
        settle(&mut request, headers);
    }
    if let Some(asked) = behind {
        asked.overrule(&mut request);
    }
    Ok(Rule::Step(Does::Request(Box::new(request)), comment))
}

/// Puts headers in; the length of the body is not theirs to say.
fn settle(request: &mut Request, headers: Vec<(Box<[u8]>, state::Format)>) {
    request.headers = headers;
    request.headers.retain(|(name, _)| !matches!(&**name, b"content-length" | b"transfer-encoding"));
}

/// `set-var(..)`, `set-var-fmt(..)`, `unset-var(..)`; none if the word is another.
pub(super) fn variable(
    word: &str,
    words: &mut Words<'_>,
    compiler: &mut dyn Compiler,
) -> Option<Result<Rule, String>> {
    let name = word.split('(').next().unwrap_or_default();
    if !matches!(name, "set-var" | "set-var-fmt" | "unset-var") {
        return None;
    }
    let set = RuleSet::TcpResponseContent;
    let Some((kind, inside)) = crate::action::find(set, word) else {
        return Some(Err(format!(
            "'{name}' : invalid or incomplete action '{name}'. Expects 'set-var(<var-name>)', \
             'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'."
        )));
    };
    let mut parse = Parse { set, word, inside, words: *words, compiler };
    let read = (kind.parse)(&mut parse).map_err(|e| format!("'{name}' : {}.", e.trim_end_matches('.')));
    Some(read.map(|action| Rule::Step(Does::Act(action), None)))
}
