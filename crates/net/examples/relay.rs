//! A minimal relay, to look at what the runtime costs: `relay LISTEN_PORT SERVER_PORT` passes bytes between
//! clients and a server on the loopback interface; `relay bench` runs a client, the relay and an echo server,
//! each on its own thread, and prints the relay's counters per exchange.

use net::{Addr, Call, ConnectOptions, ListenOptions, Listener, Sock, TaskPool};
use std::io::{self, ErrorKind};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [word] if word == "bench" => bench(),
        [listen, server] => {
            let port = |s: &String| s.parse().map_err(|_| io::Error::from(ErrorKind::InvalidInput));
            let (at, to) = (loopback(port(listen)?), loopback(port(server)?));
            net::Runtime::new()?.run(async move {
                serve(Listener::bind(&at, &ListenOptions::default())?, to).await;
                Ok(())
            })
        }
        _ => {
            Err(io::Error::new(ErrorKind::InvalidInput, "usage: relay LISTEN_PORT SERVER_PORT | relay bench"))
        }
    }
}

fn loopback(port: u16) -> Addr {
    Addr::ip_port([127, 0, 0, 1].into(), port)
}

async fn serve(listener: Listener, to: Addr) {
    let pool = TaskPool::new(1024);
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                pool.spawn(async move {
                    // A connection that fails is over; there's nobody to tell.
                    let _ = relay(&client, &to).await;
                });
            }
            Err(_) => listener.wait().await,
        }
    }
}

async fn relay(client: &Sock, to: &Addr) -> io::Result<()> {
    let server = Sock::connect(to, &ConnectOptions::default())?;
    let mut buf = [0; 4096];
    loop {
        let deadline = net::now().plus_millis(60_000);
        let woken = net::wait(|w| {
            w.read(client).read(&server).until(deadline);
        });
        let woken = woken.await;
        if woken.timed_out() {
            return Ok(());
        }
        for (number, from, to) in [(0, client, &server), (1, &server, client)] {
            if woken.ready(number) && !pass(from, to, &mut buf).await? {
                return Ok(());
            }
        }
    }
}

/// Passes what there is; `false` at the end of the stream.
async fn pass(from: &Sock, to: &Sock, buf: &mut [u8]) -> io::Result<bool> {
    let n = match from.try_read(buf) {
        Ok(0) => return Ok(false),
        Ok(n) => n,
        Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(true),
        Err(e) => return Err(e),
    };
    let mut rest = buf.get(..n).unwrap_or_default();
    while !rest.is_empty() {
        match to.try_write(rest) {
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                net::wait(|w| {
                    w.write(to);
                })
                .await;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(true)
}

const CONNECTIONS: u64 = 64;
const EXCHANGES: u64 = 2000;

fn bench() -> io::Result<()> {
    let echo = net::Bound::open(&loopback(0), &ListenOptions::default())?;
    let relay = net::Bound::open(&loopback(0), &ListenOptions::default())?;
    let (server, front) = (echo.addr(), relay.addr());
    std::thread::spawn(move || {
        net::Runtime::new()?.run(async move {
            let listener = Listener::new(echo)?;
            loop {
                listener.wait().await;
                while let Ok((sock, _)) = listener.accept() {
                    net::spawn(async move {
                        // As above.
                        let _ = echo_all(&sock).await;
                    });
                }
            }
            #[allow(unreachable_code, reason = "gives the block its type")]
            io::Result::Ok(())
        })
    });
    let clients = std::thread::spawn(move || {
        net::Runtime::new()?.run(async move {
            for _ in 0..CONNECTIONS {
                net::spawn(async move {
                    // A client that fails is missing from the counters that are printed.
                    let _ = ask(&front).await;
                });
            }
            while net::tasks() > 1 {
                net::sleep(std::time::Duration::from_millis(1)).await;
            }
            io::Result::Ok(())
        })
    });
    net::Runtime::new()?.run(async move {
        let listener = Listener::new(relay)?;
        net::spawn(serve(listener, server));
        while !clients.is_finished() {
            net::sleep(std::time::Duration::from_millis(10)).await;
        }
        let counters = net::counters();
        // proc(5): nanoseconds on the CPU, user and system together, come first.
        let cpu = std::fs::read_to_string("/proc/thread-self/schedstat")?;
        let nanos: u64 = cpu.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        println!("CPU: {} ns per exchange", nanos / (CONNECTIONS * EXCHANGES));
        for kind in [Call::Recv, Call::Send, Call::Wait, Call::Register, Call::Connect, Call::Other] {
            let count = counters.calls(kind);
            println!("{kind:?}: {:.3} per exchange", count as f64 / (CONNECTIONS * EXCHANGES) as f64);
        }
        Ok(())
    })
}

async fn echo_all(sock: &Sock) -> io::Result<()> {
    let mut buf = [0; 4096];
    while pass(sock, sock, &mut buf).await? {
        net::wait(|w| {
            w.read(sock);
        })
        .await;
    }
    Ok(())
}

async fn ask(relay: &Addr) -> io::Result<()> {
    let sock = Sock::connect(relay, &ConnectOptions::default())?;
    let mut buf = [0; 4096];
    for _ in 0..EXCHANGES {
        sock.try_write(b"GET / HTTP/1.1\r\n\r\n")?;
        while let Err(e) = sock.try_read(&mut buf) {
            if e.kind() != ErrorKind::WouldBlock {
                return Err(e);
            }
            net::wait(|w| {
                w.read(&sock);
            })
            .await;
        }
    }
    Ok(())
}
