//! What can be found wrong without knowing what any word does.
//!
//! One file an idea: `header` (section lines), `directive` (first words and their families), `params`
//! (`bind` and `server` lines), `inheritance` (rules in `defaults`), `reference` (names that must
//! exist). Messages are HAProxy's.

mod directive;
mod header;
mod inheritance;
mod params;
mod reference;

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::loaded::{Directive, Loaded, Span, Word};
use crate::section::SectionKind;

/// Looks at everything that was read and adds its remarks.
pub(crate) fn run(loaded: &mut Loaded) {
    let mut remarks = Remarks { loaded, found: Vec::new(), experimental: experimental(loaded) };
    header::check(&mut remarks);
    for section in loaded.sections() {
        directive::check(&mut remarks, section);
    }
    inheritance::check(&mut remarks);
    reference::check(&mut remarks);
    let found = remarks.found;
    loaded.diagnostics.extend(found);
}

/// Whether a global section holds `expose-experimental-directives`.
fn experimental(loaded: &Loaded) -> bool {
    loaded
        .sections()
        .filter(|section| section.kind() == SectionKind::Global)
        .any(|section| section.find("expose-experimental-directives").is_some())
}

/// The remarks so far and what they are about.
struct Remarks<'a> {
    loaded: &'a Loaded,
    found: Vec<Diagnostic>,
    /// Whether the configuration asks for what is marked experimental.
    experimental: bool,
}

impl<'a> Remarks<'a> {
    fn alert(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.add(Severity::Alert, span, Place::Parsing, message)
    }

    fn tight(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.add(Severity::Alert, span, Place::ParsingTight, message)
    }

    fn warning(&mut self, span: Span, message: String) -> &mut Diagnostic {
        self.add(Severity::Warning, span, Place::Parsing, message)
    }

    fn add(&mut self, severity: Severity, span: Span, place: Place, message: String) -> &mut Diagnostic {
        self.found.push_mut(Diagnostic::new(severity, Some(span), place, message))
    }

    /// `file:line` of a place, as HAProxy points to an earlier one.
    fn at(&self, span: Span) -> String {
        let (file, line) = self.loaded.location(span);
        format!("{file}:{line}")
    }

    /// `unexpected argument` for the first word beyond `max` words, if there is one.
    fn too_many(&mut self, directive: Directive<'_>, max: usize) {
        if let Some(word) = directive.word(max) {
            let keyword = directive.keyword();
            let message = format!("'{keyword}' cannot handle unexpected argument '{}'.", word.lossy());
            self.alert(word.span(), message);
        }
    }
}

/// `; did you mean 'x' maybe ?`, or nothing.
fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}' maybe ?"))
}

/// The first byte a name may not have: letters, digits, `-`, `_`, `.` and `:` are fine.
fn invalid_char(name: Word<'_>) -> Option<char> {
    let fine = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    name.bytes().iter().find(|b| !fine(b)).map(|&b| char::from(b))
}

/// How HAProxy calls a proxy in messages.
fn proxy_type(kind: SectionKind) -> &'static str {
    if kind == SectionKind::Listen { "proxy" } else { kind.keyword() }
}
