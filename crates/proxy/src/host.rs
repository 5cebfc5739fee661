//! What the Runtime API tells of the program and of its machine (`show dev`, `show libs`, `show startup-logs`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::read_to_string;

use state::about::Host;

use crate::{say, version};

pub(crate) const HOST: Host =
    Host { startup_logs: say::startup, libraries, machine, warnings: say::warnings };

/// The object files that are mapped, in the order of the system's list: first and last address, length, path.
fn libraries() -> String {
    // Without /proc (in a chroot) nothing is known of them.
    let maps = read_to_string("/proc/self/maps").unwrap_or_default();
    let mut files: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut order = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(path)) = (words.next(), words.nth(4)) else { continue };
        let Some((from, to)) = range.split_once('-') else { continue };
        let (Ok(from), Ok(to)) = (u64::from_str_radix(from, 16), u64::from_str_radix(to, 16)) else {
            continue;
        };
        if !path.starts_with('/') {
            continue;
        }
        let span = files.entry(path).or_insert_with(|| {
            order.push(path);
            (from, to)
        });
        *span = (span.0.min(from), span.1.max(to));
    }
    let mut out = String::new();
    for path in order {
        let Some((from, to)) = files.get(path) else { continue };
        // Writing to a string can't fail.
        let _ = writeln!(out, "{from:#018x}-{:#018x} ({:#09x}) {path}", to - 1, to - from);
    }
    out
}

/// A line of a file of the system, behind this word.
fn fact(file: &str, word: &str) -> String {
    let text = read_to_string(file).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(word));
    found.unwrap_or_default().trim_start_matches(['\t', ' ', ':', '=']).trim_matches('"').to_owned()
}

/// `shown`: how names are told that tell whose machine it is.
fn machine(shown: &dyn Fn(&str) -> String) -> String {
    let mut out =
        format!("Sluice version {}\nFeatures:\n  {}\nBuild options:\n", version::full(), version::features());
    for line in version::options().lines() {
        let _ = writeln!(out, "  {line}");
    }
    let system = rustix::system::uname();
    let _ = writeln!(
        out,
        "Platform info:\n  cpu model: {}\n  OS name: {}\n  OS release: {}\n  OS version: {}\n  OS architecture: {}\n  node \
         name: {}\n  distro pretty name: {}",
        fact("/proc/cpuinfo", "model name"),
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy(),
        system.version().to_string_lossy(),
        system.machine().to_string_lossy(),
        shown(&system.nodename().to_string_lossy()),
        fact("/etc/os-release", "PRETTY_NAME"),
    );
    let command = std::env::args().collect::<Vec<_>>().join(" ");
    let ids = |word| {
        let line = fact("/proc/self/status", word);
        line.split_whitespace().nth(1).unwrap_or("?").to_owned()
    };
    let _ = writeln!(
        out,
        "Process info:\n  pid: {}\n  cmdline: {command}\n  runtime capabilities:\n  \tCapEff: 0x{}\n  \tCapPrm: 0x{}\n  \
         \tCapInh: 0x{}\n  identity:               -runtime-   \n      uid:                {:<11} \n      gid:                \
         {:<11} ",
        std::process::id(),
        fact("/proc/self/status", "CapEff"),
        fact("/proc/self/status", "CapPrm"),
        fact("/proc/self/status", "CapInh"),
        ids("Uid"),
        ids("Gid"),
    );
    let limit = |resource| {
        let limit = rustix::process::getrlimit(resource);
        [limit.current, limit.maximum].map(|n| n.map_or_else(|| "unlimited".to_owned(), |n| n.to_string()))
    };
    let [files, files_most] = limit(rustix::process::Resource::Nofile);
    let [memory, memory_most] = limit(rustix::process::Resource::As);
    let _ = writeln!(
        out,
        "  limits:                 -runtime-   \n      fd limit (soft):    {files:<11} \n      fd limit (hard):    \
         {files_most:<11} \n      ram limit (soft):   {memory:<11} \n      ram limit (hard):   {memory_most:<11} "
    );
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_program_itself_is_loaded() {
        let libraries = super::libraries();
        let own = std::env::current_exe().unwrap();
        assert!(libraries.lines().any(|line| line.ends_with(own.to_str().unwrap())), "{libraries}");
        assert!(super::machine(&str::to_owned).contains(&format!("\n  pid: {}\n", std::process::id())));
    }
}
