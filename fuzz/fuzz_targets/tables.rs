//! Stick tables, lists and maps by their commands: whatever somebody writes to the Runtime API, none panics, answers end,
//! and what was set is what is shown. Each line of the input is a command; time passes between them.
#![no_main]

use std::sync::atomic::{AtomicBool, AtomicU64};

use libfuzzer_sys::fuzz_target;
use state::World;
use state::about::{About, Effort, Host};
use state::counters::PerThread;
use state::family::{Answer, Console, Query};
use state::world::Level;

const CONFIG: &str = "frontend web\n  mode http\n  bind :80\n  acl a path,map(virt@m,0) -m int 1\n  \
                      acl b src -f virt@l\n  default_backend ip\n\
                      backend ip\n  stick-table type ip size 8 expire 5s store \
                      gpc(3),gpc_rate(3,2s),gpt(2),conn_cnt,http_req_rate(1s),bytes_in_cnt,server_id\n\
                      backend six\n  stick-table type ipv6 size 8 nopurge store gpc0,gpc0_rate(1s)\n\
                      backend int\n  stick-table type integer size 8 expire 1s store gpt0,gpc1\n\
                      backend str\n  stick-table type string len 5 size 8 store http_req_cnt,sess_cnt\n\
                      backend bin\n  stick-table type binary len 3 size 8 store conn_cur\n";

/// An answer that goes on for longer than this would never end.
const PARTS_MAX: usize = 10_000;

thread_local! {
    static WORLD: World = {
        let loaded = config::parse_sources(vec![config::Source::new("fuzz.cfg", CONFIG)], &config::Context::default());
        plan::build(&loaded, &plan::Environment::empty()).world.expect("a World")
    };
    static ABOUT: About = about();
}

fn about() -> About {
    About {
        name: "fuzz",
        version: "1".into(),
        release_date: "2026/01/01",
        started_ns: 0,
        started_wall_us: 0,
        memory_mb: 0,
        open_files: 100,
        cpu_time_ns: || 0,
        host: Host::SILENT,
        profile: |_| {},
        tcp_facts: |_| None,
        saved_syn: |_, _| None,
        effort: Effort::default,
        busy_percent: || 0,
        busy: PerThread::new(1),
        stopping: AtomicBool::new(false),
        turned_ns: AtomicU64::new(0),
        connection_rate: Default::default(),
        bytes_out_rate: Default::default(),
        compression_rates: Default::default(),
        tls_rates: Default::default(),
        tls_connections: || (0, 0),
        cpu_rate: Default::default(),
        tasks: PerThread::new(1),
        ready: PerThread::new(1),
        idle_pipes: PerThread::new(1),
        pipes: || 0,
    }
}

fuzz_target!(|bytes: &[u8]| {
    WORLD.with(|world| ABOUT.with(|about| talk(world, about, bytes)));
});

fn talk(world: &World, about: &About, bytes: &[u8]) {
    for table in ["ip", "six", "int", "str", "bin"] {
        ask(world, about, &[b"clear", b"table", table.as_bytes()], None, 1);
    }
    for (line, number) in bytes.split(|b| *b == b'\n').zip(1u64..) {
        let (line, payload) = match line.iter().position(|b| *b == b'<') {
            Some(at) => (&line[..at], Some(&line[at + 1..])),
            None => (line, None),
        };
        let words: Vec<&[u8]> = line.split(|b| *b == b' ').filter(|word| !word.is_empty()).take(64).collect();
        let now = 1_000_000_000 + number * 300_000_000;
        let said = ask(world, about, &words, payload, now);
        if let [b"set", b"table", table, b"key", key, kind, value] = words[..]
            && said.is_empty()
            && kind == b"data.gpc1"
        {
            let shown = ask(world, about, &[b"show", b"table", table, b"key", key], None, now);
            let value = format!("gpc1={}", String::from_utf8_lossy(value));
            let text = String::from_utf8_lossy(&shown).into_owned();
            let plain = value.bytes().skip(5).all(|b| b.is_ascii_digit()) && value.len() < 14;
            assert!(!plain || text.contains("gpc1="), "{text} has no {value}");
        }
    }
}

/// Runs a command on tables, lists or maps to its end, and gives what it said.
fn ask(world: &World, about: &About, words: &[&[u8]], payload: Option<&[u8]>, now_ns: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let Some(command) = keywords::command::find(words) else { return out };
    if !command.words.iter().any(|word| matches!(*word, "table" | "acl" | "map")) {
        return out;
    }
    let console = Console::new(Level::Admin, 0);
    let query = Query {
        words,
        payload,
        world,
        about,
        console: &console,
        changes: None,
        now_ns,
        wall_us: now_ns / 1000,
    };
    let mut from = 0;
    for _ in 0..PARTS_MAX {
        match (command.run)(&query, from, &mut out) {
            Answer::More(next) => from = next,
            _ => return out,
        }
    }
    panic!("no end: {:?}", words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>());
}
