//! `unsafe` only in `crates/net`, and there with its reason above it.

use super::tree::Tree;
use super::{Finding, code};

/// The one crate that may say it.
const HOME: &str = "crates/net/";
/// How far above the reason may begin: a comment of some lines and the start of a long statement.
const REASON_WITHIN: usize = 12;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let written: Vec<&str> = text.lines().collect();
        for (index, line) in code::only(text).lines().enumerate().filter(|(_, line)| says_unsafe(line)) {
            if !path.starts_with(HOME) {
                findings.push(Finding::new(path, index + 1, "unsafe outside crates/net"));
            } else if !has_reason(&written[..=index]) && !line.contains("unsafe fn") {
                findings.push(Finding::new(path, index + 1, "unsafe without a // SAFETY: reason above it"));
            }
        }
    }
    findings
}

fn says_unsafe(line: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

fn has_reason(lines: &[&str]) -> bool {
    lines.iter().rev().take(REASON_WITHIN).any(|line| line.trim_start().starts_with("// SAFETY:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_unsafe_abroad_and_without_reason() {
        let tree = Tree::of(&[
            ("crates/http/src/a.rs", "fn a() {\n    unsafe { b() }\n}\n// unsafe in words\n"),
            ("crates/net/src/a.rs", "fn a() {\n    unsafe { b() }\n}\n"),
            (
                "crates/net/src/b.rs",
                "// SAFETY: b has no conditions.\nlet c = unsafe { b() };\n#![deny(unsafe_code)]\n",
            ),
        ]);
        let found: Vec<(String, usize)> = check(&tree).into_iter().map(|f| (f.path, f.line)).collect();
        assert_eq!(found, [("crates/http/src/a.rs".to_owned(), 2), ("crates/net/src/a.rs".to_owned(), 2)]);
    }
}
