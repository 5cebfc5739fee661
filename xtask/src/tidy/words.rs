//! Words and spaces that have no place in a finished tree.

use super::Finding;
use super::tree::Tree;

/// Marks of unfinished work and of the machine it was done on. Split, so that this list does not find itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "finish it or say it as an error"),
    (concat!("FIX", "ME"), "fix it"),
    (concat!("XX", "X:"), "say what it means"),
    (concat!("todo", "!("), "finish it"),
    (concat!("unimpl", "emented!("), "finish it or return an error"),
    (concat!("simplified ", "version"), "real or not at all"),
    (concat!("dbg", "!("), "remove it"),
    (concat!("/wo", "rk/"), "a path of one machine"),
];

/// Endings of files that are text of ours.
const OURS: &[&str] = &[
    ".rs", ".md", ".toml", ".vtc", ".cfg", ".yml", ".yaml", ".txt", ".json", ".http", "Makefile", ".ci/run",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| is_ours(path)) {
        for (index, line) in text.lines().enumerate() {
            for (word, instead) in FORBIDDEN.iter().filter(|(word, _)| line.contains(word)) {
                findings.push(Finding::new(path, index + 1, format!("'{word}': {instead}")));
            }
            if line.ends_with([' ', '\t', '\r']) {
                findings.push(Finding::new(path, index + 1, "space at the end of the line"));
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            findings.push(Finding::new(path, 0, "does not end with a newline"));
        }
    }
    findings
}

/// Text of ours; what stands in a `data` folder is there for its oddities.
fn is_ours(path: &str) -> bool {
    OURS.iter().any(|ending| path.ends_with(ending)) && !path.contains("/data/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_unfinished_work_and_spaces() {
        let text = format!("fn a() {{ {}) }} \n// {}", concat!("todo", "!("), concat!("TO", "DO"));
        let found: Vec<usize> = check(&Tree::of(&[("a.rs", &text)])).iter().map(|f| f.line).collect();
        assert_eq!(found, [1, 1, 2, 0]);
        assert!(check(&Tree::of(&[("a.png", "x ")])).is_empty());
    }
}
