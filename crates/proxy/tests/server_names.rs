//! `resolvers` on servers: their names are looked up while the process runs, and what is said of them changes with the
//! answers.

#![cfg(test)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;

use harness::name_server::{NameServer, Say};
use harness::port::free_one;
use harness::process::Process;
use harness::scratch::Scratch;
use support::{DEFAULTS, LIMIT, sluice, until};

fn config(folder: &Path, port: u16, dns: u16) -> String {
    let resolvers = |name: &str, at: &str| {
        format!(
            "resolvers {name}\n    nameserver ns {at}127.0.0.1:{dns}\n    timeout resolve 50ms\n    timeout retry 5s\n    \
             resolve_retries 1\n    hold nx 0\n    hold refused 0\n    hold other 0\n    hold timeout 0\n"
        )
    };
    format!(
        "global\n    nbthread 1\n    stats socket {} level admin\n    dns-accept-family ipv4\n{DEFAULTS}{}{}\
         frontend web\n    bind 127.0.0.1:{port}\n    default_backend app\n\
         backend app\n    default-server resolvers r init-addr none\n    server s1 one.test:80 resolve-prefer ipv4\n    \
         server-template t 2 many.test:81 resolve-net 127.3.0.0/16\n    \
         server-template d 2 same.test:82 resolve-opts allow-dup-ip\n\
         backend services\n    server-template v 2 _web._tcp.test resolvers streams init-addr none\n\
         backend more\n    server x 127.7.7.7:80 resolvers r\n",
        folder.join("api.sock").display(),
        resolvers("r", ""),
        resolvers("streams", "tcp@")
    )
}

fn ask(folder: &Path, words: &str) -> String {
    let mut socket = UnixStream::connect(folder.join("api.sock")).unwrap();
    socket.write_all(format!("{words}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// A server's address, state, administrative state, weight, name and port.
fn state(folder: &Path, server: &str) -> String {
    let all = ask(folder, "show servers state");
    let row =
        all.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|row| row.get(3) == Some(&server));
    let row = row.unwrap_or_else(|| panic!("no {server} in {all}"));
    [4, 5, 6, 7, 17, 18].map(|at| row[at]).join(" ")
}

fn becomes(folder: &Path, server: &str, wanted: &str) {
    let mut last = String::new();
    until(&format!("{server} {wanted}"), || {
        let now = state(folder, server);
        if now != last {
            eprintln!("{server}: {now}");
            last.clone_from(&now);
        }
        (now == wanted).then_some(())
    });
}

#[test]
fn servers_follow_their_names() {
    let (scratch, port) = (Scratch::new("names").unwrap(), free_one().unwrap());
    let dns = NameServer::start().unwrap();
    scratch.write("s.cfg", config(scratch.path(), port, dns.port)).unwrap();
    let command = sluice(scratch.path(), &["-db", "-f", "s.cfg"]);
    let mut process = Process::start(command, scratch.path().join("out")).unwrap();
    process.wait_listening(SocketAddr::from(([127, 0, 0, 1], port)), LIMIT).unwrap();
    let at = scratch.path();
    until("the socket", || UnixStream::connect(at.join("api.sock")).ok());
    let ip = |d| [127, 3, 0, d].into();
    let far = |d| [127, 4, 0, d].into();

    // Nobody knows them at first.
    assert_eq!(state(at, "s1"), "- 0 32 1 one.test 80");
    assert_eq!(state(at, "v1"), "- 0 32 1 - 0");
    dns.set("one.test", Say::At(vec![ip(1)]));
    becomes(at, "s1", "127.3.0.1 2 0 1 one.test 80");
    dns.set("one.test", Say::Error(3));
    becomes(at, "s1", "- 0 32 1 one.test 80");
    assert!(ask(at, "show stat app 4 -1").contains("app,s1,0,0,0,0,,0,0,0,,0,,0,0,0,0,MAINT (resolution),"));
    dns.set("one.test", Say::At(vec![ip(2)]));
    becomes(at, "s1", "127.3.0.2 2 0 1 one.test 80");

    // Each its own address, those of the network first; unless they may share.
    dns.set("many.test", Say::At(vec![far(1), ip(1)]));
    dns.set("same.test", Say::At(vec![ip(9)]));
    becomes(at, "t1", "127.3.0.1 2 0 1 many.test 81");
    becomes(at, "t2", "127.4.0.1 2 0 1 many.test 81");
    becomes(at, "d1", "127.3.0.9 2 0 1 same.test 82");
    becomes(at, "d2", "127.3.0.9 2 0 1 same.test 82");
    dns.set("many.test", Say::At(vec![far(1)]));
    becomes(at, "t1", "- 0 32 1 many.test 81");
    assert_eq!(state(at, "t2"), "127.4.0.1 2 0 1 many.test 81");

    // Services, over TCP.
    dns.set("h1.test", Say::At(vec![ip(11)]));
    dns.set("h2.test", Say::At(vec![ip(12)]));
    dns.set(
        "_web._tcp.test",
        Say::Services(vec![(5120, 8001, "h1.test".into()), (0, 8002, "h2.test".into())]),
    );
    becomes(at, "v1", "127.3.0.11 2 64 20 h1.test 8001");
    becomes(at, "v2", "127.3.0.12 2 64 0 h2.test 8002");
    dns.set("_web._tcp.test", Say::Services(vec![(256, 8001, "h1.test".into())]));
    becomes(at, "v2", "- 0 96 0 - 0");
    becomes(at, "v1", "127.3.0.11 2 64 1 h1.test 8001");
    dns.set("_web._tcp.test", Say::Error(5));
    becomes(at, "v1", "- 0 96 1 - 0");

    // Another name, by order.
    let said = ask(at, "set server more/x fqdn one.test");
    assert_eq!(said.trim(), "more/x changed its FQDN from (null) to one.test by 'stats socket command'");
    becomes(at, "x", "127.3.0.2 2 64 1 one.test 80");
    assert!(ask(at, "set server services/v1 fqdn a.test").contains("because SRV resolution is configured"));

    let counted = ask(at, "show resolvers r");
    assert!(counted.starts_with("Resolvers section r\n nameserver ns:\n  sent: "), "{counted}");
    let count = |name: &str| {
        let value = counted.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        value.trim().parse::<u64>().unwrap()
    };
    assert!(count("update:") >= 5 && count("nx:") >= 1 && count("valid:") >= count("update:"), "{counted}");
    assert_eq!(ask(at, "show resolvers none").trim(), "Can't find that resolvers section");
}
