//! What the documents name exists: paths in backticks and relative links.

use super::Finding;
use super::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut in_block = false;
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            }
            if in_block {
                continue;
            }
            for word in backticked(line).filter(|word| is_path(word) && !tree.holds(word)) {
                findings.push(Finding::new(path, index + 1, format!("`{word}` does not exist")));
            }
            for target in links(line).filter(|target| !tree.holds(&joined(folder, target))) {
                findings.push(Finding::new(path, index + 1, format!("the link to {target} leads nowhere")));
            }
        }
    }
    findings
}

fn backticked(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a word in backticks means a path of the repository: it starts in one of its folders, or it is a
/// file at the root with an ending of ours.
fn is_path(word: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "crates/",
        "xtask/",
        "tests/",
        "bench/",
        "doc/",
        "fuzz/",
        "examples/",
        "packaging/",
        ".ci/",
        "ui/",
        "iac/",
    ];
    let plain = !word.contains([' ', '*', '{', '<', '$', ':', 'N']);
    let in_folder = FOLDERS.iter().any(|folder| word.starts_with(folder));
    let at_root = !word.contains('/') && word.ends_with(".md");
    plain && (in_folder || at_root)
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

fn joined(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_does_not_exist() {
        let tree = Tree::of(&[
            ("README.md", "`crates/a` `crates/b` [x](doc/y.md) [z](https://z) [w](gone.md) `cargo run`\n"),
            ("crates/a/src/lib.rs", ""),
            ("doc/y.md", "[up](../README.md)\n```\n`crates/none`\n```\n"),
        ]);
        let messages: Vec<String> = check(&tree).into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, ["`crates/b` does not exist", "the link to gone.md leads nowhere"]);
    }
}
