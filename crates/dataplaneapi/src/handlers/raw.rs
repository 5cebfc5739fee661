//! The configuration as text.

use client::{Base, Error, Kind};
use config::Document;

use crate::answer::Answer;
use crate::app::{App, Call};
use crate::change::{Took, answered, change, put};
use crate::handlers::runtime_actions;

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    Some(match call.operation.method.as_str() {
        "GET" => read(app, call).map_or_else(Answer::from, |text| {
            let sum = client::md5_hex(&text);
            Answer::text(200, text).with("Configuration-Checksum", sum)
        }),
        "POST" => write(app, call).unwrap_or_else(Answer::from),
        _ => return None,
    })
}

fn read(app: &App, call: &Call<'_>) -> Result<Vec<u8>, Error> {
    let store = app.store();
    if let Some(version) = call.request.query("version") {
        let version =
            version.parse().map_err(|_| Error::invalid(format!("version {version} is no number")))?;
        return store.backup(version);
    }
    Ok(store.document(call.request.query("transaction_id"))?.print())
}

fn write(app: &App, call: &Call<'_>) -> Result<Answer, Error> {
    let query = |name: &str| call.request.asks(name);
    if !call.request.header("content-type").unwrap_or("text/plain").starts_with("text/plain") {
        return Ok(Answer::failure(415, "only [text/plain] is allowed"));
    }
    let text = &call.request.body;
    if !text.contains(&b'\n') {
        return Err(Error::invalid("invalid configuration: no newline character found"));
    }
    let document = Document::parse(text.clone());
    let echo = || Answer::text(202, text.clone());
    if query("only_validate") {
        let id = "raw";
        app.store().judge(id, &document)?;
        return Ok(echo());
    }
    let base = match call.request.query("version") {
        _ if query("skip_version") => Base::Any,
        Some(version) => Base::Version(
            version.parse().map_err(|_| Error::invalid(format!("version {version} is no number")))?,
        ),
        None => return Err(Error::new(Kind::Invalid, "version or skip_version not specified")),
    };
    if query("dry_run") {
        return Ok(change(app, call, 201, None, |old| {
            *old = document;
            Ok(())
        }));
    }
    let took = put(app, &base, |old| {
        *old = document;
        Ok(())
    })?;
    if query("skip_reload") {
        if let Some(actions) =
            call.request.header("x-runtime-actions").filter(|_| matches!(took, Took::Reload))
        {
            runtime_actions(app, actions)?;
        }
        return Ok(Answer::text(201, text.clone()));
    }
    let answer = answered(app, call, took, 201, None);
    let status = answer.status;
    Ok(if status < 300 {
        Answer { headers: answer.headers, ..Answer::text(status, text.clone()) }
    } else {
        answer
    })
}
