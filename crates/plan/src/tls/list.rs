//! `crt-list` files: a certificate a line, maybe with parameters in brackets, and the names it is for (manual 5.1
//! "crt-list").

use config::Span;
use config::vocabulary::CRT_LIST;

use super::bind::Piece;
use super::files;
use super::spec::{Side, Spec};
use crate::ctx::Plan;

/// The longest line.
const MOST: usize = 65_536;

/// One line.
#[derive(Debug, Default)]
struct Line<'t> {
    certificate: &'t str,
    parameters: Vec<&'t str>,
    filters: Vec<Box<str>>,
}

/// Reads a list with all its certificates. Errors are HAProxy's sentences, without the title of the line.
pub(crate) fn read(plan: &mut Plan<'_>, span: Span, name: &str) -> Result<Vec<Piece>, String> {
    let text = plan
        .read(name)
        .map_err(|e| format!("'crt-list' : cannot open file '{name}' : {}", files::words(&e)))?;
    let text = String::from_utf8_lossy(&text);
    let mut pieces = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let fail = |why: String| format!("'crt-list' : parsing [{name}:{}]: {why}", at + 1);
        let Some(line) = parse(raw).map_err(fail)? else { continue };
        let Parameters { own, unrun } = parameters(&line.parameters).map_err(fail)?;
        for word in unrun {
            plan.remarks.not_run(span, &format!("'{word}' at [{name}:{}]", at + 1));
        }
        for certificate in
            files::certificates(plan, line.certificate).map_err(|e| format!("'crt-list' : {e}"))?
        {
            pieces.push(Piece {
                certificate,
                filters: line.filters.clone(),
                own: own.clone(),
                group: at,
                default: false,
            });
        }
    }
    Ok(pieces)
}

/// Takes a line apart; none if there is nothing in it.
fn parse(line: &str) -> Result<Option<Line<'_>>, String> {
    if line.len() > MOST {
        return Err("line too long, please use a smaller number of filters".to_owned());
    }
    let mut parts = Line::default();
    let mut inside = false;
    let mut closed = false;
    for word in line.split_ascii_whitespace() {
        if word.starts_with('#') && !inside {
            break;
        }
        if parts.certificate.is_empty() {
            parts.certificate = word;
            continue;
        }
        let mut word = word;
        if !inside && word.starts_with('[') {
            if closed || !parts.filters.is_empty() {
                return Err("unexpected '['".to_owned());
            }
            inside = true;
            word = word.trim_start_matches('[');
        }
        if inside {
            let last = word.ends_with(']');
            let word = word.trim_end_matches(']');
            if !word.is_empty() {
                parts.parameters.push(word);
            }
            if last {
                (inside, closed) = (false, true);
            }
        } else {
            parts.filters.push(word.into());
        }
    }
    if inside {
        return Err("can't find ']'".to_owned());
    }
    Ok((!parts.certificate.is_empty()).then_some(parts))
}

/// What stands in the brackets.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parameters<'t> {
    /// None if nothing does.
    own: Option<Spec>,
    /// Words of it that are not run.
    unrun: Vec<&'t str>,
}

fn parameters<'t>(words: &[&'t str]) -> Result<Parameters<'t>, String> {
    let mut found = Parameters::default();
    if words.is_empty() {
        return Ok(found);
    }
    let mut spec = Spec::default();
    let mut words = words.iter();
    while let Some(name) = words.next() {
        let Some(known) = CRT_LIST.iter().find(|param| param.name == *name) else {
            return Err(format!("unknown ssl keyword {name}"));
        };
        let flag = matches!(known.arity, config::vocabulary::Arity::Flag);
        let value = match flag {
            true => "",
            false => words.next().ok_or_else(|| format!("missing value for '{name}'"))?,
        };
        // Asking for what isn't done anyway leaves nothing out.
        let off = matches!((*name, value), ("ktls" | "ocsp-update", "off"));
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

    #[test]
    fn lines_have_three_parts() {
        let line = parse("a.pem [alpn h2 ssl-min-ver TLSv1.3] *.b.org !c.b.org # x").unwrap().unwrap();
        assert_eq!(line.certificate, "a.pem");
        assert_eq!(line.parameters, ["alpn", "h2", "ssl-min-ver", "TLSv1.3"]);
        assert_eq!(line.filters, ["*.b.org".into(), "!c.b.org".into()]);
        assert!(parse("  # nothing").unwrap().is_none());
        assert_eq!(parse("a.pem [ verify none ]").unwrap().unwrap().parameters, ["verify", "none"]);
    }

    #[test]
    fn mistakes_are_said() {
        assert_eq!(parse("a.pem [alpn h2").unwrap_err(), "can't find ']'");
        let words = ["npn", "a", "allow-0rtt", "ktls", "on", "ocsp-update", "on", "sigalgs", "RSA+SHA256"];
        assert_eq!(parameters(&words).unwrap().unrun, ["npn", "allow-0rtt", "ktls", "ocsp-update"]);
        assert!(parameters(&["ktls", "off", "ocsp-update", "off"]).unwrap().unrun.is_empty());
        assert_eq!(parameters(&["foo"]).unwrap_err(), "unknown ssl keyword foo");
        assert_eq!(parameters(&["alpn"]).unwrap_err(), "missing value for 'alpn'");
    }
}
