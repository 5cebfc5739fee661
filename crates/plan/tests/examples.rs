//! Every keyword's examples are its test: fetches and converters are evaluated on the messages they are given, actions
//! and balancing algorithms must compile. The families' lists are compared with their folders.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

#[path = "examples/global.rs"]
mod global;
#[path = "examples/observed.rs"]
mod observed;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use http::h1::{Limits, Parsed, parse_request, parse_response};
use keywords::{action, alias, balance, convert, fetch};
use plan::compile::{Compile, Home, Names, Site};
use sample::{Bump, Value};
use state::expr::Side;
use state::family::{Compiler, Example, Needs, Parse, Pick, RuleSet, Words};
use state::frontend::{Captures, Proto};
use state::options::{Mode, Options, Timeouts};
use state::route::Switching;
use state::server::{Address, HashKey, Port};
use state::table::{Column, Form, KeyKind, Kind, ServerKey, Shape, Tracked};
use state::world::Process;
use state::{
    Act, Backend, Ctx, Endpoint, Frontend, References, Server, Session, Stream, Table, Verdict, World,
};

const BEGUN_WALL_US: u64 = 1_700_000_000_123_000;
const BEGUN_NS: u64 = 5_000_000_000;
const MS: u64 = 1_000_000;

fn names() -> Names {
    let mut names = Names::default();
    names.frontends.insert("web".into(), 0);
    names.backends.insert("app".into(), 0);
    names.servers = vec![HashMap::from([("s1".into(), 0), ("s2".into(), 1)])];
    names.tables.insert("web".into(), (0, KeyKind::Ipv4));
    names.tables.insert("arrays".into(), (1, KeyKind::Str(32)));
    names.stick_counters = 3;
    names.userlists.insert("people".into(), 0);
    names.base = Some("tests/examples".into());
    names.caches.insert("images".into(), 0);
    names.resolvers.insert("dns".into(), 0);
    names.http_errors.insert("pages".into(), Arc::new(state::reply::Pages::default()));
    names
}

fn home<'a>() -> Home<'a> {
    Home { name: "web", frontend: Some(0), backend: Some(0) }
}

fn server(name: &str, id: u32, weight: u16, maxconn: u32) -> Server {
    Server {
        name: name.into(),
        id,
        own_id: false,
        fqdn: None,
        last_address: false,
        init_state: Default::default(),
        resolve: None,
        address: Address::Inet("192.0.2.10:8080".parse().unwrap()),
        multipath: false,
        port: Port::Fixed,
        weight,
        backup: false,
        non_stick: false,
        maxconn,
        minconn: maxconn,
        maxqueue: 0,
        hash_key: HashKey::Id,
        guid: None,
        pool_max: None,
        pool_low: 0,
        pool_name: None,
        pool_purge_ms: 5000,
        max_reuse: None,
        cookie: None,
        redirect: None,
        datagram: false,
        disabled: false,
        agent: None,
        track: None,
        followers: Box::default(),
        observe: None,
        slowstart_ms: 0,
        shutdown_when_down: false,
        shutdown_backups_when_up: false,
        check: None,
        send_proxy: None,
        source: None,
        user_timeout_ms: None,
        fast_open: false,
        socks4: None,
        congestion: None,
        namespace: None,
        md5: None,
        proto: Proto::Any,
        websocket: Proto::Any,
        check_proto: Proto::Any,
        tls: None,
        no_tls: false,
        reach: 0,
        live: Arc::new(state::server::Live::new(id, weight, maxconn, 1)),
    }
}

fn balancer(words: &str) -> Box<dyn state::family::Balance> {
    let mut names = names();
    let mut compile = Compile::new(&mut names, home());
    compile.site = Site::UseServer;
    let words: Vec<&str> = words.split(' ').collect();
    let (kind, inside) = balance::find(words[0]).expect("an algorithm");
    let mut parse = Parse {
        set: RuleSet::HttpRequest,
        word: words[0],
        inside,
        words: Words::new(&words[1..]),
        compiler: &mut compile,
    };
    let made = (kind.parse)(&mut parse).expect("words of an algorithm");
    assert_eq!(parse.words.peek(), None, "'{}' leaves words", words.join(" "));
    made
}

fn timeouts() -> Timeouts {
    Timeouts {
        client: Some(30_000),
        connect: Some(4000),
        queue: Some(4500),
        server: Some(20_000),
        tarpit: Some(5000),
        tunnel: Some(60_000),
        ..Timeouts::default()
    }
}

/// One that stores everything, and one with arrays.
fn tables() -> Vec<Arc<Table>> {
    let shape = |name: &str, key, columns| Shape {
        name: name.into(),
        key,
        size: 100,
        expire_ms: Some(60_000),
        nopurge: false,
        server_key: ServerKey::Name,
        bytes_factor: 1,
        columns,
    };
    let all = Kind::ALL.into_iter().filter(|kind| !kind.is_array());
    let all = all.map(|kind| Column { kind, len: 1, period_ms: 10_000 }).collect();
    let arrays = [Kind::Gpt, Kind::Gpc, Kind::GpcRate];
    let arrays = arrays.map(|kind| Column { kind, len: 3, period_ms: 10_000 });
    vec![
        Arc::new(Table::new(shape("web", KeyKind::Ipv4, all))),
        Arc::new(Table::new(shape("arrays", KeyKind::Str(32), Box::new(arrays)))),
    ]
}

/// Tracks an entry of each table, with values that can be told apart.
fn track(world: &World, session: &mut Session) {
    let arena = Bump::new();
    let now = BEGUN_NS / MS;
    let keys = [Value::Str(b"192.0.2.1"), Value::Str(b"some key")];
    for (number, (table, key)) in (0u32..).zip(world.tables.iter().zip(keys)) {
        let seen = table.find_or_make(&table.key.key(key, &arena).unwrap(), now).unwrap();
        for (kind, at) in Kind::ALL.into_iter().zip(1..) {
            let factor = if kind.is_byte_rate() { 100 } else { 1 };
            let factor = if kind.form() == Form::Wide { 1024 } else { factor };
            seen.set(kind, 0, at * factor, now);
        }
        for element in 0..3 {
            for (kind, base) in [(Kind::Gpt, 30), (Kind::Gpc, 40), (Kind::GpcRate, 50)] {
                seen.set(kind, element, base + u64::from(element), now);
            }
        }
        session.counters.set(number, Tracked::track(table, &seen));
    }
}

/// One with a user of each kind of password.
fn userlist() -> state::auth::Userlist {
    let user = |password, groups: &[&str]| state::auth::User {
        password,
        groups: groups.iter().map(|g| g.as_bytes().into()).collect(),
        ..state::auth::User::default()
    };
    let plain = state::auth::Password::Plain(b"open sesame".as_slice().into());
    let hello_world = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    state::auth::Userlist {
        name: "people".into(),
        users: HashMap::from([
            (b"Aladdin".as_slice().into(), user(plain, &["thieves", "heroes"])),
            (b"Joe".as_slice().into(), user(state::auth::Password::Crypt(hello_world.into()), &["staff"])),
        ]),
    }
}

fn frontend() -> Frontend {
    Frontend {
        rate_limit: 0,
        name: "web".into(),
        id: 2,
        guid: None,
        mode: Mode::Http,
        disabled: false,
        description: None,
        binds: vec![observed::bind()],
        maxconn: 2000,
        backlog: None,
        tcp_connection: Arc::default(),
        tcp_session: Arc::default(),
        tcp_content: Arc::default(),
        inspect_delay: None,
        http_request: Arc::default(),
        redirects: Arc::default(),
        http_response: Arc::default(),
        http_after_response: Arc::default(),
        filters: state::filter::Filters::default(),
        compression: None,
        switching: Switching { default: Some(0), ..Switching::default() },
        back: None,
        monitor_uri: None,
        monitor_fail: Box::default(),
        stats: None,
        timeouts: timeouts(),
        looks: [true; 2],
        looks_early: false,
        options: Arc::new(Options::default()),
        pages: Arc::default(),
        log: Arc::default(),
        captures: Captures::default(),
        unique_id: None,
        unique_id_header: None,
        listening: Box::new([Arc::new(state::frontend::Listening::new(1, false))]),
        live: Arc::new(state::frontend::Live::new(1)),
    }
}

fn backend(servers: Vec<Server>, words: &str) -> Backend {
    let made = Backend {
        name: "app".into(),
        id: 3,
        own_id: false,
        guid: None,
        mode: Mode::Http,
        disabled: false,
        description: None,
        servers,
        balance: balancer(words),
        balance_name: "roundrobin",
        inspect_delay: None,
        response_delay: None,
        tcp_content: Arc::default(),
        tcp_response: Arc::default(),
        http_request: Arc::default(),
        redirects: Arc::default(),
        http_response: Arc::default(),
        http_after_response: Arc::default(),
        filters: state::filter::Filters::default(),
        compression: None,
        stats: None,
        use_server: Box::<[state::backend::UseServer]>::default(),
        cookie: None,
        forwarded: None,
        persist_rules: Box::default(),
        stick: None,
        rdp_cookie: None,
        timeouts: timeouts(),
        looks: [true; 2],
        looks_early: false,
        options: Arc::new(Options::default()),
        retries: 3,
        fullconn: 0,
        pages: Arc::default(),
        log: Arc::default(),
        message_sinks: Box::default(),
        unique_id: None,
        email: None,
        probe: Arc::default(),
        live: Arc::new(state::backend::Live::new(1)),
        noted: AtomicU32::new(0),
    };
    made.balance.changed(&made);
    made
}

fn world(servers: Vec<Server>, balance: &str) -> World {
    World {
        initial_vars: state::vars::Vars::new(),
        generation: 0,
        counted: None,
        restored: Vec::new(),
        seats: state::world::Seats::default(),
        global: global::global(),
        files: vec!["web.cfg".into()],
        frontends: vec![frontend()],
        backends: vec![backend(servers, balance)],
        backend_names: HashMap::from([("app".into(), 0)]),
        log_targets: Vec::new(),
        global_logs: Arc::default(),
        var_names: Vec::new(),
        wants_destination: true,
        tables: tables(),
        caches: Vec::new(),
        resolvers: Vec::new(),
        userlists: vec![userlist()],
        references: References::default(),
        acls: Vec::new(),
        kept: HashMap::new(),
        wants_server_ends: true,
        wants_line_count: true,
        rings: Vec::new(),
        log_forwards: Vec::new(),
        log_profiles: Vec::new(),
        tls: Arc::default(),
        process: Arc::new(Process::default()),
    }
}

fn two_servers() -> Vec<Server> {
    vec![server("s1", 1, 1, 0), server("s2", 2, 10, 100)]
}

fn session() -> Session {
    let source = Endpoint::Inet("192.0.2.1:50000".parse().unwrap());
    let mut session = Session::new(0, 0, source, BEGUN_NS, BEGUN_WALL_US);
    session.set_ends(None, Some(Endpoint::Inet("198.51.100.7:80".parse().unwrap())), true);
    session.requests = 1;
    session
}

fn fill(body: &mut state::stream::Body, head: &http::Message, content: &[u8]) {
    body.content.extend_from_slice(content);
    let announced =
        head.find(http::Known::ContentLength).and_then(|v| std::str::from_utf8(v).ok()?.parse().ok());
    body.size = announced.unwrap_or(content.len() as u64);
}

/// A stream that took a second, with the given messages.
fn stream(given: &str) -> Stream {
    let mut stream = Stream::new();
    stream.reset(0, BEGUN_NS, BEGUN_WALL_US);
    stream.number = 7;
    stream.trail.last_rule = Some(state::rule::Place { file: 0, line: 30 });
    stream.backend = Some(0);
    stream.server_destination = Some(Endpoint::Inet(([192, 0, 2, 10], 8080).into()));
    if let Some(bytes) = given.strip_prefix("raw:") {
        for body in [&mut stream.request_body, &mut stream.response_body] {
            body.content.extend_from_slice(bytes.as_bytes());
            (body.raw, body.buffered) = (true, bytes.len() as u64);
        }
        return stream;
    }
    let (request, response) = given.split_once("---\r\n").map_or((given, None), |(a, b)| (a, Some(b)));
    if !request.is_empty() {
        let parsed = parse_request(request.as_bytes(), &mut stream.request, &Limits::default());
        assert!(matches!(parsed, Parsed::Complete { .. }), "{request:?}: {parsed:?}");
        stream.request_line = request.lines().next().unwrap().as_bytes().to_vec();
        stream.has_request = true;
        if let Parsed::Complete { consumed } = parsed {
            fill(&mut stream.request_body, &stream.request, &request.as_bytes()[consumed..]);
        }
        stream.times.first_byte = BEGUN_NS + 200 * MS;
        stream.times.request = BEGUN_NS + 210 * MS;
    }
    if let Some(response) = response {
        let parsed = parse_response(response.as_bytes(), &mut stream.response, &Limits::default());
        assert!(matches!(parsed, Parsed::Complete { .. }), "{response:?}: {parsed:?}");
        stream.has_response = true;
        if let Parsed::Complete { consumed } = parsed {
            fill(&mut stream.response_body, &stream.response, &response.as_bytes()[consumed..]);
        }
        stream.server = Some(0);
        stream.status = stream.response.status();
        stream.times.queued = BEGUN_NS + 230 * MS;
        stream.times.connected = BEGUN_NS + 235 * MS;
        stream.times.response = BEGUN_NS + 285 * MS;
    }
    stream
}

/// A place where the fetch may stand.
fn place(needs: Needs) -> Site {
    Site::Rules(match needs {
        Needs::ServerChosen
        | Needs::Server
        | Needs::ServerConnection
        | Needs::Response
        | Needs::CachedResponse
        | Needs::ResponseCounts
        | Needs::ResponseHead
        | Needs::ResponseBody
        | Needs::ResponseBuffer
        | Needs::Log => RuleSet::HttpResponse,
        _ => RuleSet::HttpRequest,
    })
}

fn evaluate(example: &Example, needs: Needs) -> Result<String, String> {
    let mut names = names();
    let mut compile = Compile::new(&mut names, home());
    compile.settle_acls();
    compile.site = place(needs);
    let side = compile.site.side();
    let words = [example.expr];
    let expr = compile.expr(&mut Words::new(&words))?;
    let (mut world, mut session, stream) =
        (world(two_servers(), "roundrobin"), session(), stream(example.given));
    world.references = std::mem::take(&mut names.references);
    world.acls = std::mem::take(&mut names.acls);
    track(&world, &mut session);
    let arena = Bump::new();
    let cx = Ctx {
        world: &world,
        session: &session,
        stream: Some(&stream),
        side,
        arena: &arena,
        now_ns: BEGUN_NS + 1000 * MS,
        wall_us: BEGUN_WALL_US + 1_001_000,
        thread: 0,
    };
    Ok(expr.eval(&cx).map_or_else(
        || "-".to_owned(),
        |v| String::from_utf8_lossy(sample::cast::text(v, &arena)).into_owned(),
    ))
}

fn check(name: &str, example: &Example, needs: Needs, failures: &mut Vec<String>) {
    let got = evaluate(example, needs);
    if got.as_deref() != Ok(example.gives) {
        failures.push(format!("{name}: {} gives {got:?}, not {:?}", example.expr, example.gives));
    }
}

#[test]
fn fetches_give_what_their_examples_say() {
    let mut failures = Vec::new();
    for fetch in fetch::ALL.iter().copied().flatten() {
        for example in fetch.examples {
            check(fetch.name, example, fetch.needs, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn converters_give_what_their_examples_say() {
    let mut failures = Vec::new();
    for converter in convert::ALL.iter().copied().flatten() {
        for example in converter.examples {
            check(converter.name, example, Needs::Nothing, &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn expressions_give_what_was_observed() {
    let mut failures = Vec::new();
    for (expr, gives) in observed::EXPRESSIONS {
        let got = evaluate(&Example { given: "", expr, gives }, Needs::Nothing);
        let got = got.map(|g| if g == "-" { String::new() } else { g });
        if got.as_deref() != Ok(*gives) {
            failures.push(format!("{expr} gives {got:?}, not {gives:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn keywords_are_documented_and_unique() {
    let fetches = fetch::ALL.iter().copied().flatten().map(|k| (k.name, k.doc, k.examples.len()));
    let converters = convert::ALL.iter().copied().flatten().map(|k| (k.name, k.doc, k.examples.len()));
    let actions = action::ALL.iter().copied().flatten().map(|k| (k.name, k.doc, k.examples.len()));
    let balancers = balance::ALL.iter().copied().flatten().map(|k| (k.name, k.doc, k.examples.len()));
    let aliases = alias::ALL.iter().copied().flatten().map(|k| (k.name, k.doc, 1));
    let families: [(&str, Vec<_>); 5] = [
        ("fetch", fetches.collect()),
        ("convert", converters.collect()),
        ("action", actions.collect()),
        ("balance", balancers.collect()),
        ("alias", aliases.collect()),
    ];
    for (family, keywords) in families {
        let mut seen = BTreeSet::new();
        for (name, doc, examples) in keywords {
            assert!(seen.insert(name), "{family} '{name}' is defined twice");
            assert!(!doc.is_empty(), "{family} '{name}' has no documentation");
            assert!(examples > 0, "{family} '{name}' has no example");
        }
    }
}

#[test]
fn every_file_of_a_family_is_listed() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../keywords/src");
    for family in ["action", "alias", "balance", "convert", "fetch"] {
        let folder = source.join(family);
        let list = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(module) = name.strip_suffix(".rs").filter(|m| *m != "mod") else { continue };
            let text = std::fs::read_to_string(folder.join(&name)).unwrap();
            if text.contains("const KEYWORDS") {
                assert!(list.contains(&format!("{module}::KEYWORDS")), "{family}/{name} is not listed");
            }
        }
    }
}

#[test]
fn actions_compile() {
    let mut failures = Vec::new();
    for kind in action::ALL.iter().copied().flatten() {
        assert!(!kind.sets.is_empty(), "'{}' can stand nowhere", kind.name);
        for example in kind.examples {
            let mut names = names();
            let mut compile = Compile::new(&mut names, home());
            let words = words(example);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let made = kind.sets.iter().map(|set| compile.rule(*set, &words));
            let made: Vec<_> = made.collect();
            // An example may use what only one of the sets has.
            if !made.iter().any(Result::is_ok) {
                failures.push(format!("{example}: {:?}", made.into_iter().find_map(Result::err)));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn balancing_algorithms_compile() {
    for kind in balance::ALL.iter().copied().flatten() {
        for example in kind.examples {
            balancer(example);
        }
    }
}

/// The first choices of an algorithm over servers of these weights, as HAProxy makes them for the same keys.
fn choices(algorithm: &str, weights: &[u16], requests: &[&str]) -> String {
    let servers = weights.iter().zip(1..).map(|(w, id)| server(&format!("s{id}"), id, *w, 0)).collect();
    let (world, session) = (world(servers, algorithm), session());
    let arena = Bump::new();
    let backend = &world.backends[0];
    requests
        .iter()
        .map(|request| {
            let stream = stream(request);
            let cx = Ctx {
                world: &world,
                session: &session,
                stream: Some(&stream),
                side: Side::Request,
                arena: &arena,
                now_ns: BEGUN_NS,
                wall_us: BEGUN_WALL_US,
                thread: 0,
            };
            let pick = Pick { cx: &cx, backend, random: 7, avoid: None };
            backend.balance.pick(&pick).unwrap().to_string()
        })
        .collect()
}

#[test]
fn rounds_go_in_the_usual_order() {
    let any = ["GET / HTTP/1.1\r\nhost: a\r\n\r\n"; 12];
    for (algorithm, weights, expected) in [
        ("roundrobin", &[1, 1, 1][..], "012012012012"),
        ("roundrobin", &[1, 2, 3], "212021212021"),
        ("roundrobin", &[10, 20, 30], "212021212021"),
        ("roundrobin", &[5, 3], "001010010010"),
        ("roundrobin", &[4, 3, 2, 1], "010210301201"),
        ("roundrobin", &[3, 0, 2], "002020020200"),
        ("static-rr", &[1, 2, 3], "021212021212"),
        ("static-rr", &[4, 3, 2, 1], "010120102301"),
        ("first", &[1, 1], "000000000000"),
        ("leastconn", &[1, 1, 1], "012012012012"),
        ("hdr(nope)", &[1, 1, 1], "012012012012"),
    ] {
        assert_eq!(choices(algorithm, weights, &any), expected, "{algorithm} {weights:?}");
    }
}

#[test]
fn hashes_lead_where_they_lead_elsewhere() {
    let requests: Vec<String> =
        (0..14).map(|i| format!("GET /x{i}?y HTTP/1.1\r\nhost: h{i}\r\nx-u: u{i}\r\n\r\n")).collect();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    for (algorithm, weights, expected) in observed::HASHES {
        assert_eq!(choices(algorithm, weights, &requests), *expected, "{algorithm} {weights:?}");
    }
}

/// The request that the rules below work on.
const RULED: &str =
    "GET /a/b?x=1 HTTP/1.1\r\nhost: h\r\nx-v: abc, dbe\r\nx-v: zbz\r\nx-t: tab\there\r\ncookie: s=1\r\n\r\n";

/// Runs `http-request` rules, one after the other, on the request above; gives the stream and the last verdict.
fn run(lines: &str) -> (Stream, Verdict) {
    let mut names = names();
    let mut compile = Compile::new(&mut names, home());
    let rules: Vec<_> = lines
        .split(" ## ")
        .map(|line| {
            let words = words(line.strip_prefix("http-request ").unwrap_or(line));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            compile.rule(RuleSet::HttpRequest, &words).unwrap_or_else(|e| panic!("{line}: {e:?}"))
        })
        .collect();
    let captures = std::mem::take(&mut compile.captures);
    let mut world = world(two_servers(), "roundrobin");
    world.frontends[0].captures = captures;
    let (mut session, mut stream, arena) = (session(), stream(RULED), Bump::new());
    let mut verdict = Verdict::Next;
    for rule in &rules {
        let mut act = Act {
            world: &world,
            session: &mut session,
            stream: Some(&mut stream),
            side: Side::Request,
            arena: &arena,
            now_ns: BEGUN_NS + 1000 * MS,
            wall_us: BEGUN_WALL_US,
            thread: 0,
        };
        if rule.cond.as_ref().is_none_or(|c| c.holds(&act.ctx())) {
            verdict = rule.action.run(&mut act);
        }
        if verdict != Verdict::Next {
            break;
        }
    }
    (stream, verdict)
}

#[test]
fn rules_change_requests() {
    let text = |b: Option<&[u8]>| String::from_utf8_lossy(b.unwrap_or_default()).into_owned();
    let mut failures = Vec::new();
    for (lines, expected) in observed::EFFECTS {
        let (stream, _) = run(lines);
        let request = &stream.request;
        let names: Vec<String> = request.headers().map(|h| text(Some(h.name))).collect();
        let got = format!(
            "{} {}|{}|{}|{}|{}|",
            text(Some(request.method_bytes())),
            text(Some(request.target_bytes())),
            text(request.line_at(&b"x-v"[..], 1)),
            text(request.line_at(&b"x-v"[..], 2)),
            names.join(","),
            text(request.line_at(&b"x-o"[..], -1)),
        );
        if got != *expected {
            failures.push(format!("{lines}\n     {got}\n not {expected}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn rules_answer() {
    let mut failures = Vec::new();
    for (line, expected) in observed::ANSWERS {
        let (mut stream, verdict) = run(line);
        if let Verdict::Deny { status } | Verdict::Tarpit { status } = verdict {
            let page = http::reply::error(status).unwrap();
            page.fill(&mut stream.response).unwrap();
            stream.reply_body = Some(page.body.as_bytes().into());
        }
        let mut got = Vec::new();
        stream.response.write_response_head(&mut got);
        got.extend_from_slice(stream.reply_body.as_deref().unwrap_or_default());
        let got = String::from_utf8_lossy(&got);
        if got != *expected {
            failures.push(format!("{line}\n     {got:?}\n not {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn log_lines_look_as_elsewhere() {
    let given = "GET /a/b?x=1 HTTP/1.1\r\nhost: h\r\n\r\n---\r\nHTTP/1.1 200 OK\r\n\r\n";
    let (session, mut stream, arena) = (session(), stream(given), Bump::new());
    stream.times.ended = BEGUN_NS + 1000 * MS;
    (stream.bytes_in, stream.bytes_out, stream.counts) = (89, 59, [4, 3, 2, 1]);
    (stream.retries, stream.redispatched) = (1, true);
    stream.captured_request.set(0, Some(b"a\"b]c\\d#e\tf~\x7f"));
    stream.captured_request.set(2, Some(b"UA {x}"));
    stream.captured_response.set(0, Some(b"sv"));
    let mut world = world(two_servers(), "roundrobin");
    let slot = |name: &str| state::frontend::Capture { name: name.as_bytes().into(), len: 40 };
    world.frontends[0].captures = Captures {
        request: vec![slot("x-v"), slot("nope"), slot("user-agent")],
        response: vec![slot("x-s")],
        cookie: None,
    };
    let mut failures = Vec::new();
    for (format, expected) in observed::LINES {
        let mut names = names();
        let compiled = Compile::new(&mut names, home()).log_format(format).unwrap();
        let cx = Ctx {
            world: &world,
            session: &session,
            stream: Some(&stream),
            side: Side::Response,
            arena: &arena,
            now_ns: stream.times.ended,
            wall_us: BEGUN_WALL_US,
            thread: 0,
        };
        let mut line = Vec::new();
        compiled.write(&cx, &mut line);
        let line = String::from_utf8_lossy(&line);
        if line != *expected {
            failures.push(format!("{format}\n     {line:?}\n not {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Cuts a line at spaces outside of double quotes, as the configuration's reader does.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}
