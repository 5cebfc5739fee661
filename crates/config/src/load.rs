//! The only file of this crate that touches the file system: paths to sources.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::loaded::Loaded;
use crate::parse::{MAX_SOURCE_BYTES, Source, parse_sources};

/// A path that can't be read, in HAProxy's words.
#[derive(Debug)]
pub struct LoadError {
    /// The path as given.
    pub path: PathBuf,
    /// What the system said.
    pub error: std::io::Error,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The system's words without Rust's "(os error N)".
        let text = self.error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        write!(f, "config : Cannot open configuration file/directory {} : {text}", self.path.display())
    }
}

impl std::error::Error for LoadError {}

/// Reads files and directories as one configuration, in the order given.
///
/// Fails only when a path can't be read; what is wrong inside is in [`Loaded::diagnostics`].
pub fn load<P: AsRef<Path>>(paths: &[P], context: &Context) -> Result<Loaded, LoadError> {
    Ok(parse_sources(read_sources(paths)?, context))
}

/// Reads the files; of a directory those ending in `.cfg`, without hidden ones, in the order of their bytes
/// (the C locale), and without descending.
pub fn read_sources<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<Source>, LoadError> {
    let mut sources = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let failed = |error| LoadError { path: path.to_owned(), error };
        if !path.metadata().map_err(failed)?.is_dir() {
            sources.push(read(path)?);
            continue;
        }
        let mut names = Vec::new();
        for entry in path.read_dir().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let bytes = name.as_encoded_bytes();
            if bytes.ends_with(b".cfg") && !bytes.starts_with(b".") {
                names.push(name);
            }
        }
        names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
        for name in names {
            let file = path.join(name);
            if file.is_file() {
                sources.push(read(&file)?);
            }
        }
    }
    Ok(sources)
}

fn read(path: &Path) -> Result<Source, LoadError> {
    use std::io::Read as _;
    let failed = |error| LoadError { path: path.to_owned(), error };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte beyond the limit is enough for the reader to refuse the file.
    file.take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Source::new(path.display().to_string(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_read_in_byte_order() {
        let dir = std::env::temp_dir().join(format!("config-load-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("sub.cfg")).unwrap();
        for name in ["b.cfg", "a.cfg", "A.cfg", "10.cfg", "9.cfg", ".h.cfg", "x.conf", "z.cfg.bak"] {
            std::fs::write(dir.join(name), "global\n").unwrap();
        }
        let sources = read_sources(&[&dir]).unwrap();
        let names: Vec<_> =
            sources.iter().map(|s| s.name.rsplit('/').next().unwrap_or_default().to_owned()).collect();
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(names, ["10.cfg", "9.cfg", "A.cfg", "a.cfg", "b.cfg"]);
        let error = read_sources(&[dir.join("none")]).unwrap_err().to_string();
        assert!(error.starts_with("config : Cannot open configuration file/directory "), "{error}");
        assert!(error.ends_with("none : No such file or directory"), "{error}");
    }
}
