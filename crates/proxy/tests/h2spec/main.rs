//! What h2spec looks at in a server, as cases of our own from RFC 9113 and RFC 7541, against the real program and over a
//! socket; and the attacks on HTTP/2 that are known. A case is named by h2spec's group, its section and its number there.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod frames;
mod generic;
mod hpack;
mod messages;
mod peer;
mod streams;

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use peer::Peer;
use support::{LIMIT, sluice};

/// What a case comes to; else what was seen instead.
type Outcome = Result<(), String>;

/// One of them, which gets a connection whose settings were exchanged.
type Case = (&'static str, fn(&mut Peer) -> Outcome);

/// The program, with an address that speaks HTTP/2 and answers when all of a request is there.
struct Server {
    _process: Process,
    _scratch: Scratch,
    port: u16,
}

fn serve(global: &str) -> Server {
    let (scratch, port) = (Scratch::new("h2spec").unwrap(), free_one().unwrap());
    let configuration = format!(
        "global\n    nbthread 1\n{global}\ndefaults\n    mode http\n    timeout client 60s\n    timeout server 60s\n    \
         timeout connect 60s\nfrontend fe\n    bind 127.0.0.1:{port} proto h2\n    http-request wait-for-body time 50s\n    \
         http-request return status 200 content-type text/plain string \"some words\"\n"
    );
    scratch.write("s.cfg", configuration).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    process.wait_listening(([127, 0, 0, 1], port).into(), LIMIT).unwrap();
    Server { _process: process, _scratch: scratch, port }
}

/// Runs all of them, each on a connection of its own.
fn run(server: &Server, cases: &[Case]) {
    let mut wrong = String::new();
    for (name, case) in cases {
        let mut peer = Peer::open(server.port);
        if let Err(seen) = case(&mut peer) {
            wrong += &format!("{name}: {seen}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn generic_sections_1_to_5() {
    run(&serve(""), generic::CASES);
}

#[test]
fn http2_sections_3_to_5() {
    run(&serve(""), streams::CASES);
}

#[test]
fn http2_section_6() {
    run(&serve(""), frames::CASES);
}

#[test]
fn http2_sections_7_and_8() {
    run(&serve(""), messages::CASES);
}

#[test]
fn hpack_sections_2_to_6() {
    run(&serve(""), hpack::CASES);
}

#[test]
fn attacks_come_to_nothing() {
    run(&serve("    tune.h2.fe.glitches-threshold 100"), attacks::CASES);
}

#[test]
fn frames_that_take_turns_come_to_the_same() {
    let server = serve("    tune.h2.fe.max-frames-at-once 3\n    tune.h2.fe.max-rst-at-once 1");
    run(&server, generic::CASES);
    run(&server, frames::CASES);
}

#[test]
fn there_are_as_many_cases_as_h2spec_has() {
    let all = [generic::CASES, streams::CASES, frames::CASES, messages::CASES, hpack::CASES];
    let names: std::collections::BTreeSet<_> =
        all.iter().flat_map(|cases| cases.iter()).map(|case| case.0).collect();
    assert_eq!(names.len(), all.iter().map(|cases| cases.len()).sum::<usize>(), "a name stands for two");
    assert!(names.len() >= 140, "{}", names.len());
}
