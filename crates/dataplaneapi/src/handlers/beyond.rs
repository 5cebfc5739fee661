//! What the original doesn't have: the difference between versions, and what would become of a request.

use client::{Error, Kind};
use serde_json::{Value, json};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::change::difference;
use crate::request::Request;

/// The paths, for the page with the documentation: method, path, a sentence.
pub(crate) const OPERATIONS: &[(&str, &str, &str)] = &[
    (
        "GET",
        "/services/haproxy/configuration/diff",
        "Which objects differ: ?version=N from a kept version to the file, ?transaction_id= from the file to a transaction.",
    ),
    (
        "POST",
        "/services/haproxy/explain",
        "What would become of a request, rule by rule, up to the server. The running process must be a Sluice.",
    ),
    (
        "GET",
        "/services/haproxy/events",
        "Changes of the configuration and of the proxy's health, as server-sent events.",
    ),
    ("GET", "/docs", "This page."),
];

/// The answer, if the path is one of these.
pub(crate) fn handle(app: &App, request: &Request, segments: &[String]) -> Option<Answer> {
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let outcome = match (request.method.as_str(), path.as_slice()) {
        ("GET", ["services", "haproxy", "configuration", "diff"]) => diff(app, request),
        ("POST", ["services", "haproxy", "explain"]) => explain(app, request),
        ("GET", ["docs"]) => Ok(Answer { body: Body::Html(super::docs::page()), ..Answer::empty(200) }),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

fn diff(app: &App, request: &Request) -> Result<Answer, Error> {
    let (old, new, explain) = {
        let store = app.store();
        match (request.query("version"), request.query("transaction_id")) {
            (Some(version), None) => {
                let version =
                    version.parse().map_err(|_| Error::invalid(format!("version {version} is no number")))?;
                let old = config::Document::parse(store.backup(version)?);
                (std::sync::Arc::new(old), store.document(None)?, false)
            }
            (None, Some(id)) => (store.document(None)?, store.document(Some(id))?, true),
            _ => return Err(Error::invalid("version or transaction_id: specify one")),
        }
    };
    Ok(Answer::json(200, difference(app, &old, &new, explain)))
}

/// The properties of a question, and the words of the command for them.
const QUESTION: &[(&str, &str)] =
    &[("src", "--src"), ("sni", "--tls-sni"), ("frontend", "--frontend"), ("status", "--status")];

fn explain(app: &App, request: &Request) -> Result<Answer, Error> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Error::invalid(format!("parsing the body failed: {error}")))?;
    let runtime = app.sluice().ok_or_else(|| {
        Error::new(Kind::NotServed, "the running process isn't a Sluice: only that can explain a request")
    })?;
    let words = question(&body)?;
    let text = runtime.command(&format!("explain {}", words.join(" ")))?;
    let lines: Vec<&str> = text.lines().collect();
    let verdict = lines.last().and_then(|line| line.strip_prefix("=> ")).unwrap_or_default();
    Ok(Answer::json(200, json!({ "lines": lines, "verdict": verdict })))
}

fn question(body: &Value) -> Result<Vec<String>, Error> {
    let fail = |name: &str, expected: &str| Error::new(Kind::Schema, format!("{name} {expected}"));
    let method = body
        .get("method")
        .map_or(Some("GET"), Value::as_str)
        .ok_or_else(|| fail("method", "must be text"))?;
    let target = body.get("target").and_then(Value::as_str).ok_or_else(|| fail("target", "is required"))?;
    let mut words = vec![word("method", method)?, word("target", target)?];
    for (list, option) in [("headers", "-H"), ("response_headers", "--response-header")] {
        for header in api::field(body, list).as_array().into_iter().flatten() {
            let line = format!("{}:{}", api::text(header, "name"), api::text(header, "value"));
            words.extend([option.to_owned(), word(list, &line)?]);
        }
    }
    for (name, option) in QUESTION {
        match body.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => words.extend([(*option).to_owned(), word(name, text)?]),
            Some(Value::Number(number)) => words.extend([(*option).to_owned(), number.to_string()]),
            Some(_) => return Err(fail(name, "must be text")),
        }
    }
    Ok(words)
}

/// Text as one word of a command.
fn word(name: &str, text: &str) -> Result<String, Error> {
    if text.is_empty() || text.contains(|c: char| c.is_control() || c == ';') {
        return Err(Error::new(
            Kind::Schema,
            format!("{name} must not be empty or hold control characters or ';'"),
        ));
    }
    Ok(text.chars().flat_map(|c| matches!(c, ' ' | '\\').then_some('\\').into_iter().chain([c])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_words_of_a_command() {
        let body = json!({ "target": "/a b", "headers": [{ "name": "host", "value": "x" }], "status": 404 });
        let wanted = ["GET", "/a\\ b", "-H", "host:x", "--status", "404"];
        assert_eq!(question(&body).unwrap(), wanted);
        for body in
            [json!({}), json!({ "target": "/;x" }), json!({ "target": "/\n" }), json!({ "target": 1 })]
        {
            assert_eq!(question(&body).unwrap_err().kind, Kind::Schema, "{body}");
        }
    }
}
