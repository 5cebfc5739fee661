//! Which crate may use which. The table is the one of ARCHITECTURE.md; `cargo metadata` says what is true.
//!
//! Development dependencies are free, and so is the workshop (`harness`, `sim`, `xtask`), which nothing that
//! ships may use.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Finding;
use crate::program::cargo;

/// A crate and the crates of this workspace it may use.
const TABLE: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("http", &[]),
    ("wire", &[]),
    ("sample", &[]),
    ("state", &["sample", "http"]),
    ("waf", &["http"]),
    ("keywords", &["state", "sample", "http", "wire", "waf"]),
    ("lua", &["keywords"]),
    ("plan", &["config", "keywords", "lua", "state", "sample"]),
    ("net", &[]),
    ("engine", &["net", "http", "wire", "keywords", "state", "sample"]),
    ("proxy", &["engine", "plan", "net", "keywords", "config", "state"]),
    ("client", &["config", "api"]),
    ("api", &[]),
    ("dataplaneapi", &["client", "config", "api"]),
    ("control", &["config", "api"]),
    ("gateway", &["client", "config"]),
    ("ctl", &["client", "api"]),
    ("terraform-provider", &["api"]),
];

const WORKSHOP: &[&str] = &["harness", "sim", "xtask"];

/// A crate's name with the names of the crates of this workspace it uses.
type Uses = (String, Vec<String>);

pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let output = Command::new(cargo())
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    Ok(compare(&uses(&metadata)))
}

fn uses(metadata: &Value) -> Vec<Uses> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let used = list(&package["dependencies"])
                .iter()
                .filter(|used| !used["path"].is_null() && used["kind"].as_str() != Some("dev"))
                .map(name)
                .collect();
            (name(package), used)
        })
        .collect()
}

fn compare(uses: &[Uses]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, used) in uses.iter().filter(|(name, _)| !WORKSHOP.contains(&name.as_str())) {
        let manifest = format!("crates/{name}/Cargo.toml");
        let Some((_, may)) = TABLE.iter().find(|(own, _)| own == name) else {
            findings.push(Finding::new(&manifest, 0, "is not in the table of arrows (ARCHITECTURE.md)"));
            continue;
        };
        for other in used.iter().filter(|other| !may.contains(&other.as_str())) {
            findings.push(Finding::new(&manifest, 0, format!("{name} may not use {other}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_arrows_that_are_not_in_the_table() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "engine", "dependencies": [
                { "name": "config", "path": "/x", "kind": null },
                { "name": "net", "path": "/x", "kind": null },
                { "name": "harness", "path": "/x", "kind": "dev" },
                { "name": "libc", "kind": null } ] },
            { "name": "xtask", "dependencies": [{ "name": "harness", "path": "/x", "kind": null }] },
            { "name": "misc", "dependencies": [] },
        ] });
        let messages: Vec<String> = compare(&uses(&metadata)).iter().map(Finding::to_string).collect();
        assert_eq!(
            messages,
            [
                "crates/engine/Cargo.toml: engine may not use config",
                "crates/misc/Cargo.toml: is not in the table of arrows (ARCHITECTURE.md)"
            ]
        );
    }

    #[test]
    fn the_table_has_no_cycle() {
        let mut done: Vec<&str> = Vec::new();
        while done.len() < TABLE.len() {
            let before = done.len();
            for (name, may) in TABLE {
                if !done.contains(name) && may.iter().all(|other| done.contains(other)) {
                    done.push(name);
                }
            }
            assert!(done.len() > before, "a cycle among the rest of {done:?}");
        }
    }
}
