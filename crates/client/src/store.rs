//! One configuration file under management: its version, its transactions, and every change to it.
//!
//! A change happens on a copy; the copy is written beside the file, judged by the proxy, given the next
//! version, and put in the file's place. Whatever stops the process in between, the file is the old one or the
//! new one. It doesn't know what the lines mean: callers edit a [`Document`].

use std::path::PathBuf;
use std::sync::Arc;

use config::Document;

use crate::disk;
use crate::error::{Error, Kind};
use crate::header;
use crate::transaction::{Shelf, Status, Transaction};
use crate::validate::Check;

/// What a store works on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// haproxy.cfg.
    pub file: PathBuf,
    /// Where transactions lie.
    pub transactions: PathBuf,
    /// Where the texts of earlier versions are kept, and how many.
    pub backups: Option<(PathBuf, usize)>,
    /// How many transactions may be in progress at once.
    pub max_open: usize,
    /// Who judges a text.
    pub check: Check,
}

/// What a change is made against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// The file, which must have this version.
    Version(u64),
    /// The file, whatever its version.
    Any,
    /// A transaction in progress, by its id.
    Transaction(String),
}

/// A managed file.
pub struct Store {
    settings: Settings,
    document: Arc<Document>,
    version: u64,
    shelf: Shelf,
    /// The file as it was when it was last found to hold the document.
    seen: Option<disk::Stamp>,
}

impl Store {
    /// Reads the file and the transactions that an earlier process left.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        let document = Document::parse(disk::read(&settings.file)?);
        let name = settings.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let shelf = Shelf::open(settings.transactions.clone(), name)?;
        Ok(Self {
            version: header::version(&document),
            document: Arc::new(document),
            settings,
            shelf,
            seen: None,
        })
    }

    /// What it works on.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The file's version, or a transaction's that is in progress.
    pub fn version(&self, transaction: Option<&str>) -> u64 {
        let open = transaction.and_then(|id| self.shelf.open_one(id).ok());
        open.map_or(self.version, |transaction| transaction.version)
    }

    /// The text as it is, in the file or in a transaction.
    pub fn document(&self, transaction: Option<&str>) -> Result<Arc<Document>, Error> {
        match transaction {
            None => Ok(Arc::clone(&self.document)),
            Some(id) => Ok(Arc::new(Document::parse(disk::read(&self.shelf.open_path(id)?)?))),
        }
    }

    /// The text of an earlier version, if it was kept.
    pub fn backup(&self, version: u64) -> Result<Vec<u8>, Error> {
        if version == self.version {
            return Ok(self.document.print());
        }
        let path = self.backup_path(version).filter(|path| path.exists());
        let path = path.ok_or_else(|| Error::not_found(format!("version {version} isn't kept")))?;
        disk::read(&path)
    }

    /// Changes the text. In the file: judged, written with the next version. In a transaction: written there.
    /// Nothing is written if `edit` fails.
    pub fn change<T>(
        &mut self,
        base: &Base,
        edit: impl FnOnce(&mut Document) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.change_with(base, edit, |_, _| Ok(()))
    }

    /// The same; `enforce` has the proxy take the file as it is then: the text before, and now. If it fails, the
    /// file is what it was.
    pub fn change_with<T>(
        &mut self,
        base: &Base,
        edit: impl FnOnce(&mut Document) -> Result<T, Error>,
        enforce: impl FnOnce(&Document, &Document) -> Result<(), Error>,
    ) -> Result<T, Error> {
        match base {
            Base::Transaction(id) => {
                let path = self.shelf.open_path(id)?;
                let mut document = Document::parse(disk::read(&path)?);
                let answer = edit(&mut document)?;
                disk::replace(&path, &document.print())?;
                Ok(answer)
            }
            Base::Version(given) => {
                self.expect_version(*given)?;
                self.change_with(&Base::Any, edit, enforce)
            }
            Base::Any => {
                let mut document = Document::clone(&self.document);
                let answer = edit(&mut document)?;
                let id = disk::random_id()?;
                self.judge(&id, &document)?;
                self.install(document, enforce)?;
                Ok(answer)
            }
        }
    }

    /// What a change would make of the text, judged and not kept: the text before, and after.
    pub fn preview(
        &self,
        base: &Base,
        edit: impl FnOnce(&mut Document) -> Result<(), Error>,
    ) -> Result<(Arc<Document>, Document), Error> {
        let old = match base {
            Base::Transaction(id) => self.document(Some(id))?,
            Base::Any => self.document(None)?,
            Base::Version(version) => {
                self.expect_version(*version)?;
                self.document(None)?
            }
        };
        let mut new = Document::clone(&old);
        edit(&mut new)?;
        self.judge(&disk::random_id()?, &new)?;
        Ok((old, new))
    }

    /// Begins a transaction on this version of the file.
    pub fn begin(&mut self, version: u64) -> Result<Transaction, Error> {
        self.expect_version(version)?;
        let open = self.shelf.all().filter(|t| t.status == Status::InProgress).count();
        if open >= self.settings.max_open {
            return Err(Error::new(Kind::TooMany, "the maximum number of open transactions is reached"));
        }
        self.shelf.begin(version, &self.document.print())
    }

    /// The transactions known, in the order of their ids.
    pub fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.shelf.all()
    }

    /// One of them.
    pub fn transaction(&self, id: &str) -> Result<&Transaction, Error> {
        self.shelf.one(id)
    }

    /// Puts a transaction's text into the file. The others that were begun on this version or an earlier one
    /// become outdated.
    pub fn commit(&mut self, id: &str) -> Result<Transaction, Error> {
        self.commit_with(id, |_, _| Ok(()))
    }

    /// The same; see [`change_with`](Self::change_with). A text that the proxy doesn't take has failed.
    pub fn commit_with(
        &mut self,
        id: &str,
        enforce: impl FnOnce(&Document, &Document) -> Result<(), Error>,
    ) -> Result<Transaction, Error> {
        let transaction = self.shelf.one(id)?.clone();
        if transaction.status != Status::InProgress {
            let state = transaction.status.name();
            return Err(Error::new(
                Kind::NotCommittable,
                format!("transaction {id} is {state} and cannot be committed"),
            ));
        }
        if let Err(error) = self.expect_version(transaction.version) {
            self.shelf.move_to(id, Status::Outdated)?;
            return Err(error);
        }
        let document = Document::parse(disk::read(&self.shelf.open_path(id)?)?);
        if let Err(error) = self.judge(id, &document).and_then(|()| self.install(document, enforce)) {
            self.shelf.move_to(id, Status::Failed)?;
            return Err(error);
        }
        self.shelf.finish(id)?;
        self.shelf.outdate(transaction.version)?;
        Ok(Transaction { status: Status::Success, ..transaction })
    }

    /// Forgets a transaction.
    pub fn discard(&mut self, id: &str) -> Result<(), Error> {
        self.shelf.one(id)?;
        self.shelf.remove(id)
    }

    /// Judges a text without keeping it.
    pub fn judge(&self, id: &str, document: &Document) -> Result<(), Error> {
        let path = self.shelf.scratch_path(id);
        disk::replace(&path, &document.print())?;
        let verdict = self.settings.check.run(&path, id);
        let removed = std::fs::remove_file(&path);
        verdict?;
        removed.map_err(|e| Error::system(format_args!("cannot remove {}", path.display()), &e))
    }

    /// Reads the file again if somebody else changed it; tells whether so. The change gets a version.
    pub fn refresh(&mut self) -> Result<bool, Error> {
        let stamp = disk::stamp(&self.settings.file);
        if stamp.is_some() && stamp == self.seen {
            return Ok(false);
        }
        let text = disk::read(&self.settings.file)?;
        self.seen = stamp;
        if text == self.document.print() {
            return Ok(false);
        }
        let mut document = Document::parse(text);
        let next = header::version(&document).max(self.version + 1);
        header::set_version(&mut document, next);
        self.write(document, next)?;
        Ok(true)
    }

    fn expect_version(&self, given: u64) -> Result<(), Error> {
        if given == self.version {
            return Ok(());
        }
        let have = self.version;
        Err(Error::conflict(format!(
            "version mismatch: version in configuration file is {have}, given version is {given}"
        )))
    }

    /// Makes a judged text the file's, with the next version; takes it back if it can't be enforced.
    fn install(
        &mut self,
        mut document: Document,
        enforce: impl FnOnce(&Document, &Document) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (old, version) = (Arc::clone(&self.document), self.version);
        header::set_version(&mut document, version + 1);
        self.keep_backup()?;
        self.write(document, version + 1)?;
        enforce(&old, &self.document).or_else(|error| {
            self.seen = None;
            disk::replace(&self.settings.file, &old.print())?;
            (self.document, self.version) = (old, version);
            Err(error)
        })
    }

    fn write(&mut self, document: Document, version: u64) -> Result<(), Error> {
        self.seen = None;
        disk::replace(&self.settings.file, &document.print())?;
        self.document = Arc::new(document);
        self.version = version;
        Ok(())
    }

    fn backup_path(&self, version: u64) -> Option<PathBuf> {
        let (folder, _) = self.settings.backups.as_ref()?;
        let name = self.settings.file.file_name()?.to_string_lossy();
        Some(folder.join(format!("{name}.{version}")))
    }

    fn keep_backup(&self) -> Result<(), Error> {
        let Some((folder, count)) = self.settings.backups.as_ref().filter(|(_, count)| *count > 0) else {
            return Ok(());
        };
        disk::ensure_folder(folder)?;
        if let Some(path) = self.backup_path(self.version) {
            disk::replace(&path, &self.document.print())?;
        }
        let oldest = self.version.checked_sub(*count as u64).and_then(|version| self.backup_path(version));
        match oldest.filter(|path| path.exists()) {
            None => Ok(()),
            Some(path) => {
                std::fs::remove_file(&path).map_err(|e| Error::system("cannot remove a backup", &e))
            }
        }
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
