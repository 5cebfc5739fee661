//! The text of one source as lines, kept to the byte, and edits of single lines.
//!
//! A document knows where lines and words lie as written, never what they expand to: it needs no
//! environment, never fails, and shows the lines of every `.if` branch. `print` gives back what was read.

use std::ops::Range;
use std::sync::OnceLock;

use crate::section::SectionKind;
use crate::words::{self, to_u32};

/// The text of one source. Lines are numbered from 0 here.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// What was read, followed by the text of the lines that edits wrote.
    text: Vec<u8>,
    /// Each line with its line feed, in order. Only the last may lack one.
    lines: Vec<(u32, u32)>,
    /// The sections, once somebody has asked for them; none after an edit.
    sections: OnceLock<Vec<SectionText>>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.lines == other.lines
    }
}

impl Eq for Document {}

impl Document {
    /// Cuts bytes into lines. Never fails.
    pub fn parse(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        let mut lines = Vec::with_capacity(text.len() / 48);
        let mut start = 0;
        for feed in memchr::memchr_iter(b'\n', &text) {
            lines.push((to_u32(start), to_u32(feed + 1)));
            start = feed + 1;
        }
        if start < text.len() {
            lines.push((to_u32(start), to_u32(text.len())));
        }
        Self { text, lines, sections: OnceLock::new() }
    }

    /// The text: what was read, to the byte, but for the edited lines.
    pub fn print(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        for index in 0..self.lines.len() {
            out.extend_from_slice(self.raw_line(index));
        }
        out
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A line with its line feed; empty if there is no such line.
    pub fn raw_line(&self, index: usize) -> &[u8] {
        let Some(&(start, end)) = self.lines.get(index) else { return &[] };
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// A line without its line feed.
    pub fn line_text(&self, index: usize) -> Option<&[u8]> {
        self.lines.get(index)?;
        let line = self.raw_line(index);
        Some(line.strip_suffix(b"\n").unwrap_or(line))
    }

    /// The words of a line as written, quotes included. Empty for comments and blank lines.
    pub fn raw_words(&self, index: usize) -> Vec<&[u8]> {
        let line = self.line_text(index).unwrap_or_default();
        words::spans(line).0.into_iter().map(|span| line.get(span).unwrap_or_default()).collect()
    }

    /// Where the words of a line stand in it, quotes included.
    pub fn word_places(&self, index: usize) -> Vec<Range<usize>> {
        words::spans(self.line_text(index).unwrap_or_default()).0
    }

    /// The sections of the text: kind, header line, and the lines that belong to it (header included).
    ///
    /// Lines inside `.if` blocks count, whatever the condition. A section ends before the comments and
    /// blank lines that lead to the next header.
    pub fn sections(&self) -> Vec<SectionText> {
        self.known_sections().to_vec()
    }

    /// The same, found once for all who ask until the next edit.
    pub fn known_sections(&self) -> &[SectionText] {
        self.sections.get_or_init(|| self.find_sections())
    }

    fn find_sections(&self) -> Vec<SectionText> {
        let mut found: Vec<SectionText> = Vec::new();
        for index in 0..self.len() {
            let line = self.line_text(index).unwrap_or_default();
            let Some(kind) = first_word(line).and_then(SectionKind::from_keyword) else { continue };
            let end = self.lead_start(index);
            if let Some(last) = found.last_mut() {
                last.lines.end = end.max(last.lines.start + 1);
            }
            let name = self.raw_words(index).get(1).map(|word| unquote(word));
            found.push(SectionText { kind, name, lines: index..self.len() });
        }
        found
    }

    /// The section of this kind and name.
    pub fn find_section(&self, kind: SectionKind, name: Option<&[u8]>) -> Option<SectionText> {
        self.known_sections().iter().find(|s| s.kind == kind && s.name.as_deref() == name).cloned()
    }

    /// Where the comments and blank lines directly above a line begin.
    fn lead_start(&self, index: usize) -> usize {
        let blank = |i: &usize| first_word(self.line_text(*i).unwrap_or_default()).is_none();
        index - (0..index).rev().take_while(blank).count()
    }

    /// Puts words into a line, keeping its indent, its comment and its line ending.
    ///
    /// Words are written as given: quote them with [`quote`](crate::quote) if they are values.
    pub fn set_words(&mut self, index: usize, new: &[&[u8]]) {
        let Some(line) = self.line_text(index) else { return };
        let (spans, comment) = words::spans(line);
        let (start, end) = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => (comment, comment),
        };
        let joined = new.join(&b' ');
        self.splice(index, start..end, &joined);
    }

    /// Replaces the bytes `range` of a line; the rest of the line stays.
    pub fn splice(&mut self, index: usize, range: Range<usize>, with: &[u8]) {
        let line = self.raw_line(index);
        let (Some(head), Some(tail)) = (line.get(..range.start), line.get(range.end..)) else { return };
        let with: Vec<u8> = with.iter().copied().filter(|&b| b != b'\n').collect();
        let line = [head, &with, tail].concat();
        let row = self.append(&line);
        if let Some(slot) = self.lines.get_mut(index) {
            *slot = row;
        }
    }

    /// Inserts a line before line `index` (or at the end), indented like its neighbours in the section.
    pub fn insert(&mut self, index: usize, new: &[&[u8]]) {
        let index = index.min(self.len());
        let opens_section =
            new.first().copied().and_then(first_word).and_then(SectionKind::from_keyword).is_some();
        let indent = if opens_section { Vec::new() } else { self.indent_near(index) };
        let line = [&indent, new.join(&b' ').as_slice(), self.line_ending()].concat();
        if index == self.len() {
            self.end_last_line();
        }
        let row = self.append(&line);
        self.lines.insert(index, row);
    }

    /// Inserts a blank line before line `index`.
    pub fn insert_blank(&mut self, index: usize) {
        if index >= self.len() {
            self.end_last_line();
        }
        let ending = self.line_ending().to_vec();
        let row = self.append(&ending);
        self.lines.insert(index.min(self.lines.len()), row);
    }

    /// Removes lines.
    pub fn delete(&mut self, range: Range<usize>) {
        let end = range.end.min(self.lines.len());
        self.lines.drain(range.start.min(end)..end);
        self.sections.take();
    }

    /// Sets a parameter of a `bind`-like line: the word `name` and the words after it become `values`.
    ///
    /// `old_values` is how many words follow the name today. Appended if the line hasn't the name after
    /// its first `skip` words.
    pub fn set_param(&mut self, index: usize, skip: usize, name: &[u8], old_values: usize, values: &[&[u8]]) {
        let new = [&[name], values].concat().join(&b' ');
        match self.find_param(index, skip, name, old_values) {
            Some(range) => self.splice(index, range, &new),
            None => {
                let line = self.line_text(index).unwrap_or_default();
                let Some(end) = words::spans(line).0.last().map(|span| span.end) else { return };
                self.splice(index, end..end, &[b" ", new.as_slice()].concat());
            }
        }
    }

    /// Removes a parameter with the white space before it. Nothing happens if the line hasn't it.
    pub fn remove_param(&mut self, index: usize, skip: usize, name: &[u8], old_values: usize) {
        let Some(range) = self.find_param(index, skip, name, old_values) else { return };
        let line = self.line_text(index).unwrap_or_default();
        let before = line.get(..range.start).unwrap_or_default();
        let start = before.iter().rposition(|&b| !words::is_space(b)).map_or(0, |i| i + 1);
        self.splice(index, start..range.end, b"");
    }

    fn find_param(&self, index: usize, skip: usize, name: &[u8], values: usize) -> Option<Range<usize>> {
        let line = self.line_text(index)?;
        let spans = words::spans(line).0;
        let at = spans
            .iter()
            .enumerate()
            .skip(skip)
            .find(|(_, span)| line.get((*span).clone()).is_some_and(|word| unquote(word) == name))?
            .0;
        let end = spans.get(at..=at + values).and_then(|s| s.last()).or_else(|| spans.last())?.end;
        Some(spans.get(at)?.start..end)
    }

    /// Adds a section at the end, a blank line before it, and gives its header's line.
    pub fn add_section(&mut self, kind: SectionKind, name: Option<&[u8]>) -> usize {
        let blank = self.line_text(self.len().wrapping_sub(1)).is_none_or(|l| first_word(l).is_none());
        if !self.is_empty() && !blank {
            self.insert_blank(self.len());
        }
        let keyword = kind.keyword().as_bytes();
        let at = self.len();
        match name {
            Some(name) => self.insert(at, &[keyword, &words::quote(name)]),
            None => self.insert(at, &[keyword]),
        }
        at
    }

    /// Removes a section found by [`sections`](Self::sections), header and lines.
    pub fn remove_section(&mut self, section: &SectionText) {
        self.delete(section.lines.clone());
    }

    /// Adds text that a line will be; every edit but the removal of lines comes through here.
    fn append(&mut self, line: &[u8]) -> (u32, u32) {
        self.sections.take();
        let start = to_u32(self.text.len());
        self.text.extend_from_slice(line);
        (start, to_u32(self.text.len()))
    }

    /// Gives the last line its line feed if it lacks one.
    fn end_last_line(&mut self) {
        let last = self.len().wrapping_sub(1);
        let line = self.raw_line(last);
        if !line.is_empty() && !line.ends_with(b"\n") {
            let line = [line, self.line_ending()].concat();
            let row = self.append(&line);
            if let Some(slot) = self.lines.get_mut(last) {
                *slot = row;
            }
        }
    }

    /// The ending the text uses: what its first line has.
    fn line_ending(&self) -> &'static [u8] {
        if self.raw_line(0).ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
    }

    fn indent_near(&self, index: usize) -> Vec<u8> {
        let indent = |i: usize| {
            let line = self.line_text(i)?;
            let word = first_word(line)?;
            let opens = SectionKind::from_keyword(word).is_some() || word.starts_with(b".");
            let len = line.iter().take_while(|&&b| words::is_space(b)).count();
            if opens { None } else { line.get(..len).map(<[u8]>::to_vec) }
        };
        let above = (0..index).rev().take(32).find_map(indent);
        above.or_else(|| (0..self.len()).find_map(indent)).unwrap_or_else(|| b"    ".to_vec())
    }
}

/// A section of a document, by its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionText {
    /// What it is.
    pub kind: SectionKind,
    /// The word after its keyword, unquoted but not expanded.
    pub name: Option<Vec<u8>>,
    /// Its lines, header first.
    pub lines: Range<usize>,
}

/// The first word of a line as written; `None` for comments and blank lines.
pub(crate) fn first_word(line: &[u8]) -> Option<&[u8]> {
    let start = line.iter().position(|&b| !words::is_space(b))?;
    let rest = line.get(start..)?;
    let len = rest.iter().position(|&b| words::is_space(b) || b == b'#').unwrap_or(rest.len());
    rest.get(..len).filter(|word| !word.is_empty())
}

/// A word as written, without quotes and escapes; variables stay as they are.
pub fn unquote(word: &[u8]) -> Vec<u8> {
    let env = crate::context::Env::default();
    let scope = words::Scope { env: &env, file: b"", line: 0, section: b"" };
    let (mut out, mut rows) = (Vec::new(), Vec::new());
    let plain = !word.contains(&b'$');
    if plain && words::split(word, &scope, words::Comments::Keep, &mut out, &mut rows).is_ok() {
        return out;
    }
    word.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# top\nglobal\n  maxconn 10 # keep me\n\n# the web\nfrontend web\n\tbind :80 ssl crt 'a b' alpn h2\n\
                        .if feature(X)\n  bind :81\n.endif\n# db\n\nbackend db\n  server s 127.0.0.1:1 check";

    /// The lines that differ between two texts, new ones only.
    fn changed(document: &Document) -> Vec<String> {
        let after = String::from_utf8(document.print()).unwrap();
        let before: Vec<&str> = TEXT.lines().collect();
        after.lines().filter(|line| !before.contains(line)).map(str::to_owned).collect()
    }

    #[test]
    fn prints_what_it_read() {
        for text in ["", "\n", "a", "a\n", "\r\n\r\n", "\n\na\r\nb", TEXT] {
            assert_eq!(Document::parse(text).print(), text.as_bytes());
        }
    }

    #[test]
    fn an_edit_changes_its_line_alone() {
        let mut d = Document::parse(TEXT);
        d.set_words(2, &[b"maxconn", b"20"]);
        assert_eq!(changed(&d), ["  maxconn 20 # keep me"]);
        assert_eq!(d.len(), TEXT.lines().count());

        let mut d = Document::parse(TEXT);
        d.set_param(6, 2, b"crt", 1, &[b"\"$X\""]);
        assert_eq!(changed(&d), ["\tbind :80 ssl crt \"$X\" alpn h2"]);
        d.remove_param(6, 2, b"alpn", 1);
        d.set_param(6, 2, b"name", 1, &[b"x"]);
        assert_eq!(changed(&d), ["\tbind :80 ssl crt \"$X\" name x"]);

        let mut d = Document::parse(TEXT);
        d.insert(7, &[b"mode", b"http"]);
        assert_eq!(changed(&d), ["\tmode http"]);
        d.delete(7..8);
        assert_eq!(d.print(), TEXT.as_bytes());
    }

    #[test]
    fn sections_come_and_go() {
        let mut d = Document::parse(TEXT);
        let sections = d.sections();
        let lines: Vec<_> = sections.iter().map(|s| s.lines.clone()).collect();
        assert_eq!(lines, [1..3, 5..10, 12..14]);
        let at = d.add_section(SectionKind::Backend, Some(b"new"));
        d.insert(at + 1, &[b"mode", b"tcp"]);
        let text = String::from_utf8(d.print()).unwrap();
        assert_eq!(text, format!("{TEXT}\n\nbackend new\n  mode tcp\n"));
        let db = d.find_section(SectionKind::Backend, Some(b"db")).unwrap();
        d.remove_section(&db);
        assert!(!String::from_utf8(d.print()).unwrap().contains("server s"));
    }

    #[test]
    fn line_endings_are_kept() {
        let mut d = Document::parse("global\r\n  maxconn 1\r\n");
        d.set_words(1, &[b"maxconn", b"2"]);
        d.insert(2, &[b"daemon"]);
        assert_eq!(d.print(), b"global\r\n  maxconn 2\r\n  daemon\r\n");
    }
}
