//! Many seeds of each family, the same seed twice, and mistakes that must be found.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sim::run::{self, Options};
use sim::scenario::Family;
use sim::weather::Canary;

/// Runs `count` seeds on two threads.
fn all(family: Family, count: u64) {
    let next = AtomicU64::new(0);
    let (exact, lines) = (AtomicU64::new(0), AtomicU64::new(0));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= count || failed.lock().unwrap().len() > 5 {
                        return;
                    }
                    let report = run::seed(family, seed, Options::default());
                    exact.fetch_add(report.exact + report.tunnels + report.played, Relaxed);
                    lines.fetch_add(report.log_lines, Relaxed);
                    if !report.faults.is_empty() {
                        failed.lock().unwrap().push(format!(
                            "{}\n{:#?}",
                            report.replay(family),
                            report.faults
                        ));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // A run in which nothing is served proves nothing.
    assert!(exact.into_inner() > count && lines.into_inner() > count);
}

#[test]
fn clients_that_are_slow_leave_or_end_at_any_byte() {
    all(Family::Clients, 10_000);
}

#[test]
fn servers_that_fail_at_any_byte() {
    all(Family::Servers, 1000);
}

#[test]
fn queues_in_which_everybody_is_served() {
    all(Family::Queue, 200);
}

#[test]
fn everything_at_once() {
    all(Family::Storm, 1000);
}

#[test]
fn tunnels() {
    all(Family::Tunnels, 500);
}

#[test]
fn every_mishap_at_every_phase() {
    all(Family::Phases, 1500);
}

#[test]
fn threads_that_share_servers() {
    all(Family::Threads, 150);
}

#[test]
fn a_stop_in_the_middle() {
    all(Family::Stops, 300);
}

#[test]
fn a_system_that_lacks_everything() {
    all(Family::Lack, 200);
}

/// Seeds that fail when the mistake beside them is made again, as far as the choices behind them stay the same.
#[test]
fn seeds_of_old_mistakes() {
    let seeds: [(Family, &[u64]); 10] = [
        // How one connection broke is taken for the end of the next one.
        (Family::Storm, &[21_743]),
        // A reset that a write was told of reads as an orderly end of a body without a length.
        (Family::Storm, &[1509]),
        // A reset overtakes the last answer of a connection.
        (Family::Clients, &[4, 73, 74]),
        // The rest of a half-sent 100 is lost.
        (Family::Clients, &[64, 94, 104]),
        // A new connection is judged by what a dead one was sent.
        (Family::Storm, &[28, 429, 583]),
        // The rest of a head meant for a dead connection is sent behind the same head on a new one.
        (Family::Servers, &[1194]),
        // An error's answer promises to keep a connection that then ends.
        (Family::Storm, &[42, 44, 223]),
        // A silent client's time begins again with every wake-up.
        (Family::Storm, &[601, 767, 1179]),
        // Clients are kept for another request while the process stops.
        (Family::Storm, &[19, 104, 502]),
        // Nobody is woken when a place becomes free.
        (Family::Queue, &[0, 1, 4]),
    ];
    for (family, seeds) in seeds {
        for seed in seeds {
            let report = run::seed(family, *seed, Options::default());
            assert!(report.faults.is_empty(), "{}\n{:#?}", report.replay(family), report.faults);
        }
    }
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    for family in Family::ALL {
        for seed in 0..10 {
            let [one, two] = [(); 2].map(|()| run::seed(family, seed, Options::default()));
            assert_eq!(
                (one.trace, one.steps, one.lasted),
                (two.trace, two.steps, two.lasted),
                "{}",
                one.replay(family)
            );
        }
    }
    let traces: std::collections::BTreeSet<u64> =
        (0..25).map(|seed| run::seed(Family::Clients, seed, Options::default()).trace).collect();
    assert_eq!(traces.len(), 25, "different seeds are different runs");
}

/// Mistakes, after how many chances each is made, in which family, how many of 40 runs must complain, and one of what.
const PLANTED: &[(Canary, u32, Family, usize, &[&str])] = &[
    // Not every byte belongs to what is compared (a reason phrase doesn't), nor is every edge missed.
    (Canary::FlippedByte, 8, Family::Servers, 10, &["is wrong", "came as", "can't be read", "meant for"]),
    (Canary::FlippedByte, 3, Family::Tunnels, 10, &["is wrong", "a tunnel begins with"]),
    (Canary::LostEdge, 5, Family::Servers, 5, &["deadlock", "not deserved"]),
    (Canary::LostDatagram, 0, Family::Servers, 20, &["has 0 log lines"]),
    (Canary::DoubledDatagram, 0, Family::Servers, 20, &["has 2 log lines"]),
    (Canary::LostDatagram, 0, Family::Phases, 30, &["the log says"]),
    (Canary::WrongEnd, 0, Family::Servers, 20, &["an end SH that doesn't go"]),
    (Canary::WrongEnd, 0, Family::Phases, 8, &["an end SH that doesn't go"]),
    (Canary::WrongTime, 0, Family::Servers, 30, &["timers"]),
    (Canary::DoubledAnswer, 0, Family::Servers, 8, &["nobody asked for", "meant for", "not deserved"]),
    (Canary::LateTimer, 0, Family::Phases, 10, &["it took", "the connection lasted"]),
    (Canary::LeakedHandle, 0, Family::Servers, 30, &["connections are open"]),
    (Canary::LeakedTask, 0, Family::Clients, 40, &["tasks at rest"]),
    (Canary::LeakedBuffer, 0, Family::Clients, 40, &["buffers at rest"]),
    (Canary::LeakedSession, 0, Family::Clients, 40, &["gauge: sessions of web"]),
    (Canary::LeakedPlace, 0, Family::Threads, 40, &["gauge: queue of app"]),
    (Canary::LeakedPlace, 0, Family::Stops, 40, &["gauge: queue of app"]),
    (Canary::BusyLoop, 0, Family::Clients, 40, &["livelock"]),
];

#[test]
fn planted_mistakes_are_found() {
    for (canary, fuse, family, least, words) in PLANTED {
        let options = Options { canary: *canary, fuse: *fuse, ..Options::default() };
        let runs = (0..40).map(|seed| run::seed(*family, seed, options).faults);
        let told = |faults: &Vec<String>| faults.iter().any(|fault| words.iter().any(|w| fault.contains(w)));
        let found = runs.filter(told).count();
        assert!(found >= *least, "{canary:?} was found in {found} of 40 runs of {}", family.word());
    }
}
