//! How long a large configuration takes: 10,000 backends of five servers, 10,000 `use_backend` rules by host.
//! `cargo run --profile quick -p plan --example plan_load_time [BACKENDS]` prints milliseconds for reading and for building,
//! and the resident memory before and after.

use std::fmt::Write as _;
use std::time::Instant;

use config::{Context, Source};
use plan::{Environment, build};

fn main() {
    let backends: usize = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let text = text(backends);
    println!("{backends} backends, {} servers, {} KiB of text", backends * 5, text.len() / 1024);
    let mut env = Environment::empty();
    env.threads = 2;
    for _ in 0..3 {
        let before = resident_kib();
        let start = Instant::now();
        let loaded = config::parse_sources(vec![Source::new("big.cfg", text.clone())], &Context::default());
        let read = start.elapsed();
        let after_reading = resident_kib();
        let start = Instant::now();
        let built = build(&loaded, &env);
        let made = start.elapsed();
        let remarks = loaded.diagnostics().len() + built.diagnostics.len();
        println!(
            "read {:.1} ms, build {:.1} ms, {remarks} remarks; resident {before} -> {after_reading} -> {} KiB",
            read.as_secs_f64() * 1e3,
            made.as_secs_f64() * 1e3,
            resident_kib()
        );
        for remark in loaded.diagnostics().iter().chain(&built.diagnostics).take(3) {
            println!("  {}", remark.line(&loaded, 0));
        }
        let Some(world) = built.world else { continue };
        let steps = world.frontends.first().map_or(0, |f| f.switching.steps.len());
        println!("  {} backends, {steps} steps of switching", world.backends.len());
    }
}

fn text(backends: usize) -> String {
    let mut text = String::from(
        "global\n  maxconn 10000\n  log 127.0.0.1 local0\ndefaults\n  mode http\n  log global\n  option httplog\n  option forwardfor\n  \
         timeout client 30s\n  timeout server 30s\n  timeout connect 5s\n  option httpchk GET /health\nfrontend \
         web\n  bind :8080\n",
    );
    for i in 0..backends {
        let _ = writeln!(text, "  use_backend app{i} if {{ hdr(host) -i host{i}.example.com }}");
    }
    for i in 0..backends {
        let _ = writeln!(text, "backend app{i}\n  balance roundrobin");
        for s in 1..=5 {
            let _ = writeln!(text, "  server s{s} 10.{}.{}.{s}:8080 check weight 10", i / 250 % 250, i % 250);
        }
    }
    text
}

/// The resident memory of this process; 0 where `/proc` doesn't say.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok()).unwrap_or(0)
}
