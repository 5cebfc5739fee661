//! Files written so that a crash at any instant leaves the old text or the new one, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::Error;

/// Replaces a file: a new one beside it, synced, renamed over it, the folder synced. Keeps the old one's mode
/// and, where the process may, its owner. A symbolic link stays; what it leads to is replaced.
pub fn replace(path: &Path, text: &[u8]) -> Result<(), Error> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let fresh = beside(&target);
    write_fresh(&target, &fresh, text).map_err(|error| {
        // A part of a file is of no use to anybody; the failure itself is what is reported.
        let _ = fs::remove_file(&fresh);
        Error::system(format_args!("cannot write {}", path.display()), &error)
    })
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn write_fresh(target: &Path, fresh: &Path, text: &[u8]) -> io::Result<()> {
    let old = fs::metadata(target).ok();
    let mode = old.as_ref().map_or(0o644, |old| old.mode() & 0o7777);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(fresh)?;
    if let Some(old) = old {
        // Only root may give a file away; for others the file is theirs anyway.
        let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(fresh, target)?;
    sync_folder(target)
}

/// Makes names in the folder of `path` last.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// Creates a folder and those above it.
pub(crate) fn ensure_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|e| Error::system(format_args!("cannot create {}", path.display()), &e))
}

/// A whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|e| Error::system(format_args!("cannot read {}", path.display()), &e))
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// How old a change must be so that another one would show: clocks of file systems are coarse.
const SETTLED: Duration = Duration::from_secs(2);

/// The state of a file; `None` if it can't be told from one that follows at once.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    let settled = data.modified().ok()?.elapsed().ok()? > SETTLED;
    settled.then(|| Stamp {
        place: (data.dev(), data.ino()),
        size: data.size(),
        modified: (data.mtime(), data.mtime_nsec()),
        changed: (data.ctime(), data.ctime_nsec()),
    })
}

/// 16 random bytes as the text of a version 4 UUID.
pub fn random_id() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    let read = File::open("/dev/urandom").and_then(|mut f| io::Read::read_exact(&mut f, &mut bytes));
    read.map_err(|e| Error::system("cannot read /dev/urandom", &e))?;
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62;
    let hex = format!("{number:032x}");
    let cut = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok([cut(0, 8), cut(8, 12), cut(12, 16), cut(16, 20), cut(20, 32)].join("-"))
}
