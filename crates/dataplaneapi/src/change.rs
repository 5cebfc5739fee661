//! The way of every change: against which version or transaction, how the proxy takes it, and what is answered.
//!
//! A Sluice takes the file as it is then (`config apply`): if it doesn't, the file is what it was before. Any
//! other proxy reloads, now or soon.

use std::sync::Arc;

use client::{Base, Change, Error, Runtime, Store};
use config::Document;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};

/// The sentence of a Sluice about what only a new process can change.
const NOT_LIVE: &str = "cannot be changed while the process runs";

/// And about a file that it can't open.
const UNSEEN: &str = "Cannot open configuration file";

/// How a change came to be in force, or will.
pub(crate) enum Took {
    /// It is in a transaction, which isn't.
    InTransaction,
    /// The running process has it, and said this.
    Applied(String),
    /// It takes a reload.
    Reload,
}

/// What a change is against, by the query.
pub(crate) fn base(call: &Call<'_>) -> Result<Base, Error> {
    let version = call.request.query("version");
    let transaction = call.request.query("transaction_id");
    if call.request.asks("force_reload") && transaction.is_some() {
        return Err(Error::invalid("Both force_reload and transaction specified, specify only one"));
    }
    match (version, transaction) {
        (Some(_), Some(_)) => Err(Error::invalid("both version and transaction specified, specify only one")),
        (None, None) => Err(Error::invalid("version or transaction not specified, specify only one")),
        (Some(text), None) => text
            .parse()
            .map(Base::Version)
            .map_err(|_| Error::invalid(format!("version {text} is no number"))),
        (None, Some(id)) => Ok(Base::Transaction(id.to_owned())),
    }
}

/// The document that a request reads.
pub(crate) fn document(app: &App, call: &Call<'_>) -> Result<Arc<Document>, Error> {
    app.store().document(call.request.query("transaction_id"))
}

/// Carries out a change and answers it: `done` is the status when it is in force at once.
pub(crate) fn change(
    app: &App,
    call: &Call<'_>,
    done: u16,
    echo: Option<Value>,
    edit: impl FnOnce(&mut Document) -> Result<(), Error>,
) -> Answer {
    if call.request.asks("dry_run") {
        return dry_run(app, call, edit).unwrap_or_else(Answer::from);
    }
    match base(call).and_then(|base| put(app, &base, edit)) {
        Ok(took) => answered(app, call, took, done, echo),
        Err(error) => error.into(),
    }
}

/// Changes the file or a transaction, and has the proxy take it if it can do so at once.
pub(crate) fn put(
    app: &App,
    base: &Base,
    edit: impl FnOnce(&mut Document) -> Result<(), Error>,
) -> Result<Took, Error> {
    if matches!(base, Base::Transaction(_)) {
        app.store().change(base, edit)?;
        return Ok(Took::InTransaction);
    }
    let ((), took) = enforced(app, |store, enforce| store.change_with(base, edit, enforce))?;
    Ok(took)
}

/// Has the proxy take a text: the one before, and the one that is in the file now.
type Enforce<'a> = &'a mut dyn FnMut(&Document, &Document) -> Result<(), Error>;

/// Does something to the file, and has the proxy take it if it can do so at once.
pub(crate) fn enforced<T>(
    app: &App,
    work: impl FnOnce(&mut Store, Enforce<'_>) -> Result<T, Error>,
) -> Result<(T, Took), Error> {
    let sluice = app.sluice();
    let mut took = Took::Reload;
    let mut enforce = |old: &Document, new: &Document| match sluice.as_ref().map(|s| apply(s, old, new)) {
        None => Ok(()),
        Some(Ok(said)) => {
            took = Took::Applied(said);
            Ok(())
        }
        Some(Err(error)) if for_a_new_process(&error, new) => {
            app.log(&format!("left to a reload: {error}"));
            Ok(())
        }
        Some(Err(error)) => Err(error),
    };
    let outcome = work(&mut app.store(), &mut enforce)?;
    app.changed();
    Ok((outcome, took))
}

/// Has a Sluice take its file. One that doesn't see it any more (`chroot`) is given the text, if the text before
/// is all that it has in force.
fn apply(sluice: &Runtime, old: &Document, new: &Document) -> Result<String, Error> {
    let outcome = sluice.command("config apply");
    match outcome {
        Err(error) if error.message.contains(UNSEEN) => {
            let known = sluice.command("config show")?;
            if !client::same_words(&Document::parse(known), old) {
                return Err(error);
            }
            sluice.command_with_text("config apply", &new.print())
        }
        outcome => outcome,
    }
}

/// Has a Sluice take what the file says by now: a process before this one may have been ended between writing and
/// applying.
pub(crate) fn catch_up(app: &App) {
    let Some(sluice) = app.sluice() else { return };
    let outcome = app.store().document(None).and_then(|document| {
        let known = Document::parse(sluice.command("config show")?);
        if client::same_words(&known, &document) {
            return Ok(None);
        }
        apply(&sluice, &known, &document).map(Some)
    });
    match outcome {
        Ok(None) => {}
        Ok(Some(said)) => app.log(&format!("the file was ahead of the proxy: {}", first_line(&said))),
        Err(error) => app.log(&format!("the file may be ahead of the proxy: {error}")),
    }
}

/// Whether a refusal isn't the text's fault, which was judged outside of the process: it can't be changed so, or
/// can't see the files that the text names.
fn for_a_new_process(error: &Error, new: &Document) -> bool {
    let confined = (0..new.len()).any(|line| new.raw_words(line).first() == Some(&b"chroot".as_slice()));
    error.message.contains(NOT_LIVE) || confined
}

/// The answer to a change that was carried out.
pub(crate) fn answered(app: &App, call: &Call<'_>, took: Took, done: u16, echo: Option<Value>) -> Answer {
    match took {
        Took::InTransaction => with_body(202, echo),
        Took::Reload => reload(app, call, done, echo),
        // Clients of the original look for the reload, which is done already.
        Took::Applied(said) if !app.settings.improved && !call.request.asks("force_reload") => {
            match app.agent.done(&said) {
                Ok(id) => with_body(202, echo).with("Reload-ID", id),
                Err(error) => error.into(),
            }
        }
        Took::Applied(said) => at_once(app, &said, done, echo),
    }
}

/// The answer to a change that the running process has, and told so in words.
pub(crate) fn at_once(app: &App, said: &str, done: u16, echo: Option<Value>) -> Answer {
    match app.agent.done(said) {
        Ok(_) => with_body(done, echo).with("Sluice-Applied", first_line(said)),
        Err(error) => error.into(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| c.is_ascii() && !c.is_control()).collect()
}

/// Files beside the configuration have changed: a Sluice reads them again, any other proxy reloads.
pub(crate) fn reloaded(app: &App, call: &Call<'_>, done: u16, echo: Option<Value>) -> Answer {
    let Some(sluice) = app.sluice() else { return reload(app, call, done, echo) };
    let outcome = app.store().document(None).map(|document| (apply(&sluice, &document, &document), document));
    match outcome {
        Ok((Ok(said), _)) => answered(app, call, Took::Applied(said), done, echo),
        Ok((Err(error), document)) if for_a_new_process(&error, &document) => reload(app, call, done, echo),
        Ok((Err(error), _)) | Err(error) => error.into(),
    }
}

/// The proxy reloads now, or soon.
fn reload(app: &App, call: &Call<'_>, done: u16, echo: Option<Value>) -> Answer {
    if call.request.asks("force_reload") {
        return match app.agent.force() {
            Ok(_) => with_body(done, echo),
            Err(error) => error.into(),
        };
    }
    with_body(202, echo).with("Reload-ID", app.agent.request())
}

pub(crate) fn with_body(status: u16, body: Option<Value>) -> Answer {
    match body {
        Some(body) => Answer::json(status, body),
        None => Answer::empty(status),
    }
}

/// What a change would do: judged, told, and not made.
fn dry_run(
    app: &App,
    call: &Call<'_>,
    edit: impl FnOnce(&mut Document) -> Result<(), Error>,
) -> Result<Answer, Error> {
    let base = base(call)?;
    let (old, new) = app.store().preview(&base, edit)?;
    Ok(Answer::json(200, difference(app, &old, &new, true)))
}

/// The difference of two texts as objects; and what a Sluice says taking the new one would do.
pub(crate) fn difference(app: &App, old: &Document, new: &Document, explain: bool) -> Value {
    let changes: Vec<Value> = client::diff(old, new).iter().map(change_as_json).collect();
    let mut told = json!({ "changes": changes });
    if let Some(runtime) = app.sluice().filter(|_| explain) {
        let effects = match runtime.command_with_text("config explain-diff", &new.print()) {
            Ok(text) => text,
            Err(error) => error.message,
        };
        api::put(&mut told, "effects", effects.lines().collect());
    }
    told
}

fn change_as_json(change: &Change) -> Value {
    let mut told = json!({ "change": change.kind(), "object": change.object });
    if change.object.is_empty() {
        api::put(&mut told, "object", json!("lines that no object has"));
    }
    let properties = change.properties();
    if !properties.is_empty() {
        api::put(&mut told, "properties", json!(properties));
    }
    for (name, value) in [("old", &change.old), ("new", &change.new)] {
        if !value.is_null() {
            api::put(&mut told, name, value.clone());
        }
    }
    told
}
