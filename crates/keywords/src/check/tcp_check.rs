//! `tcp-check` rules (manual 4.2).

use super::connect::connect;
use super::expect::{binary, expect, format};
use super::http_check::variable;
use super::prelude::*;

/// The words of `tcp-check` lines that make a rule.
const RULES: &str =
    "'comment', 'connect', 'send', 'send-binary', 'expect', 'set-var-fmt(*)', 'set-var(*)', 'unset-var(*)'.";

/// Parses the words behind `tcp-check`. Errors are whole sentences.
pub fn tcp_rule(words: &[&str], compiler: &mut dyn Compiler) -> Result<Rule, String> {
    let first = words.first().copied().unwrap_or_default();
    let mut rest = Words::new(words.get(1..).unwrap_or_default());
    let read = match first {
        "comment" => rest
            .next()
            .map(|text| Rule::Comment(text.into()))
            .ok_or("expects a string as argument.".to_owned()),
        "connect" => connect(&mut rest, compiler, "tcp-check connect"),
        "send" | "send-lf" | "send-binary" | "send-binary-lf" => send(first, &mut rest, compiler),
        "expect" => expect(&mut rest, compiler, false),
        _ => match variable(first, &mut rest, compiler) {
            Some(read) => read,
            None => return Err(format!("'tcp-check' only supports {RULES} but got '{first}'")),
        },
    };
    read.map_err(|e| format!("'tcp-check {first}' : {e}"))
}

fn send(which: &str, words: &mut Words<'_>, compiler: &mut dyn Compiler) -> Result<Rule, String> {
    let kind = if which.contains("binary") { "binary" } else { "string" };
    let text = words.next().ok_or_else(|| format!("'{kind}' expects a {which} as argument."))?;
    let data = match which {
        "send" => Data::Bytes(text.as_bytes().into()),
        "send-lf" => Data::Text(format(compiler, text)?),
        "send-binary" => {
            Data::Bytes(binary(text).map_err(|e| format!("'{text}' invalid binary string ({e}).\n."))?)
        }
        _ => Data::Hex(format(compiler, text)?),
    };
    let mut comment = None;
    while let Some(word) = words.next() {
        if word != "comment" {
            return Err(format!("expects 'comment' but got '{word}' as argument.."));
        }
        comment = Some(words.next().ok_or("'comment' expects a string as argument..")?.into());
    }
    Ok(Rule::Step(Does::Send(data), comment))
}
