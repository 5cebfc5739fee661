//! Certificates, CA files and CRL files of the running process.

use client::{Error, Runtime};
use serde_json::{Map, Value, json};

use super::runtime::missing;
use super::storage::commit;
use crate::answer::Answer;
use crate::app::Call;
use crate::multipart::{Upload, upload};

/// The proxy's labels and the contract's names.
const FIELDS: &[(&str, &str)] = &[
    ("Status", "status"),
    ("Serial", "serial"),
    ("notBefore", "not_before"),
    ("notAfter", "not_after"),
    ("Subject Alternative Name", "subject_alternative_names"),
    ("Algorithm", "algorithm"),
    ("SHA1 FingerPrint", "sha1_finger_print"),
    ("Subject", "subject"),
    ("Issuer", "issuers"),
    ("Chain Subject", "chain_subject"),
    ("Chain Issuer", "chain_issuer"),
];

pub(super) fn handle(runtime: &Runtime, call: &Call<'_>) -> Option<Result<Answer, Error>> {
    let path = call.operation.path.as_str();
    let kind = match path.split('/').nth(4)? {
        "ssl_certs" => "cert",
        "ssl_ca_files" => "ca-file",
        _ => "crl-file",
    };
    let name = call.path.get("name").map(String::as_str);
    let entries = path.contains("/entries");
    Some(match (call.operation.method.as_str(), name) {
        ("GET", None) => list(runtime, kind).map(|all| Answer::json(200, Value::Array(all))),
        ("POST", None) => file(call).and_then(|file| create(runtime, kind, &file)),
        ("POST", Some(name)) if entries => file(call).and_then(|file| add(runtime, kind, name, &file)),
        ("GET", Some(name)) if entries => {
            details(runtime, kind, name, Some(call.value("index"))).map(|one| Answer::json(200, one))
        }
        ("GET", Some(name)) if kind == "ca-file" => {
            one(runtime, kind, name).map(|one| Answer::json(200, one))
        }
        ("GET", Some(name)) if kind == "cert" => {
            details(runtime, kind, name, None).map(|one| Answer::json(200, one))
        }
        ("GET", Some(name)) => {
            lists(runtime, name, call.request.query("index")).map(|all| Answer::json(200, json!(all)))
        }
        ("PUT", Some(name)) => file(call)
            .and_then(|file| commit(runtime, kind, name, &file.bytes).map_err(missing))
            .map(|_| Answer::empty(200)),
        ("DELETE", Some(name)) => {
            runtime.command(&format!("del ssl {kind} {name}")).map_err(missing).map(|_| Answer::empty(204))
        }
        _ => return None,
    })
}

fn file(call: &Call<'_>) -> Result<Upload, Error> {
    let kind = call.request.header("content-type").unwrap_or_default();
    upload(kind, &call.request.body).ok_or_else(|| Error::invalid("no file_upload in the form"))
}

fn list(runtime: &Runtime, kind: &str) -> Result<Vec<Value>, Error> {
    let text = runtime.command(&format!("show ssl {kind}"))?;
    let committed = text.split("# filename").nth(1).unwrap_or_default();
    Ok(committed
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once(" - ") {
            Some((name, count)) => json!({ "count": count, "file": name, "storage_name": base(name) }),
            None => json!({ "description": line, "file": line, "storage_name": base(line) }),
        })
        .collect())
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn one(runtime: &Runtime, kind: &str, name: &str) -> Result<Value, Error> {
    let found =
        list(runtime, kind)?.into_iter().find(|one| one["file"] == name || one["storage_name"] == name);
    let mut found = found.ok_or_else(|| Error::not_found(format!("{kind} {name} does not exist")))?;
    if let Some(map) = found.as_object_mut() {
        map.remove("file");
    }
    Ok(found)
}

fn create(runtime: &Runtime, kind: &str, file: &Upload) -> Result<Answer, Error> {
    runtime.command(&format!("new ssl {kind} {}", file.name)).map_err(missing)?;
    let set = commit(runtime, kind, &file.name, &file.bytes);
    if let Err(error) = set {
        // An empty store of that name would stand in the way of the next try.
        let _ = runtime.command(&format!("del ssl {kind} {}", file.name));
        return Err(error);
    }
    Ok(Answer::json(201, json!({ "storage_name": file.name })))
}

fn add(runtime: &Runtime, kind: &str, name: &str, file: &Upload) -> Result<Answer, Error> {
    runtime
        .command_with(&format!("add ssl {kind} {name}"), &String::from_utf8_lossy(&file.bytes))
        .map_err(missing)?;
    runtime.command(&format!("commit ssl {kind} {name}"))?;
    Ok(Answer::json(201, json!({ "storage_name": name })))
}

fn details(runtime: &Runtime, kind: &str, name: &str, index: Option<&str>) -> Result<Value, Error> {
    let place = index.map(|index| format!(":{index}")).unwrap_or_default();
    let text = runtime.command(&format!("show ssl {kind} {name}{place}")).map_err(missing)?;
    if !text.contains("Filename:") {
        return Err(Error::not_found(format!("{kind} {name} does not exist")));
    }
    let mut object = Map::from_iter([("storage_name".to_owned(), json!(name))]);
    for (label, value) in text.lines().filter_map(|line| line.split_once(": ")) {
        let known = FIELDS.iter().find(|(known, _)| *known == label.trim());
        if let Some((_, property)) = known.filter(|_| !value.trim().is_empty()) {
            let value = value.trim();
            let value = if property.starts_with("not_") {
                date(value).unwrap_or_else(|| value.to_owned())
            } else {
                value.to_owned()
            };
            // Of a chain, the certificate told last counts, as with the original.
            object.insert((*property).to_owned(), json!(value));
        }
    }
    Ok(Value::Object(object))
}

/// The lists of revoked certificates in a CRL file.
fn lists(runtime: &Runtime, name: &str, index: Option<&str>) -> Result<Vec<Value>, Error> {
    let place = index.map(|index| format!(":{index}")).unwrap_or_default();
    let text = runtime.command(&format!("show ssl crl-file {name}{place}")).map_err(missing)?;
    if !text.contains("Filename:") {
        return Err(Error::not_found(format!("crl-file {name} does not exist")));
    }
    let mut parts = text.split("Certificate Revocation List #");
    let head = parts.next().unwrap_or_default();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or_default();
    Ok(parts.map(|part| list_of_revoked(name, status, part)).collect())
}

fn list_of_revoked(name: &str, status: &str, text: &str) -> Value {
    let mut object = json!({ "storage_name": name, "status": status });
    let mut revoked: Vec<Value> = Vec::new();
    let day = |text: &str| date(text).map(|date| json!(date.get(..10))).unwrap_or_else(|| json!(text));
    for line in text.lines().map(str::trim) {
        if let Some(version) = line.strip_prefix("Version ") {
            api::put(&mut object, "version", json!(version));
            continue;
        }
        let Some((label, value)) = line.split_once(": ") else { continue };
        match label {
            "Signature Algorithm" => api::put(&mut object, "signature_algorithm", json!(value)),
            "Issuer" => api::put(&mut object, "issuer", json!(value)),
            "Last Update" => api::put(&mut object, "last_update", day(value)),
            "Next Update" => api::put(&mut object, "next_update", day(value)),
            "Serial Number" => revoked.push(json!({ "serial_number": value })),
            "Revocation Date" => {
                if let Some(last) = revoked.last_mut() {
                    api::put(last, "revocation_date", day(value));
                }
            }
            _ => {}
        }
    }
    if !revoked.is_empty() {
        api::put(&mut object, "revoked_certificates", json!(revoked));
    }
    object
}

/// `Nov 25 12:12:04 2020 GMT` as the contract writes times.
fn date(text: &str) -> Option<String> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_whitespace();
    let (month, day, time, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.find(month)? / 3 + 1;
    Some(format!("{year}-{month:02}-{:02}T{time}.000Z", day.parse::<u8>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_revoked_certificates() {
        let text = "1:\nVersion 2\nIssuer: /C=CN\nNext Update: Jun  8 08:55:16 2023 GMT\nRevoked Certificates:\n\
                    \x20   Serial Number: 04\n        Revocation Date: May  8 07:24:42 2013 GMT\n";
        let wanted = json!({
            "storage_name": "a.pem", "status": "Unused", "version": "2", "issuer": "/C=CN", "next_update": "2023-06-08",
            "revoked_certificates": [{ "serial_number": "04", "revocation_date": "2013-05-08" }],
        });
        assert_eq!(list_of_revoked("a.pem", "Unused", text), wanted);
    }

    #[test]
    fn dates() {
        assert_eq!(date("Nov  5 12:12:04 2020 GMT").as_deref(), Some("2020-11-05T12:12:04.000Z"));
        assert_eq!(date("soon"), None);
    }
}
