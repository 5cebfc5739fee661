//! Which API is meant: contexts in `~/.config/sluicectl.yaml`, the environment, the command line.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::args::{Args, ContextCommand};
use crate::{object, output};

/// An API and how it is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) url: String,
    /// `name:password`.
    pub(crate) user: String,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
}

const DEFAULT_URL: &str = "http://localhost:5555";

fn file() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("SLUICECTL_CONFIG") {
        return Ok(path.into());
    }
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
    Ok(base.or_else(home).ok_or("neither HOME nor SLUICECTL_CONFIG is set")?.join("sluicectl.yaml"))
}

/// What is kept: `{ current, contexts: { name: { url, user, … } } }`.
fn load() -> Result<Value, String> {
    let path = file()?;
    match std::fs::read_to_string(&path) {
        Ok(text) => object::parse(&text).map_err(|error| format!("{}: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(json!({})),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

fn save(kept: &Value) -> Result<(), String> {
    let path = file()?;
    let fail = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    let fresh = path.with_extension("tmp");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(fail)?;
    std::io::Write::write_all(&mut file, output::text(kept, crate::args::Format::Yaml).as_bytes())
        .map_err(fail)?;
    std::fs::rename(&fresh, &path).map_err(fail)
}

/// The API that a command line means.
pub(crate) fn meant(args: &Args) -> Result<Context, String> {
    let kept = load()?;
    let name = args.context.as_deref().or_else(|| kept.get("current").and_then(Value::as_str));
    let mut context = match name.map(|name| (name, api::field(api::field(&kept, "contexts"), name))) {
        Some((name, Value::Null)) => return Err(format!("there is no context {name}")),
        Some((_, entry)) => of_value(entry),
        None => Context { url: DEFAULT_URL.to_owned(), ..Context::default() },
    };
    if let Some(url) = &args.url {
        context.url.clone_from(url);
    }
    if let Some(user) = &args.user {
        context.user.clone_from(user);
    }
    Ok(context)
}

fn of_value(entry: &Value) -> Context {
    let text = |name: &str| api::text(entry, name).to_owned();
    let path = |name: &str| Some(text(name)).filter(|text| !text.is_empty()).map(PathBuf::from);
    Context { url: text("url"), user: text("user"), ca: path("ca"), certificate: path("certificate") }
}

/// Shows and changes what is kept.
pub(crate) fn run(args: &Args, command: &ContextCommand) -> Result<(), String> {
    let mut kept = load()?;
    let mut contexts = api::field(&kept, "contexts").as_object().cloned().unwrap_or_default();
    match command {
        ContextCommand::List => {
            output::print(&list(&kept, &contexts), args.output);
            return Ok(());
        }
        ContextCommand::Use { name } => {
            contexts.get(name).ok_or_else(|| format!("there is no context {name}"))?;
            api::put(&mut kept, "current", json!(name));
        }
        ContextCommand::Remove { name } => {
            contexts.remove(name).ok_or_else(|| format!("there is no context {name}"))?;
            if api::field(&kept, "current") == name {
                api::put(&mut kept, "current", Value::Null);
            }
        }
        ContextCommand::Set { name, ca, certificate } => {
            let mut entry = contexts.get(name).cloned().unwrap_or_else(|| json!({}));
            let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
            for (key, value) in [
                ("url", args.url.clone()),
                ("user", args.user.clone()),
                ("ca", path(ca)),
                ("certificate", path(certificate)),
            ] {
                if let Some(value) = value {
                    api::put(&mut entry, key, json!(value));
                }
            }
            contexts.insert(name.clone(), entry);
            if api::field(&kept, "current").is_null() {
                api::put(&mut kept, "current", json!(name));
            }
        }
    }
    api::put(&mut kept, "contexts", Value::Object(contexts));
    save(&kept)
}

/// Without passwords.
fn list(kept: &Value, contexts: &Map<String, Value>) -> Value {
    let current = api::field(kept, "current");
    let row = |(name, entry): (&String, &Value)| {
        let user = api::text(entry, "user").split(':').next().unwrap_or_default().to_owned();
        json!({ "name": name, "current": current == name, "url": api::text(entry, "url"), "user": user })
    };
    contexts.iter().map(row).collect()
}
