//! `tests/parity/known.toml`: differences that are accepted, each with its reason.

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::compare::Difference;
use crate::root::fits;

/// An accepted difference.
#[derive(Debug)]
struct Entry {
    /// A glob for the kind of the difference.
    kind: String,
    /// Texts that all stand in the configuration; any when there are none.
    config: Vec<String>,
    /// Texts that all stand in the request; any when there are none.
    request: Vec<String>,
    /// Text that stands in the oracle's version line; any when empty.
    oracle: String,
    /// A glob for what the program under test showed; any when empty.
    ours: String,
}

impl Entry {
    fn asks(&self, request: &str) -> bool {
        self.request.iter().all(|text| request.contains(text))
    }

    fn is_of(&self, config: &str) -> bool {
        self.config.iter().all(|text| config.contains(text))
    }
}

/// A text, or a list of texts.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The accepted differences.
#[derive(Debug, Default)]
pub(crate) struct Known {
    entries: Vec<Entry>,
    /// The version line of the oracle of this run.
    oracle: String,
}

impl Known {
    /// # Errors
    /// When the text is not TOML, or an entry has no kind or no reason.
    pub(crate) fn parse(text: &str, oracle: &str) -> Result<Known> {
        let table: Table = text.parse().context("tests/parity/known.toml")?;
        let list = table.get("known").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let entries = list
            .iter()
            .map(|entry| {
                let word =
                    |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let kind = Some(word("kind")).filter(|kind| !kind.is_empty());
                let kind = kind.with_context(|| format!("no kind in {entry}"))?;
                Some(word("reason"))
                    .filter(|reason| !reason.is_empty())
                    .with_context(|| format!("no reason for {kind}"))?;
                let (config, request) = (texts(entry.get("config")), texts(entry.get("request")));
                Ok(Entry { kind, config, request, oracle: word("oracle"), ours: word("ours") })
            })
            .collect::<Result<_>>()?;
        Ok(Known { entries, oracle: oracle.to_owned() })
    }

    /// Whether a request is one on which nothing is compared: an entry accepts every kind of difference for
    /// it. Such a request is not sent at all, because what one program refuses and the other does not would
    /// move the balancing of everything after it.
    pub(crate) fn leaves_out(&self, request: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.kind == "*"
                && entry.config.is_empty()
                && !entry.request.is_empty()
                && entry.asks(request)
                && self.oracle.contains(&entry.oracle)
        })
    }

    /// Whether a line of a configuration is one that is not written at all: an entry accepts every kind of
    /// difference for it.
    pub(crate) fn leaves_out_line(&self, line: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.kind == "*"
                && entry.request.is_empty()
                && !entry.config.is_empty()
                && entry.is_of(line)
                && self.oracle.contains(&entry.oracle)
        })
    }

    /// The differences that are not accepted.
    pub(crate) fn unknown(&self, all: Vec<Difference>, config: &str, request: &str) -> Vec<Difference> {
        all.into_iter()
            .filter(|difference| {
                !self.entries.iter().any(|entry| {
                    fits(&entry.kind, &difference.kind)
                        && entry.is_of(config)
                        && entry.asks(request)
                        && self.oracle.contains(&entry.oracle)
                        && (entry.ours.is_empty() || fits(&entry.ours, &difference.ours))
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_accepts_its_kind_only() {
        let text = "[[known]]\nkind = \"header -x*\"\nconfig = \"errorloc\"\nreason = \"r\"\n";
        let known = Known::parse(text, "HAProxy version 2.6.12").unwrap();
        let difference =
            |kind: &str| Difference { kind: kind.into(), theirs: String::new(), ours: String::new() };
        let all = || vec![difference("header -x-a"), difference("status 200 400")];
        assert_eq!(known.unknown(all(), "errorloc 502", "")[0].kind, "status 200 400");
        assert_eq!(known.unknown(all(), "nothing", "").len(), 2);
        assert!(Known::parse("[[known]]\nkind = \"a\"\n", "").is_err());
        let whole = Known::parse("[[known]]\nkind = \"*\"\nrequest = \"a b\"\nreason = \"r\"\n", "").unwrap();
        assert!(whole.leaves_out("Host: a b") && !whole.leaves_out("Host: a") && !known.leaves_out("a b"));
        let line =
            Known::parse("[[known]]\nkind = \"*\"\nconfig = \"cookie \"\nreason = \"r\"\n", "").unwrap();
        assert!(line.leaves_out_line("cookie SRV insert") && !line.leaves_out_line("balance source"));
        assert!(!line.leaves_out("cookie "));
        let other = Known::parse(&format!("{text}oracle = \"3.5\"\n"), "HAProxy version 2.6.12").unwrap();
        assert_eq!(other.unknown(all(), "errorloc 502", "").len(), 2);
    }
}
