//! The programs of Debian that the tests drive, installed by name where they are missing. A service that a
//! package brings is not started: the tests start what they need on ports of their own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Count;
use crate::program::find;

/// Programs, any of which will do, and the package that brings one.
const NEEDED: &[(&[&str], &str)] = &[
    (&["haproxy"], "haproxy"),
    (&["vtest", "varnishtest"], "varnish"),
    (&["git"], "git"),
    (&["curl"], "curl"),
    (&["hatop"], "hatop"),
    (&["script"], "bsdutils"),
    (&["testssl", "testssl.sh"], "testssl.sh"),
];

/// While this file says 101, Debian's packages start no service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

pub(super) fn step() -> Result<Count> {
    let missing = missing(|programs| find(programs).is_some());
    if missing.is_empty() {
        println!("all there");
        return Ok(Count::PASS);
    }
    let words = format!("apt-get update && apt-get install --yes {}", missing.join(" "));
    if !is_root() {
        bail!("missing: {}. As root: {words}", missing.join(", "));
    }
    println!("missing: {}; installing", missing.join(", "));
    let own_policy = !Path::new(POLICY).exists();
    if own_policy {
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").context(POLICY)?;
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755)).context(POLICY)?;
    }
    let installed = install(&missing);
    if own_policy {
        fs::remove_file(POLICY).context(POLICY)?;
    }
    installed.with_context(|| format!("cannot install; by hand: {words}"))?;
    Ok(Count::PASS)
}

fn missing(is_there: impl Fn(&[&str]) -> bool) -> Vec<&'static str> {
    NEEDED.iter().filter(|(programs, _)| !is_there(programs)).map(|(_, package)| *package).collect()
}

fn install(packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| -> Result<()> {
        let mut command = Command::new("apt-get");
        let status =
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status().context("apt-get")?;
        if !status.success() {
            bail!("apt-get {} ended with {status}", arguments.join(" "));
        }
        Ok(())
    };
    apt(&["--quiet", "update"])?;
    apt(&[&["--quiet", "install", "--yes", "--no-install-recommends"], packages].concat())
}

/// By the owner of our own entry in `/proc`.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_asked_for() {
        assert_eq!(
            missing(|programs| programs.contains(&"haproxy")),
            ["varnish", "git", "curl", "hatop", "bsdutils", "testssl.sh"]
        );
        assert!(missing(|_| true).is_empty());
    }
}
