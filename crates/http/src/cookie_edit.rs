//! Editing cookies where they stand: leaving some out of a `Cookie` line or shortening their values, and the one pair
//! that a `Set-Cookie` line sets, by its places.
//!
//! Lines are read as leniently as in [`crate::cookie`], but the text around what is edited stays as HAProxy leaves it:
//! blanks around the `=` of a pair go, and whoever leaves a cookie out takes its `$` attributes (RFC 2965) with it.

use std::ops::Range;

use crate::cookie::{end_of_pair, trimmed};
use crate::header_value::is_ows;

/// What becomes of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Keep,
    /// It stays without so many bytes at the front of its value.
    Shorten(usize),
    LeaveOut,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    Same,
    Changed,
    /// Nothing is left of it: the header goes.
    Empty,
}

/// One element between two separators of a `Cookie` line.
struct Element {
    start: usize,
    /// Of the name; the place of `=`, if there is one; of the value.
    name_end: usize,
    equals: Option<usize>,
    value: Range<usize>,
    /// The separator's place, or the line's end.
    end: usize,
}

fn element(line: &[u8], from: usize) -> Element {
    let start = skip_blanks(line, from);
    let rest = line.get(start..).unwrap_or_default();
    let stop = rest.iter().position(|b| matches!(b, b'=' | b';' | b',')).map_or(line.len(), |at| start + at);
    if line.get(stop) != Some(&b'=') {
        return Element { start, name_end: stop, equals: None, value: stop..stop, end: stop };
    }
    let from = skip_blanks(line, stop + 1);
    let end = end_of_pair(line, from, b";,");
    let name_end = trimmed(line, start..stop).end;
    Element { start, name_end, equals: Some(stop), value: from..trimmed(line, from..end).end, end }
}

fn skip_blanks(line: &[u8], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| is_ows(**b)).count()
}

/// Asks `judge` for the fate of each cookie of a `Cookie` line, by name and value, and writes the line that results to
/// `out`, which is emptied first. Where the line stays the same, what `out` holds has no meaning.
pub fn edit_cookies(line: &[u8], out: &mut Vec<u8>, judge: &mut dyn FnMut(&[u8], &[u8]) -> Fate) -> Edited {
    out.clear();
    let mut edit = Edit { line, out, done: 0, gap: None, keeps: false, changed: false };
    // Where the separator before the element stands; at the first one, the line's beginning.
    let mut before = 0;
    let mut from = 0;
    while before < line.len() {
        let element = element(line, from);
        edit.take(&element, before, judge);
        before = element.end;
        from = before + 1;
    }
    edit.end()
}

/// A line being edited.
struct Edit<'e> {
    line: &'e [u8],
    out: &'e mut Vec<u8>,
    /// How much of the line is dealt with.
    done: usize,
    /// Where what is left out begins: at a separator, or at the line's beginning.
    gap: Option<usize>,
    /// Whether something but attributes stays.
    keeps: bool,
    changed: bool,
}

impl Edit<'_> {
    fn take(&mut self, element: &Element, before: usize, judge: &mut dyn FnMut(&[u8], &[u8]) -> Fate) {
        let line = self.line;
        if line.get(element.start) == Some(&b'$') {
            return;
        }
        let Some(equals) = element.equals else {
            self.keeps = true;
            self.close_gap(before);
            return;
        };
        let name = line.get(element.start..element.name_end).unwrap_or_default();
        let value = line.get(element.value.clone()).unwrap_or_default();
        let shorter = match judge(name, value) {
            Fate::LeaveOut => {
                self.open_gap(before);
                return;
            }
            Fate::Shorten(by) => by.min(value.len()),
            Fate::Keep => 0,
        };
        self.keeps = true;
        self.close_gap(before);
        let value_from = element.value.start + shorter;
        if element.name_end != equals || equals + 1 != value_from {
            self.copy_to(element.name_end);
            self.out.push(b'=');
            self.done = value_from;
            self.changed = true;
        }
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.line.get(self.done..end).unwrap_or_default());
        self.done = self.done.max(end);
    }

    fn open_gap(&mut self, at: usize) {
        if self.gap.is_none() {
            self.copy_to(at);
            self.gap = Some(at);
            self.changed = true;
        }
    }

    /// Something that stays follows the separator at `at`.
    fn close_gap(&mut self, at: usize) {
        let Some(gap) = self.gap.take() else { return };
        self.done = skip_blanks(self.line, at + 1);
        if gap == 0 {
            self.out.clear();
            return;
        }
        while self.out.last().is_some_and(|b| is_ows(*b)) {
            self.out.pop();
        }
        self.out.extend(self.line.get(at));
        self.out.push(b' ');
    }

    fn end(mut self) -> Edited {
        match self.gap {
            Some(_) if !self.keeps => return Edited::Empty,
            Some(_) => {}
            None => self.copy_to(self.line.len()),
        }
        match (self.changed, self.out.is_empty()) {
            (false, _) => Edited::Same,
            (true, true) => Edited::Empty,
            (true, false) => Edited::Changed,
        }
    }
}

/// The pair that a `Set-Cookie` line sets, by its places in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPair {
    pub name: Range<usize>,
    /// Without the blanks around it; with its quotes, if it has any.
    pub value: Range<usize>,
}

impl SetPair {
    /// What separates name and value: an `=`, and perhaps blanks around it.
    pub fn between(&self) -> Range<usize> {
        self.name.end..self.value.start
    }
}

/// The pair that begins a `Set-Cookie` line; none where no `=` comes before its attributes.
pub fn set_pair(line: &[u8]) -> Option<SetPair> {
    let start = skip_blanks(line, 0);
    let rest = line.get(start..)?;
    let stop = start + rest.iter().position(|b| matches!(b, b'=' | b';'))?;
    if line.get(stop) != Some(&b'=') {
        return None;
    }
    let from = skip_blanks(line, stop + 1);
    let end = end_of_pair(line, from, b";,");
    Some(SetPair { name: trimmed(line, start..stop), value: from..trimmed(line, from..end).end })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line without its cookies of the name S; `None` where the header goes.
    fn without(line: &str) -> Option<String> {
        let mut out = Vec::new();
        let mut judge = |name: &[u8], _: &[u8]| if name == b"S" { Fate::LeaveOut } else { Fate::Keep };
        match edit_cookies(line.as_bytes(), &mut out, &mut judge) {
            Edited::Same => Some(line.to_owned()),
            Edited::Changed => Some(String::from_utf8(out).unwrap()),
            Edited::Empty => None,
        }
    }

    #[test]
    fn cookies_are_left_out() {
        for (line, expected) in [
            ("S=1;a=1", "a=1"),
            ("a=1;S=1;b=2", "a=1; b=2"),
            ("a=1 ; S=1 ; b=2", "a=1; b=2"),
            ("a=1,S=1,b=2", "a=1, b=2"),
            ("a=1, S=1; b=2", "a=1; b=2"),
            ("a=1; S=1", "a=1"),
            ("a=1 ;S=1", "a=1 "),
            ("S =1; b", "b"),
            ("S=1; S=2; b", "b"),
            ("b=1; S=1; S=2", "b=1"),
            ("S; S=1", "S"),
            ("S=1; ; b=2", "; b=2"),
            ("S=1;;b", ";b"),
            ("; S=1; b", "b"),
            ("; ; S=1", "; "),
            ("a=1;S=1;", "a=1; "),
            ("a=1;S=1;;", "a=1; ;"),
            ("a=1; ; S=1 ;b=2; ;c=3", "a=1;; b=2; ;c=3"),
            ("a=\"x;S=1\"; S=2", "a=\"x;S=1\""),
            ("\"x;S=1\"; S=2", "\"x"),
            ("a=\\\";S=1", "a=\\\";S=1"),
            ("S=1; $Path=/; $Domain=x; b=2", "b=2"),
            ("$Version=1; S=1; $Path=/; b=2", "$Version=1; b=2"),
            ("S=1; $p; c", "c"),
            ("$a=1;b;S=1", "$a=1;b"),
            ("S=1; a = 2", "a=2"),
            ("s=1; SS=2; S x=3", "s=1; SS=2; S x=3"),
            ("", ""),
        ] {
            assert_eq!(without(line).as_deref(), Some(expected), "{line}");
        }
        for line in ["S=1", "S=1;", "; S=1", ", S=1", "S=1,S=2", "$Version=1;S=1", "S=1; $Path=/"] {
            assert_eq!(without(line), None, "{line}");
        }
    }

    #[test]
    fn values_are_shortened() {
        let shortened = |line: &str| {
            let mut out = Vec::new();
            let mut judge = |name: &[u8], value: &[u8]| match name {
                b"S" => Fate::Shorten(value.iter().position(|b| *b == b'~').map_or(0, |at| at + 1)),
                _ => Fate::Keep,
            };
            let edited = edit_cookies(line.as_bytes(), &mut out, &mut judge);
            (edited, String::from_utf8(out).unwrap())
        };
        for (line, expected) in [
            ("S=x~a; b", "S=a; b"),
            ("a = 1; S = x~a ;b", "a=1; S=a ;b"),
            ("S=x~; S=y~b~c", "S=; S=b~c"),
            ("S=\"x~a\"", "S=a\""),
            ("$x = 1; b =2", "$x = 1; b=2"),
        ] {
            assert_eq!(shortened(line), (Edited::Changed, expected.to_owned()), "{line}");
        }
        assert_eq!(shortened("S=a; $b = c").0, Edited::Same);
    }

    #[test]
    fn set_cookie_lines_set_one_pair() {
        let pair = |line: &str| {
            let pair = set_pair(line.as_bytes())?;
            Some((line.get(pair.name.clone())?.to_owned(), line.get(pair.value.clone())?.to_owned()))
        };
        let some = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(pair("S=v"), some("S", "v"));
        assert_eq!(pair(" S = v ; path=/"), some("S", "v"));
        assert_eq!(pair("S=\"v;w\"; path"), some("S", "\"v;w\""));
        assert_eq!(pair("S=\"v;w"), some("S", "\"v;w"));
        assert_eq!(pair("a=b,S=w"), some("a", "b"));
        assert_eq!(pair("S=;p"), some("S", ""));
        assert_eq!(pair("=v"), some("", "v"));
        assert_eq!(pair("S"), None);
        assert_eq!(pair("S;a=b"), None);
    }
}
