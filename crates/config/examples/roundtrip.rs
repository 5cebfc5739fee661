//! Proves on every `.cfg` below a directory that text survives reading: `roundtrip DIRECTORY`.
//!
//! Prints one line a file: its path and how many alerts and warnings its words cause.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use config::{Context, Document, Severity, Source};

fn main() -> ExitCode {
    let Some(root) = std::env::args_os().nth(1).or_else(|| std::env::var_os("CONFIG_CORPUS")) else {
        eprintln!("usage: roundtrip DIRECTORY (or CONFIG_CORPUS=DIRECTORY)");
        return ExitCode::FAILURE;
    };
    let mut files = Vec::new();
    collect(Path::new(&root), &mut files);
    files.sort();
    let mut broken = 0;
    for path in &files {
        let Ok(bytes) = std::fs::read(path) else { continue };
        if Document::parse(bytes.as_slice()).print() != bytes {
            println!("{}\tDIFFERS", path.display());
            broken += 1;
        }
        let source = Source::new(path.display().to_string(), bytes);
        let loaded = config::parse_sources(vec![source], &Context::default());
        let count = |severity| loaded.diagnostics().iter().filter(|d| d.severity == severity).count();
        let first = loaded.diagnostics().iter().find(|d| d.severity == Severity::Alert);
        let first = first.map_or(String::new(), |d| d.line(&loaded, 0));
        println!(
            "{}\t{}\t{}\t{}",
            path.display(),
            count(Severity::Alert),
            count(Severity::Warning),
            first.replace('\n', " ")
        );
    }
    eprintln!("{} files, {broken} differ", files.len());
    ExitCode::from(u8::from(broken > 0))
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = directory.read_dir() else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "cfg") {
            files.push(path);
        }
    }
}
