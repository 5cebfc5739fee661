//! `crt-list` files: a certificate a line, maybe with parameters in brackets, and the names it is for (manual 5.1
//! "crt-list").

use std::sync::Arc;

use config::Span;
use config::vocabulary::CRT_LIST;
use state::tls::list::{Line, List};
use state::tls::store::File;

use super::bind::{Piece, look};
use super::files;
use super::ocsp;
use super::spec::{Side, Spec};
use crate::ctx::Plan;

/// Reads a list with all its certificates. Errors are HAProxy's sentences, without the title of the line.
pub(crate) fn read(plan: &mut Plan<'_>, span: Span, name: &str) -> Result<Vec<Piece>, String> {
    let titled = |why: String| format!("'crt-list' : {why}");
    let list = match plan.tls.store.lists.get(name) {
        Some(have) => Arc::clone(&have.content),
        None => {
            let list = Arc::new(load(plan, span, name).map_err(titled)?);
            let file = File { content: Arc::clone(&list), uses: 0 };
            plan.tls.store.lists.insert(name.into(), file);
            list
        }
    };
    files::list_is_used(plan, span, name);
    let mut pieces = Vec::new();
    for line in &list.entries {
        let fail = |why: String| titled(format!("parsing [{name}:{}]: {why}", line.number));
        let Parameters { own, unrun, update } = parameters(&line.parameters).map_err(fail)?;
        for word in unrun {
            plan.remarks.not_run(span, &format!("'{word}' at [{name}:{}]", line.number));
        }
        if let Some(own) = &own {
            look(plan, own).map_err(titled)?;
        }
        for certificate in files::certificates(plan, span, &line.certificate).map_err(titled)? {
            ocsp::note(&mut plan.tls, &certificate.file, update, false).map_err(|differs| {
                let (file, number) = (&certificate.file, line.number);
                format!(
                    "\n  'crt-list' : '{file}' in crt-list '{name}' line {number}, is already defined with incompatible \
                     parameters:\n{differs}"
                )
            })?;
            let (filters, group) = (line.filters.clone(), line.number as usize);
            pieces.push(Piece { certificate, filters, own: own.clone(), group, default: false });
        }
    }
    Ok(pieces)
}

/// Reads its text, and the certificates in it: the lines of the list name them as the store does then.
fn load(plan: &mut Plan<'_>, span: Span, name: &str) -> Result<List, String> {
    let text = plan.read(name).map_err(|e| format!("cannot open file '{name}' : {}", files::words(&e)))?;
    let mut list = List::parse(&String::from_utf8_lossy(&text))
        .map_err(|(number, why)| format!("parsing [{name}:{number}]: {why}"))?;
    let mut entries = Vec::new();
    for line in list.entries {
        for certificate in files::named(plan, span, &line.certificate)? {
            entries.push(Line { certificate, ..line.clone() });
        }
    }
    list.entries = entries;
    Ok(list)
}

/// What stands in the brackets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parameters<'t> {
    /// None if nothing does.
    own: Option<Spec>,
    /// Words of it that are not run.
    unrun: Vec<&'t str>,
    /// `ocsp-update`.
    update: Option<bool>,
}

fn parameters(words: &[Box<str>]) -> Result<Parameters<'_>, String> {
    let mut found = Parameters::default();
    if words.is_empty() {
        return Ok(found);
    }
    let mut spec = Spec::default();
    let mut words = words.iter().map(AsRef::as_ref);
    while let Some(name) = words.next() {
        let Some(known) = CRT_LIST.iter().find(|param| param.name == name) else {
            return Err(format!("unknown ssl keyword {name}"));
        };
        let flag = matches!(known.arity, config::vocabulary::Arity::Flag);
        let value = match flag {
            true => "",
            false => words.next().ok_or_else(|| format!("missing value for '{name}'"))?,
        };
        if name == "ocsp-update" {
            found.update = Some(value == "on");
        }
        // Asking for what isn't done anyway leaves nothing out.
        let off = matches!((name, value), ("ktls" | "ocsp-update", "off"));
        if !spec.word(Side::Bind, name, value)? && !off {
            found.unrun.push(name);
        }
    }
    found.own = Some(spec);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Vec<&'static str>, String> {
        let words: Vec<Box<str>> = text.split(' ').map(Into::into).collect();
        parameters(&words).map(|found| text.split(' ').filter(|word| found.unrun.contains(word)).collect())
    }

    #[test]
    fn what_is_not_run_is_named() {
        let words = "npn a allow-0rtt ktls on ocsp-update on sigalgs RSA+SHA256";
        assert_eq!(read(words).unwrap(), ["npn", "ktls", "ocsp-update"]);
        assert!(read("ktls off ocsp-update off").unwrap().is_empty());
    }

    #[test]
    fn mistakes_are_said() {
        assert_eq!(read("foo").unwrap_err(), "unknown ssl keyword foo");
        assert_eq!(read("alpn").unwrap_err(), "missing value for 'alpn'");
    }
}
