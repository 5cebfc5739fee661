//! A configuration after reading: sections, directives and words with their places.
//!
//! All words lie in one buffer; sections, lines and words are rows of small numbers, and the types handed
//! out are views that cost nothing to copy. Lines inside a false `.if` block aren't here: see
//! [`Document`](crate::Document) for the text itself.

use std::ops::Range;

use crate::context::Env;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::readable::Readable;
use crate::section::SectionKind;
use crate::words::WordRow;

/// Which of the sources, in the order they were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u16);

/// A place in a source. Lines and columns count from 1; columns and lengths are in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The source.
    pub file: FileId,
    /// Its line.
    pub line: u32,
    /// First byte on the line.
    pub column: u32,
    /// Bytes, as written.
    pub length: u32,
}

/// One source: its name as the user gave it, and its text.
#[derive(Clone, Debug)]
pub struct File {
    pub(crate) name: String,
    pub(crate) document: Document,
}

impl File {
    /// The name that stands in diagnostics and in `.FILE`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text as it was written.
    pub fn document(&self) -> &Document {
        &self.document
    }
}

/// A line that holds words. Section headers are lines too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRow {
    pub(crate) file: FileId,
    pub(crate) prefix: Prefix,
    /// Words after the prefix; at most [`MAX_WORDS`](crate::words::MAX_WORDS).
    pub(crate) count: u8,
    pub(crate) line: u32,
    pub(crate) first: u32,
}

/// The word that may precede a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    None,
    No,
    Default,
}

#[derive(Clone, Debug)]
pub(crate) struct SectionRow {
    pub(crate) kind: SectionKind,
    pub(crate) header: u32,
    pub(crate) body: Range<u32>,
}

/// Everything that was read, and everything that was remarked while reading.
#[derive(Debug, Default)]
pub struct Loaded {
    pub(crate) files: Vec<File>,
    pub(crate) text: Vec<u8>,
    pub(crate) words: Vec<WordRow>,
    pub(crate) readable: Readable,
    pub(crate) lines: Vec<LineRow>,
    pub(crate) sections: Vec<SectionRow>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) env: Env,
}

impl Loaded {
    /// The sources, in the order they were read.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files.iter().enumerate().map(|(i, file)| (FileId(u16::try_from(i).unwrap_or(u16::MAX)), file))
    }

    /// One source.
    pub fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(usize::from(id.0))
    }

    /// The sections, in the order of the sources.
    pub fn sections(&self) -> impl DoubleEndedIterator<Item = Section<'_>> + ExactSizeIterator + Clone {
        self.sections.iter().map(|row| Section { loaded: self, row })
    }

    /// What was remarked, in the order of the lines.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Adds a remark, e.g. from a later stage, so that all are printed in one go.
    pub fn push_diagnostic(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether an alert was remarked.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Alert)
    }

    /// The environment after the last line (`setenv` and its kin applied).
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The name of the file and the line of a place.
    pub fn location(&self, span: Span) -> (&str, u32) {
        (self.file(span.file).map_or("", File::name), span.line)
    }

    /// The line of a place as it is written, without its line feed. Empty if there is none.
    pub fn source_line(&self, span: Span) -> &[u8] {
        let index = (span.line as usize).wrapping_sub(1);
        self.file(span.file).and_then(|file| file.document.line_text(index)).unwrap_or_default()
    }

    /// Makes texts of the words that aren't UTF-8.
    pub(crate) fn make_readable(&mut self) {
        for row in &self.words {
            let bytes = self.text.get(row.start as usize..row.start as usize + row.len as usize);
            self.readable.note(row.start, bytes.unwrap_or_default());
        }
    }

    fn line_row(&self, index: u32) -> LineRow {
        let none = LineRow { file: FileId(0), prefix: Prefix::None, count: 0, line: 0, first: 0 };
        self.lines.get(index as usize).copied().unwrap_or(none)
    }
}

/// One section: its header and its directives.
#[derive(Clone, Copy)]
pub struct Section<'a> {
    loaded: &'a Loaded,
    row: &'a SectionRow,
}

impl<'a> Section<'a> {
    /// What it is.
    pub fn kind(&self) -> SectionKind {
        self.row.kind
    }

    /// Its name; `None` if it has none.
    pub fn name(&self) -> Option<&'a str> {
        self.name_word().and_then(|word| word.str())
    }

    /// Its name with its place.
    pub fn name_word(&self) -> Option<Word<'a>> {
        let word = self.header().word(1)?;
        let anonymous = self.row.kind == SectionKind::Defaults && word.is("from") && self.header().len() > 2;
        (!anonymous).then_some(word)
    }

    /// The `defaults` section it names with `from`.
    pub fn from(&self) -> Option<&'a str> {
        self.from_word().and_then(|word| word.str())
    }

    /// The name after `from`, with its place.
    pub fn from_word(&self) -> Option<Word<'a>> {
        if !self.row.kind.is_proxy() {
            return None;
        }
        let at = if self.name_word().is_some() { 2 } else { 1 };
        let header = self.header();
        if header.word(at)?.is("from") { header.word(at + 1) } else { None }
    }

    /// The line that opens it.
    pub fn header(&self) -> Directive<'a> {
        self.loaded.directive(self.row.header)
    }

    /// Where its opening word is.
    pub fn span(&self) -> Span {
        self.header().span()
    }

    /// Its lines, without the header.
    pub fn directives(
        &self,
    ) -> impl DoubleEndedIterator<Item = Directive<'a>> + ExactSizeIterator + Clone + use<'a> {
        let loaded = self.loaded;
        self.row.body.clone().map(move |index| loaded.directive(index))
    }

    /// Its first directive with this keyword.
    pub fn find(&self, keyword: &str) -> Option<Directive<'a>> {
        self.directives().find(|d| d.keyword_bytes() == keyword.as_bytes())
    }
}

impl Loaded {
    fn directive(&self, index: u32) -> Directive<'_> {
        Directive { loaded: self, row: self.line_row(index) }
    }
}

impl std::fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.header())
    }
}

/// One line's words after expansion, without the prefix `no` or `default`.
#[derive(Clone, Copy)]
pub struct Directive<'a> {
    loaded: &'a Loaded,
    row: LineRow,
}

impl<'a> Directive<'a> {
    /// Its first word; empty if that isn't UTF-8 (no keyword is anything but ASCII).
    pub fn keyword(&self) -> &'a str {
        std::str::from_utf8(self.keyword_bytes()).unwrap_or_default()
    }

    /// Its first word as bytes.
    pub fn keyword_bytes(&self) -> &'a [u8] {
        self.word(0).map_or(b"", |word| word.bytes)
    }

    /// How many words it has, the keyword included.
    pub fn len(&self) -> usize {
        usize::from(self.row.count)
    }

    /// Whether it has no word at all (a lone `no`).
    pub fn is_empty(&self) -> bool {
        self.row.count == 0
    }

    /// One of its words; 0 is the keyword.
    pub fn word(&self, index: usize) -> Option<Word<'a>> {
        if index >= self.len() {
            return None;
        }
        let row = self.loaded.words.get(self.row.first as usize + index)?;
        let bytes = self.loaded.text.get(row.start as usize..row.start as usize + row.len as usize)?;
        let span = Span { file: self.row.file, line: self.row.line, column: row.column + 1, length: row.raw };
        Some(Word { bytes, span, readable: self.loaded.readable.get(row.start) })
    }

    /// All its words, the keyword first.
    pub fn words(&self) -> Words<'a> {
        Words { directive: *self, range: 0..self.len() }
    }

    /// Its words after the keyword.
    pub fn args(&self) -> Words<'a> {
        Words { directive: *self, range: 1..self.len().max(1) }
    }

    /// A word's text; empty where there is none, as HAProxy's own parsers see it.
    pub fn text(&self, index: usize) -> &'a [u8] {
        self.word(index).map_or(b"", |word| word.bytes)
    }

    /// Where its keyword is.
    pub fn span(&self) -> Span {
        self.word(0)
            .map_or(Span { file: self.row.file, line: self.row.line, column: 1, length: 0 }, |word| word.span)
    }

    /// From its keyword to the end of its last word.
    pub fn full_span(&self) -> Span {
        let mut span = self.span();
        if let Some(last) = self.words().next_back() {
            span.length = (last.span.column + last.span.length).saturating_sub(span.column);
        }
        span
    }

    /// Whether `no` stands before the keyword.
    pub fn negated(&self) -> bool {
        self.row.prefix == Prefix::No
    }

    /// Whether `default` stands before the keyword.
    pub fn defaulted(&self) -> bool {
        self.row.prefix == Prefix::Default
    }
}

impl std::fmt::Debug for Directive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.words().map(|word| String::from_utf8_lossy(word.bytes)).collect();
        write!(f, "{words:?}")
    }
}

/// One word: what it means after expansion, and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    bytes: &'a [u8],
    span: Span,
    readable: Option<&'a str>,
}

impl<'a> Word<'a> {
    /// What it means.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What it means, as text. Bytes that are no characters are private ones there: U+10FF00 and the byte.
    pub fn str(&self) -> Option<&'a str> {
        self.readable.or_else(|| std::str::from_utf8(self.bytes).ok())
    }

    /// What it means, for messages: anything that isn't UTF-8 is replaced.
    pub fn lossy(&self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// Where it was written.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether it is this text.
    pub fn is(&self, text: &str) -> bool {
        self.bytes == text.as_bytes()
    }
}

/// The words of a directive, in order.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    directive: Directive<'a>,
    range: Range<usize>,
}

impl<'a> Words<'a> {
    /// Takes up to `count` words off the front, as a sequence of their own.
    pub fn take_front(&mut self, count: usize) -> Self {
        let start = self.range.start;
        let end = self.range.end.min(start.saturating_add(count)).max(start);
        self.range.start = end;
        Self { directive: self.directive, range: start..end }
    }

    /// The next word, without taking it.
    pub fn peek(&self) -> Option<Word<'a>> {
        self.clone().next()
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        self.range.next().and_then(|i| self.directive.word(i))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.range.size_hint()
    }
}

impl DoubleEndedIterator for Words<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.range.next_back().and_then(|i| self.directive.word(i))
    }
}

impl ExactSizeIterator for Words<'_> {}
