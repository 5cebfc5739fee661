//! Log-format strings (manual 8.2.6): text, aliases and expressions.

use keywords::alias;
use state::Format;
use state::format::{Flags, Item};

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

    /// A format for a log line (`log-format`, `error-log-format`, `log-format-sd`). The site becomes [`Site::Log`].
    pub fn log_format(&mut self, text: &str) -> Result<Format, String> {
        self.site = Site::Log;
        self.parts(text, Flags { log: true, ..Flags::default() }, true)
    }

    fn parts(&mut self, text: &str, global: Flags, merge_spaces: bool) -> Result<Format, String> {
        let mut parts = Parts { items: Vec::new(), text: Vec::new(), global, merge_spaces };
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            let (before, after) = rest.split_at(at);
            parts.text(before);
            rest = self.item(after.get(1..).unwrap_or_default(), &mut parts)?;
        }
        parts.text(rest);
        parts.flush();
        Ok(Format { items: parts.items.into_boxed_slice(), merge_spaces })
    }

    /// One item, without its percent sign; gives what follows it.
    fn item<'t>(&mut self, text: &'t str, parts: &mut Parts) -> Result<&'t str, String> {
        let mut rest = text;
        if let Some(after) = rest.strip_prefix('%') {
            parts.text("%");
            return Ok(after);
        }
        if let Some(after) = rest.strip_prefix('(') {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | ':' | '.'));
            let (_, tail) = after.split_at(end.unwrap_or(after.len()));
            rest = tail
                .strip_prefix(')')
                .ok_or_else(|| format!("invalid character in custom name near '{tail}'"))?;
        }
        let mut flags = parts.global;
        if let Some(after) = rest.strip_prefix('{') {
            let (words, tail) = after.split_once('}').ok_or("missing '}' after item flags")?;
            set_flags(words, &mut flags)?;
            rest = tail;
        }
        if let Some(after) = rest.strip_prefix('[') {
            return self.sample(after, flags, parts);
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        match name {
            "" if rest.is_empty() => Err("truncated line after '%'".to_owned()),
            // HAProxy drops a percent sign that begins nothing it knows.
            "" => Ok(rest),
            "o" => {
                parts.global = flags;
                Ok(tail)
            }
            _ => {
                let known = || alias::ALL.iter().flat_map(|file| file.iter()).map(|k| k.name);
                let found = alias::find(name).ok_or_else(|| {
                    format!(
                        "no such format alias '{name}'. If you wanted to emit the '%' character verbatim, you need \
                         to use '%%'{}",
                        hint(name, known().filter(|_| name.len() > 2))
                    )
                })?;
                parts.push(Item::Alias(found, flags));
                Ok(tail)
            }
        }
    }

    /// An expression, without its opening bracket.
    fn sample<'t>(&mut self, text: &'t str, flags: Flags, parts: &mut Parts) -> Result<&'t str, String> {
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
        parts.push(Item::Expr(Box::new(expr), flags));
        Ok(after)
    }
}

impl Parts {
    fn text(&mut self, text: &str) {
        for byte in text.bytes() {
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

/// Applies `+Q,-E` and the like; flags without a sign are set, unknown ones mean nothing, as in HAProxy.
fn set_flags(words: &str, flags: &mut Flags) -> Result<(), String> {
    for word in words.split(',') {
        let (on, name) = match word.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, word.strip_prefix('+').unwrap_or(word)),
        };
        match name {
            "Q" => flags.quote = on,
            "X" => flags.hexadecimal = on,
            "E" => flags.escape = on,
            "bin" | "json" | "cbor" if on => {
                return Err(format!("the log-format flag '{name}' is not supported yet"));
            }
            _ => {}
        }
    }
    Ok(())
}
