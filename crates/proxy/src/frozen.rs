//! What a running process cannot change: named one by one, so that whoever asked for it knows why nothing was applied.

use config::{Loaded, SectionKind};
use state::World;
use state::world::Global;

use crate::sandbox;

/// What is said of everything that takes a new process.
pub(crate) const NOT_LIVE: &str = "cannot be changed while the process runs.";

/// What a World is told by the process and not by its text.
pub(crate) fn carry_over(new: &mut Global, old: &Global) {
    new.pid = old.pid;
}

/// Lines of `global` that take effect before anything else runs, and only then. They are compared as they are written.
const LINES: &[&str] = &[
    "daemon",
    "pidfile",
    "chroot",
    "uid",
    "gid",
    "user",
    "group",
    "nbthread",
    "thread-groups",
    "thread-group",
    "cpu-map",
    "cpu-policy",
    "cpu-set",
    "ulimit-n",
    "fd-hard-limit",
    "set-dumpable",
    "strict-limits",
    "noreuseport",
    "localpeer",
    "setcap",
    "sandbox",
    "insecure-fork-wanted",
    "insecure-setuid-wanted",
    "master-worker",
    "tune.bufsize",
    "tune.bufsize.large",
    "tune.maxrewrite",
    "tune.stick-counters",
    "tune.pipesize",
    "maxpipes",
];

/// Why one World cannot take over from another without a new process.
pub(crate) fn differences(new: &World, old: &World, loaded: &Loaded, before: &Loaded) -> Vec<String> {
    let mut found: Vec<String> = LINES
        .iter()
        .filter(|keyword| lines(loaded, keyword) != lines(before, keyword))
        .map(|keyword| format!("'{keyword}' in 'global' {NOT_LIVE}"))
        .collect();
    if new.global.threads != old.global.threads && found.is_empty() {
        found.push(format!("The number of threads {NOT_LIVE}"));
    }
    let listens = |world: &World| -> Vec<_> {
        let of = |f: &state::log_forward::LogForward| {
            (f.name.clone(), f.streams.clone(), f.datagrams.clone(), f.opaque, f.lines)
        };
        world.log_forwards.iter().map(of).collect()
    };
    let binds = new.frontends.iter().filter(|f| !f.disabled).flat_map(|f| &f.binds);
    let api = new.global.stats_sockets.iter().map(|socket| &socket.bind);
    for bind in binds.chain(api).filter(|bind| !sandbox::allows(bind)) {
        if let state::frontend::BindAddress::Unix(path) = &bind.address {
            found.push(format!("Where '{path}' is nothing may be created in the sandbox, which {NOT_LIVE}"));
        }
    }
    if listens(new) != listens(old) {
        found.push(format!("'log-forward' sections {NOT_LIVE}"));
    }
    found
}

/// What stands behind a keyword in `global`, line by line.
fn lines(loaded: &Loaded, keyword: &str) -> Vec<String> {
    let globals = loaded.sections().filter(|section| section.kind() == SectionKind::Global);
    let all = globals.flat_map(|section| section.directives().collect::<Vec<_>>());
    let own = all.filter(|line| line.keyword() == keyword);
    own.map(|line| {
        let words: Vec<String> = line.args().map(|word| word.lossy().into_owned()).collect();
        format!("{} {}", if line.negated() { "no" } else { "" }, words.join(" "))
    })
    .collect()
}
