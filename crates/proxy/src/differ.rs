//! How two configurations differ: line by line, and object by object with what applying the second would do to each.
//! Changes nothing.

mod effect;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use config::{Loaded, SectionKind, Source};
use plan::inherit;
use state::frontend::BindAddress;
use state::{Backend, Server, World};

use crate::prepare::{InForce, Next};

/// Lines that are compared with each other one by one; in longer stretches all are taken for different.
const LINES_MAX: usize = 4000;

/// Line by line: `-` in front of those that go, `+` in front of those that come, each with the line's number.
pub(crate) fn text(old: &[Source], new: &[Source]) -> String {
    let whole = |sources: &[Source]| -> Vec<String> {
        let all = sources.iter().flat_map(|source| source.bytes.split(|b| *b == b'\n'));
        let mut lines: Vec<String> = all.map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    };
    let (old, new) = (whole(old), whole(new));
    let mut out = String::new();
    for step in compare(&old, &new) {
        let (sign, at, line) = match step {
            Step::Gone(at) => ('-', at, old.get(at)),
            Step::New(at) => ('+', at, new.get(at)),
        };
        // Writing to a string never fails.
        let _ = writeln!(out, "{sign}{}: {}", at + 1, line.map_or("", String::as_str));
    }
    if out.is_empty() { "No line differs.".to_owned() } else { out }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Gone(usize),
    New(usize),
}

/// The lines that aren't in both, in order: those outside of a longest common subsequence.
fn compare(old: &[String], new: &[String]) -> Vec<Step> {
    let front = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(front..).unwrap_or_default(), new.get(front..).unwrap_or_default());
    let back = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a = old_rest.get(..old_rest.len() - back).unwrap_or_default();
    let b = new_rest.get(..new_rest.len() - back).unwrap_or_default();
    if a.len() > LINES_MAX || b.len() > LINES_MAX {
        let gone = (0..a.len()).map(|at| Step::Gone(front + at));
        return gone.chain((0..b.len()).map(|at| Step::New(front + at))).collect();
    }
    // `common[i][j]`: the length of a longest common subsequence of `a[i..]` and `b[j..]`.
    let width = b.len() + 1;
    let mut common = vec![0u16; (a.len() + 1) * width];
    let at = |common: &[u16], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let length = if a.get(i) == b.get(j) {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(place) = common.get_mut(i * width + j) {
                *place = length;
            }
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a.get(i) == b.get(j) {
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || at(&common, i + 1, j) >= at(&common, i, j + 1)) {
            steps.push(Step::Gone(front + i));
            i += 1;
        } else {
            steps.push(Step::New(front + j));
            j += 1;
        }
    }
    steps
}

/// Object by object what would come, go and change, and what would become of who is there.
pub(crate) fn objects(in_force: &InForce, next: Next) -> String {
    let Next { mut world, loaded, .. } = next;
    let (old, before) = (&*in_force.world, &*in_force.loaded);
    let mut out = String::new();
    sections(before, &loaded, &mut out);
    let unbound: HashSet<_> = inherit::inherit(&mut world, old).unbound.into_iter().collect();
    for (f, frontend) in (0u32..).zip(&world.frontends) {
        for (_, bind) in (0u32..).zip(&frontend.binds).filter(|(b, _)| unbound.contains(&(f, *b))) {
            let _ = writeln!(out, "+ bind {}/{}: listens there.", frontend.name, address(&bind.address));
        }
    }
    gone_binds(&world, old, &mut out);
    for backend in &world.backends {
        if let Some(before) = old.backends.iter().find(|b| b.live.uid == backend.live.uid) {
            servers(backend, before, &mut out);
        }
    }
    for table in &world.tables {
        let Some(before) = old.tables.iter().find(|before| before.name == table.name) else { continue };
        if !table.is_one_with(before) {
            let becomes = if table.key == before.key {
                "holds something else: what both hold is taken over, but for current connections"
            } else {
                "has other keys: begins empty"
            };
            let _ = writeln!(out, "~ table {}: {becomes}.", table.name);
        } else if (table.size, table.expire_ms) != (before.size, before.expire_ms) {
            let (name, used, size) = (&table.name, before.used(), table.size);
            let _ = writeln!(
                out,
                "~ table {name}: its {used} entries stay, the oldest go if there is no room: {size}."
            );
        }
    }
    if out.is_empty() {
        return "Nothing would change.".to_owned();
    }
    out.push_str(&in_all(&world, old, unbound.len()));
    out
}

/// What becomes of traffic as a whole.
fn in_all(world: &World, old: &World, opened: usize) -> String {
    let serving =
        |world: &World| world.frontends.iter().filter(|f| !f.disabled).map(|f| f.binds.len()).sum::<usize>();
    let kept = serving(world).saturating_sub(opened);
    let closed = serving(old).saturating_sub(kept);
    let stays = |f: &&state::Frontend| world.seats.frontend(f.live.uid).is_some();
    let clients = |stay: bool| -> u64 {
        let all = old.frontends.iter().filter(|f| stays(f) == stay);
        all.map(|f| u64::from(f.live.sessions.now())).sum()
    };
    let servers = old.backends.iter().flat_map(|b| &b.servers);
    let kept_servers = servers.filter(|server| world.seats.server(server.live.uid).is_some()).count();
    format!(
        "In all: {kept} addresses are listened on as before, {opened} are opened, {closed} are closed; {} clients stay \
         connected, {} are served to the end of what is under way; {kept_servers} servers keep their state, counters and \
         queues. No request under way is cut off.\n",
        clients(true),
        clients(false),
    )
}

fn gone_binds(world: &World, old: &World, out: &mut String) {
    for frontend in &old.frontends {
        for (bind, at) in frontend.binds.iter().zip(&frontend.listening) {
            if world.seats.listening(at.uid).is_none() && !frontend.disabled {
                let (name, clients) = (&frontend.name, at.clients.now());
                let _ = writeln!(
                    out,
                    "- bind {name}/{}: no longer listens; {clients} clients are served to their end.",
                    address(&bind.address)
                );
            }
        }
    }
}

/// What sections say, by their kind and name, line by line.
type Texts = BTreeMap<(String, String), Vec<String>>;

fn texts(loaded: &Loaded) -> Texts {
    let mut all = Texts::new();
    for section in loaded.sections() {
        let kind = section.kind().keyword().to_owned();
        let name = section.name().unwrap_or_default().to_owned();
        let lines = all.entry((kind, name)).or_default();
        let from = section.from().map(|from| format!("from {from}"));
        lines.extend(from.filter(|_| section.kind() != SectionKind::Global));
        lines.extend(section.directives().map(|line| {
            let words: Vec<String> = line.args().map(|word| word.lossy().into_owned()).collect();
            let no = if line.negated() { "no " } else { "" };
            format!("{no}{} {}", line.keyword(), words.join(" ")).trim_end().to_owned()
        }));
    }
    all
}

fn sections(before: &Loaded, after: &Loaded, out: &mut String) {
    let (before, after) = (texts(before), texts(after));
    let title = |(kind, name): &(String, String)| format!("{kind} {name}").trim_end().to_owned();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        let _ = writeln!(out, "- {}: goes; who is there is served to the end.", title(key));
    }
    for (key, lines) in &after {
        match before.get(key) {
            None => {
                let _ = writeln!(out, "+ {}: comes, {} lines.", title(key), lines.len());
            }
            Some(old) if old != lines => {
                let _ = writeln!(out, "~ {}:", title(key));
                let mut keywords: BTreeSet<&str> = BTreeSet::new();
                for step in compare(old, lines) {
                    let (sign, line) = match step {
                        Step::Gone(at) => ('-', old.get(at)),
                        Step::New(at) => ('+', lines.get(at)),
                    };
                    let _ = writeln!(out, "    {sign} {}", line.map_or("", String::as_str));
                    keywords.extend(line.and_then(|line| keyword(line)));
                }
                let effects: BTreeSet<_> = keywords.iter().map(|word| effect::of(&key.0, word)).collect();
                for effect in effects {
                    let own = keywords.iter().filter(|word| effect::of(&key.0, word) == effect);
                    let own: Vec<&str> = own.copied().collect();
                    let _ = writeln!(out, "    {}: {effect}.", own.join(", "));
                }
            }
            Some(_) => {}
        }
    }
}

/// The word that a line begins with, whether it is negated or not.
fn keyword(line: &str) -> Option<&str> {
    line.strip_prefix("no ").unwrap_or(line).split(' ').next()
}

fn servers(backend: &Backend, before: &Backend, out: &mut String) {
    let name = &backend.name;
    for server in &backend.servers {
        match before.servers.iter().find(|old| old.live.uid == server.live.uid) {
            None => {
                let state = match (server.disabled, server.check.is_some()) {
                    (true, _) => "in maintenance",
                    (false, true) => "taken for healthy until its first check says otherwise",
                    (false, false) => "gets requests at once",
                };
                let _ = writeln!(out, "+ server {name}/{}: comes, {state}.", server.name);
            }
            Some(old) => changes(name, server, old, out),
        }
    }
    for old in &before.servers {
        if !backend.servers.iter().any(|server| server.live.uid == old.live.uid) {
            let (sessions, idle) =
                (old.live.sessions.now(), old.live.idle.load(std::sync::atomic::Ordering::Relaxed));
            let _ = writeln!(
                out,
                "- server {name}/{}: goes; {sessions} streams are finished, {idle} idle connections closed.",
                old.name
            );
        }
    }
}

/// What becomes of a server that stays.
fn changes(backend: &str, new: &Server, old: &Server, out: &mut String) {
    let mut all = Vec::new();
    if new.reach != old.reach {
        let idle = old.live.idle.load(std::sync::atomic::Ordering::Relaxed);
        all.push(format!("is reached otherwise: {idle} idle connections to where it was are closed"));
    }
    if new.weight != old.weight {
        all.push(format!(
            "has weight {} instead of {}: its part of new requests is another",
            new.weight, old.weight
        ));
    }
    if new.maxconn != old.maxconn {
        let most = |maxconn: u32| if maxconn == 0 { "any number".to_owned() } else { maxconn.to_string() };
        let (now, then) = (most(new.maxconn), most(old.maxconn));
        all.push(format!(
            "takes {now} requests at once instead of {then}: who waits for it is looked at again"
        ));
    }
    match (old.disabled, new.disabled) {
        (false, true) => {
            all.push("goes to maintenance: gets no new requests, those under way end".to_owned());
        }
        (true, false) => all.push("leaves maintenance: gets requests again".to_owned()),
        _ => {}
    }
    match (&old.check, &new.check) {
        (None, Some(_)) => all.push("is checked from now on".to_owned()),
        (Some(_), None) => all.push("is no longer checked and taken for healthy".to_owned()),
        _ => {}
    }
    if !all.is_empty() {
        let _ = writeln!(out, "~ server {backend}/{}: {}.", new.name, all.join(", "));
    }
}

fn address(address: &BindAddress) -> String {
    match address {
        BindAddress::Inet(at) => at.to_string(),
        BindAddress::Unix(path) => format!("unix@{path}"),
        BindAddress::Abstract(name) => format!("abns@{}", name.trim_end_matches('\0')),
        BindAddress::Fd(number) => format!("fd@{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let steps = |a, b| compare(&lines(a), &lines(b));
        assert_eq!(steps("a b c", "a b c"), []);
        assert_eq!(steps("a b c", "a x c"), [Step::Gone(1), Step::New(1)]);
        assert_eq!(steps("a b c d", "a c d e"), [Step::Gone(1), Step::New(3)]);
        assert_eq!(steps("a", "b a"), [Step::New(0)]);
        let source = |text: &str| [Source::new("x", text)];
        assert_eq!(text(&source("a\nb\n"), &source("a\nc\nb\n")), "+2: c\n");
        assert_eq!(text(&source("a\n"), &source("a")), "No line differs.");
    }
}
