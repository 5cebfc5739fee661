//! Every Rust file says on its first line what it is for; a crate's root says it in some detail.

use super::Finding;
use super::tree::Tree;

/// Lines of `//!` a crate's root opens with at least.
const ROOT_LINES_MIN: usize = 3;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter_map(|(path, text)| one(path, text)).collect()
}

fn one(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
    let is_root = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
    if lines == 0 {
        return Some(Finding::new(path, 1, "does not open with //! (what it is for, what it does not know)"));
    }
    (is_root && lines < ROOT_LINES_MIN).then(|| {
        Finding::new(
            path,
            1,
            "a crate's root opens with what it is for, what it does not know, and how to read it",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_files_that_say_nothing() {
        let tree = Tree::of(&[
            ("a/src/x.rs", "use b;\n"),
            ("a/src/lib.rs", "//! One line.\n"),
            ("b/src/lib.rs", "//! One.\n//!\n//! Three.\n"),
            ("b/src/y.rs", "//! Fine.\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["a/src/lib.rs", "a/src/x.rs"]);
    }
}
