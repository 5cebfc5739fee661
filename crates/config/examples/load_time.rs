//! How long a large configuration takes to load: 10,000 backends of 5 servers, 10,000 `use_backend` lines.

use std::fmt::Write as _;
use std::time::Instant;

use config::{Context, Source};

fn main() {
    let mut text = String::from("global\n  maxconn 10000\ndefaults\n  mode http\n  timeout client 10s\n");
    text.push_str("frontend web\n  bind :8080\n");
    for i in 0..10_000 {
        // Writing to a String can't fail.
        let _ = writeln!(text, "  use_backend be_{i} if {{ hdr(host) -i host{i}.example.net }}");
    }
    for i in 0..10_000 {
        let _ = writeln!(text, "\nbackend be_{i}\n  balance roundrobin");
        for j in 0..5 {
            let octet = i % 250;
            let _ =
                writeln!(text, "  server srv{j} 10.0.{octet}.{j}:8080 check inter 5s maxconn 100 weight 10");
        }
    }
    let mut times = Vec::new();
    for _ in 0..9 {
        let source = Source::new("big.cfg", text.as_str());
        let start = Instant::now();
        let loaded = config::parse_sources(vec![source], &Context::default());
        times.push(start.elapsed());
        assert!(!loaded.has_errors());
    }
    times.sort();
    println!("{} bytes, median of {}: {:?}", text.len(), times.len(), times.get(4));
}
