//! Chores that are not the product:
//! `cargo xtask tidy|test|bench|regtests|vtc|smuggling|parity|hatop|testssl|manual|contract|e2e|models`.
//!
//! Each chore is a folder or a file of its own; this one only chooses. They know Sluice as a program to run,
//! so that they can be pointed at HAProxy instead; only `manual`, which prints its tables, knows it as a library.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a workshop tool: a broken invariant should stop the run at once, and no hostile bytes reach it"
)]

mod args;
mod bench;
mod contract;
mod e2e;
mod hatop;
mod manual;
mod models;
mod parity;
mod program;
mod regtests;
mod root;
mod scenario;
mod smuggling;
mod splice;
mod test;
mod testssl;
mod tidy;
mod vtc;

use args::Args;

const USAGE: &str = "usage: cargo xtask CHORE [options]

  tidy                              the rules of the house: arrows between crates, sizes, words, lints
  test                              everything `make test` runs, with a count at the end
  bench [NAME...] [--quick] [--only CASE] [--rounds N] [--subject PATH] [--peer haproxy=PATH] [--peer nginx=PATH]
                                    CPU, latency and memory beside HAProxy and nginx; --list names the cases,
                                    NAME takes those that begin so
  bench apply [--changes N] [--subject PATH]
                                    configurations change while clients are served; bench/results/apply.md
  regtests --from DIR/reg-tests --vtest PROGRAM [--program PATH] [--only GLOB] [--update] [--jobs N]
                                    HAProxy's own suite; compared with tests/regtests.txt
  vtc [--program PATH] [--oracle PATH] [--only GLOB]
                                    our scenarios in tests/vtc, on Sluice and on HAProxy
  smuggling [--program PATH] [--oracle PATH]
                                    the hostile framing of tests/smuggling, on Sluice and beside HAProxy
  hatop [--program PATH]            Debian's hatop on Sluice's Runtime API
  testssl [--program PATH]          Debian's testssl.sh on a listener with defaults
  contract --from FILE [--check]    crates/api/src/contract.json, made from the specification of the Data Plane API
  models --from CHECKOUT [--update] the tables of crates/client against client-native's corpus
  e2e --tap FILE [--sluice] [--update] what dataplaneapi's own suite printed, compared with tests/dataplaneapi.txt
  manual [--check]                  doc/manual, made from the keyword tables
  parity [--cases N] [--seed S] [--program PATH] [--oracle PATH] [--show N] [--keep DIR]
         [--actions]                generated configurations and requests, Sluice against HAProxy; with more
                                    actions and variables in their rules
  parity --commands [--program PATH] [--oracle PATH]
                                    the Runtime API's answers, Sluice against HAProxy
  parity --keywords [--program PATH]
                                    Sluice's keywords against HAProxy's";

fn main() {
    let mut words = std::env::args().skip(1);
    let chore = words.next().unwrap_or_default();
    let args = Args::new(words);
    let outcome = match chore.as_str() {
        "tidy" => tidy::run(args),
        "test" => test::run(args),
        "bench" => bench::run(args),
        "regtests" => regtests::run(args),
        "vtc" => vtc::run(args),
        "hatop" => hatop::run(args),
        "testssl" => testssl::run(args),
        "parity" => parity::run(args),
        "smuggling" => smuggling::run(args),
        "e2e" => e2e::run(args),
        "models" => models::run(args),
        "contract" => contract::run(args),
        "manual" => manual::run(args),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    if let Err(error) = outcome {
        eprintln!("xtask {chore}: {error:#}");
        std::process::exit(1);
    }
}
