//! Transactions.

use client::{Base, Transaction};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};
use crate::change::{answered, base, enforced};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let id = call.path.get("id").map(String::as_str);
    Some(match (call.operation.method.as_str(), id) {
        ("GET", None) => list(app, call),
        ("POST", None) => begin(app, call),
        ("GET", Some(id)) => answer(200, app.store().transaction(id).cloned()),
        ("PUT", Some(id)) => {
            let outcome = enforced(app, |store, enforce| store.commit_with(id, enforce));
            match outcome {
                Ok((transaction, took)) => answered(app, call, took, 200, Some(json_of(&transaction))),
                Err(error) => error.into(),
            }
        }
        ("DELETE", Some(id)) => {
            let outcome = app.store().discard(id);
            outcome.map_or_else(Answer::from, |()| Answer::empty(204))
        }
        _ => return None,
    })
}

fn list(app: &App, call: &Call<'_>) -> Answer {
    let wanted = call.request.query("status");
    let store = app.store();
    let fitting = store.transactions().filter(|t| wanted.is_none_or(|wanted| t.status.name() == wanted));
    Answer::json(200, fitting.map(json_of).collect())
}

fn begin(app: &App, call: &Call<'_>) -> Answer {
    match base(call) {
        Ok(Base::Version(version)) => answer(201, app.store().begin(version)),
        Ok(_) => Answer::failure(400, "version not specified"),
        Err(error) => error.into(),
    }
}

fn answer(status: u16, outcome: Result<Transaction, client::Error>) -> Answer {
    outcome.map_or_else(Answer::from, |transaction| Answer::json(status, json_of(&transaction)))
}

pub(super) fn json_of(transaction: &Transaction) -> Value {
    json!({ "_version": transaction.version, "id": transaction.id, "status": transaction.status.name() })
}
