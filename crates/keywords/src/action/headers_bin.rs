//! `add-headers-bin`, `set-headers-bin`, `del-headers-bin`: many headers at once, in the form of `req.hdrs_bin` (manual
//! 4.4): length and bytes of a name, length and bytes of its value, and so on until a name and a value without bytes.

use sample::{Type, Value, cast};

use super::prelude::*;
use crate::bytes::varint;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "add-headers-bin",
        parenthesised: false,
        sets: HTTP,
        doc: "Appends the headers that an expression gives as `req.hdrs_bin` does; with `prefix` only those whose name \
              begins so.",
        examples: &["add-headers-bin bin(03782d61013100)", "add-headers-bin bin(0000) prefix x-"],
        parse: |p| parse_write(p, false),
    },
    ActionKind {
        name: "del-headers-bin",
        parenthesised: false,
        sets: HTTP,
        doc: "Removes the headers whose names an expression gives, each as its length and its bytes; with `-m` all whose \
              name begins (`beg`), ends (`end`) with or contains (`sub`) one of them.",
        examples: &["del-headers-bin bin(03782d61)", "del-headers-bin bin(02782d) -m beg"],
        parse: parse_del,
    },
    ActionKind {
        name: "set-headers-bin",
        parenthesised: false,
        sets: HTTP,
        doc: "Like `add-headers-bin`, after removing every line of those names.",
        examples: &["set-headers-bin bin(03782d61013100) if { path /a }"],
        parse: |p| parse_write(p, true),
    },
];

fn parse_write(p: &mut Parse<'_>, replace: bool) -> Result<Box<dyn Action>, String> {
    if p.words.at_end() {
        return Err("expects exactly one argument or three arguments <headers> prefix <pfx>".to_owned());
    }
    let expr = p.compiler.expr(&mut p.words)?;
    let mut prefix = Box::default();
    if p.words.accept("prefix") {
        let text = p.words.next();
        let text = text.ok_or("expects 1 argument: <headers>; or 3 arguments: <headers> prefix <pfx>")?;
        prefix = text.to_ascii_lowercase().into_bytes().into_boxed_slice();
    }
    Ok(Box::new(Write { expr, prefix, replace }))
}

#[derive(Debug)]
struct Write {
    expr: Expr,
    /// In lower case.
    prefix: Box<[u8]>,
    replace: bool,
}

impl Action for Write {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(block) = bytes(act, &self.expr) else { return Verdict::Next };
        let Some(message) = act.message() else { return Verdict::Next };
        if self.replace {
            for (name, _) in pairs(block).filter(|(name, _)| self.concerns(name)) {
                message.del_header(name);
            }
        }
        for (name, value) in pairs(block).filter(|(name, _)| self.concerns(name)) {
            if message.add_header(name, value).is_err() {
                return Verdict::NoRoom;
            }
        }
        Verdict::Next
    }
}

impl Write {
    fn concerns(&self, name: &[u8]) -> bool {
        name.get(..self.prefix.len()).is_some_and(|front| front.eq_ignore_ascii_case(&self.prefix))
    }
}

fn parse_del(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    if p.words.at_end() {
        return Err("expects at least 1 argument".to_owned());
    }
    let expr = p.compiler.expr(&mut p.words)?;
    let mut how = How::Is;
    if p.words.accept("-m") {
        how = match p.words.next().ok_or("-m flag expects exactly 1 argument")? {
            "str" => How::Is,
            "beg" => How::Begins,
            "end" => How::Ends,
            "sub" => How::Contains,
            "reg" => {
                return Err(
                    "-m reg is unsupported with del-headers-bin due to performance reasons".to_owned()
                );
            }
            other => return Err(format!("-m with unsupported matching method '{other}'")),
        };
    }
    Ok(Box::new(Del { expr, how }))
}

#[derive(Clone, Copy, Debug)]
enum How {
    Is,
    Begins,
    Ends,
    Contains,
}

impl How {
    fn fits(self, name: &[u8], text: &[u8]) -> bool {
        match self {
            Self::Is => name == text,
            Self::Begins => name.starts_with(text),
            Self::Ends => name.ends_with(text),
            Self::Contains => memchr::memmem::find(name, text).is_some(),
        }
    }
}

#[derive(Debug)]
struct Del {
    expr: Expr,
    how: How,
}

impl Action for Del {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(block) = bytes(act, &self.expr) else { return Verdict::Next };
        let arena = act.arena;
        let Some(message) = act.message() else { return Verdict::Next };
        let mut rest = block;
        while let Some(text) = take(&mut rest).filter(|text| !text.is_empty()) {
            let text = arena.alloc_slice_copy(text);
            text.make_ascii_lowercase();
            message.retain(|h| !self.how.fits(h.name, text));
        }
        Verdict::Next
    }
}

/// What an expression gives, as bytes.
fn bytes<'w>(act: &Act<'w>, expr: &Expr) -> Option<&'w [u8]> {
    match cast(act.eval(expr)?, Type::Bin, act.arena)? {
        Value::Bin(bytes) | Value::Str(bytes) | Value::Meth(bytes) => Some(bytes),
        _ => None,
    }
}

/// The names and values of a block, up to its end or to what can't be one.
fn pairs(mut block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let name = take(&mut block).filter(|name| !name.is_empty())?;
        Some((name, take(&mut block)?))
    })
}

/// A length and so many bytes from the front.
fn take<'a>(block: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(block)?).ok()?;
    let (front, rest) = block.split_at_checked(length)?;
    *block = rest;
    Some(front)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_where_it_is_broken() {
        let whole = b"\x01a\x011\x02bc\x00\x00\x00ignored";
        let got: Vec<_> = pairs(whole).collect();
        assert_eq!(got, [(&b"a"[..], &b"1"[..]), (b"bc", b"")]);
        assert_eq!(pairs(b"\x01a\x05xy").count(), 0);
        assert_eq!(pairs(b"\xff").count(), 0);
        assert_eq!(pairs(b"").count(), 0);
    }
}
