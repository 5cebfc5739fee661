//! What can be said about a configuration, as values, and how HAProxy would print them.
//!
//! The first line of a printed diagnostic is HAProxy's to the byte, so that tools which read it still do;
//! the excerpt below it is ours.

use std::fmt::Write as _;

use crate::loaded::{Loaded, Span};

/// How bad it is. Only an alert makes a configuration invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For the diagnostic mode (`-dD`) only.
    Diag,
    /// Worth saying.
    Notice,
    /// Probably a mistake; fatal under `zero-warning`.
    Warning,
    /// An error.
    Alert,
}

impl Severity {
    /// The tag HAProxy prints, padded as it pads it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Diag => "[DIAG]    ",
            Self::Notice => "[NOTICE]  ",
            Self::Warning => "[WARNING] ",
            Self::Alert => "[ALERT]   ",
        }
    }
}

/// How HAProxy introduces the place in its message; it has several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `config : parsing [file:line] : message`
    Parsing,
    /// `config : parsing [file:line]: message`
    ParsingTight,
    /// `config : Parsing [file:line]: message`
    ParsingCapital,
    /// `config : [file:line] : message`
    Bracket,
    /// `config : message`: the message names the place itself, or there is none.
    Config,
    /// `message`: said after the configuration was read.
    Bare,
}

/// One remark about one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is: file, line, column and length. `None` for remarks about the whole.
    pub span: Option<Span>,
    /// How HAProxy introduces the place.
    pub place: Place,
    /// HAProxy's words, without the introduction and without a line feed at the end.
    pub message: String,
    /// What could be done, in our words; printed below the excerpt.
    pub help: Option<String>,
    /// Whether it says that Sluice knows a word but does not run it: no fault of the text, so `-dW` lets it pass.
    pub not_run: bool,
}

impl Diagnostic {
    /// An alert in HAProxy's most frequent shape.
    pub fn alert(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Alert, Some(span), Place::Parsing, message)
    }

    /// A warning in HAProxy's most frequent shape.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Some(span), Place::Parsing, message)
    }

    /// A diagnostic in any shape.
    pub fn new(severity: Severity, span: Option<Span>, place: Place, message: impl Into<String>) -> Self {
        Self { severity, span, place, message: message.into(), help: None, not_run: false }
    }

    /// The same, said of a word that is known but not run.
    #[must_use]
    pub fn of_unrun(mut self) -> Self {
        self.not_run = true;
        self
    }

    /// The same, with HAProxy's introduction of the place replaced.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// HAProxy's line: tag, process id, place, message. No line feed at the end.
    pub fn line(&self, loaded: &Loaded, pid: u32) -> String {
        let mut out = format!("{} ({pid}) : ", self.severity.tag());
        let (file, line) = self.span.map_or(("", 0), |span| loaded.location(span));
        // Writing to a String can't fail.
        let _ = match self.place {
            Place::Parsing => write!(out, "config : parsing [{file}:{line}] : "),
            Place::ParsingTight => write!(out, "config : parsing [{file}:{line}]: "),
            Place::ParsingCapital => write!(out, "config : Parsing [{file}:{line}]: "),
            Place::Bracket => write!(out, "config : [{file}:{line}] : "),
            Place::Config => write!(out, "config : "),
            Place::Bare => Ok(()),
        };
        out.push_str(&crate::readable::shown(&self.message));
        out
    }

    /// HAProxy's line followed by an excerpt with a caret and the advice, each ended by a line feed.
    ///
    /// A message that brings its own excerpt (syntax errors do) gets no second one.
    pub fn render(&self, loaded: &Loaded, pid: u32) -> String {
        let mut out = self.line(loaded, pid);
        out.push('\n');
        let worth = self.severity >= Severity::Warning && !self.message.contains('\n');
        if let Some(span) = self.span.filter(|_| worth) {
            excerpt(&mut out, loaded.source_line(span), span);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  = {help}");
        }
        out
    }
}

/// The longest part of a line an excerpt shows, in bytes.
const EXCERPT_WIDTH: usize = 96;

fn excerpt(out: &mut String, line: &[u8], span: Span) {
    let column = (span.column.max(1) as usize - 1).min(line.len());
    let shown_from = column.saturating_sub(EXCERPT_WIDTH / 2);
    let shown_from = if line.len() <= EXCERPT_WIDTH { 0 } else { shown_from };
    let shown_to = (shown_from + EXCERPT_WIDTH).min(line.len());
    let before = printable(line.get(shown_from..column).unwrap_or_default());
    let after = printable(line.get(column..shown_to).unwrap_or_default());
    if before.trim().is_empty() && after.trim().is_empty() {
        return;
    }
    let number = span.line.to_string();
    let length = (span.length as usize).clamp(1, after.chars().count().max(1));
    let (pad, indent) = (" ".repeat(number.len()), " ".repeat(before.chars().count()));
    let _ = writeln!(out, "  {number} | {before}{after}");
    let _ = writeln!(out, "  {pad} | {indent}{}", "^".repeat(length));
}

/// One character a byte, so that columns stay true; tabs as spaces.
fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| match byte {
            b'\t' => ' ',
            b if b.is_ascii_graphic() || b == b' ' => char::from(b),
            _ => '?',
        })
        .collect()
}

/// HAProxy's quotation of a faulty line: a caret under `offset`, cut to 80 columns around it.
pub(crate) fn quotation(line: &[u8], offset: usize) -> String {
    const WIDTH: usize = 80;
    let indent = line.iter().take_while(|&&b| crate::words::is_space(b)).count();
    let line = line.get(indent..).unwrap_or_default();
    let mut caret = offset.saturating_sub(indent);
    let mut text: String = String::from_utf8_lossy(line).into_owned();
    if text.len() != line.len() || line.len() + 2 > WIDTH {
        let from = caret.saturating_sub(WIDTH / 2);
        let to = (from + WIDTH - 4).min(line.len());
        text = printable(line.get(from..to).unwrap_or_default());
        caret -= from;
        if from > 0 {
            text.replace_range(..3.min(text.len()), "...");
        }
        if to < line.len() {
            text.push_str("...");
        }
    }
    format!("\n  {text}\n  {}^", " ".repeat(caret))
}

/// The lines HAProxy ends with: files with errors, then the verdict. Each without a line feed.
///
/// Empty for a valid configuration without warnings; `verbose` (`-V`) adds `Configuration file is valid`.
pub fn closing_lines(loaded: &Loaded, pid: u32, verbose: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let alert = Severity::Alert.tag();
    let alerts = || loaded.diagnostics().iter().filter(|d| d.severity == Severity::Alert);
    if alerts().next().is_some() {
        for (id, file) in loaded.files() {
            if alerts().any(|d| d.span.is_some_and(|span| span.file == id)) {
                let name = file.name();
                lines.push(format!(
                    "{alert} ({pid}) : config : Error(s) found in configuration file : {name}"
                ));
            }
        }
        lines.push(format!("{alert} ({pid}) : config : Fatal errors found in configuration."));
        return lines;
    }
    if loaded.diagnostics().iter().any(|d| d.severity == Severity::Warning) {
        lines.push("Warnings were found.".to_owned());
    }
    if verbose {
        lines.push("Configuration file is valid".to_owned());
    }
    lines
}
