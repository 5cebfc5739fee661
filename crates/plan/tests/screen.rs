//! Screens in front of rule lists let through every rule whose condition holds, and keep out those that nothing speaks for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

use std::fmt::Write;

use config::{Context, Source};
use http::h1::{Limits, Parsed, parse_request};
use plan::{Environment, build};
use sample::Bump;
use state::expr::Side;
use state::rule::RuleList;
use state::{Ctx, Endpoint, Session, Stream, World};

/// The World of a frontend with these `http-request` lines.
fn world(lines: &str) -> World {
    let text = format!("frontend web\n  mode http\n  bind :80\n{lines}");
    let loaded = config::parse_sources(vec![Source::new("screen.cfg", text)], &Context::default());
    build(&loaded, &Environment::empty()).world.expect("a World")
}

/// The rules that the screen lets through, and those whose condition holds.
fn run(world: &World, list: &RuleList, source: &str, request: &str) -> (Vec<usize>, Vec<usize>) {
    let source = Endpoint::Inet(source.parse().unwrap());
    let session = Session::new(0, 0, source, 1, 1);
    let mut stream = Stream::new();
    stream.reset(0, 1, 1);
    let parsed = parse_request(request.as_bytes(), &mut stream.request, &Limits::default());
    assert!(matches!(parsed, Parsed::Complete { .. }), "{parsed:?}");
    stream.has_request = true;
    let arena = Bump::new();
    let cx = Ctx {
        world,
        session: &session,
        stream: Some(&stream),
        side: Side::Request,
        arena: &arena,
        now_ns: 1,
        wall_us: 1,
        thread: 0,
    };
    let sifted = list.screen.as_ref().expect("a screen").sift(0, &cx, &arena).expect("not stale");
    let mut passed = Vec::new();
    let mut at = 0;
    while let Some(rule) = sifted.next(at) {
        passed.push(rule);
        at = rule + 1;
    }
    let holds =
        |(at, rule): (usize, &state::Rule)| rule.cond.as_ref().is_none_or(|c| c.holds(&cx)).then_some(at);
    (passed, list.iter().enumerate().filter_map(holds).collect())
}

/// Conditions of many kinds, some of which no screen can decide about.
fn conditions() -> Vec<String> {
    let mut all = Vec::new();
    for n in 0..6 {
        all.extend([
            format!("{{ path_beg /a{n} /b{n} }}"),
            format!("{{ path_end -i .X{n} }}"),
            format!("{{ path_reg ^/r{n}/[a-z]+$ }}"),
            format!("{{ path_dir d{n} }}"),
            format!("{{ hdr(host) -i H{n}.example }}"),
            format!("{{ hdr(host) -m dom -i w{n} }}"),
            format!("{{ hdr_sub(user-agent) bot{n} }}"),
            format!("{{ hdr(x-list) v{n} }}"),
            format!("{{ src 10.{n}.0.0/16 192.168.0.{n} }}"),
            format!("{{ path,lower -m str /low{n} }}"),
            format!("{{ path_len {n} }}"),
            format!("!{{ path_beg /a{n} }}"),
            format!("{{ path_beg /a{n} }} or {{ hdr_cnt(x) {n} }} or {{ method M{n} }}"),
            format!("{{ always_true }} {{ path_beg /b{n} }}"),
            format!("{{ path_beg /c{n} }} {{ rand(2) lt 1 }}"),
        ]);
    }
    all
}

const REQUESTS: &[(&str, &str)] = &[
    ("192.0.2.1:1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("10.3.4.5:1", "GET /a1/x.x3 HTTP/1.1\r\nHost: h2.EXAMPLE\r\nUser-Agent: a bot4 b bot5\r\n\r\n"),
    ("192.168.0.2:1", "GET /r2/abc HTTP/1.1\r\nHost: www.w3.example\r\nX: 1\r\nX: 2\r\n\r\n"),
    ("[::ffff:10.1.2.3]:1", "M4 /LOW5 HTTP/1.1\r\nHost: h1.example\r\nX-List: v1, v4\r\nX-List: v0\r\n\r\n"),
    (
        "[2001:db8::1]:1",
        "GET /q/d1/d2/z HTTP/1.1\r\nHost: w1\r\nUser-Agent: bot0\r\nUser-Agent: bot1\r\n\r\n",
    ),
    ("192.0.2.1:1", "GET /b3 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("192.0.2.1:1", "GET /c2a HTTP/1.1\r\nHost: x\r\n\r\n"),
];

#[test]
fn every_rule_that_holds_is_let_through() {
    let mut lines = String::new();
    for condition in conditions() {
        writeln!(lines, "  http-request set-header x-rule y if {condition}").unwrap();
    }
    let world = world(&lines);
    let list = &world.frontends.first().unwrap().http_request;
    for (source, request) in REQUESTS {
        let (passed, holds) = run(&world, list, source, request);
        assert!(holds.iter().all(|rule| passed.contains(rule)), "{request}\n{holds:?}\n{passed:?}");
        // Negations, and what stands behind a sample that could be anything, are looked at in any case: two in fifteen.
        let certain = list.len() / 15 * 2;
        assert!(passed.len() < certain + holds.len() + 8, "{request}\n{holds:?}\n{passed:?}");
    }
}

#[test]
fn what_has_effects_is_asked_in_any_case() {
    let mut lines = String::new();
    for n in 0..10 {
        writeln!(lines, "  http-request deny if {{ path_beg /p{n} }}").unwrap();
        writeln!(lines, "  http-request deny if {{ rand(100) ge 0 }} {{ path_beg /p{n} }}").unwrap();
    }
    let world = world(&lines);
    let list = &world.frontends.first().unwrap().http_request;
    let (passed, _) = run(&world, list, "192.0.2.1:1", "GET /p3 HTTP/1.1\r\nHost: x\r\n\r\n");
    let expected: Vec<usize> = (0..20).filter(|rule| rule % 2 == 1 || *rule == 6).collect();
    assert_eq!(passed, expected);
}

#[test]
fn changed_patterns_silence_the_screen() {
    let lines: String = (0..10).map(|n| format!("  http-request deny if {{ path_beg /p{n} }}\n")).collect();
    let world = world(&lines);
    let list = &world.frontends.first().unwrap().http_request;
    let screen = list.screen.as_ref().unwrap();
    let (session, arena) =
        (Session::new(0, 0, Endpoint::Inet("192.0.2.1:1".parse().unwrap()), 1, 1), Bump::new());
    let cx = Ctx {
        world: &world,
        session: &session,
        stream: None,
        side: Side::Request,
        arena: &arena,
        now_ns: 1,
        wall_us: 1,
        thread: 0,
    };
    assert!(screen.sift(0, &cx, &arena).is_some());
    world.references.iter().next().unwrap().add(b"/other", b"").unwrap();
    assert!(screen.sift(0, &cx, &arena).is_none());
}
