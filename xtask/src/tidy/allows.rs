//! Lints stay on: every crate takes the workspace's, and a lint against panics is switched off only with a
//! reason, in a file that `tidy.toml` lists.

use super::exceptions::Exceptions;
use super::tree::Tree;
use super::{Finding, code};

/// Lints that keep the data path from panicking or a function readable.
const GUARDED: &[&str] = &["unwrap_used", "expect_used", "indexing_slicing", "panic", "too_many_lines"];

pub(crate) fn check(tree: &Tree, exceptions: &Exceptions) -> Vec<Finding> {
    let mut findings = manifests(tree);
    let mut used = vec![false; exceptions.allow.len()];
    for (path, text) in tree.rust().filter(|(path, _)| !is_test(path)) {
        for (line, attribute) in attributes(text) {
            for lint in GUARDED.iter().filter(|lint| names(&attribute, lint)) {
                if !attribute.contains("reason =") {
                    findings.push(Finding::new(path, line, format!("clippy::{lint} off without a reason")));
                }
                match exceptions.allow.iter().position(|a| a.path == path && a.lint == **lint) {
                    Some(index) => used[index] = true,
                    None => {
                        let message = format!("clippy::{lint} off, but not listed in tidy.toml");
                        findings.push(Finding::new(path, line, message));
                    }
                }
            }
        }
    }
    for (allow, used) in exceptions.allow.iter().zip(used) {
        if !used {
            let message = format!("{} no longer switches {} off", allow.path, allow.lint);
            findings.push(Finding::new("tidy.toml", 0, message));
        }
    }
    findings
}

/// A crate's own `tests/` folder: there a panic is how a failure is told.
fn is_test(path: &str) -> bool {
    path.starts_with("crates/") && path.split('/').nth(2) == Some("tests")
}

fn manifests(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|(path, _)| {
            path.ends_with("/Cargo.toml") && (path.starts_with("crates/") || path.starts_with("xtask/"))
        })
        // `net` repeats the workspace's lints with one change, which Cargo cannot express otherwise.
        .filter(|(path, _)| *path != "crates/net/Cargo.toml")
        .filter(|(_, text)| !text.contains("[lints]\nworkspace = true"))
        .map(|(path, _)| {
            Finding::new(path, 0, "does not take the workspace's lints ([lints] workspace = true)")
        })
        .collect()
}

/// Every `allow` or `expect` attribute: its first line and its text.
fn attributes(text: &str) -> Vec<(usize, String)> {
    let code = code::only(text);
    let mut found = Vec::new();
    for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in code.match_indices(start) {
            let end = code[at..].find(")]").map_or(code.len(), |length| at + length);
            found.push((code[..at].lines().count().max(1), code[at..end].to_owned()));
        }
    }
    found
}

fn names(attribute: &str, lint: &str) -> bool {
    attribute.match_indices(&format!("clippy::{lint}")).any(|(at, whole)| {
        !attribute[at + whole.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::exceptions::Allow;

    #[test]
    fn finds_lints_switched_off() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", "[package]\n"),
            ("crates/b/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/b/src/x.rs", "\n#[allow(clippy::panic)]\nfn a() {}\n"),
            ("crates/b/tests/z.rs", "#![allow(clippy::unwrap_used)]\n"),
            ("crates/b/src/y.rs", "#![expect(\n    clippy::unwrap_used,\n    reason = \"r\"\n)]\n"),
        ]);
        let listed = Exceptions {
            long: Vec::new(),
            allow: vec![
                Allow { path: "crates/b/src/y.rs".to_owned(), lint: "unwrap_used".to_owned() },
                Allow { path: "crates/b/src/gone.rs".to_owned(), lint: "panic".to_owned() },
            ],
        };
        let paths: Vec<String> = check(&tree, &listed).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/Cargo.toml", "crates/b/src/x.rs", "crates/b/src/x.rs", "tidy.toml"]);
    }
}
