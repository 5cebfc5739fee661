//! The way of every change: against which version or transaction, what is answered, and whether the proxy has
//! to reload.

use std::sync::Arc;

use client::{Base, Error};
use config::Document;
use serde_json::Value;

use crate::answer::Answer;
use crate::app::{App, Call};

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
    let outcome = base(call).and_then(|base| {
        app.store().change(&base, edit)?;
        Ok(base)
    });
    match outcome {
        Ok(Base::Transaction(_)) => with_body(202, echo),
        Ok(_) => reloaded(app, call, done, echo),
        Err(error) => error.into(),
    }
}

/// A change is in the file: the proxy reloads now, or soon.
pub(crate) fn reloaded(app: &App, call: &Call<'_>, done: u16, echo: Option<Value>) -> Answer {
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
