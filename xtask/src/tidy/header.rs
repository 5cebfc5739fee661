//! Every Rust file says on its first line what it is for; a crate's root says it in some detail.

use super::Finding;
use super::tree::Tree;

/// Lines of `//!` a crate's root opens with at least.
const ROOT_LINES_MIN: usize = 3;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter_map(|(path, text)| one(path, text, is_root(tree, path))).collect()
}

/// A crate's library, or the program of a crate that has no library.
fn is_root(tree: &Tree, path: &str) -> bool {
    match path.strip_suffix("src/main.rs") {
        Some(folder) => tree.text(&format!("{folder}src/lib.rs")).is_none(),
        None => path.ends_with("src/lib.rs"),
    }
}

fn one(path: &str, text: &str, is_root: bool) -> Option<Finding> {
    let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
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
            ("b/src/main.rs", "//! Runs the library.\n"),
            ("c/src/main.rs", "//! One line.\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["a/src/lib.rs", "a/src/x.rs", "c/src/main.rs"]);
    }
}
