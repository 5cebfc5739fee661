//! `doc/manual/`: a page per keyword family, made from the tables that the program itself runs by. The words are those
//! that stand beside the code; this only lays them out.
//!
//! The one chore that uses Sluice as a library: what it prints is the tables.

mod page;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::args::Args;
use crate::root::root;
use page::Page;

/// Writes the pages; with `--check` only compares them with what is there.
///
/// # Errors
/// When a page can't be written, or differs and should not.
pub(crate) fn run(mut args: Args) -> Result<()> {
    let check = args.flag("--check");
    args.end()?;
    let folder = root().join("doc/manual");
    fs::create_dir_all(&folder)?;
    let pages = page::all();
    let mut stale = Vec::new();
    for page in pages.iter().chain([&index(&pages)]) {
        let path = folder.join(page.file);
        if fs::read_to_string(&path).unwrap_or_default() == page.text {
            continue;
        }
        if check {
            stale.push(page.file);
        } else {
            fs::write(&path, &page.text).with_context(|| path.display().to_string())?;
        }
    }
    stale.extend(check.then(|| strangers(&folder, &pages)).transpose()?.into_iter().flatten());
    if !stale.is_empty() {
        bail!("doc/manual is not what the tables say ({}): run `cargo xtask manual`", stale.join(", "));
    }
    let keywords: usize = pages.iter().map(|page| page.keywords).sum();
    println!("doc/manual: {} pages, {keywords} keywords", pages.len());
    Ok(())
}

/// Whether files lie there that no family writes.
fn strangers(folder: &PathBuf, pages: &[Page]) -> Result<Vec<&'static str>> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name != INDEX && pages.iter().all(|page| name != page.file) {
            return Ok(vec!["a file that belongs to no family"]);
        }
    }
    Ok(Vec::new())
}

const INDEX: &str = "README.md";

fn index(pages: &[Page]) -> Page {
    let mut text = format!(
        "# Keywords\n\n{GENERATED}\n\nWhat each keyword does, with examples that are its tests. The configuration's \
         sections and directives follow HAProxy's manual.\n\n| page | keywords |\n|---|---:|\n"
    );
    for page in pages {
        text += &format!("| [{}]({}) | {} |\n", page.title, page.file, page.keywords);
    }
    Page { file: INDEX, title: "Keywords", text, keywords: 0 }
}

/// The line that tells where a page comes from.
const GENERATED: &str = "<!-- Made by `cargo xtask manual` from the keyword tables; edits belong there. -->";
