//! Live apply: configurations take each other's place while clients are served, and what lives on does.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use harness::load::{self, Plan};
use harness::origin::{Options, Origin};
use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use harness::variants::Variants;
use rustix::process::Signal;
use support::{DEFAULTS, LIMIT, sluice, until};

struct Serving {
    process: Process,
    scratch: Scratch,
}

impl Serving {
    fn start(text: impl FnOnce(&str) -> String) -> Self {
        let scratch = Scratch::new("apply").unwrap();
        let socket = scratch.path().join("admin.sock");
        let global =
            format!("    nbthread 2\n    maxconn 500\n    stats socket {} level admin\n", socket.display());
        scratch.write("s.cfg", text(&global)).unwrap();
        let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
        let process = Process::start(command, scratch.path().join("out")).unwrap();
        until("the socket", || UnixStream::connect(&socket).ok());
        Self { process, scratch }
    }

    fn ask(&self, words: &str) -> String {
        let mut stream = UnixStream::connect(self.scratch.path().join("admin.sock")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn apply(&self, text: &str) -> String {
        self.ask(&format!("config apply <<%end%\n{text}\n%end%\n"))
    }

    fn end(mut self) {
        self.process.signal(Signal::TERM).unwrap();
        self.process.wait(LIMIT).unwrap();
    }
}

fn get(stream: &mut TcpStream, path: &str) -> (String, bool) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n").as_bytes()).unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    stream.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
    (head.lines().next().unwrap().to_owned(), head.contains("connection: close"))
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

#[test]
fn nothing_fails_while_configurations_change() {
    let origin = Origin::start(&Options::default()).unwrap();
    let ports: Vec<u16> = (0..5).map(|_| free_one().unwrap()).collect();
    let certs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vtc/certs");
    let maps = Scratch::new("maps").unwrap();
    Variants::write_maps(maps.path()).unwrap();
    let variants = |global: &str| Variants {
        global: global.to_owned(),
        port: ports[0],
        secure: Some((ports[1], ["a", "b"].map(|name| certs.join(format!("{name}.pem"))).into())),
        maps: Some(maps.path().to_owned()),
        spare: ports[2..].to_vec(),
        origins: origin.ports().to_vec(),
        idle_backends: 20,
    };
    let mut lines = String::new();
    let serving = Serving::start(|global| {
        lines = global.to_owned();
        variants(global).text(0)
    });
    let plan = Plan {
        target: SocketAddr::from(([127, 0, 0, 1], ports[0])),
        request: b"GET / HTTP/1.1\r\nhost: here\r\n\r\n".to_vec(),
        connections: 16,
        keep_alive: true,
        rate: None,
        duration: Duration::from_secs(4),
    };
    let clients = std::thread::spawn(move || load::run(&plan).unwrap());
    let mut number = 0;
    while !clients.is_finished() {
        number += 1;
        let answer = serving.apply(&variants(&lines).text(number));
        assert!(answer.contains(&format!("Applied: generation {number}.")), "{answer}");
    }
    let outcome = clients.join().unwrap();
    assert_eq!(outcome.errors, 0, "of {} answers, over {number} changes", outcome.answers);
    assert!(outcome.answers > 0 && number > 1);
    let counted = until("all requests", || {
        let table = serving.ask("show table app\n");
        let count: u64 = table.split("http_req_cnt=").nth(1)?.trim().parse().ok()?;
        (count >= outcome.answers).then_some(count)
    });
    assert!(counted <= outcome.answers + 16, "{counted} counted, {} answered", outcome.answers);
    serving.end();
}

#[test]
fn who_is_there_is_served_and_state_is_kept() {
    let origin = Origin::start(&Options::default()).unwrap();
    let to = origin.ports()[0];
    let (stays, goes) = (free_one().unwrap(), free_one().unwrap());
    let web =
        |more: &str| format!("frontend web\n    bind 127.0.0.1:{stays}\n    default_backend app\n{more}");
    let app = format!(
        "backend app\n    server s1 127.0.0.1:{to} weight 10\n    server s2 127.0.0.1:{to} disabled\n"
    );
    let other = format!("frontend other\n    bind 127.0.0.1:{goes}\n    default_backend app\n");
    let mut before = String::new();
    let serving = Serving::start(|global| {
        before = format!("global\n{global}{DEFAULTS}");
        format!("{before}{}{other}{app}", web(""))
    });
    let (mut kept, mut leaving) = (connect(stays), connect(goes));
    assert_eq!(get(&mut kept, "/"), ("http/1.1 200 ok".to_owned(), false));
    assert_eq!(get(&mut leaving, "/"), ("http/1.1 200 ok".to_owned(), false));
    let wrong = serving.apply(&format!("{before}{}    nonsense\n{app}", web("")));
    assert!(wrong.contains("nonsense") && wrong.contains("Nothing was applied."), "{wrong}");
    let fixed = serving.apply(&format!("{}{}{app}", before.replace("nbthread 2", "nbthread 3"), web("")));
    assert!(fixed.contains("'nbthread'") && fixed.contains("Nothing was applied."), "{fixed}");
    let taken = serving.apply(&format!("{before}{}frontend x\n    bind 127.0.0.1:{to}\n{app}", web("")));
    assert!(taken.contains("cannot bind socket") && taken.contains("Nothing was applied."), "{taken}");

    let away = serving.apply(&format!("{before}{}frontend x\n    bind unix@/nowhere/x.sock\n{app}", web("")));
    assert!(away.contains("'/nowhere/x.sock'") && away.contains("Nothing was applied."), "{away}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.process.pid())).unwrap();
    assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");

    let told = serving.ask("config explain-diff s.cfg\n");
    assert!(told.contains("Nothing would change."), "{told}");
    let next =
        format!("{before}{}{}", web("    http-request deny if { path /no }\n"), app.replace(" disabled", ""));
    let told = serving.ask(&format!("config explain-diff <<%end%\n{next}\n%end%\n"));
    let expected = [
        "~ frontend web:\n    + http-request deny if { path /no }\n    http-request: for requests that begin from then on",
        "- frontend other: goes; who is there is served to the end.\n",
        &format!("- bind other/127.0.0.1:{goes}: no longer listens; 1 clients are served to their end.\n"),
        "~ server app/s2: leaves maintenance: gets requests again.\n",
        "In all: 1 addresses are listened on as before, 0 are opened, 1 are closed; 1 clients stay connected, 1 are",
    ];
    assert!(expected.iter().all(|words| told.contains(words)), "{told}");
    let answer = serving.apply(&next);
    assert!(answer.contains("Applied: generation 1."), "{answer}");
    // The one goes by the new rules, the other is served to the end of an answer and let go.
    assert_eq!(get(&mut kept, "/no").0, "http/1.1 403 forbidden");
    assert_eq!(get(&mut leaving, "/no"), ("http/1.1 200 ok".to_owned(), true));
    assert!(TcpStream::connect(("127.0.0.1", goes)).is_err());
    assert_eq!(get(&mut kept, "/"), ("http/1.1 200 ok".to_owned(), false));
    let rows = serving.ask("show stat\n");
    assert!(!rows.contains("\nother,") && rows.contains("app,s2,"), "{rows}");
    let column = |row: &str, at: usize| {
        let line = rows.lines().find(|line| line.starts_with(row)).unwrap_or_default();
        line.split(',').nth(at).map(str::to_owned)
    };
    assert_eq!(column("app,s2,", 17).as_deref(), Some("no check"));
    // All but the one that was denied, of before and of since.
    let sessions = |row: &str| column(row, 7).unwrap().parse::<u32>().unwrap();
    assert_eq!(sessions("app,s1,") + sessions("app,s2,"), 4);
    serving.end();
}

/// Three origins that answer with 200, 201 and 202, and whoever sends clients to them.
fn taking_turns(ports: &[u16], backend: &str) -> String {
    let mut text = format!("frontend web\n    bind 127.0.0.1:{}\n    default_backend app\n", ports[0]);
    for (n, port) in ports[1..].iter().enumerate() {
        text.push_str(&format!("frontend o{n}\n    bind 127.0.0.1:{port}\n"));
        text.push_str(&format!("    http-request return status 20{n}\n"));
    }
    text.push_str("backend app\n    http-request track-sc0 src\n");
    text.push_str(backend);
    for (n, port) in ports[1..].iter().enumerate() {
        text.push_str(&format!("    server s{n} 127.0.0.1:{port}\n"));
    }
    text
}

#[test]
fn turns_go_on_and_tables_keep_what_they_know() {
    let ports: Vec<u16> = (0..4).map(|_| free_one().unwrap()).collect();
    let mut before = String::new();
    let table = |size: &str, more: &str| {
        format!("    balance roundrobin\n    stick-table type ip size {size} store http_req_cnt{more}\n")
    };
    let serving = Serving::start(|global| {
        before = format!("global\n{global}{DEFAULTS}");
        format!("{before}{}", taking_turns(&ports, &table("1k expire 1h", ",http_req_rate(1h)")))
    });
    let mut client = connect(ports[0]);
    let mut turn = || get(&mut client, "/").0.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(turn(), "200");
    let steps = [
        (table("200k expire 2h", ",http_req_rate(1h)"), "201"),
        (table("10 expire 1h", ",http_req_rate(1h)"), "202"),
        (table("10 expire 1h", ",http_req_rate(2h),gpc1"), "200"),
        (table("10 expire 1h", ",gpc0,http_req_rate(2h)"), "201"),
    ];
    for (number, (lines, expected)) in (1..).zip(steps) {
        let answer = serving.apply(&format!("{before}{}", taking_turns(&ports, &lines)));
        assert!(answer.contains(&format!("Applied: generation {number}.")), "{answer}");
        assert_eq!(turn(), expected, "after {number} changes");
        until("all requests", || {
            let told = serving.ask("show table app\n");
            let count = format!("http_req_cnt={}", number + 1);
            let rate = format!("000)={}", number + 1);
            (told.contains(&count) && told.contains(&rate)).then_some(())
        });
    }
    // One that goes has no turn; the others go on where they were.
    let lines = table("10 expire 1h", ",gpc0,http_req_rate(2h)");
    let fewer = taking_turns(&ports, &lines).replace(&format!("    server s2 127.0.0.1:{}\n", ports[3]), "");
    assert!(serving.apply(&format!("{before}{fewer}")).contains("Applied:"));
    assert_eq!([turn(), turn(), turn()], ["200", "201", "200"]);
    serving.end();
}
