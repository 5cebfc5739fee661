//! The Runtime API over its sockets: what is shown, how a conversation goes, what a client may cost.

#![cfg(test)]

mod support;

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;

use harness::origin::{Options, Origin};
use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::Signal;
use support::{DEFAULTS, LIMIT, run, sluice, until};

struct Serving {
    process: Process,
    scratch: Scratch,
    port: u16,
    /// Stops when it is dropped.
    _origin: Origin,
}

/// Two proxies before one origin, and sockets of two levels; `global` holds more lines of that section.
fn serve(global: &str) -> Serving {
    let (scratch, port) = (Scratch::new("stats").unwrap(), free_one().unwrap());
    let origin = Origin::start(&Options::default()).unwrap();
    let to = origin.ports()[0];
    let text = format!(
        "global\n    nbthread 2\n    maxconn 100\n    stats socket {home}/admin.sock level admin mode 600\n    \
         stats socket {home}/user.sock level user\n{global}{DEFAULTS}\
         frontend web\n    bind 127.0.0.1:{port} name first\n    option socket-stats\n    maxconn 77\n    \
         http-request deny if {{ path /no }}\n    default_backend app\n\
         backend app\n    balance roundrobin\n    server s1 127.0.0.1:{to} weight 10 cookie c1 maxconn 5\n    \
         server s2 127.0.0.1:1 disabled\n    server bk 127.0.0.1:1 backup disabled\n\
         listen both\n    id 9\n    bind {home}/both.sock\n    server s 127.0.0.1:{to}\n",
        home = scratch.path().display()
    );
    scratch.write("s.cfg", text).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let process = Process::start(command, scratch.path().join("out")).unwrap();
    // Sockets take connections as soon as they are there. One to the frontend would be counted.
    until("the socket", || UnixStream::connect(scratch.path().join("admin.sock")).ok());
    Serving { process, scratch, port, _origin: origin }
}

impl Serving {
    fn connect(&self, socket: &str) -> UnixStream {
        // Several sockets appear one after the other.
        let stream = until(socket, || UnixStream::connect(self.scratch.path().join(socket)).ok());
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// Sends this and gives all that comes until the end.
    fn say(&self, socket: &str, words: &str) -> String {
        let mut stream = self.connect(socket);
        stream.write_all(words.as_bytes()).unwrap();
        rest(stream)
    }

    fn ask(&self, words: &str) -> String {
        self.say("admin.sock", &format!("{words}\n"))
    }

    /// `show stat`: rows by `proxy/service`, their cells by column.
    fn rows(&self, words: &str) -> HashMap<String, HashMap<String, String>> {
        let answer = self.ask(words);
        let mut lines = answer.strip_suffix("\n\n").unwrap_or(&answer).lines();
        let header: Vec<&str> = lines.next().unwrap().strip_prefix("# ").unwrap().split(',').collect();
        lines
            .map(|line| {
                let cells = cells(line);
                assert_eq!(cells.len(), header.len(), "{line}");
                let name = format!("{}/{}", cells[0], cells[1]);
                (name, header.iter().map(|h| (*h).to_owned()).zip(cells).collect())
            })
            .collect()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    fn end(mut self) {
        self.process.signal(Signal::TERM).unwrap();
        self.process.wait(LIMIT).unwrap();
    }
}

fn rest(mut stream: UnixStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    String::from_utf8(answer).unwrap()
}

/// The cells of a line of CSV.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn rows_count_what_happened() {
    let serving = serve("");
    for _ in 0..3 {
        assert_eq!(serving.get("/"), "HTTP/1.1 200 OK");
    }
    assert_eq!(serving.get("/no"), "HTTP/1.1 403 Forbidden");
    // An exchange is counted when it is over, which may be after its answer came.
    let rows = until("four requests", || {
        let rows = serving.rows("show stat");
        let over = rows["web/FRONTEND"]["hrsp_4xx"] == "1" && rows["web/FRONTEND"]["hrsp_2xx"] == "3";
        (over && rows["web/FRONTEND"]["scur"] == "0" && rows["app/BACKEND"]["scur"] == "0").then_some(rows)
    });
    let expect = |row: &str, cells: &[(&str, &str)]| {
        for (column, value) in cells {
            assert_eq!(rows[row][*column], *value, "{row} {column}");
        }
    };
    let front =
        [("slim", "77"), ("stot", "4"), ("dreq", "1"), ("status", "OPEN"), ("req_tot", "4"), ("type", "0")];
    expect("web/FRONTEND", &front);
    expect(
        "web/FRONTEND",
        &[("qcur", ""), ("weight", ""), ("mode", "http"), ("conn_tot", "4"), ("h1req", "4")],
    );
    expect("web/first", &[("stot", "4"), ("proto", "tcpv4"), ("type", "3"), ("sid", "1"), ("rate", "")]);
    assert_eq!(rows["web/first"]["addr"], format!("127.0.0.1:{}", serving.port));
    expect(
        "app/s1",
        &[("stot", "3"), ("lbtot", "3"), ("status", "no check"), ("weight", "10"), ("slim", "5")],
    );
    expect(
        "app/s1",
        &[("hrsp_2xx", "3"), ("cookie", "c1"), ("act", "1"), ("bck", "0"), ("check_status", "")],
    );
    expect("app/s2", &[("status", "MAINT"), ("stot", "0"), ("lastsess", "-1"), ("sid", "2")]);
    expect("app/bk", &[("status", "MAINT"), ("act", "0"), ("bck", "1")]);
    expect(
        "app/BACKEND",
        &[("stot", "3"), ("status", "UP"), ("act", "1"), ("weight", "10"), ("algo", "roundrobin")],
    );
    expect("both/BACKEND", &[("iid", "9"), ("stot", "0"), ("type", "1"), ("-", "-")]);
    for (row, column) in
        [("web/FRONTEND", "rate_max"), ("app/s1", "rate_max"), ("web/FRONTEND", "req_rate_max")]
    {
        assert!(rows[row][column].parse::<u32>().unwrap() >= 1, "{row} {column}");
    }
    assert_eq!(rows["web/FRONTEND"]["bin"], rows["web/first"]["bin"]);
    assert_eq!(rows["app/s1"]["bout"], rows["app/BACKEND"]["bout"]);
    serving.end();
}

#[test]
fn what_went_where_and_how_long_it_took() {
    let serving = serve("");
    assert_eq!(serving.get("/"), "HTTP/1.1 200 OK");
    assert_eq!(serving.get("/no"), "HTTP/1.1 403 Forbidden");
    let rows = until("two requests", || {
        let rows = serving.rows("show stat");
        (rows["web/FRONTEND"]["hrsp_4xx"] == "1" && rows["app/s1"]["hrsp_2xx"] == "1").then_some(rows)
    });
    let number = |row: &str, column: &str| -> u64 {
        let text = &rows[row][column];
        text.parse().unwrap_or_else(|_| panic!("{row} {column}: '{text}'"))
    };
    // The only address of the frontend counts what that counts.
    for column in ["stot", "bin", "bout", "dreq", "conn_tot", "reqbout", "resbout", "wrew", "eint"] {
        assert_eq!(number("web/first", column), number("web/FRONTEND", column), "{column}");
    }
    // What was denied went to no server, and its answer came from none.
    let sent = number("app/s1", "bin");
    assert!(number("web/FRONTEND", "bin") > sent && sent > 0);
    assert_eq!(number("web/FRONTEND", "reqbout"), sent);
    assert_eq!(number("web/FRONTEND", "resbin"), number("app/s1", "bout"));
    assert!(number("web/FRONTEND", "resbout") > number("app/BACKEND", "resbout"));
    for column in ["qtime", "ctime", "rtime", "ttime"] {
        // One stream: the average is the longest.
        assert_eq!(number("app/s1", column), number("app/s1", &format!("{column}_max")), "{column}");
        assert_eq!(number("app/BACKEND", column), number("app/s1", column), "{column}");
    }
    assert_eq!((number("app/s1", "lbtot"), number("app/s1", "req_tot")), (1, 1));
    serving.end();
}

#[test]
fn rows_come_in_the_order_of_the_configuration_and_are_chosen() {
    let serving = serve("");
    let names = |words: &str| -> Vec<String> {
        let answer = serving.ask(words);
        let rows = answer.lines().skip(1).filter(|line| !line.is_empty());
        rows.map(|line| cells(line)[..2].join("/")).collect()
    };
    let all = ["web/FRONTEND", "web/first", "app/s1", "app/s2", "app/bk", "app/BACKEND"];
    let both = ["both/FRONTEND", "both/s", "both/BACKEND"];
    assert_eq!(names("show stat"), [&all[..], &both[..]].concat());
    for (words, wanted) in [
        ("show stat both -1 -1", &both[..]),
        ("show stat 9 1 -1", &["both/FRONTEND"]),
        ("show stat -1 2 -1", &["app/BACKEND", "both/BACKEND"]),
        ("show stat app 4 2", &["app/s2"]),
        ("show stat -1 8 -1", &["web/first"]),
        ("show stat app 7 -1 no-maint", &["app/s1", "app/BACKEND"]),
        ("show stat app 4 -1 up", &["app/s1"]),
        ("show stat domain proxy app 4 1", &["app/s1"]),
        ("show stat 77 -1 -1", &[]),
    ] {
        assert_eq!(names(words), wanted, "{words}");
    }
    assert_eq!(serving.ask("show stat nope -1 -1"), "No such proxy.\n\n");
    assert_eq!(serving.ask("show stat domain nope"), "Invalid statistics domain.\n\n");
    serving.end();
}

#[test]
fn values_are_typed() {
    let serving = serve("");
    let typed = serving.ask("show stat web 1 -1 typed");
    for line in
        ["F.2.0.1.svname.1:KNSV:str:FRONTEND", "F.2.0.6.slim.1:CLPV:u32:77", "F.2.0.7.stot.1:MCPP:u64:0"]
    {
        assert!(typed.lines().any(|l| l == line), "{line}\n{typed}");
    }
    // Past the column `-`, which has no number.
    assert!(typed.contains("\nF.2.0.119.h2_headers_rcvd.1:MCPV:u64:0\n"), "{typed}");
    assert!(serving.ask("show stat app 4 1 typed desc").contains("\nS.3.1.19.act.1:SGPV:u32:1:\""));
    let json = serving.ask("show stat app 4 -1 json");
    assert!(
        json.starts_with("[[{\"objType\":\"Server\",\"proxyId\":3,\"id\":1,\"field\":{\"pos\":0,"),
        "{json}"
    );
    assert!(json.ends_with("}}]]\n\n") && json.matches("[{\"objType\"").count() == 3, "{json}");
    let info = serving.ask("show info");
    for line in ["Name: Sluice", "Nbthread: 2", "Maxconn: 100", "Stopping: 0"] {
        assert!(info.lines().any(|l| l == line), "{line}\n{info}");
    }
    assert!(info.contains(&format!("\nPid: {}\n", serving.process.pid())), "{info}");
    let typed = serving.ask("show info typed");
    assert!(typed.starts_with("0.Name.1:POSV:str:Sluice\n1.Version.1:POSV:str:"), "{typed}");
    assert!(typed.contains("\n15.Maxconn.1:CLPV:u32:100\n"), "{typed}");
    assert!(serving.ask("show info typed float").contains("\n8.Uptime_sec.1:MDPV:flt:"));
    serving.end();
}

#[test]
fn one_line_is_one_conversation() {
    let serving = serve("");
    let version = serving.ask("show version");
    let version = version.strip_suffix("\n\n").unwrap();
    let twice = format!("{version}\n\n{version}\n\n");
    assert_eq!(serving.ask("show version;show version"), twice);
    assert_eq!(serving.ask("@1 show version ; @!2 show version"), twice);
    assert_eq!(serving.say("admin.sock", "show version\r\nshow version\n"), format!("{version}\n\n"));
    assert_eq!(serving.ask(""), "\n");
    assert_eq!(serving.ask(";"), "\n\n");
    assert_eq!(serving.ask("quit;show version"), "");
    assert_eq!(serving.ask(r"echo a\;b  c\\d"), "a;b c\\d\n\n");
    assert_eq!(serving.ask("set severity-output number;show version;show stat nope 1 1"), {
        format!("\n[6]: {version}\n\n[3]: No such proxy.\n\n")
    });
    let unknown = serving.ask("show stats");
    assert!(unknown.starts_with("Unknown command: 'show', but maybe one of the following ones"), "{unknown}");
    assert!(unknown.contains("\n  show stat [") && unknown.ends_with(": disconnect\n\n"), "{unknown}");
    let help = serving.ask("help");
    assert!(help.starts_with("The following commands are valid at this level:\n"), "{help}");
    assert!(help.contains("\n  show stat [desc|json|no-maint|typed|up]*: "), "{help}");
    let many = format!("echo {}", "a ".repeat(64));
    assert_eq!(serving.ask(&many), "Too many arguments. Commands must have at most 64 arguments.\n\n");
    // The end of input is no end of a line.
    let mut stream = serving.connect("admin.sock");
    stream.write_all(b"show version").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(stream), "");
    serving.end();
}

#[test]
fn a_conversation_goes_on_when_asked_to() {
    let serving = serve("");
    assert_eq!(serving.say("admin.sock", "prompt\necho a;echo b\n\nquit\n"), "\n> a\n\nb\n\n> \n> ");
    assert_eq!(serving.say("admin.sock", "prompt i\necho a\nprompt\nprompt\necho b\n"), "\na\n\n\n> \n");
    let timed = serving.say("admin.sock", "prompt timed\nquit\n");
    assert!(timed.starts_with("\n[0:00:") && timed.ends_with("]> "), "{timed}");
    // A payload, which takes more than one line.
    assert_eq!(
        serving.say("admin.sock", "prompt i\necho a <<\nb\n\necho c <<END\n\nEND\nquit\n"),
        "\na\n\nc\n\n"
    );
    let mut stream = serving.connect("admin.sock");
    stream.write_all(b"prompt\necho a <<\n").unwrap();
    let mut seen = [0; 5];
    stream.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"\n> + ");
    stream.write_all(b"\nquit\n").unwrap();
    assert_eq!(rest(stream), "a\n\n> ");
    serving.end();
}

#[test]
fn levels_hold() {
    let serving = serve("");
    assert_eq!(serving.say("user.sock", "show env;operator\n"), "Permission denied\n\nPermission denied\n\n");
    assert_eq!(
        serving.ask("show cli level;user;show cli level;operator"),
        "admin\n\n\nuser\n\nPermission denied\n\n"
    );
    let row = serving.say("user.sock", "show stat app 4 1\n");
    let (header, row) = (cells(row.lines().next().unwrap()), cells(row.lines().nth(1).unwrap()));
    for column in ["addr", "cookie"] {
        let at = header.iter().position(|h| h == column).unwrap();
        assert_eq!(row[at], "", "{column}");
    }
    assert!(serving.ask("show env PATH").starts_with("PATH="));
    assert_eq!(serving.ask("show env no-such-name"), "Variable not found\n\n");
    let home = serving.scratch.path().display();
    let lines = format!("unix@{home}/admin.sock admin all\nunix@{home}/user.sock user all\n\n");
    assert_eq!(serving.ask("show cli sockets"), format!("# socket lvl processes\n{lines}"));
    serving.end();
}

#[test]
fn clients_have_limits() {
    let serving = serve("    stats timeout 200ms\n    tune.bufsize 2048\n");
    // Silence, and half a line.
    for words in ["prompt\n", "prompt\nshow ver"] {
        let answer = serving.say("admin.sock", words);
        assert_eq!(answer, "\n> ");
    }
    let long = format!("echo {}\n", "a".repeat(100_000));
    let mut stream = serving.connect("admin.sock");
    // It may be gone before all was written.
    let _ = stream.write_all(long.as_bytes());
    let answer = rest(stream);
    assert!(answer.starts_with("The command line is too big for the buffer size."), "{answer}");
    // A client that asks for much and reads nothing is left alone.
    let mut greedy = serving.connect("admin.sock");
    let all = "show stat typed;".repeat(100);
    for _ in 0..2000 {
        let line = format!("prompt i;{all}\n");
        if greedy.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    let others: Vec<UnixStream> = (0..20).map(|_| serving.connect("admin.sock")).collect();
    assert!(serving.ask("show info").contains("\nCurrConns: 0\n"), "it is served when its turn comes");
    drop(others);
    serving.end();
}

#[test]
fn readers_find_what_they_insist_on() {
    let serving = serve("");
    let rows = serving.ask("show stat");
    let mut lines = rows.lines().filter(|line| !line.is_empty());
    let header = lines.next().unwrap();
    assert!(header.starts_with("# pxname,svname,qcur,qmax,") && header.ends_with(','), "{header}");
    let fields = header.split(',').count();
    for row in lines {
        // telegraf drops everything where one row has more or fewer.
        assert_eq!(cells(row).len(), fields, "{row}");
        // By position: what kind of row it is.
        assert!(matches!(cells(row)[32].as_str(), "0" | "1" | "2" | "3"), "{row}");
    }
    // As many pieces as commands, each ended by an empty line.
    let both = serving.ask("show info;show stat");
    let pieces: Vec<&str> = both.split("\n\n").collect();
    assert_eq!(pieces.len(), 3, "{pieces:?}");
    assert!(pieces[0].starts_with("Name: ") && pieces[1].starts_with("# pxname,") && pieces[2].is_empty());
    // hatop asks for each of these.
    for name in ["Maxpipes", "PipesUsed", "PipesFree", "Tasks", "Run_queue", "Uptime", "node"] {
        assert!(pieces[0].contains(&format!("\n{name}: ")), "{name}");
    }
    // In two pieces.
    let mut stream = serving.connect("admin.sock");
    stream.write_all(b"show cli le").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    stream.write_all(b"vel;show version\r\n").unwrap();
    let answer = rest(stream);
    assert!(answer.starts_with("admin\n\n3."), "{answer}");
    serving.end();
}

#[test]
fn sockets_say_how_much_messages_matter() {
    let scratch = Scratch::new("severity").unwrap();
    let home = scratch.path().display();
    let serving = serve(&format!("    stats socket {home}/n.sock level admin severity-output number\n"));
    let mut stream = until("the socket", || UnixStream::connect(scratch.path().join("n.sock")).ok());
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(b"set weight none/s1 3;expert-mode;set severity-output none;expert-mode\n").unwrap();
    assert_eq!(rest(stream), "[3]: No such backend.\n\n[6]: expert-mode is OFF\n\n\nexpert-mode is OFF\n\n");
    serving.end();
}

#[test]
fn streams_are_listed_and_ended() {
    let serving = serve("");
    // The origin waits for the rest of the body.
    let mut client = TcpStream::connect(("127.0.0.1", serving.port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(b"POST /some?where HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx").unwrap();
    let from = client.local_addr().unwrap();
    let line = until("the stream", || {
        let list = serving.ask("show sess show-uri frontend web");
        let line = list.lines().find(|line| line.contains(" be=app srv=s1 ") && line.contains("scb=[8,"));
        line.map(str::to_owned)
    });
    let head = format!(": proto=tcpv4 src={from} fe=web be=app srv=s1 ts=00 epoch=0 age=");
    assert!(line.contains(&head), "{line}");
    assert!(line.ends_with("uri=\"POST /some?where HTTP/1.1\""), "{line}");
    let id = line.split(':').next().unwrap();
    let large = serving.ask(&format!("show sess {id}"));
    assert!(large.contains("\n  frontend=web (id=2 mode=http), listener=first (id=1)\n  backend=app (id=3 mode=http)\n  server=s1 (id=1) addr=127.0.0.1:"), "{large}");
    for (command, answer) in [
        ("show sess backend both", "\n"),
        ("show sess older 1h", "\n"),
        ("show sess 0x1", "Session not found.\n\n"),
        ("show sess backend none", "No such backend.\n\n"),
        ("shutdown session 0x1", "No such session (use 'show sess').\n\n"),
        ("shutdown session", "Session pointer expected (use 'show sess').\n\n"),
    ] {
        assert_eq!(serving.ask(command), answer, "{command}");
    }
    // The conversation itself is one.
    assert!(serving.ask("show sess").contains(" fe=GLOBAL "));
    assert_eq!(serving.ask(&format!("shutdown session {id}")), "\n");
    let mut rest = Vec::new();
    // It ends, whether in order or by a reset.
    let _ = client.read_to_end(&mut rest);
    until("its end", || (serving.ask("show sess frontend web") == "\n").then_some(()));
    serving.end();
}

#[test]
fn a_request_is_explained_with_the_servers_as_they_are() {
    let serving = serve("");
    assert!(serving.ask("explain /x -H host:a --frontend web").contains("\n  server s1 "));
    assert!(serving.ask("explain GET /no --frontend web").contains("=> denied with status 403, by "));
    let now = serving.ask("disable server app/s1;enable server app/s2;explain /x --frontend web");
    assert!(now.contains("\n  server s2 "), "{now}");
    assert_eq!(serving.ask("explain"), "explain expects a request line such as 'GET /path'\n\n");
    assert_eq!(serving.say("user.sock", "explain /\n"), "Permission denied\n\n");
    serving.end();
}

#[test]
fn rings_are_shown() {
    let serving =
        serve("    log ring@r1 local0\nring r1\n    description kept\n    maxlen 1200\n    size 32764\n");
    let sinks = serving.ask("show events");
    assert!(sinks.contains("\n    r1         : type=buffer, 0 dropped, kept\n"), "{sinks}");
    assert_eq!(serving.ask("show events none"), "No such event sink\n\n");
    assert_eq!(serving.ask("show events r1 -x"), "unknown option\n\n");
    // One that waits for what is new.
    let mut waiting = serving.connect("admin.sock");
    waiting.write_all(b"show events r1 -w -n\n").unwrap();
    assert_eq!(serving.ask("expert-mode on;debug dev log first message"), "\n\n");
    until("the message", || serving.ask("show events r1").contains("first message\n").then_some(()));
    let mut room = [0u8; 1000];
    // It may have begun after the first one had come.
    let said = until("news", || {
        serving.ask("expert-mode on;debug dev log another message");
        waiting.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
        let n = waiting.read(&mut room).ok()?;
        String::from_utf8_lossy(&room[..n]).contains(" message\n").then_some(n)
    });
    assert!(said > 0);
    // Any key stops it.
    waiting.write_all(b"\n").unwrap();
    waiting.set_read_timeout(Some(LIMIT)).unwrap();
    assert!(rest(waiting).ends_with('\n'));
    serving.end();
}

#[test]
fn malformed_messages_are_kept() {
    let serving = serve("");
    assert!(serving.ask("show errors").ends_with(" : 0\n\n"));
    let mut client = TcpStream::connect(("127.0.0.1", serving.port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(b"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    let kept = serving.ask("show errors web");
    for part in [
        " : 1\n \n[",
        "] frontend web (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), event #0, src 127.0.0.1:",
        "len 28, ",
        ", error at position 5\n",
        "H1 msg state MSG_RQURI(4), ",
        "  00000  GET /\\x01 HTTP/1.1\\r\\n\n  00017  Host: h\\r\\n\n  00026  \\r\\n\n\n",
    ] {
        assert!(kept.contains(part), "{part} in {kept}");
    }
    assert!(serving.ask("show errors web response").ends_with(" : 1\n\n"));
    let mut client = TcpStream::connect(("127.0.0.1", serving.port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let head = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
    client.write_all(format!("{head}3\r\nabc\r\nzz\r\n").as_bytes()).unwrap();
    client.read_to_end(&mut answer).unwrap();
    let kept = serving.ask("show errors web");
    for part in
        ["H1 msg state MSG_CHUNK_SIZE(26), ", "H1 body len 3 bytes :", "error at position 8\n", " zz\\r\\n\n"]
    {
        assert!(kept.contains(part), "{part} in {kept}");
    }
    assert_eq!(serving.ask("show errors none"), "No such proxy.\n\n");
    serving.end();
}

#[test]
fn threads_tell_of_themselves() {
    let serving = serve("");
    serving.get("/");
    let threads = serving.ask("show threads");
    assert_eq!(threads.matches(" Thread ").count(), 3, "{threads}");
    let activity = serving.ask("show activity");
    assert!(activity.starts_with("thread_id: 3 (1..3)\n"), "{activity}");
    let listeners = serving.ask("show fd l");
    assert!(listeners.contains(&format!("l.st=RDY fe=web fam=ipv4 lport={}\n", serving.port)), "{listeners}");
    assert!(serving.ask("show pools match stream").starts_with("Dumping pools usage. Use SIGQUIT"));
    assert!(serving.ask("show profiling status").contains(": off "));
    assert!(serving.ask("set profiling tasks on;show profiling status").contains(": on  "));
    assert!(serving.ask("show libs").contains("/sluice\n"));
    assert!(serving.ask("show startup-logs").is_ascii());
    assert!(serving.ask("show schema json").starts_with("{\"$schema\":"));
    serving.end();
}

#[test]
fn a_socket_that_cannot_be_had_is_told() {
    let scratch = Scratch::new("stats").unwrap();
    scratch.write("s.cfg", "global\n    stats socket /no/such/folder/s\n").unwrap();
    let ran = run(scratch.path(), &["-db", "-f", "s.cfg"]);
    let words = "[ALERT]    (PID) : Binding [s.cfg:2] for frontend GLOBAL: protocol unix_stream: cannot bind UNIX \
                 socket (No such file or directory) [/no/such/folder/s].\n";
    assert!(ran.err.contains(words), "{}", ran.err);
    assert_eq!(ran.status, Some(1));
}

#[test]
fn a_server_is_asked_and_its_answer_shown() {
    // Its content comes in chunks, in several pieces.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = server.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let (mut client, _) = server.accept().unwrap();
        let mut room = [0; 1024];
        let n = client.read(&mut room).unwrap();
        for part in [
            "HTTP/1.1 203 Fine\r\ntransfer-encoding: chunked\r\nx: y\r\n\r\n3\r\nabc",
            "\r\n2\r\nde\r\n0\r\n\r\n",
        ] {
            client.write_all(part.as_bytes()).unwrap();
        }
        String::from_utf8_lossy(&room[..n]).into_owned()
    });
    let serving = serve("");
    let answer = serving.ask(&format!("expert-mode on;httpclient GET http://{at}/x?y=1"));
    assert_eq!(answer, "\nHTTP/1.1 203 Fine\ntransfer-encoding: chunked\r\nx: y\r\n\r\nabcde\n");
    let head = format!("GET /x?y=1 HTTP/1.1\r\nhost: {at}\r\naccept: */*\r\nuser-agent: HAProxy\r\n\r\n");
    assert_eq!(asked.join().unwrap(), head);
    serving.end();
}

#[test]
fn http2_is_counted() {
    let serving = serve("");
    let mut client = TcpStream::connect(("127.0.0.1", serving.port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // GET / of http://h, the whole request.
    let head = [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'h'];
    client.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings, &head].concat()).unwrap();
    let row = until("the request", || {
        let row = serving.rows("show stat").remove("web/FRONTEND").unwrap();
        (row["h2req"] == "1").then_some(row)
    });
    let expected = [
        ("h2sess", "1"),
        ("h2_headers_rcvd", "1"),
        ("h2_total_connections", "1"),
        ("h2_open_connections", "1"),
        ("h2_backend_total_streams", "1"),
        ("h2_detected_conn_protocol_errors", "0"),
        ("h1sess", "0"),
    ];
    for (column, value) in expected {
        assert_eq!(row[column], value, "{column}");
    }
    // A frame of no use, on a stream that is none.
    client.write_all(&[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    until("the end of the connection", || {
        let row = serving.rows("show stat").remove("web/FRONTEND").unwrap();
        (row["h2_open_connections"] == "0" && row["h2_detected_conn_protocol_errors"] == "1").then_some(())
    });
    serving.end();
}
