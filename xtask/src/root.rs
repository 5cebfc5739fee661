//! Where the repository is, and text lists committed in it.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lives in the repository").to_owned()
}

/// The lines of a list: without comments (`#`) and empty lines.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether `text` fits `glob`, in which `*` stands for any run of characters.
pub(crate) fn fits(glob: &str, text: &str) -> bool {
    let Some((before, after)) = glob.split_once('*') else { return glob == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| fits(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(fits("*", "") && fits("a*c", "abc") && fits("a*c*", "abcd") && fits("abc", "abc"));
        assert!(!fits("a*c", "abd") && !fits("abc", "abcd") && !fits("b*", "abc"));
    }

    #[test]
    fn lists_skip_comments() {
        assert_eq!(list("# a\n\n b \n").collect::<Vec<_>>(), ["b"]);
    }
}
