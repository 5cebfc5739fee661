//! A request costs no memory that wasn't there before: with `option httplog` to a UDP target, cookies on both sides, ACLs
//! and captured headers, a thread that has served some serves more without asking for any.

#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;

use engine::at_work::Crew;
use engine::queue::Queues;
use engine::thread::{Socket, Start};
use harness::origin::{Options, Origin};
use harness::port::free_one;
use net::{Addr, Bound, ListenOptions, Remote};
use state::World;

#[global_allocator]
static ALLOCATOR: net::allocations::Counting = net::allocations::Counting;

/// Generous: machines stall.
const LIMIT: Duration = Duration::from_secs(60);
/// Requests until everything has grown as far as it does, and those that are looked at.
const WARM_UP: usize = 600;
const COUNTED: usize = 400;

fn world(text: &str) -> World {
    let sources = vec![config::Source::new("t.cfg", text)];
    let loaded = config::parse_sources(sources, &config::Context::default());
    let built = plan::build(&loaded, &plan::Environment::empty());
    let said: Vec<String> = built.diagnostics.iter().map(|d| d.message.clone()).collect();
    built.world.unwrap_or_else(|| panic!("{said:?}"))
}

/// Starts a thread of traffic; gives what leads to it.
fn start(world: World, port: u16) -> Remote {
    let (ready, remote) = channel();
    std::thread::spawn(move || {
        let mut runtime = net::Runtime::new().unwrap();
        let address = Addr::from(std::net::SocketAddr::from(([127, 0, 0, 1], port)));
        let bound = Bound::open(&address, &ListenOptions::default()).unwrap();
        let start = Start {
            number: 0,
            world: Arc::new(world),
            queues: Arc::new(Queues::default()),
            crew: Arc::new(Crew::default()),
            sockets: vec![Socket { bound, frontend: 0, bind: 0 }],
            relays: Vec::new(),
            seed: 1,
        };
        ready.send(runtime.remote()).unwrap();
        runtime.run(engine::thread::run(start)).unwrap();
    });
    remote.recv_timeout(LIMIT).unwrap()
}

/// How often the thread has asked for memory.
fn calls(thread: &Remote) -> u64 {
    static ANSWER: AtomicU64 = AtomicU64::new(u64::MAX);
    ANSWER.store(u64::MAX, SeqCst);
    let asked = thread.send(Box::new(|| ANSWER.store(net::allocations::calls(), SeqCst)));
    assert!(asked.is_ok());
    let begun = std::time::Instant::now();
    while ANSWER.load(SeqCst) == u64::MAX {
        assert!(begun.elapsed() < LIMIT, "the thread doesn't answer");
        std::thread::sleep(Duration::from_millis(1));
    }
    ANSWER.load(SeqCst)
}

/// Sends requests on one connection, each after the answer to the one before.
fn exchange(client: &mut TcpStream, requests: usize) {
    let request = b"GET /static/a?x=1 HTTP/1.1\r\nHost: www.example\r\nUser-Agent: test\r\nCookie: SRV=s1; other=1\r\n\r\n";
    let mut room = [0; 4096];
    for _ in 0..requests {
        client.write_all(request).unwrap();
        let mut have = 0;
        // The origin's answer has a body of a known length.
        while !complete(&room[..have]) {
            let n = client.read(&mut room[have..]).unwrap();
            assert!(n > 0, "the connection ended");
            have += n;
        }
        assert!(room.starts_with(b"HTTP/1.1 200"));
    }
}

fn complete(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    answer.len() >= head + 4 + length.unwrap_or(0usize)
}

#[test]
fn requests_ask_for_no_memory() {
    let log = UdpSocket::bind("127.0.0.1:0").unwrap();
    let origin = Origin::start(&Options::default()).unwrap();
    let port = free_one().unwrap();
    let text = format!(
        "global\n    log {log} local0\ndefaults\n    mode http\n    log global\n    option httplog\n    timeout client 60s\n    \
         timeout server 60s\n    timeout connect 60s\nfrontend web\n    bind 127.0.0.1:{port}\n    \
         capture request header host len 32\n    capture response header content-length len 32\n    \
         capture cookie other len 16\n    acl static path_beg /static\n    acl www hdr(host) -i www.example\n    \
         acl own src 127.0.0.0/8\n    http-request set-header X-Static yes if static\n    \
         http-request deny if !www !own\n    use_backend app if static www own\n    default_backend none\n\
         backend app\n    balance roundrobin\n    cookie SRV insert indirect nocache\n    \
         server s1 127.0.0.1:{to} cookie s1\n    server s2 127.0.0.1:{to} cookie s2\nbackend none\n",
        log = log.local_addr().unwrap(),
        to = origin.ports()[0],
    );
    let thread = start(world(&text), port);
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.set_nodelay(true).unwrap();
    exchange(&mut client, WARM_UP);
    let before = calls(&thread);
    exchange(&mut client, COUNTED);
    // Asking costs something itself.
    let asking = {
        let first = calls(&thread);
        calls(&thread) - first
    };
    let more = calls(&thread) - before;
    assert!(more <= 3 * asking, "{COUNTED} requests asked for memory {more} times (asking: {asking})");
}
