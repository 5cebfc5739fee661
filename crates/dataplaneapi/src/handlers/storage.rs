//! Files beside the configuration: maps, certificates, lists of certificates, others.

use std::fs;
use std::path::{Path, PathBuf};

use client::{Error, Runtime};
use serde_json::{Value, json};

use crate::answer::{Answer, Body};
use crate::app::{App, Call};
use crate::change::{reloaded, with_body};
use crate::multipart::{file_name, upload};

/// A kind of stored file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Maps,
    Certificates,
    CrtLists,
    General,
}

impl Shelf {
    fn folder(self, app: &App) -> &Path {
        match self {
            Self::Maps => &app.settings.maps,
            Self::Certificates | Self::CrtLists => &app.settings.certificates,
            Self::General => &app.settings.general,
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Maps => "managed map file",
            Self::Certificates => "managed SSL file",
            Self::CrtLists => "managed certificate list",
            Self::General => "managed general use file",
        }
    }

    /// Whether a file of the folder is one of these.
    fn holds(self, path: &Path) -> bool {
        let list = path.extension().is_some_and(|extension| extension == "txt");
        match self {
            Self::Maps | Self::General => true,
            Self::CrtLists => list,
            Self::Certificates => {
                !list && fs::read(path).is_ok_and(|text| text.windows(10).any(|w| w == b"-----BEGIN"))
            }
        }
    }
}

pub(super) fn handle(app: &App, call: &Call<'_>) -> Option<Answer> {
    let path = call.operation.path.strip_prefix("/services/haproxy/storage/")?;
    let mut parts = path.split('/');
    let shelf = match parts.next()? {
        "maps" => Shelf::Maps,
        "ssl_certificates" => Shelf::Certificates,
        "ssl_crt_lists" => Shelf::CrtLists,
        "general" => Shelf::General,
        _ => return None,
    };
    if parts.nth(1).is_some() {
        return super::crt_lists::stored_entries(app, call);
    }
    let name = call.path.get("name").map(|name| file_name(name));
    let outcome = match (call.operation.method.as_str(), name) {
        ("GET", None) => list(app, shelf),
        ("POST", None) => create(app, call, shelf),
        ("GET", Some(name)) => read(app, shelf, &name),
        ("PUT", Some(name)) => replace(app, call, shelf, &name),
        ("DELETE", Some(name)) => delete(app, call, shelf, &name),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(Answer::from))
}

fn list(app: &App, shelf: Shelf) -> Result<Answer, Error> {
    let entries =
        fs::read_dir(shelf.folder(app)).map_err(|e| Error::system("cannot read the storage", &e))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.is_file() && shelf.holds(path));
    files.sort();
    Ok(Answer::json(200, files.iter().map(|path| describe(shelf, path)).collect()))
}

fn describe(shelf: Shelf, path: &Path) -> Value {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let size = fs::metadata(path).map_or(0, |data| data.len());
    json!({
        "description": shelf.description(), "file": path.display().to_string(), "size": size, "storage_name": name,
    })
}

fn existing(app: &App, shelf: Shelf, name: &str) -> Result<PathBuf, Error> {
    let path = shelf.folder(app).join(name);
    if name.is_empty() || !path.is_file() {
        return Err(Error::not_found(format!("file {name} doesn't exist in dataplaneapi storage")));
    }
    Ok(path)
}

fn read(app: &App, shelf: Shelf, name: &str) -> Result<Answer, Error> {
    let path = existing(app, shelf, name)?;
    if shelf == Shelf::Certificates {
        return Ok(Answer::json(200, describe(shelf, &path)));
    }
    let bytes = client::read_file(&path)?;
    Ok(Answer { body: Body::Bytes(bytes), ..Answer::empty(200) }
        .with("Content-Disposition", format!("attachment; filename=\"{name}\"")))
}

fn create(app: &App, call: &Call<'_>, shelf: Shelf) -> Result<Answer, Error> {
    let kind = call.request.header("content-type").unwrap_or_default();
    let file = upload(kind, &call.request.body).filter(|file| !file.name.is_empty());
    let file = file.ok_or_else(|| Error::invalid("no file_upload in the form"))?;
    let path = shelf.folder(app).join(&file.name);
    if path.exists() {
        return Err(Error::conflict(format!("file {} already exists in dataplaneapi storage", file.name)));
    }
    client::write_file(&path, &file.bytes)?;
    let body = Some(describe(shelf, &path));
    match shelf {
        Shelf::Maps | Shelf::General => Ok(with_body(201, body)),
        Shelf::Certificates
            if !call.request.asks("force_reload") && set_certificate(app, &path, &file.bytes, true) =>
        {
            Ok(with_body(201, body))
        }
        _ => Ok(after(app, call, 201, body)),
    }
}

fn replace(app: &App, call: &Call<'_>, shelf: Shelf, name: &str) -> Result<Answer, Error> {
    let path = existing(app, shelf, name)?;
    let kind = call.request.header("content-type").unwrap_or_default();
    let bytes = upload(kind, &call.request.body).map_or_else(|| call.request.body.clone(), |file| file.bytes);
    client::write_file(&path, &bytes)?;
    let quiet = matches!(shelf, Shelf::Maps | Shelf::General);
    let body = Some(describe(shelf, &path)).filter(|_| !quiet);
    let in_force = shelf == Shelf::Certificates
        && !call.request.asks("force_reload")
        && set_certificate(app, &path, &bytes, false);
    let done = if quiet { 204 } else { 200 };
    Ok(if in_force { with_body(done, body) } else { after(app, call, done, body) })
}

fn delete(app: &App, call: &Call<'_>, shelf: Shelf, name: &str) -> Result<Answer, Error> {
    let path = existing(app, shelf, name)?;
    if let Some(line) = used_at(app, &path) {
        return Err(Error::conflict(format!(
            "rejecting attempt to delete file {} referenced in haproxy conf at line {line}",
            path.display()
        )));
    }
    fs::remove_file(&path).map_err(|e| Error::system("cannot remove the file", &e))?;
    match shelf {
        Shelf::Maps | Shelf::General => Ok(Answer::empty(204)),
        Shelf::Certificates if !call.request.asks("force_reload") && !call.request.asks("skip_reload") => {
            let command = format!("del ssl cert {}", path.display());
            let gone = app.runtime().is_some_and(|runtime| app.told(runtime.command(&command)));
            Ok(if gone { Answer::empty(204) } else { after(app, call, 204, None) })
        }
        _ => Ok(after(app, call, 204, None)),
    }
}

/// A reload, unless the client does without one.
pub(super) fn after(app: &App, call: &Call<'_>, done: u16, body: Option<Value>) -> Answer {
    if call.request.asks("skip_reload") { with_body(done, body) } else { reloaded(app, call, done, body) }
}

/// The line of the configuration, comments aside, that holds a file's path.
fn used_at(app: &App, path: &Path) -> Option<usize> {
    let document = app.store().document(None).ok()?;
    let name = path.display().to_string().into_bytes();
    let holds = |word: &[u8]| word.windows(name.len()).any(|window| window == name);
    (0..document.len()).find(|line| document.raw_words(*line).into_iter().any(holds)).map(|line| line + 1)
}

/// Gives a certificate to the running process; whether it took it.
fn set_certificate(app: &App, path: &Path, bytes: &[u8], new: bool) -> bool {
    let Some(runtime) = app.runtime() else { return false };
    let name = path.display().to_string();
    (!new || runtime.command(&format!("new ssl cert {name}")).is_ok())
        && commit(&runtime, "cert", &name, bytes).is_ok()
}

/// Puts a payload into a store of the running process.
pub(super) fn commit(runtime: &Runtime, kind: &str, name: &str, bytes: &[u8]) -> Result<String, Error> {
    runtime.command_with(&format!("set ssl {kind} {name}"), &String::from_utf8_lossy(bytes))?;
    runtime.command(&format!("commit ssl {kind} {name}")).inspect_err(|_| {
        // What can't be committed isn't kept half set.
        let _ = runtime.command(&format!("abort ssl {kind} {name}"));
    })
}
