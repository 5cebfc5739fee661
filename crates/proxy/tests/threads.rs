//! Four threads at once: clients come and stay, server connections are used again, and what is counted by each thread adds
//! up to what happened; a soft stop leaves nobody behind.

#![cfg(test)]

mod support;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use harness::origin::{Options, Origin};
use harness::port::free;
use harness::process::Process;
use harness::scratch::Scratch;
use rustix::process::Signal;
use support::{DEFAULTS, LIMIT, sluice, until};

const CLIENTS: usize = 16;
/// Connections each client opens one after the other, and requests on each.
const CONNECTIONS: usize = 12;
const REQUESTS: usize = 25;

struct Serving {
    process: Process,
    scratch: Scratch,
    http: SocketAddr,
    tcp: SocketAddr,
    _origin: Origin,
}

fn serve() -> Serving {
    let (scratch, ports) = (Scratch::new("threads").unwrap(), free(2).unwrap());
    let origin = Origin::start(&Options::default()).unwrap();
    let to = origin.ports()[0];
    let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let (http, tcp) = (local(ports[0]), local(ports[1]));
    let text = format!(
        "global\n    nbthread 4\n    maxconn 1000\n    stats socket {home}/admin.sock level admin\n{DEFAULTS}\
         frontend web\n    bind {http}\n    default_backend app\n\
         backend app\n    balance roundrobin\n    http-reuse always\n    server s1 127.0.0.1:{to}\n    \
         server s2 127.0.0.1:{to} maxconn 3\n\
         listen plain\n    mode tcp\n    bind {tcp} shards 2\n    server s 127.0.0.1:{to}\n",
        home = scratch.path().display()
    );
    scratch.write("s.cfg", text).unwrap();
    let mut process =
        Process::start(sluice(scratch.path(), &["-db", "-f", "s.cfg"]), scratch.path().join("out")).unwrap();
    process.wait_listening(http, LIMIT).unwrap();
    process.wait_listening(tcp, LIMIT).unwrap();
    Serving { process, scratch, http, tcp, _origin: origin }
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// One request and its answer on a connection that stays; whether it was a good one.
fn ask(stream: &mut TcpStream) -> bool {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
    let (mut answer, mut room) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut room).unwrap();
        assert!(n > 0, "the connection ended within {:?}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&room[..n]);
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |n| n.parse().unwrap()) {
            return head.starts_with("http/1.1 200 ");
        }
    }
}

/// `show stat`: by proxy and service, the values by their names.
fn stats(serving: &Serving) -> HashMap<String, HashMap<String, u64>> {
    let mut socket =
        until("the socket", || UnixStream::connect(serving.scratch.path().join("admin.sock")).ok());
    socket.write_all(b"show stat\n").unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().trim_start_matches("# ").split(',').collect();
    let row = |line: &str| {
        let values: Vec<&str> = line.split(',').collect();
        let numbers = names.iter().zip(&values).filter_map(|(n, v)| Some(((*n).to_owned(), v.parse().ok()?)));
        (format!("{}/{}", values[0], values.get(1).unwrap_or(&"")), numbers.collect())
    };
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

#[test]
fn what_threads_count_adds_up_and_a_soft_stop_waits() {
    let mut serving = serve();
    // The connections that waiting for the listeners took are among what was counted before.
    let before = until("the first connections to be counted", || {
        let before = stats(&serving);
        (before["web/FRONTEND"]["stot"] > 0 && before["plain/FRONTEND"]["stot"] > 0).then_some(before)
    });
    let asked = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let to = if client % 4 == 3 { serving.tcp } else { serving.http };
            let asked = &asked;
            scope.spawn(move || {
                for _ in 0..CONNECTIONS {
                    let mut stream = connect(to);
                    for _ in 0..REQUESTS {
                        assert!(ask(&mut stream));
                        asked.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    let each = (CONNECTIONS * REQUESTS) as u64;
    assert_eq!(asked.into_inner(), CLIENTS as u64 * each);
    let (http, tcp) = (CLIENTS as u64 / 4 * 3, CLIENTS as u64 / 4);
    // The last connections' ends are counted when the threads see them.
    let after = until("all sessions to end", || {
        let after = stats(&serving);
        (after["web/FRONTEND"]["scur"] == 0 && after["plain/FRONTEND"]["scur"] == 0).then_some(after)
    });
    let more = |row: &str, field: &str| {
        after[row][field] - before.get(row).and_then(|r| r.get(field)).copied().unwrap_or(0)
    };
    assert_eq!(more("web/FRONTEND", "stot"), http * CONNECTIONS as u64);
    assert_eq!(more("web/FRONTEND", "req_tot"), http * each);
    assert_eq!(more("web/FRONTEND", "hrsp_2xx"), http * each);
    assert_eq!(more("app/BACKEND", "hrsp_2xx"), http * each);
    assert_eq!(more("app/s1", "hrsp_2xx") + more("app/s2", "hrsp_2xx"), http * each);
    assert_eq!(more("app/BACKEND", "econ") + more("app/BACKEND", "eresp"), 0);
    assert!(more("app/s2", "smax") <= 3, "{:?}", after["app/s2"]);
    assert_eq!(more("app/BACKEND", "scur") + more("app/BACKEND", "qcur"), 0);
    // Most requests find a connection that is there already.
    assert!(more("app/BACKEND", "reuse") > http * each / 2, "{:?}", after["app/BACKEND"]);
    assert_eq!(more("plain/FRONTEND", "stot"), tcp * CONNECTIONS as u64);
    stops_softly(&mut serving);
}

/// Clients that are being served when it is asked to stop are served to their end.
fn stops_softly(serving: &mut Serving) {
    let mut tunnels: Vec<TcpStream> = (0..8).map(|_| connect(serving.tcp)).collect();
    assert!(tunnels.iter_mut().all(ask));
    let stopped = AtomicBool::new(false);
    serving.process.signal(Signal::USR1).unwrap();
    until("no more listening", || {
        TcpStream::connect(serving.http).is_err().then(|| stopped.store(true, Relaxed))
    });
    assert!(stopped.into_inner() && serving.process.is_running().unwrap());
    assert!(tunnels.iter_mut().all(ask));
    drop(tunnels);
    assert!(serving.process.wait(LIMIT).unwrap().success());
}
