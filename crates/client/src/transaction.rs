//! Transactions as files in a folder: those in progress in it, failed and outdated ones in folders of it.
//!
//! A transaction is a whole text with the version it began on in its head, so that it outlives the process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use config::Document;

use crate::disk;
use crate::error::{Error, Kind};
use crate::header;

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It takes changes.
    InProgress,
    /// The proxy refused its text.
    Failed,
    /// Another one was committed first.
    Outdated,
    /// It is in the file.
    Success,
}

impl Status {
    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Failed => "failed",
            Self::Outdated => "outdated",
            Self::Success => "success",
        }
    }

    fn folder(self, root: &Path) -> PathBuf {
        match self {
            Self::InProgress | Self::Success => root.to_owned(),
            Self::Failed | Self::Outdated => root.join(self.name()),
        }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// A UUID.
    pub id: String,
    /// The version of the file it began on.
    pub version: u64,
    /// Where it stands.
    pub status: Status,
}

/// The folder with what is known of it.
pub(crate) struct Shelf {
    root: PathBuf,
    /// The name of the configuration file, which begins each file's name here.
    name: String,
    known: BTreeMap<String, Transaction>,
}

impl Shelf {
    pub(crate) fn open(root: PathBuf, name: String) -> Result<Self, Error> {
        let mut shelf = Self { root, name, known: BTreeMap::new() };
        for status in [Status::InProgress, Status::Failed, Status::Outdated] {
            shelf.read_folder(status)?;
        }
        Ok(shelf)
    }

    fn read_folder(&mut self, status: Status) -> Result<(), Error> {
        let folder = status.folder(&self.root);
        disk::ensure_folder(&folder)?;
        let entries = fs::read_dir(&folder).map_err(|e| Error::system("cannot read the transactions", &e))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(id) = name.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            if !is_id(id) || !entry.path().is_file() {
                continue;
            }
            let version = header::version(&Document::parse(disk::read(&entry.path())?));
            self.known.insert(id.to_owned(), Transaction { id: id.to_owned(), version, status });
        }
        Ok(())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Transaction> {
        self.known.values()
    }

    pub(crate) fn one(&self, id: &str) -> Result<&Transaction, Error> {
        self.known.get(id).ok_or_else(|| Error::not_found(format!("transaction {id} does not exist")))
    }

    /// One that takes changes. Otherwise the request is at fault: it isn't the object that was asked for.
    pub(crate) fn open_one(&self, id: &str) -> Result<&Transaction, Error> {
        match self.known.get(id) {
            Some(found) if found.status == Status::InProgress => Ok(found),
            Some(found) => Err(Error::new(
                Kind::NotCommittable,
                format!("transaction {id} is {} and takes no changes", found.status.name()),
            )),
            None => Err(Error::invalid(format!("transaction {id} does not exist"))),
        }
    }

    pub(crate) fn open_path(&self, id: &str) -> Result<PathBuf, Error> {
        self.open_one(id).map(|found| self.path(&found.id, found.status))
    }

    /// Where a text lies while it is judged.
    pub(crate) fn scratch_path(&self, id: &str) -> PathBuf {
        self.root.join(format!("{}.{id}.check", self.name))
    }

    fn path(&self, id: &str, status: Status) -> PathBuf {
        status.folder(&self.root).join(format!("{}.{id}", self.name))
    }

    pub(crate) fn begin(&mut self, version: u64, text: &[u8]) -> Result<Transaction, Error> {
        let id = disk::random_id()?;
        let mut document = Document::parse(text);
        header::set_version(&mut document, version);
        disk::replace(&self.path(&id, Status::InProgress), &document.print())?;
        let transaction = Transaction { id: id.clone(), version, status: Status::InProgress };
        self.known.insert(id, transaction.clone());
        Ok(transaction)
    }

    pub(crate) fn move_to(&mut self, id: &str, status: Status) -> Result<(), Error> {
        let Some(found) = self.known.get(id) else { return Ok(()) };
        let (from, to) = (self.path(id, found.status), self.path(id, status));
        disk::ensure_folder(&status.folder(&self.root))?;
        fs::rename(&from, &to).map_err(|e| Error::system("cannot move a transaction", &e))?;
        if let Some(found) = self.known.get_mut(id) {
            found.status = status;
        }
        Ok(())
    }

    /// A committed one: its text is in the file now. The answer to its commit is the last that is heard of it.
    pub(crate) fn finish(&mut self, id: &str) -> Result<(), Error> {
        self.remove(id)
    }

    /// Those in progress that began on this version or before it can't be committed any more.
    pub(crate) fn outdate(&mut self, version: u64) -> Result<(), Error> {
        let late = |t: &&Transaction| t.status == Status::InProgress && t.version <= version;
        let ids: Vec<String> = self.known.values().filter(late).map(|t| t.id.clone()).collect();
        ids.iter().try_for_each(|id| self.move_to(id, Status::Outdated))
    }

    pub(crate) fn remove(&mut self, id: &str) -> Result<(), Error> {
        if let Some(found) = self.known.remove(id) {
            let path = self.path(id, found.status);
            fs::remove_file(&path).map_err(|e| Error::system("cannot remove a transaction", &e))?;
        }
        Ok(())
    }
}

/// Only ids that this program gives out lead to a file's name.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}
