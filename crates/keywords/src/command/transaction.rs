//! What commands about files of TLS have in common (management manual 9.3 "set ssl cert", "set ssl ca-file", "set ssl
//! crl-file"): there is one change of each kind at a time, which comes into force as a whole when it is committed. The
//! files themselves are never touched.

use state::family::Edit;
use state::tls::Store;
use state::tls::store::{File, Files, Pending, Transactions};

use super::dynamic::edit;
use super::prelude::*;

/// A kind of file.
pub(super) struct Kind<T: 'static> {
    /// As commands name it: `cert`.
    pub(super) word: &'static str,
    /// As sentences do: `certificate`.
    pub(super) name: &'static str,
    /// As they do where they begin with it.
    pub(super) title: &'static str,
    /// What `new` answers in front of the name.
    pub(super) created: &'static str,
    /// What `set` answers in front of `created for`.
    pub(super) transaction: (&'static str, &'static str),
    /// Whether it must stay though no line uses it: tokens are verified with it.
    pub(super) is_held: fn(&T) -> bool,
    pub(super) files: fn(&Store) -> &Files<T>,
    pub(super) files_mut: fn(&mut Store) -> &mut Files<T>,
    pub(super) pending: fn(&mut Transactions) -> &mut Pending<T>,
}

/// What was done, or why not.
pub(super) type Done = Result<String, String>;

pub(super) fn answer(query: &Query<'_>, done: Done, out: &mut Vec<u8>) -> Answer {
    match done {
        Ok(text) => query.plain(&text, out),
        Err(why) => query.refuse(&why, out),
    }
}

impl<T: Default> Kind<T> {
    /// Looks at the change under way, or changes it.
    pub(super) fn with_pending<R>(&self, query: &Query<'_>, look: impl FnOnce(&mut Pending<T>) -> R) -> R {
        let transactions = &query.world.process.tls;
        look((self.pending)(&mut transactions.lock().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }

    /// The name of the file that is being changed, if there is one.
    pub(super) fn under_way(&self, query: &Query<'_>) -> Option<Box<str>> {
        self.with_pending(query, |pending| pending.as_ref().map(|(name, _)| name.clone()))
    }

    /// Errors: another file is being changed.
    pub(super) fn only(&self, query: &Query<'_>, name: &str, what: &str) -> Result<bool, String> {
        match self.under_way(query) {
            Some(other) if *other != *name => Err(format!(
                "The ongoing transaction is about '{other}' but you are trying to {what} '{name}'"
            )),
            other => Ok(other.is_some()),
        }
    }

    /// `new`: there is a file more, with nothing in it.
    pub(super) fn create(&self, query: &Query<'_>) -> Done {
        let name = query.text(3);
        if name.is_empty() {
            return Err(format!("'new ssl {}' expects a filename", self.word));
        }
        if (self.files)(&query.world.tls).contains_key(&*name) {
            return Err(format!("{} '{name}' already exists!", self.title));
        }
        self.put(query, |files| files.insert((*name).into(), File::new(T::default())))?;
        Ok(format!("{} '{name}'!", self.created))
    }

    /// `del`: there is a file less, which nobody uses.
    pub(super) fn delete(&self, query: &Query<'_>) -> Done {
        let (name, kind) = (query.text(3), self.name);
        let fail = |why: String| Err(format!("Can't remove the {kind}: {why}"));
        if name.is_empty() {
            let article = if self.word == "cert" { "certificate" } else { kind };
            return Err(format!("'del ssl {}' expects a {article} name", self.word));
        }
        if self.under_way(query).as_deref() == Some(&*name) {
            return fail(format!("ongoing transaction for the {kind} '{name}'"));
        }
        let Some(file) = (self.files)(&query.world.tls).get(&*name) else {
            return fail(format!("{kind} '{name}' doesn't exist!"));
        };
        if (self.is_held)(&file.content) {
            return fail(format!("{kind} '{name}' in use for JWT validation, can't be deleted!"));
        }
        if file.uses > 0 {
            return fail(format!("{kind} '{name}' in use, can't be deleted!"));
        }
        self.put(query, |files| files.remove(&*name))?;
        Ok(format!("{} '{name}' deleted!", self.title))
    }

    /// `abort`: the change is forgotten.
    pub(super) fn abort(&self, query: &Query<'_>) -> Done {
        let name = query.text(3);
        if name.is_empty() {
            return Err(format!("'abort ssl {}' expects a filename", self.word));
        }
        if !self.only(query, &name, "abort a transaction for")? {
            return Err("No ongoing transaction!".to_owned());
        }
        self.with_pending(query, |pending| *pending = None);
        Ok(format!("Transaction aborted for certificate '{name}'!"))
    }

    /// Begins a change of the file, or goes on with the one under way.
    pub(super) fn begin(&self, query: &Query<'_>, name: &str, content: T) -> String {
        let (transaction, kind) = self.transaction;
        let before = self.with_pending(query, |pending| pending.replace((name.into(), content)));
        let what = if before.is_some() { "updated" } else { "created" };
        format!("{transaction} {what} for {kind} {name}!")
    }

    /// `commit`: the change comes into force, made complete by `finish`, whose errors leave it as it is.
    pub(super) fn commit(
        &self,
        query: &Query<'_>,
        finish: impl FnOnce(&Query<'_>, &str, &T) -> Result<T, String>,
    ) -> Done {
        let name = query.text(3);
        let cannot = |why: String| format!("{why}\nCan't commit {name}!");
        if !self.only(query, &name, "set").map_err(cannot)? {
            return Err(cannot("No ongoing transaction! !".to_owned()));
        }
        let finished = self.with_pending(query, |pending| match pending {
            Some((_, content)) => finish(query, &name, content),
            None => Ok(T::default()),
        });
        let content = finished.map_err(cannot)?;
        let uses = (self.files)(&query.world.tls).get(&*name).map_or(0, |file| file.uses);
        self.with_pending(query, |pending| *pending = None);
        let done = self.put(query, |files| files.insert((*name).into(), File::new(content)));
        done.map_err(|why| format!("Committing {name}\n{why}\nFailed!"))?;
        let dots = ".".repeat(usize::try_from(uses).unwrap_or(0).min(1000));
        Ok(format!("Committing {name}{dots}\nSuccess!"))
    }

    /// Has files change.
    pub(super) fn put<R>(
        &self,
        query: &Query<'_>,
        change: impl FnOnce(&mut Files<T>) -> R,
    ) -> Result<(), String> {
        let mut store = Store::clone(&query.world.tls);
        change((self.files_mut)(&mut store));
        edit(query, &Edit::TlsFiles(&store))
    }

    /// The names of all, those that are being changed in front; `line` says the rest of each.
    pub(super) fn list(&self, query: &Query<'_>, line: impl Fn(&T) -> String, out: &mut Vec<u8>) -> Answer {
        self.with_pending(query, |pending| {
            if let Some((name, content)) = pending {
                out.extend_from_slice(format!("# transaction\n*{name}{}\n", line(content)).as_bytes());
            }
        });
        out.extend_from_slice(b"# filename\n");
        for (name, file) in (self.files)(&query.world.tls) {
            out.extend_from_slice(format!("{name}{}\n", line(&file.content)).as_bytes());
        }
        Answer::Done
    }

    /// Shows the file that a word names, or its change (`*` in front); none if there is no such thing. `show` is told the
    /// status: `Uncommitted`, or by whether it is used; it says itself if there is nothing in it.
    pub(super) fn show<R>(
        &self,
        query: &Query<'_>,
        name: &str,
        show: impl FnOnce(&T, &str) -> R,
    ) -> Option<R> {
        match name.strip_prefix('*') {
            Some(name) => self.with_pending(query, |pending| {
                let (_, content) = pending.as_ref().filter(|(have, _)| **have == *name)?;
                Some(show(content, "Uncommitted"))
            }),
            None => {
                let file = (self.files)(&query.world.tls).get(name)?;
                Some(show(&file.content, if file.uses > 0 { "Used" } else { "Unused" }))
            }
        }
    }
}
