//! What each command does.

use std::path::Path;
use std::process::Command as Program;

use clap::CommandFactory as _;
use serde_json::{Value, json};

use crate::args::{Args, Change, Command, Format, Source};
use crate::context::Context;
use crate::http::{Answer, ask};
use crate::path::{is_versioned, of_object, with};
use crate::{context, object, output};

const JSON: &str = "application/json";
const RAW: &str = "/v3/services/haproxy/configuration/raw";
const DIFF: &str = "/v3/services/haproxy/configuration/diff";

/// Does what the command line says.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    match &args.command {
        Command::Context { command } => return context::run(args, command),
        Command::Completion { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "sluicectl", &mut text);
            output::write(&text);
            return Ok(());
        }
        _ => {}
    }
    let session = Session { context: context::meant(args)?, output: args.output };
    match &args.command {
        Command::Get { path, full, transaction } => session.get(path, *full, transaction.as_ref()),
        Command::Create { path, source, change } => {
            let made = object_of(source)?.ok_or("what? give key=value or -f FILE")?;
            session.change("POST", &of_object(path), Some(&made), change, None)
        }
        Command::Edit { path, source, change } => session.edit(path, source, change),
        Command::Delete { path, change } => session.change("DELETE", &of_object(path), None, change, None),
        Command::Apply { file, change } => session.apply(&object::text(file)?, change),
        Command::Diff { since, transaction, file } => {
            session.diff(*since, transaction.as_ref(), file.as_deref())
        }
        Command::Explain { target, method, headers, src, sni, frontend } => {
            let split = |line: &String| {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                json!({ "name": name.trim(), "value": value.trim() })
            };
            let headers: Vec<Value> = headers.iter().map(split).collect();
            session.explain(&json!({
                "target": target, "method": method, "headers": headers, "src": src, "sni": sni, "frontend": frontend,
            }))
        }
        Command::Runtime { path } => session.get(&format!("runtime/{path}"), false, None),
        Command::Reload { now } => session.reload(*now),
        Command::History { count } => session.history(*count),
        Command::Rollback { version, dry_run } => session.rollback(*version, *dry_run),
        Command::Context { .. } | Command::Completion { .. } => Ok(()),
    }
}

/// The object that a file and pairs make together.
fn object_of(source: &Source) -> Result<Option<Value>, String> {
    let mut made = match &source.file {
        Some(path) => object::parse(&object::text(path)?)?,
        None if source.pairs.is_empty() => return Ok(None),
        None => json!({}),
    };
    object::set_pairs(&mut made, &source.pairs)?;
    Ok(Some(made))
}

struct Session {
    context: Context,
    output: Format,
}

impl Session {
    fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> Result<Answer, String> {
        ask(&self.context, method, path, kind, body)
    }

    fn read(&self, path: &str) -> Result<(Value, Answer), String> {
        let answer = self.ask("GET", path, JSON, "")?;
        let value = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!(answer.body));
        Ok((value, answer))
    }

    fn get(&self, path: &str, full: bool, transaction: Option<&String>) -> Result<(), String> {
        let mut path = of_object(path);
        if full {
            path = with(&path, &[("full_section", "true".into())]);
        }
        if let Some(id) = transaction {
            path = with(&path, &[("transaction_id", id.clone())]);
        }
        let (value, _) = self.read(&path)?;
        output::print(&value, self.output);
        Ok(())
    }

    fn version(&self) -> Result<u64, String> {
        let (value, _) = self.read("/v3/services/haproxy/configuration/version")?;
        value.as_u64().ok_or_else(|| format!("the version is {value}"))
    }

    /// Asks for a change; `version` is the one that it was made on.
    fn change(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        change: &Change,
        version: Option<u64>,
    ) -> Result<(), String> {
        let mut parameters = Vec::new();
        match &change.transaction {
            Some(id) => parameters.push(("transaction_id", id.clone())),
            None if is_versioned(path) => {
                let version = version.map_or_else(|| self.version(), Ok)?;
                parameters.push(("version", version.to_string()));
            }
            None => {}
        }
        for (wanted, name) in [(change.dry_run, "dry_run"), (change.force_reload, "force_reload")] {
            if wanted {
                parameters.push((name, "true".to_owned()));
            }
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.ask(method, &with(path, &parameters), JSON, &body)?;
        self.told(&answer, change.dry_run);
        Ok(())
    }

    /// What became of a change, on standard error; what a dry run says, on standard output.
    fn told(&self, answer: &Answer, dry_run: bool) {
        if dry_run {
            self.show_difference(&serde_json::from_str(&answer.body).unwrap_or_default());
            return;
        }
        let how = match (answer.header("sluice-applied"), answer.header("reload-id")) {
            (Some(applied), _) => applied.to_owned(),
            (None, Some(id)) => format!("Accepted, with reload {id}."),
            (None, None) if answer.status == 202 => "Accepted into the transaction.".to_owned(),
            (None, None) => "Done.".to_owned(),
        };
        let version = answer.version().map(|version| format!(" Version {version}.")).unwrap_or_default();
        eprintln!("{how}{version}");
    }

    fn edit(&self, path: &str, source: &Source, change: &Change) -> Result<(), String> {
        let path = of_object(path);
        let read = match &change.transaction {
            Some(id) => with(&path, &[("transaction_id", id.clone())]),
            None => path.clone(),
        };
        let (mut value, answer) = self.read(&read)?;
        match &source.file {
            Some(file) => value = object::parse(&object::text(file)?)?,
            None if source.pairs.is_empty() => {
                let edited = in_editor(&value)?;
                if edited == value {
                    eprintln!("Nothing was changed.");
                    return Ok(());
                }
                value = edited;
            }
            None => {}
        }
        object::set_pairs(&mut value, &source.pairs)?;
        self.change("PUT", &path, Some(&value), change, answer.version())
    }

    fn apply(&self, text: &str, change: &Change) -> Result<(), String> {
        if change.transaction.is_some() {
            return Err("a whole configuration isn't put into a transaction".to_owned());
        }
        let mut parameters = vec![("version", self.version()?.to_string())];
        for (wanted, name) in [(change.dry_run, "dry_run"), (change.force_reload, "force_reload")] {
            if wanted {
                parameters.push((name, "true".to_owned()));
            }
        }
        let answer = self.ask("POST", &with(RAW, &parameters), "text/plain", text)?;
        self.told(&answer, change.dry_run);
        Ok(())
    }

    fn diff(
        &self,
        since: Option<u64>,
        transaction: Option<&String>,
        file: Option<&Path>,
    ) -> Result<(), String> {
        if let Some(file) = file {
            let change = Change { transaction: None, dry_run: true, force_reload: false };
            return self.apply(&object::text(file)?, &change);
        }
        let parameter = match (since, transaction) {
            (Some(version), _) => ("version", version.to_string()),
            (None, Some(id)) => ("transaction_id", id.clone()),
            (None, None) => {
                return Err("from what? --since VERSION, --transaction ID or --file FILE".to_owned());
            }
        };
        let (value, _) = self.read(&with(DIFF, &[parameter]))?;
        self.show_difference(&value);
        Ok(())
    }

    fn show_difference(&self, value: &Value) {
        if self.output != Format::Table {
            output::print(value, self.output);
            return;
        }
        for change in api::field(value, "changes").as_array().into_iter().flatten() {
            let mark = match api::text(change, "change") {
                "added" => '+',
                "removed" => '-',
                _ => '~',
            };
            output::write(format!("{mark} {}\n", api::text(change, "object")).as_bytes());
            for name in
                api::field(change, "properties").as_array().into_iter().flatten().filter_map(Value::as_str)
            {
                let side = |side: &str| api::field(api::field(change, side), name).to_string();
                output::write(format!("    {name}: {} -> {}\n", side("old"), side("new")).as_bytes());
            }
        }
        let effects = api::field(value, "effects").as_array();
        for line in effects.into_iter().flatten().filter_map(Value::as_str) {
            output::write(format!("{line}\n").as_bytes());
        }
    }

    fn explain(&self, question: &Value) -> Result<(), String> {
        let path = "/v3/services/haproxy/explain";
        let answer = self.ask("POST", path, JSON, &question.to_string())?;
        let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if self.output != Format::Table {
            output::print(&value, self.output);
            return Ok(());
        }
        for line in api::field(&value, "lines").as_array().into_iter().flatten().filter_map(Value::as_str) {
            output::write(format!("{line}\n").as_bytes());
        }
        Ok(())
    }

    /// The text of a version.
    fn text(&self, version: Option<u64>) -> Result<Answer, String> {
        let parameters: Vec<(&str, String)> =
            version.map(|v| ("version", v.to_string())).into_iter().collect();
        self.ask("GET", &with(RAW, &parameters), JSON, "")
    }

    fn reload(&self, now: bool) -> Result<(), String> {
        if !now {
            return self.get("reloads", false, None);
        }
        let text = self.text(None)?.body;
        self.apply(&text, &Change { transaction: None, dry_run: false, force_reload: true })
    }

    /// From the newest back, as long as they are kept.
    fn history(&self, count: u64) -> Result<(), String> {
        let current = self.version()?;
        let mut rows = vec![json!({ "version": current, "changes": "", "current": true })];
        for version in (1..current).rev().take(usize::try_from(count).unwrap_or(usize::MAX)) {
            let Ok((value, _)) = self.read(&with(DIFF, &[("version", version.to_string())])) else { break };
            let changes = api::field(&value, "changes").as_array().map_or(0, Vec::len);
            rows.push(json!({ "version": version, "changes": format!("{changes} objects differ from now") }));
        }
        output::print(&Value::Array(rows), self.output);
        Ok(())
    }

    fn rollback(&self, version: u64, dry_run: bool) -> Result<(), String> {
        let text = self.text(Some(version))?.body;
        self.apply(&text, &Change { transaction: None, dry_run, force_reload: false })
    }
}

/// Has a person change an object, as YAML, in the editor of their choice.
fn in_editor(value: &Value) -> Result<Value, String> {
    let path = std::env::temp_dir().join(format!("sluicectl-{}.yaml", std::process::id()));
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = std::os::unix::fs::OpenOptionsExt::mode(
        std::fs::OpenOptions::new().write(true).create_new(true),
        0o600,
    )
    .open(&path)
    .map_err(fail)?;
    std::io::Write::write_all(&mut file, output::text(value, Format::Yaml).as_bytes()).map_err(fail)?;
    let editor =
        std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR")).unwrap_or_else(|_| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let status = Program::new(words.next().unwrap_or("vi")).args(words).arg(&path).status();
    let text = std::fs::read_to_string(&path).map_err(fail);
    std::fs::remove_file(&path).map_err(fail)?;
    match status {
        Ok(status) if status.success() => object::parse(&text?),
        Ok(status) => Err(format!("{editor} ended with {status}")),
        Err(error) => Err(format!("cannot run {editor}: {error}")),
    }
}
