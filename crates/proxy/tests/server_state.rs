//! States of servers that a process before left in a file, `init-state`, and mail about what becomes of servers.

#![cfg(test)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice, until};

const STATES: &str = "1\n# be_id be_name ...\n\
    3 app 1 down 127.0.0.1 0 0 10 10 100 8 2 0 6 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 2 weight 127.0.0.1 2 0 20 10 100 6 3 4 6 0 0 0 - 81 - 0 0 - - 0\n\
    3 app 3 other 127.0.0.1 2 0 20 11 100 6 3 4 6 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 4 drain 127.0.0.1 2 8 10 10 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 5 maint 127.0.0.1 0 1 10 10 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 6 stop 127.0.0.1 3 0 10 10 100 6 4 4 6 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 7 named 127.9.9.9 2 0 10 10 100 1 0 0 0 0 0 0 nobody.invalid 80 - 0 0 - - 0\n\
    3 app 8 enabled 127.0.0.1 2 4 10 10 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n\
    3 app 9 wrong 127.0.0.1 7 0 10 10 100 1 0 0 0 0 0 0 - 80 - 0 0 - - 0\n\
    9 gone 1 down 127.0.0.1 0 0 10 10 100 8 2 0 6 0 0 0 - 80 - 0 0 - - 0\n";

fn start(scratch: &Scratch, text: &str) -> Process {
    let socket = scratch.path().join("api.sock");
    let global = format!("global\n    stats socket {} level admin\n", socket.display());
    scratch.write("s.cfg", text.replace("@global", &global)).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let process = Process::start(command, scratch.path().join("out")).unwrap();
    until("the socket", || UnixStream::connect(&socket).ok());
    process
}

fn ask(folder: &Path, words: &str) -> String {
    let mut socket = UnixStream::connect(folder.join("api.sock")).unwrap();
    socket.write_all(format!("{words}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// Of each server its name, address, states, weight, check health and port.
fn states(folder: &Path) -> Vec<String> {
    let all = ask(folder, "show servers state app");
    let rows = all.lines().skip(2).map(|line| line.split(' ').collect::<Vec<_>>());
    rows.filter(|row| row.len() > 20).map(|row| [3, 4, 5, 6, 7, 12, 18].map(|at| row[at]).join(" ")).collect()
}

#[test]
fn servers_begin_as_they_were() {
    let scratch = Scratch::new("states").unwrap();
    scratch.write("states", STATES.as_bytes()).unwrap();
    let servers: String = [
        "down 127.0.0.1:80 check inter 1h",
        "weight 127.0.0.1:80 check inter 1h",
        "other 127.0.0.1:80 check inter 1h",
        "drain 127.0.0.1:80",
        "maint 127.0.0.1:80",
        "stop 127.0.0.1:80 check inter 1h",
        "named nobody.invalid:80",
        "enabled 127.0.0.1:80 disabled",
        "wrong 127.0.0.1:80",
    ]
    .map(|server| format!("    server {server} weight 10\n"))
    .concat();
    let text = format!(
        "@global    server-state-base {}\n    server-state-file states\n{DEFAULTS}    load-server-state-from-file global\n\
         frontend web\n    bind 127.0.0.1:{}\nbackend app\n{servers}",
        scratch.path().display(),
        free_one().unwrap(),
    );
    let process = start(&scratch, &text);
    let seen = states(scratch.path());
    let expected = [
        ("down", "127.0.0.1 0 0 10 0 80"),
        ("drain", "127.0.0.1 2 8 10 "),
        ("maint", "127.0.0.1 0 1 10 "),
        ("named", "127.9.9.9 2 0 10 "),
        ("enabled", "127.0.0.1 2 4 10 "),
        ("wrong", "127.0.0.1 2 0 10 "),
    ];
    for (name, rest) in expected {
        let row = seen.iter().find(|row| row.starts_with(&format!("{name} "))).unwrap();
        assert!(row.starts_with(&format!("{name} {rest}")), "{row} is not {rest}");
    }
    let weight = seen.iter().find(|row| row.starts_with("weight ")).unwrap();
    assert!(weight.ends_with(" 81") && weight.contains(" 20 "), "{weight}");
    // The weight that it had was made of another one.
    assert!(seen.iter().any(|row| row.starts_with("other ") && row.contains(" 10 ")), "{seen:?}");
    let printed = process.printed();
    for words in [
        "server-state application failed for server 'app/wrong', invalid srv_op_state value '7'",
        "Server app/down is DOWN, changed from server-state after a reload.",
    ] {
        assert!(printed.contains(words), "{printed}");
    }
}

/// A mail server that takes all mail; gives the lines of what it is told.
fn mail_server() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (out, lines) = channel();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let mut answers = client.try_clone().unwrap();
            answers.write_all(b"220-first\r\n220 ready\r\n").unwrap();
            let mut inside = false;
            for line in BufReader::new(client).lines().map_while(Result::ok) {
                let answer: &[u8] = match line.as_str() {
                    "DATA" => b"354 go on\r\n",
                    "." => b"250 taken\r\n",
                    "QUIT" => b"221 bye\r\n",
                    _ if inside => b"",
                    _ => b"250 fine\r\n",
                };
                inside = line == "DATA" || (inside && line != ".");
                let _ = answers.write_all(answer);
                if out.send(line).is_err() {
                    return;
                }
            }
        }
    });
    (port, lines)
}

#[test]
fn people_are_told() {
    let scratch = Scratch::new("mail").unwrap();
    let (smtp, lines) = mail_server();
    let text = format!(
        "@global{DEFAULTS}    email-alert mailers post\n    email-alert from a@here.test\n    email-alert to b@there.test\n    \
         email-alert myhostname me\nmailers post\n    mailer one 127.0.0.1:{smtp}\n    timeout mail 60s\nfrontend web\n    \
         bind 127.0.0.1:{}\nbackend app\n    server s1 127.0.0.1:1 init-state down\n    server s2 127.0.0.1:1\n",
        free_one().unwrap(),
    );
    let _process = start(&scratch, &text);
    assert!(ask(scratch.path(), "show servers state app").contains(" s1 127.0.0.1 0 0 "));
    ask(scratch.path(), "set server app/s2 state drain");
    ask(scratch.path(), "set server app/s2 state ready");
    ask(scratch.path(), "set server app/s2 state maint");
    let next = || lines.recv_timeout(LIMIT).unwrap();
    let head: Vec<String> = (0..4).map(|_| next()).collect();
    assert_eq!(head, ["HELO me", "MAIL FROM:<a@here.test>", "RCPT TO:<b@there.test>", "DATA"]);
    assert_eq!([next(), next()], ["From: a@here.test", "To: b@there.test"]);
    assert!(next().starts_with("Date: "));
    // Draining matters less than what is asked for.
    let told = "Server app/s2 is going DOWN for maintenance. 0 active and 0 backup servers left. 0 sessions active, 0 \
                requeued, 0 remaining in queue";
    assert_eq!(next(), format!("Subject: [HAProxy Alert] {told}"));
    let rest: Vec<String> = (0..5).map(|_| next()).collect();
    assert_eq!(rest, ["", told, "", ".", "QUIT"]);
}
