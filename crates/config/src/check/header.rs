//! Section lines: names that must be there, what they may hold, that they are not taken, and `from`.

use std::collections::HashMap;

use super::{Remarks, invalid_char, proxy_type};
use crate::diagnostic::{Place, Severity};
use crate::loaded::{Directive, Section, Span, Word};
use crate::parse::MAX_DIAGNOSTICS;
use crate::section::SectionKind;

pub(super) fn check(remarks: &mut Remarks<'_>) {
    let loaded = remarks.loaded;
    let mut names = Names::default();
    for section in loaded.sections() {
        if remarks.found.len() > MAX_DIAGNOSTICS {
            return;
        }
        let header = section.header();
        if header.len() == 1 || header.word(1).is_some_and(|word| word.bytes().is_empty()) {
            missing_name(remarks, section);
        } else {
            arguments(remarks, section);
            characters(remarks, section);
        }
        if section.kind().is_proxy() {
            names.inherit(remarks, section);
            names.proxy(remarks, section);
        } else if let Some(name) = section.name_word() {
            names.other(remarks, section, name);
        }
    }
}

fn missing_name(remarks: &mut Remarks<'_>, section: Section<'_>) {
    use SectionKind as K;
    let kind = section.kind();
    let span = section.span();
    match kind {
        K::Global | K::Defaults | K::Traces | K::CrtStore => {}
        K::Frontend | K::Backend | K::Listen => {
            remarks.alert(span, format!("'{kind}' expects an <id> argument"));
        }
        K::Cache => {
            remarks.alert(span, format!("'{kind}' expects a <name> argument"));
        }
        K::Userlist => {
            remarks.tight(span, format!("'{kind}' expects <name> as arguments."));
        }
        K::FcgiApp => {
            remarks.tight(span, format!("'{kind}' expects <name> as argument."));
        }
        K::Ring => {
            remarks.alert(span, "missing ring name.".to_owned());
        }
        K::Acme => {
            remarks.tight(span, format!("section '{kind}' requires an ID argument."));
        }
        K::Healthcheck
        | K::HttpErrors
        | K::LogForward
        | K::LogProfile
        | K::Mailers
        | K::Peers
        | K::Resolvers => {
            remarks.alert(span, format!("missing name for {kind} section."));
        }
    }
}

/// Whether a proxy's line says more than its name and its defaults: nothing below it counts then.
pub(super) fn is_refused(section: Section<'_>) -> bool {
    let header = section.header();
    let kind = section.kind();
    kind.is_proxy()
        && kind != SectionKind::Defaults
        && header.len() > 2
        && !(is_from(header) && header.len() == 4)
}

fn is_from(header: Directive<'_>) -> bool {
    header.word(2).is_some_and(|word| word.is("from"))
}

fn arguments(remarks: &mut Remarks<'_>, section: Section<'_>) {
    use SectionKind as K;
    let (kind, header) = (section.kind(), section.header());
    match kind {
        K::Global | K::Traces => remarks.too_many(header, 1),
        K::Frontend | K::Listen | K::Backend => {
            if is_from(header) {
                remarks.too_many(header, 4);
            }
            // The address on the section's line went away long ago.
            if kind != K::Backend && is_refused(section) {
                let span = header.word(2).map_or(header.span(), |word| word.span());
                remarks.alert(span, "please use the 'bind' keyword for listening addresses.".to_owned());
            }
        }
        K::CrtStore => {
            if let Some(word) = header.word(2) {
                let message = format!("'{kind}' section only supports a <name> argument.");
                remarks.alert(word.span(), message);
            }
        }
        K::Cache | K::FcgiApp | K::LogForward | K::LogProfile | K::Peers | K::Userlist => {
            remarks.too_many(header, 2);
        }
        _ => {}
    }
    if kind == K::Acme && !remarks.experimental {
        let message = format!(
            "section '{kind}' is experimental, must be allowed via a global 'expose-experimental-directives'"
        );
        remarks.tight(header.span(), message);
    }
}

fn characters(remarks: &mut Remarks<'_>, section: Section<'_>) {
    use SectionKind as K;
    let kind = section.kind();
    let Some(name) = section.name_word() else { return };
    let Some(bad) = invalid_char(name) else { return };
    let text = name.lossy();
    let message = format!("character '{bad}' is not permitted in '{kind}' name '{text}'.");
    match kind {
        K::Acme | K::Cache | K::CrtStore | K::Defaults | K::Global | K::Traces => {}
        K::Ring => {
            let message = format!("invalid ring name '{text}' (character '{bad}' is not permitted).");
            remarks.alert(name.span(), message);
        }
        K::FcgiApp | K::Userlist => {
            remarks.tight(name.span(), message);
        }
        _ => {
            remarks.alert(name.span(), message);
        }
    }
}

/// The names taken so far, with the places that took them.
#[derive(Default)]
struct Names<'a> {
    defaults: HashMap<&'a [u8], Vec<Span>>,
    proxies: HashMap<&'a [u8], Vec<(SectionKind, Span)>>,
    others: HashMap<(SectionKind, &'a [u8]), Span>,
}

impl<'a> Names<'a> {
    fn inherit(&self, remarks: &mut Remarks<'a>, section: Section<'a>) {
        let kind = proxy_type(section.kind());
        let header = section.header();
        let from = section.from_word();
        // `defaults x from` names a section without a name; the other kinds let it pass.
        let nothing = section.kind() == SectionKind::Defaults
            && header.len() == 3
            && header.word(2).is_some_and(|word| word.is("from"));
        let (name, span) = match from {
            Some(word) => (word.bytes(), word.span()),
            None if nothing => (&b""[..], header.span()),
            None => return,
        };
        let own = section.name_word().map_or_else(Default::default, |word| word.lossy());
        let wanted = String::from_utf8_lossy(name);
        match self.defaults.get(name).map(Vec::as_slice) {
            None | Some([]) => {
                let message = format!("defaults section '{wanted}' not found for {kind} '{own}'.");
                let known = self.defaults.keys().filter_map(|key| std::str::from_utf8(key).ok());
                let near = crate::vocabulary::nearest(name, known).map(str::to_owned);
                let diagnostic = remarks.alert(span, message);
                diagnostic.help = near.map(|near| format!("there is a defaults section '{near}'"));
            }
            Some([_]) => {}
            Some([first, .., last]) => {
                let (first, last) = (remarks.at(*first), remarks.at(*last));
                let message = format!(
                    "ambiguous defaults section name '{wanted}' referenced by {kind} '{own}' exists at least at \
                     {last} and {first}."
                );
                remarks.alert(span, message);
            }
        }
    }

    fn proxy(&mut self, remarks: &mut Remarks<'a>, section: Section<'a>) {
        let Some(name) = section.name_word() else { return };
        let (kind, span) = (section.kind(), section.span());
        if kind == SectionKind::Defaults {
            self.defaults.entry(name.bytes()).or_default().push(span);
        }
        let taken = self.proxies.entry(name.bytes()).or_default();
        // Several defaults may share a name as long as none is asked for by it.
        let other = taken.iter().find(|(k, _)| kind != SectionKind::Defaults || *k != SectionKind::Defaults);
        if let Some(&(other_kind, other)) = other {
            let (kind, other_kind, text) = (proxy_type(kind), proxy_type(other_kind), name.lossy());
            let at = remarks.at(other);
            let message = format!(
                "{kind} '{text}' has the same name as {other_kind} '{text}' declared at {at}. This is no longer \
                 supported as of 3.3. Please rename one or the other."
            );
            remarks.add(Severity::Alert, name.span(), Place::ParsingCapital, message);
        }
        taken.push((kind, span));
    }

    fn other(&mut self, remarks: &mut Remarks<'a>, section: Section<'a>, name: Word<'a>) {
        use SectionKind as K;
        let (kind, text) = (section.kind(), name.lossy());
        if kind == K::LogForward
            && let Some(&(_, other)) = self.proxies.get(name.bytes()).and_then(|p| p.first())
        {
            let at = remarks.at(other);
            let message =
                format!("log forward section '{text}' has the same name as proxy '{text}' declared at {at}.");
            remarks.add(Severity::Alert, name.span(), Place::ParsingCapital, message);
        }
        let Some(other) = self.others.insert((kind, name.bytes()), section.span()) else { return };
        let at = remarks.at(other);
        let alert = Severity::Alert;
        let (severity, place, message) = match kind {
            K::Userlist => {
                (Severity::Warning, Place::ParsingTight, format!("ignoring duplicated userlist '{text}'."))
            }
            K::Resolvers => (
                alert,
                Place::ParsingCapital,
                format!("resolvers '{text}' has same name as another resolvers (declared at {at})."),
            ),
            K::Cache => (alert, Place::ParsingTight, format!("Duplicate cache name '{text}'.")),
            K::Ring => (alert, Place::Parsing, format!("sink named '{text}' already exists.")),
            K::HttpErrors => (
                alert,
                Place::ParsingTight,
                format!("http-errors section '{text}' already exists (declared at {at})."),
            ),
            K::FcgiApp => (
                alert,
                Place::ParsingCapital,
                format!("fcgi-app section '{text}' has the same name as another one declared at {at}."),
            ),
            K::Acme => (alert, Place::Parsing, format!("acme section '{text}' already exists ({at}).")),
            K::Healthcheck => {
                (alert, Place::Parsing, format!("healthcheck section '{text}' already defined at {at}."))
            }
            K::LogForward | K::LogProfile | K::Mailers | K::Peers => (
                alert,
                Place::ParsingCapital,
                format!(
                    "{kind} section '{text}' has the same name as another {kind} section declared at {at}."
                ),
            ),
            _ => return,
        };
        remarks.add(severity, name.span(), place, message);
    }
}
