//! What program this is: `-v`, `-vv` (management manual 3). The first line serves two readers: programs that
//! look for HAProxy's version, and people, who must see that this is Sluice
//! (doc/decisions/0001-version-line.md).

use std::fmt::Write as _;

use crate::argv::Version;
use crate::feature::FEATURES;
use crate::inventory;
use crate::keyword_dump::services;

const OWN: &str = env!("CARGO_PKG_VERSION");
/// The day of this release.
const DATE: &str = "2026/11/22";
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The version in HAProxy's form: the language spoken, then whose program it is.
pub(crate) fn full() -> String {
    format!("{}-sluice-{OWN}", config::VERSION)
}

/// What the Runtime API tells of this program (doc/decisions/0002-show-info-name.md).
pub(crate) fn program() -> engine::cli::Program {
    let cpu_time = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let (seconds, nanos) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
        seconds.unwrap_or(0) * 1_000_000_000 + nanos.unwrap_or(0)
    };
    engine::cli::Program {
        name: "Sluice",
        version: full(),
        release_date: DATE,
        memory_mb: 0,
        cpu_time_ns: cpu_time,
        host: crate::host::HOST,
    }
}

/// What messages introduce themselves with.
pub(crate) fn introduction() -> String {
    format!("sluice version is {OWN}, compatible with haproxy version {}", config::VERSION)
}

/// What was asked for, each line ended.
pub(crate) fn text(asked: Version) -> String {
    match asked {
        Version::Line => head(),
        Version::Build => head() + &build(),
        Version::Full => full() + "\n",
        Version::Short => format!("{}\n", config::VERSION),
        Version::Branch => format!("{}\n", config::Context::default().branch()),
    }
}

/// The library that does TLS's cryptography, as `ssllib_name_startswith()` and `-vv` know it.
pub(crate) const SSL_LIBRARY: &str = "AWS-LC 5.12.0";
/// The version of OpenSSL whose interface it has.
pub(crate) const OPENSSL: &str = "1.1.1";
/// The version of its own interface.
pub(crate) const AWSLC_API: u32 = 37;

fn head() -> String {
    let mut out = format!("HAProxy version {} {DATE} compatible: this is Sluice {OWN} - {HOME}\n", full());
    out.push_str("Status: development version - not safe for use in production.\n");
    let kernel = |file: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{file}")).unwrap_or_default();
    let kernel = ["ostype", "osrelease", "version"].map(|file| kernel(file).trim().to_owned());
    let _ = writeln!(out, "Running on: {} {}", kernel.join(" "), std::env::consts::ARCH);
    out
}

fn build() -> String {
    let mut out = String::from("Build options :\n");
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let target = if cfg!(target_env = "musl") { "linux-musl" } else { "linux-glibc" };
    let _ = writeln!(out, "  TARGET  = {target}\n  CC      = rustc\n  PROFILE = {profile}\n");
    let _ = writeln!(out, "Feature list : {}\n", features());
    out.push_str("Default settings :\n  bufsize = 16384, maxrewrite = 1024\n\n");
    out.push_str(&options());
    out.push_str(
        "\nAvailable polling systems :\n      epoll : pref=300,  test result OK\n\
         Total: 1 (1 usable), will use epoll.\n\n\
         Available multiplexer protocols :\n\
         (protocols marked as <default> cannot be specified using 'proto' keyword)\n         \
         h2 : mode=HTTP  side=FE|BE  mux=H2    flags=HTX|NO_UPG\n  \
         <default> : mode=HTTP  side=FE|BE  mux=H1    flags=HTX\n         \
         h1 : mode=HTTP  side=FE|BE  mux=H1    flags=HTX|NO_UPG\n  \
         <default> : mode=TCP   side=FE|BE  mux=PASS  flags=\n\n",
    );
    let _ = writeln!(out, "Available services : {}\n\nAvailable filters :", services().join(" "));
    for kind in keywords::filter::sorted() {
        let _ = writeln!(out, "\t[{:>4}] {}", kind.tag, kind.name);
    }
    out.push('\n');
    out.push_str("Keywords of the language known to this version :\n");
    for class in inventory::classes() {
        let (run, known) = class.counts();
        let _ = writeln!(out, "  {:<38} : {run:>3} of {known:>3} known are run", class.title);
    }
    out
}

/// What this build can do, by HAProxy's names.
pub(crate) fn features() -> String {
    let each = FEATURES.iter().map(|(name, has)| format!("{}{name}", if *has { '+' } else { '-' }));
    each.collect::<Vec<_>>().join(" ")
}

/// What it is built with, a line each.
pub(crate) fn options() -> String {
    let mut out = String::new();
    let threads = net::thread::affinity().map_or(1, |cpus| cpus.len());
    let _ = writeln!(out, "Built with multi-threading support (MAX_THREADS=1024, default={threads}).");
    let _ = writeln!(
        out,
        "Built with SSL library version : {SSL_LIBRARY}\nRunning on SSL library version : {SSL_LIBRARY}\n\
         SSL library supports TLS extensions : yes\nSSL library supports SNI : yes\n\
         SSL library supports : TLSv1.2 TLSv1.3 (spoken by rustls)"
    );
    out.push_str("Built with zlib-rs for compression.\nCompression algorithms supported : identity(\"identity\"), deflate(\"deflate\"), raw-deflate(\"deflate\"), gzip(\"gzip\"), br(\"br\"), zstd(\"zstd\")\nBuilt with regex and fancy-regex for regular expressions: PCRE2's dialect, in linear time where it can be.\nBuilt without Lua.\n");
    out.push_str("Built with transparent proxy support using: IP_TRANSPARENT IPV6_TRANSPARENT\n");
    out.push_str("Encrypted password support via crypt(3): yes\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_find_the_version_where_they_look() {
        let line = head();
        let rest = line.strip_prefix("HAProxy version ").unwrap();
        // What stands before the first dash are three numbers.
        let numbers: Vec<u32> =
            rest.split('-').next().unwrap().split('.').map(|n| n.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 3);
        assert_eq!(line.split(' ').nth(2), Some(full().as_str()));
        assert!(line.lines().next().unwrap().contains("this is Sluice "));
    }
}
