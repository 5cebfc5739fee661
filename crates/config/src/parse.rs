//! Sources to [`Loaded`]: lines to words, `.if` blocks, environment directives, sections.
//!
//! Reading never stops at an error: every line of every source is looked at and every remark is kept.
//! Knows the words that steer reading itself (`.if`, `setenv`, section names); the rest is for
//! `check`.

use crate::check;
use crate::condition;
use crate::context::{Context, Env};
use crate::diagnostic::{Diagnostic, Place, Severity, quotation};
use crate::document::Document;
use crate::loaded::{File, FileId, LineRow, Loaded, Prefix, SectionRow, Span};
use crate::section::SectionKind;
use crate::words::{self, Comments, LexError, LexErrorKind, MAX_WORDS, Scope, WordRow, to_u32};

/// The most bytes one source may have; what is above is refused with an alert.
pub const MAX_SOURCE_BYTES: usize = 512 << 20;
/// The most bytes all words may have after expansion: variables could multiply a small text.
const MAX_EXPANDED_BYTES: usize = 1 << 30;
/// Checks stop looking for more once there are this many remarks.
pub(crate) const MAX_DIAGNOSTICS: usize = 10_000;
/// How deep `.if` blocks may nest.
const MAX_NESTING: usize = 1024;

/// One text to read, under the name its diagnostics carry.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// What `.FILE` and diagnostics say, usually the path as the user gave it.
    pub name: String,
    /// The text.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A source from anything that has a name and bytes.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

/// Reads the sources in order as one configuration. Never fails: see [`Loaded::diagnostics`].
pub fn parse_sources(sources: Vec<Source>, context: &Context) -> Loaded {
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let mut env = context.env.clone();
    env.set(b"HAPROXY_CFGFILES", names.join(";").as_bytes());
    let bytes = sources.iter().map(|source| source.bytes.len()).sum::<usize>().min(MAX_SOURCE_BYTES);
    let mut loaded = Loaded {
        env,
        text: Vec::with_capacity(bytes),
        words: Vec::with_capacity(bytes / 10),
        lines: Vec::with_capacity(bytes / 40),
        ..Loaded::default()
    };
    for source in sources {
        read_source(source, context, &mut loaded);
    }
    loaded.make_readable();
    check::run(&mut loaded);
    loaded.diagnostics.sort_by_key(|d| d.span.map_or((u16::MAX, u32::MAX), |s| (s.file.0, s.line)));
    loaded
}

fn read_source(source: Source, context: &Context, loaded: &mut Loaded) {
    let Ok(id) = u16::try_from(loaded.files.len()).map(FileId) else {
        let message = format!("too many configuration files, '{}' ignored.", source.name);
        loaded.diagnostics.push(Diagnostic::new(Severity::Alert, None, Place::Config, message));
        return;
    };
    let too_big = source.bytes.len() > MAX_SOURCE_BYTES;
    let document = Document::parse(if too_big { Vec::new() } else { source.bytes });
    let mut reader = Reader {
        context,
        name: source.name.clone().into_bytes(),
        file: id,
        line: 0,
        blocks: Vec::new(),
        section: None,
        section_name: Vec::new(),
        loaded,
    };
    if too_big {
        reader.alert_tight(0, format!("file is larger than {MAX_SOURCE_BYTES} bytes."));
    }
    for index in 0..document.len() {
        reader.line = to_u32(index + 1);
        reader.read_line(document.raw_line(index), index + 1 == document.len());
    }
    reader.finish(document.len());
    loaded.files.push(File { name: source.name, document });
}

/// One level of `.if`.
struct Block {
    state: BlockState,
    after_else: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockState {
    /// Lines count.
    Taken,
    /// Lines don't count, a later `.elif` or `.else` may.
    Waiting,
    /// Lines don't count and none of this level will.
    Done,
}

struct Reader<'a> {
    context: &'a Context,
    name: Vec<u8>,
    file: FileId,
    line: u32,
    blocks: Vec<Block>,
    section: Option<SectionKind>,
    /// What `.SECTION` says.
    section_name: Vec<u8>,
    loaded: &'a mut Loaded,
}

impl Reader<'_> {
    fn read_line(&mut self, raw: &[u8], last: bool) {
        let whole = raw.strip_suffix(b"\n").unwrap_or(raw);
        // A NUL ends the line for its reader; what stands before it still counts.
        let end = memchr::memchr(0, whole).unwrap_or(whole.len());
        self.read_words(whole.get(..end).unwrap_or(whole));
        if whole.len() == raw.len() || end < whole.len() && last {
            let message =
                format!("Missing LF on last line, file might have been truncated at position {}.", end + 1);
            self.alert_tight(end, message);
        } else if end < whole.len() {
            self.alert_tight(end, format!("Stray NUL character at position {}.", end + 1));
        }
    }

    fn read_words(&mut self, line: &[u8]) {
        let first = self.loaded.words.len();
        let scope =
            Scope { env: &self.loaded.env, file: &self.name, line: self.line, section: &self.section_name };
        let result = words::split(line, &scope, Comments::Cut, &mut self.loaded.text, &mut self.loaded.words);
        if let Err(error) = result {
            self.lex_error(line, error);
            return;
        }
        if self.loaded.text.len() > MAX_EXPANDED_BYTES {
            self.alert_tight(0, "line is too long after variables were resolved.".to_owned());
            self.loaded.words.truncate(first);
            return;
        }
        if self.loaded.words.len() == first {
            return;
        }
        if self.word(first).starts_with(b".") {
            self.directive(first);
            self.loaded.words.truncate(first);
        } else if self.blocks.iter().all(|block| block.state == BlockState::Taken) {
            self.statement(first);
        } else {
            self.loaded.words.truncate(first);
        }
    }

    /// The text of a word by its row; empty where there is none.
    fn word(&self, row: usize) -> &[u8] {
        let Some(row) = self.loaded.words.get(row) else { return &[] };
        self.loaded.text.get(row.start as usize..row.start as usize + row.len as usize).unwrap_or_default()
    }

    fn lex_error(&mut self, line: &[u8], error: LexError) {
        let (position, text) = (error.offset + 1, error.kind.message());
        let message = if error.kind == LexErrorKind::TooManyWords {
            let word = line.get(error.offset..).unwrap_or_default();
            let end = word.iter().position(|&b| words::is_space(b)).unwrap_or(word.len());
            let word = String::from_utf8_lossy(word.get(..end).unwrap_or_default());
            format!("{text}, truncating after word {MAX_WORDS}, position {position}: <{word}>.")
        } else {
            format!("{text} at position {position}:{}", quotation(line, error.offset))
        };
        self.alert_tight(error.offset, message);
    }

    fn span(&self, column: usize, length: u32) -> Span {
        Span { file: self.file, line: self.line, column: to_u32(column + 1), length }
    }

    fn word_span(&self, row: usize) -> Span {
        let row = self.loaded.words.get(row).copied().unwrap_or(WordRow::default());
        self.span(row.column as usize, row.raw)
    }

    fn remark(&mut self, severity: Severity, span: Span, place: Place, message: String) {
        self.loaded.diagnostics.push(Diagnostic::new(severity, Some(span), place, message));
    }

    fn alert_tight(&mut self, column: usize, message: String) {
        let span = self.span(column, 1);
        self.remark(Severity::Alert, span, Place::ParsingTight, message);
    }

    /// A line that starts with a dot.
    fn directive(&mut self, first: usize) {
        let active = self.blocks.iter().all(|block| block.state == BlockState::Taken);
        let name = String::from_utf8_lossy(self.word(first)).into_owned();
        let extra = self.loaded.words.len() > first + 1;
        match name.as_str() {
            ".if" => {
                if self.blocks.len() >= MAX_NESTING {
                    self.alert_tight(0, format!("too many nested '.if', max is {MAX_NESTING}."));
                    return;
                }
                let state = if !active { BlockState::Done } else { self.condition(first, &name) };
                self.blocks.push(Block { state, after_else: false });
            }
            ".elif" => self.elif(first, &name),
            ".else" | ".endif" => {
                if extra {
                    let word = String::from_utf8_lossy(self.word(first + 1)).into_owned();
                    let span = self.word_span(first + 1);
                    let message = format!("Unexpected argument '{word}' for '{name}'.");
                    self.remark(Severity::Alert, span, Place::ParsingTight, message);
                }
                self.else_or_endif(first, &name);
            }
            _ if !active => {}
            ".diag" | ".notice" | ".warning" | ".alert" => self.message(first, &name),
            _ => {
                let span = self.word_span(first);
                let message = format!("unknown directive '{name}'.");
                self.remark(Severity::Alert, span, Place::ParsingTight, message);
            }
        }
    }

    fn elif(&mut self, first: usize, name: &str) {
        let (outer_active, state, after_else) = match self.blocks.split_last() {
            None => return self.lone(first, name),
            Some((block, outer)) => {
                (outer.iter().all(|b| b.state == BlockState::Taken), block.state, block.after_else)
            }
        };
        if after_else {
            return self.after_else(first, name);
        }
        let next = match state {
            BlockState::Waiting if outer_active => self.condition(first, name),
            _ => BlockState::Done,
        };
        if let Some(block) = self.blocks.last_mut() {
            block.state = next;
        }
    }

    fn else_or_endif(&mut self, first: usize, name: &str) {
        let Some(block) = self.blocks.last_mut() else {
            return self.lone(first, name);
        };
        if name == ".endif" {
            self.blocks.pop();
            return;
        }
        if block.after_else {
            return self.after_else(first, name);
        }
        block.after_else = true;
        block.state = match block.state {
            BlockState::Waiting => BlockState::Taken,
            _ => BlockState::Done,
        };
    }

    fn lone(&mut self, first: usize, name: &str) {
        let span = self.word_span(first);
        let message = format!("lone '{name}' with no matching '.if'.");
        self.remark(Severity::Alert, span, Place::ParsingTight, message);
    }

    fn after_else(&mut self, first: usize, name: &str) {
        let span = self.word_span(first);
        let message = format!("'{name}' after '.else' is not permitted.");
        self.remark(Severity::Alert, span, Place::ParsingTight, message);
    }

    /// Judges the condition of `.if` or `.elif`. A faulty one silences its whole block, to keep one mistake
    /// from looking like many.
    fn condition(&mut self, first: usize, name: &str) -> BlockState {
        let rows = first + 1..self.loaded.words.len();
        let text = rows.map(|row| self.word(row)).collect::<Vec<_>>().join(&b' ');
        match condition::evaluate(&text, self.context, &self.loaded.env) {
            Ok(true) => BlockState::Taken,
            Ok(false) => BlockState::Waiting,
            Err(error) => {
                let written = [name.as_bytes(), b" ", &text].concat();
                let caret = quotation(&written, name.len() + 1 + error.offset);
                let position = error.offset + 1;
                let message = format!("{} in '{name}' at position {position}:{caret}", error.message);
                let span = self.word_span(first + 1);
                self.remark(Severity::Alert, span, Place::ParsingTight, message);
                BlockState::Done
            }
        }
    }

    fn message(&mut self, first: usize, name: &str) {
        if self.loaded.words.len() > first + 2 {
            let word = String::from_utf8_lossy(self.word(first + 2)).into_owned();
            let span = self.word_span(first + 2);
            let message = format!(
                "Unexpected argument '{word}' for '{name}'. Use quotes if the message should contain spaces."
            );
            self.remark(Severity::Alert, span, Place::ParsingTight, message);
            return;
        }
        let severity = match name {
            ".diag" if !self.context.diagnostic_mode => return,
            ".diag" => Severity::Diag,
            ".notice" => Severity::Notice,
            ".warning" => Severity::Warning,
            _ => Severity::Alert,
        };
        let message = format!("'{}'.", String::from_utf8_lossy(self.word(first + 1)));
        let span = self.word_span(first);
        self.remark(severity, span, Place::ParsingTight, message);
    }

    /// A line of a section, or one that opens a section.
    fn statement(&mut self, first: usize) {
        let prefix = match self.word(first) {
            b"no" => Prefix::No,
            b"default" => Prefix::Default,
            _ => Prefix::None,
        };
        let keyword = first + usize::from(prefix != Prefix::None);
        let count = u8::try_from(self.loaded.words.len().saturating_sub(keyword)).unwrap_or(u8::MAX);
        let index = to_u32(self.loaded.lines.len());
        let opens = SectionKind::from_keyword(self.word(keyword));
        if opens.is_none() && self.section.is_none() {
            let word = String::from_utf8_lossy(self.word(first)).into_owned();
            let span = self.word_span(first);
            let message = format!("unknown keyword '{word}' out of section.");
            self.remark(Severity::Alert, span, Place::ParsingTight, message);
            self.loaded.words.truncate(first);
            return;
        }
        let row = LineRow { file: self.file, prefix, count, line: self.line, first: to_u32(keyword) };
        self.loaded.lines.push(row);
        if let Some(kind) = opens {
            self.open_section(kind, keyword, index);
        } else {
            if let Some(section) = self.loaded.sections.last_mut() {
                section.body.end = index + 1;
            }
            if self.section == Some(SectionKind::Global) {
                self.environment(keyword);
            }
        }
    }

    fn open_section(&mut self, kind: SectionKind, keyword: usize, index: u32) {
        self.section = Some(kind);
        let name = self.word(keyword + 1);
        self.section_name = if name.is_empty() { self.word(keyword) } else { name }.to_vec();
        let body = index + 1..index + 1;
        self.loaded.sections.push(SectionRow { kind, header: index, body });
    }

    /// `setenv` and its kin act on the lines that follow.
    fn environment(&mut self, first: usize) {
        let name = self.word(first + 1).to_vec();
        let count = self.loaded.words.len() - first;
        match self.word(first) {
            keyword @ (b"setenv" | b"presetenv") => {
                let keep = keyword == b"presetenv" && self.loaded.env.get(&name).is_some();
                let sound = count == 3 && !name.is_empty() && !name.contains(&b'=');
                if sound && !keep {
                    let value = self.word(first + 2).to_vec();
                    self.loaded.env.set(&name, &value);
                }
            }
            // It is what the rest of the configuration knows the process by (manual 2.3).
            b"localpeer" if !name.is_empty() => self.loaded.env.set(b"HAPROXY_LOCALPEER", &name),
            b"unsetenv" => {
                let names: Vec<Vec<u8>> = (first + 1..first + count).map(|r| self.word(r).to_vec()).collect();
                for name in names {
                    self.loaded.env.unset(&name);
                }
            }
            b"resetenv" => {
                let mut env: Env = std::mem::take(&mut self.loaded.env);
                let keep: Vec<&[u8]> = (first + 1..first + count).map(|row| self.word(row)).collect();
                env.reset(&keep);
                self.loaded.env = env;
            }
            _ => {}
        }
    }

    fn finish(&mut self, lines: usize) {
        if !self.blocks.is_empty() {
            self.line = to_u32(lines);
            self.alert_tight(0, "non-terminated '.if' block.".to_owned());
        }
    }
}
