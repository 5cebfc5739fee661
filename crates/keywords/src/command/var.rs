//! `get var`, `set var`: variables of the process (management manual 9.3).

use std::sync::PoisonError;

use sample::{Owned, Value};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    operator(&["get", "var"], "get var <name>", "show a variable of the process", |query, _, out| {
        let name = query.text(2);
        if name.is_empty() {
            return query.refuse("Missing process-wide variable identifier.", out);
        }
        match name.strip_prefix("proc.").and_then(|name| find(query, name)) {
            Some(value) => query.inform(&shown(&name, value.borrow()), out),
            None => query.refuse("Variable not found.", out),
        }
    }),
    Command {
        words: &["set", "var"],
        usage: "set var <name> [fmt|expr] {<fmt>|<expr>}",
        doc: "set a variable of the process",
        level: Level::User,
        gate: Gate::Experimental,
        run: |query, _, out| match set(query) {
            Ok(()) => Answer::Done,
            Err(why) => query.refuse(&why, out),
        },
    },
];

/// The scopes that variables have.
const SCOPES: [&str; 11] =
    ["proc", "sess", "txn", "req", "res", "check", "psess", "ptxn", "preq", "pres", "p"];

/// The value of a variable of the process. Those that no configuration names are kept apart.
fn find(query: &Query<'_>, name: &str) -> Option<Owned> {
    let process = &query.world.process;
    match query.world.variable(name) {
        Some(id) => {
            process.vars.read().unwrap_or_else(PoisonError::into_inner).get(id).map(|value| value.to_owned())
        }
        None => process.loose_vars.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned(),
    }
}

/// `proc.x: type=sint value=<4>`
fn shown(name: &str, value: Value<'_>) -> String {
    let mut text = Vec::new();
    match value {
        Value::Bool(on) => text.push(if on { b'1' } else { b'0' }),
        // As far as it is text.
        Value::Bin(bytes) => text.extend(bytes.iter().take_while(|b| **b != 0)),
        other => sample::cast::write_text(&other, &mut text),
    }
    format!("{name}: type={} value=<{}>", value.kind().name(), String::from_utf8_lossy(&text))
}

fn set(query: &Query<'_>) -> Result<(), String> {
    let name = query.text(2);
    if name.is_empty() {
        return Err("Missing process-wide variable identifier.".to_owned());
    }
    if query.word(3).is_empty() {
        return Err("Missing either 'expr', 'fmt' or expression.".to_owned());
    }
    let variable = match name.split_once('.') {
        Some(("proc", variable)) => variable,
        Some((scope, _)) if SCOPES.contains(&scope) => {
            return Err(format!(
                "'set var': cannot set variable '{name}', only scope 'proc' is permitted here."
            ));
        }
        _ => {
            return Err(format!(
                "invalid variable name '{name}'. A variable name must start with its scope. The scope can be 'proc', \
                 '(p)sess', '(p)txn', '(p)req', '(p)res' or 'check'"
            ));
        }
    };
    let (format, from) = match (query.word(3), query.word(4)) {
        (b"fmt", word) if !word.is_empty() => (true, 4),
        (b"expr", word) if !word.is_empty() => (false, 4),
        _ => (false, 3),
    };
    let Some(changes) = query.changes else { return Err("This process cannot read expressions.".to_owned()) };
    let words = query.words.get(from..).unwrap_or_default();
    if let Some(value) = changes.evaluate(&name, words, format)? {
        put(query, variable, value);
    }
    Ok(())
}

fn put(query: &Query<'_>, name: &str, value: Owned) {
    let process = &query.world.process;
    match query.world.variable(name) {
        Some(id) => {
            process.vars.write().unwrap_or_else(PoisonError::into_inner).set(id, value);
            process.charge_vars();
        }
        None => {
            let mut loose = process.loose_vars.lock().unwrap_or_else(PoisonError::into_inner);
            // A client could name them without end.
            if loose.len() < LOOSE_MAX || loose.contains_key(name) {
                loose.insert(name.into(), value);
            }
        }
    }
}

/// How many variables may be set that no configuration names.
const LOOSE_MAX: usize = 10_000;
