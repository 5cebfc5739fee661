//! Whole configurations in `tests/data/*.cfg`: what is remarked, why it may not be started, and facts of the World, each
//! written in the file itself as comment lines (`#! kind: text`), so that a case is one file.
//!
//! - `#! alert: TEXT`, `#! warning: TEXT`, `#! unserved: TEXT`: a remark that contains the text; every remark must be
//!   announced by one.
//! - `#! fact: PATH = VALUE`: what [`facts`] prints for the World.

#![allow(clippy::unwrap_used)] // A test that can't read its case has failed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use config::{Context, Diagnostic, Loaded, Severity, Source};
use plan::{Built, Environment, build};
use state::World;
use state::check::{Does, Probe};
use state::server::Address;

#[test]
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "cfg"));
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().filter_map(|file| check(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with one file's outcome.
fn check(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let loaded = config::parse_sources(vec![Source::new(name, text.clone())], &Context::default());
    let built = build(&loaded, &machine());
    let mut wrong = String::new();
    for kind in ["alert", "warning", "unserved"] {
        let said = said(&loaded, &built, kind);
        let expected = announced(&text, kind);
        compare(&mut wrong, kind, &said, &expected);
    }
    let facts = built.world.as_ref().map(facts).unwrap_or_default();
    for fact in announced(&text, "fact") {
        if !facts.lines().any(|line| line == fact) {
            let _ = writeln!(wrong, "  no fact: {fact}");
        }
    }
    if !wrong.is_empty() && !facts.is_empty() && wrong.contains("no fact") {
        let _ = writeln!(wrong, "  facts are:\n{facts}");
    }
    (!wrong.is_empty()).then(|| format!("{name}:\n{wrong}"))
}

fn announced<'t>(text: &'t str, kind: &str) -> Vec<&'t str> {
    text.lines().filter_map(|l| l.strip_prefix("#! ")?.strip_prefix(kind)?.strip_prefix(": ")).collect()
}

fn said(loaded: &Loaded, built: &Built, kind: &str) -> Vec<String> {
    let line = |d: &Diagnostic| d.line(loaded, 0);
    let of = |severity| {
        let all = loaded.diagnostics().iter().chain(&built.diagnostics);
        all.filter(|d| d.severity == severity).map(line).collect()
    };
    match kind {
        "alert" => of(Severity::Alert),
        "warning" => of(Severity::Warning),
        _ => built.unserved.iter().map(line).collect(),
    }
}

/// Each expectation takes one remark; none of either may be left.
fn compare(wrong: &mut String, kind: &str, said: &[String], expected: &[&str]) {
    let mut left: Vec<&String> = said.iter().collect();
    for text in expected {
        match left.iter().position(|line| line.contains(text)) {
            Some(at) => {
                left.remove(at);
            }
            None => {
                let _ = writeln!(wrong, "  no {kind}: {text}");
            }
        }
    }
    for line in left {
        let _ = writeln!(wrong, "  unexpected {kind}: {line}");
    }
}

/// One thread, one host name, one file, one user.
fn machine() -> Environment {
    let mut machine = Environment::empty();
    machine.resolve =
        Box::new(|name| if name == "app.example" { vec!["10.9.8.7".parse().unwrap()] } else { vec![] });
    machine.read_file = Box::new(|path| match path {
        "503.http" => Ok(b"HTTP/1.1 503 Busy\r\nx-a: b\r\n\r\nwait\n".to_vec()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    });
    machine.user = Box::new(|name| (name == "www").then_some(33));
    machine
}

/// Everything a case may assert, a line a fact.
fn facts(world: &World) -> String {
    let mut out = String::new();
    let global = &world.global;
    let _ = writeln!(out, "global = maxconn {} threads {}", global.maxconn, global.threads);
    let pipes = (global.max_pipes, global.pipe_size);
    let _ = writeln!(out, "buffers = {} large {} pipes {pipes:?}", global.buffer_size, global.large_buffer);
    for socket in &global.stats_sockets {
        let _ = writeln!(out, "stats socket = {:?} {:?}", socket.bind.address, socket.level);
    }
    for target in &world.log_targets {
        let _ = writeln!(
            out,
            "log = {:?} facility {} level {} to {} len {}",
            target.destination, target.facility, target.level_max, target.level_min, target.max_len
        );
    }
    frontends(&mut out, world);
    backends(&mut out, world);
    out
}

fn frontends(out: &mut String, world: &World) {
    for f in &world.frontends {
        let _ = writeln!(
            out,
            "frontend {} = id {} {} maxconn {} default {:?} steps {} rules {}/{}/{}",
            f.name,
            f.id,
            f.mode.name(),
            f.maxconn,
            f.switching.default,
            f.switching.steps.len(),
            f.http_request.len(),
            f.http_response.len(),
            f.tcp_content.len()
        );
        let _ = writeln!(out, "frontend {} timeouts = client {:?}", f.name, f.timeouts.client);
        let _ = writeln!(out, "frontend {} log = {:?} line {}", f.name, f.log.targets, f.log.line.is_some());
        for b in &f.binds {
            let _ = writeln!(
                out,
                "bind {} {} = {:?}{} name {:?} maxconn {}",
                f.name,
                b.id,
                b.address,
                if b.multipath { " multipath" } else { "" },
                b.name,
                b.maxconn
            );
        }
        for (status, page) in f.pages.iter().filter_map(|(status, _)| Some((status, f.pages.page(status)?))) {
            let body = String::from_utf8_lossy(&page.body);
            let _ = writeln!(out, "page {} {status} = {} {body:?}", f.name, page.status);
        }
    }
}

fn backends(out: &mut String, world: &World) {
    for b in &world.backends {
        let _ = writeln!(
            out,
            "backend {} = id {} {} retries {} fullconn {} rules {}/{}",
            b.name,
            b.id,
            b.mode.name(),
            b.retries,
            b.fullconn,
            b.http_request.len(),
            b.http_response.len()
        );
        let _ = writeln!(out, "balance {} = {}", b.name, b.balance_name);
        let _ = writeln!(out, "backend {} probe = {}", b.name, steps(&b.probe));
        for s in &b.servers {
            let address = match &s.address {
                Address::Inet(a) => a.to_string(),
                other => format!("{other:?}"),
            };
            let pace = s.check.as_ref().map(|c| (c.pace.inter, c.pace.rise, c.pace.fall));
            let _ = writeln!(
                out,
                "server {}/{} = id {} {address} {:?} weight {} maxconn {} backup {} check {pace:?}",
                b.name, s.name, s.id, s.port, s.weight, s.maxconn, s.backup
            );
        }
    }
}

/// What a check does, a word a step.
fn steps(probe: &Probe) -> String {
    let Probe::Rules(rules) = probe else { return "External".to_owned() };
    let words = rules.steps.iter().map(|step| match step.does {
        Does::Connect(_) => " connect",
        Does::Send(_) => " send",
        Does::Request(_) => " request",
        Does::Expect(_) => " expect",
        Does::Act(_) => " act",
    });
    format!("{:?}{}", rules.protocol, words.collect::<String>())
}
