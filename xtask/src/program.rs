//! The programs the chores run: Sluice as built here, HAProxy and others as installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::root::root;

/// Builds Sluice with a profile (`dev` or `release`) and returns the program's path.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_sluice(profile: &str) -> Result<PathBuf> {
    let status = Command::new(cargo())
        .args(["build", "--quiet", "--package", "proxy", "--bin", "sluice", "--profile", profile])
        .current_dir(root())
        .status()
        .context("cargo")?;
    if !status.success() {
        bail!("sluice does not build (cargo build --package proxy --bin sluice --profile {profile})");
    }
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_folder().join(folder).join("sluice"))
}

/// Where cargo puts what it builds.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// The first installed program of these names, in PATH and the system folders.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders: Vec<&str> = path.split(':').chain(["/usr/sbin", "/usr/local/sbin", "/usr/bin"]).collect();
    names.iter().find_map(|name| {
        folders.iter().map(|folder| Path::new(folder).join(name)).find(|program| program.is_file())
    })
}

/// The installed HAProxy.
///
/// # Errors
/// When there is none; the message says how to get it.
pub(crate) fn haproxy() -> Result<PathBuf> {
    find(&["haproxy"]).context("haproxy is not installed (apt-get install haproxy)")
}

/// The program to test: as given, or Sluice built here.
///
/// # Errors
/// When the given one does not exist or Sluice does not build.
pub(crate) fn subject(given: Option<PathBuf>, profile: &str) -> Result<PathBuf> {
    match given {
        None => build_sluice(profile),
        Some(path) => std::path::absolute(&path)
            .ok()
            .filter(|path| path.is_file())
            .with_context(|| format!("{} is no program", path.display())),
    }
}

/// The first line a program prints with `-v`, to name it in a report.
pub(crate) fn version(program: &Path) -> String {
    let output = Command::new(program).arg("-v").stdin(Stdio::null()).output();
    let words = output.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
    let text = String::from_utf8_lossy(&words).into_owned();
    let line = text.lines().next().unwrap_or("unknown version");
    line.split(" - http").next().unwrap_or(line).trim().to_owned()
}
