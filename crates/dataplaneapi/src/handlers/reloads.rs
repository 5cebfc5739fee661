//! Reloads.

use client::Reload;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Call};

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    Some(match call.path.get("id") {
        None => Answer::json(200, app.agent.reloads().iter().map(json_of).collect()),
        Some(id) => match app.agent.reload(id) {
            Some(reload) => Answer::json(200, json_of(&reload)),
            None => Answer::failure(404, format!("reload {id} does not exist")),
        },
    })
}

fn json_of(reload: &Reload) -> Value {
    let mut value = json!({ "id": reload.id, "status": reload.status });
    if reload.at > 0 {
        api::put(&mut value, "reload_timestamp", json!(reload.at));
    }
    if !reload.response.is_empty() {
        api::put(&mut value, "response", json!(reload.response));
    }
    value
}
