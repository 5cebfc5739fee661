//! The rules of the house, as checks over the working tree. `cargo xtask tidy` prints what it finds; the
//! same run is a test. Each check is a file; exceptions with their reasons are in `tidy.toml` at the root.

mod allows;
mod arrows;
mod code;
mod docs;
mod exceptions;
mod header;
mod size;
mod tree;
mod unsafety;
mod words;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::root::root;
use exceptions::Exceptions;
use tree::Tree;

/// Something that is against the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, from the root.
    path: String,
    /// The line, from 1; 0 for the file as a whole.
    line: usize,
    /// What is wrong and what would be right.
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, message: message.into() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Prints every finding.
///
/// # Errors
/// When there is one, or the tree cannot be read.
pub(crate) fn run(args: Args) -> Result<()> {
    args.end()?;
    let findings = check_all()?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} findings"),
    }
}

fn check_all() -> Result<Vec<Finding>> {
    let tree = Tree::read(&root())?;
    let exceptions = Exceptions::parse(tree.text("tidy.toml").unwrap_or_default())?;
    Ok([
        arrows::check(&root())?,
        header::check(&tree),
        size::check(&tree, &exceptions),
        unsafety::check(&tree),
        allows::check(&tree, &exceptions),
        words::check(&tree),
        docs::check(&tree),
    ]
    .concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let findings = check_all().unwrap();
        let text: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}", text.join("\n"));
    }
}
