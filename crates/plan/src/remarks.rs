//! Collects what building has to say. A line that reading already found wrong gets no second alert.

use std::collections::HashSet;

use config::{Diagnostic, Loaded, Place, Severity, Span};

/// Diagnostics, and the reasons why this configuration must not be started.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    said: Vec<Diagnostic>,
    unserved: Vec<Diagnostic>,
    /// Lines with an alert.
    wrong: HashSet<(u16, u32)>,
    /// Lines that mean nothing where they stand, as reading has said already.
    pointless: HashSet<(u16, u32)>,
    /// Remarks by place and words, those of reading included: rules of `defaults` are compiled for each proxy, and remarked on once.
    seen: HashSet<(u16, u32, String)>,
}

impl Remarks {
    /// Knows the lines that reading complained about.
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let mut remarks = Self::default();
        for remark in loaded.diagnostics() {
            let Some(span) = remark.span else { continue };
            if remark.severity == Severity::Alert {
                remarks.wrong.insert(line(span));
            }
            if remark.message.contains(" ignored because ") {
                remarks.pointless.insert(line(span));
            }
            remarks.is_new(span, &remark.message);
        }
        remarks
    }

    /// Adds a remark, with what it suggests below it instead of within HAProxy's words, unless its line already has an alert or it was made before.
    pub(crate) fn push(&mut self, mut remark: Diagnostic) {
        take_hint(&mut remark);
        if let Some(span) = remark.span {
            if self.wrong.contains(&line(span)) || !self.is_new(span, &remark.message) {
                return;
            }
            if remark.severity == Severity::Alert {
                self.wrong.insert(line(span));
            }
        }
        self.said.push(remark);
    }

    /// Whether this line already has an alert.
    pub(crate) fn is_wrong(&self, span: Span) -> bool {
        self.wrong.contains(&line(span))
    }

    pub(crate) fn alert(&mut self, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::alert(span, message));
    }

    pub(crate) fn warn(&mut self, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::warning(span, message));
    }

    /// A warning that HAProxy prints after reading, without a place.
    pub(crate) fn warn_bare(&mut self, message: impl Into<String>) {
        self.said.push(Diagnostic::new(Severity::Warning, None, Place::Bare, message));
    }

    /// A notice that HAProxy prints after reading, without a place.
    pub(crate) fn notice_bare(&mut self, message: impl Into<String>) {
        self.said.push(Diagnostic::new(Severity::Notice, None, Place::Bare, message));
    }

    /// An alert that HAProxy prints after reading, without a place.
    pub(crate) fn alert_bare(&mut self, message: impl Into<String>) {
        self.said.push(Diagnostic::new(Severity::Alert, None, Place::Bare, message));
    }

    /// Something the language has and Sluice does not run, which can be left out without serving anybody wrongly.
    pub(crate) fn not_run(&mut self, span: Span, what: &str) {
        if self.pointless.contains(&line(span)) {
            return;
        }
        let words = "is known but not run by this version of Sluice; it is ignored.";
        self.push(Diagnostic::warning(span, format!("{what} {words}")).of_unrun());
    }

    /// Something the language has and Sluice does not run, without which clients or servers would be served wrongly:
    /// the configuration is valid, and starting with it is refused.
    pub(crate) fn unserved(&mut self, span: Span, what: &str) {
        self.not_run(span, what);
        let words = "is not run by this version of Sluice and cannot be left out: not starting.";
        let said = self.wrong.contains(&line(span)) || self.pointless.contains(&line(span));
        if !said && self.is_new(span, what) {
            self.unserved.push(Diagnostic::alert(span, format!("{what} {words}")));
        }
    }

    /// What is said only at the start, and ends it: HAProxy's `-c` doesn't look at it.
    pub(crate) fn at_start(&mut self, span: Span, message: String) {
        self.unserved.push(Diagnostic::alert(span, message));
    }

    pub(crate) fn has_alerts(&self) -> bool {
        self.said.iter().any(|d| d.severity == Severity::Alert)
    }

    /// The remarks and the reasons not to start: by line, as HAProxy makes them while reading, then those without one.
    pub(crate) fn into_parts(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.said.sort_by_key(|d| d.span.map_or((u16::MAX, u32::MAX), line));
        self.unserved.sort_by_key(|d| d.span.map_or((u16::MAX, u32::MAX), line));
        (self.said, self.unserved)
    }

    fn is_new(&mut self, span: Span, text: &str) -> bool {
        self.seen.insert((span.file.0, span.line, text.to_owned()))
    }
}

/// Moves ` (did you mean 'x'?)` out of the message.
fn take_hint(remark: &mut Diagnostic) {
    const OPENING: &str = " (did you mean '";
    let Some(start) = remark.message.find(OPENING) else { return };
    let hint =
        remark.message.get(start..).and_then(|rest| rest.split_once("?)")).map(|(hint, _)| hint.len() + 2);
    let Some(range) = hint.map(|length| start..start + length) else { return };
    let words = remark.message.get(range.clone()).unwrap_or_default();
    remark.help = Some(words.trim_start_matches(" (").trim_end_matches(')').to_owned());
    remark.message.replace_range(range, "");
}

fn line(span: Span) -> (u16, u32) {
    (span.file.0, span.line)
}
