//! Log-format strings (manual 8.2.6): text, aliases and expressions.

use keywords::alias;
use state::Format;
use state::family::Known;
use state::format::{Encoding, Flags, Item, Kind, Label};

use super::expr::Failure;
use super::nearest::hint;
use super::{Compile, Site};

/// How a format's parts become one.
struct Parts {
    items: Vec<Item>,
    text: Vec<u8>,
    /// What `%{...}o` set for the items after it.
    global: Flags,
    /// Runs of spaces count as one.
    merge_spaces: bool,
    known: Known,
}

impl Compile<'_> {
    /// A format for a part of a message's head.
    pub(super) fn head_format(&mut self, text: &str) -> Result<Format, String> {
        self.parts(text, Flags { head: true, ..Flags::default() }, false)
    }

    /// A format for a body or a variable.
    pub(super) fn body_format(&mut self, text: &str) -> Result<Format, String> {
        self.parts(text, Flags::default(), false)
    }

    /// A format for `unique-id-format`: as a body's, with runs of spaces as one and none in front.
    pub fn id_format(&mut self, text: &str) -> Result<Format, String> {
        self.parts(text, Flags::default(), true)
    }

    /// A format for a log line (`log-format`, `error-log-format`, `log-format-sd`). The site becomes [`Site::Log`].
    pub fn log_format(&mut self, text: &str) -> Result<Format, String> {
        self.site = Site::Log;
        self.parts(text, Flags { log: true, ..Flags::default() }, true)
    }

    fn parts(&mut self, text: &str, global: Flags, merge_spaces: bool) -> Result<Format, String> {
        let mut parts =
            Parts { items: Vec::new(), text: Vec::new(), global, merge_spaces, known: Known::Always };
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            let (before, after) = rest.split_at(at);
            parts.text(before);
            rest = self.item(after.get(1..).unwrap_or_default(), text, &mut parts)?;
        }
        parts.text(rest);
        parts.flush();
        let Parts { items, global, known, .. } = parts;
        let items = items.into_boxed_slice();
        Ok(Format { items, merge_spaces, known, document: global.encoding, binary: global.binary })
    }

    /// One item, without its percent sign; gives what follows it.
    fn item<'t>(&mut self, text: &'t str, whole: &str, parts: &mut Parts) -> Result<&'t str, String> {
        let mut rest = text;
        if let Some(after) = rest.strip_prefix('%') {
            parts.text("%");
            return Ok(after);
        }
        let mut name = None;
        if let Some(after) = rest.strip_prefix('(') {
            let (found, tail) = label(after, whole)?;
            (name, rest) = (Some(Box::new(found)), tail);
        }
        let mut flags = parts.global;
        if let Some(after) = rest.strip_prefix('{') {
            let (words, tail) = after.split_once('}').ok_or("missing '}' after item flags")?;
            set_flags(words, &mut flags);
            if !tail.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') {
                return Err(format!("parse argument modifier without alias name near '%{{{words}}}'"));
            }
            rest = tail;
        }
        if let Some(after) = rest.strip_prefix('[') {
            return self.sample(after, flags, name, parts);
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        match word {
            "" if rest.is_empty() => Err("truncated line after '%'".to_owned()),
            // HAProxy drops a percent sign that begins nothing it knows.
            "" => Ok(rest),
            "o" => {
                parts.global = flags;
                Ok(tail)
            }
            _ => {
                let known = || alias::ALL.iter().flat_map(|file| file.iter()).map(|k| k.name);
                let found = alias::find(word).ok_or_else(|| {
                    format!(
                        "no such format alias '{word}'. If you wanted to emit the '%' character verbatim, you need \
                         to use '%%'{}",
                        hint(word, known().filter(|_| word.len() > 2))
                    )
                })?;
                parts.known = parts.known.max(found.known);
                parts.push(Item::Alias(found, parts.own(flags), name));
                Ok(tail)
            }
        }
    }

    /// An expression, without its opening bracket.
    fn sample<'t>(
        &mut self,
        text: &'t str,
        flags: Flags,
        name: Option<Box<Label>>,
        parts: &mut Parts,
    ) -> Result<&'t str, String> {
        let (expr, rest) = self
            .expr_in(text)
            .map_err(|e: Failure| format!("failed to parse sample expression <{text}> : {}", e.text()))?;
        let used = text.get(..text.len() - rest.len()).unwrap_or_default();
        let Some(after) = rest.strip_prefix(']') else {
            return Err(match rest.chars().next() {
                None => format!("missing ']' after '{used}'"),
                Some(c) => format!("expected ']' after '{used}', but found '{c}'"),
            });
        };
        self.legal(&expr)?;
        let of_http = matches!(self.site, Site::Rules(set) if set.words().starts_with("http-"));
        if flags.head && of_http && expr.fetch.needs.is_raw() {
            let name = expr.fetch.name;
            self.warnings.push(format!("L6 sample fetch <{name}> ignored in HTTP log-format string."));
        }
        parts.known = parts.known.max(keywords::fetch::known(expr.fetch));
        parts.push(Item::Expr(Box::new(expr), parts.own(flags), name));
        Ok(after)
    }
}

impl Parts {
    /// The flags of one item: whether bytes stay as they are is the whole string's business.
    const fn own(&self, flags: Flags) -> Flags {
        Flags { binary: self.global.binary, ..flags }
    }

    fn text(&mut self, text: &str) {
        for &byte in &*sample::text::bytes(text) {
            if self.merge_spaces && byte == b' ' && self.text.last() == Some(&b' ') {
                continue;
            }
            self.text.push(byte);
        }
    }

    fn push(&mut self, item: Item) {
        self.flush();
        self.items.push(item);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.items.push(Item::Text(std::mem::take(&mut self.text).into_boxed_slice()));
        }
    }
}

/// `name)`, `name:type)`: what stands in the parentheses, and what follows them. `whole` is the format, for messages.
fn label<'t>(text: &'t str, whole: &str) -> Result<(Label, &'t str), String> {
    let at = |rest: &str| whole.len() - rest.len();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    let (name, mut tail) = text.split_at(end.unwrap_or(text.len()));
    let mut kind = Kind::Own;
    if let Some(after) = tail.strip_prefix(':') {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        let (word, rest) = after.split_at(end);
        kind = match word {
            "str" => Kind::Str,
            "sint" => Kind::Sint,
            "bool" => Kind::Bool,
            "raw" => Kind::Raw,
            _ => {
                return Err(format!(
                    "unexpected output type '{word}' at position {} line : '{whole}'. Supported types are: str, sint, \
                     bool, raw",
                    at(after)
                ));
            }
        };
        tail = rest;
    }
    let Some(rest) = tail.strip_prefix(')') else {
        let near = tail.chars().next().map(String::from).unwrap_or_default();
        return Err(format!(
            "invalid character in custom name near '{near}' at position {} line : '{whole}'",
            at(tail)
        ));
    };
    Ok((Label { name: name.as_bytes().into(), kind }, rest))
}

/// Applies `+Q,-E` and the like; flags without a sign are set, unknown ones mean nothing, as in HAProxy.
fn set_flags(words: &str, flags: &mut Flags) {
    for word in words.split(',') {
        let (on, name) = match word.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, word.strip_prefix('+').unwrap_or(word)),
        };
        match name {
            "Q" => flags.quote = on,
            "X" => flags.hexadecimal = on,
            "E" => flags.escape = on,
            "bin" => flags.binary = on,
            "json" => flags.encoding = on.then_some(Encoding::Json),
            "cbor" => flags.encoding = on.then_some(Encoding::Cbor),
            _ => {}
        }
    }
}
