//! Generated text between markers of a hand-written file: `<!-- NAME -->` … `<!-- /NAME -->`.

use anyhow::{Context, Result};

/// `text` with what stands between the markers replaced.
///
/// # Errors
/// When a marker is missing.
pub(crate) fn splice(text: &str, name: &str, new: &str) -> Result<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open).with_context(|| format!("no marker {open}"))?;
    let (_, after) = rest.split_once(&close).with_context(|| format!("no marker {close}"))?;
    Ok(format!("{before}{open}\n{}\n{close}{after}", new.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_between_the_markers() {
        let text = "a\n<!-- t -->\nold\n<!-- /t -->\nb\n";
        assert_eq!(splice(text, "t", "new\n").unwrap(), "a\n<!-- t -->\nnew\n<!-- /t -->\nb\n");
        assert!(splice("a", "t", "new").is_err());
    }
}
