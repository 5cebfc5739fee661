//! The runtime on a kernel of its own: a clock that moves only when everyone waits, and sockets in memory.
//! Shows that a run is deterministic and that nothing of it reaches the real system.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking"
)]

use net::kernel::{Event, Handle, How, Interest, Kernel, Ready};
use net::{
    Addr, ConnectOptions, DgramOptions, ListenOptions, Listener, Runtime, Sock, SockOpt, TcpInfo, Time,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::time::Duration;

#[derive(Default)]
struct Node {
    /// What was sent to it.
    inbox: VecDeque<u8>,
    ended: bool,
    peer: Option<Handle>,
    backlog: VecDeque<Handle>,
    token: Option<u64>,
    told: bool,
}

/// A machine with one address and no latency.
#[derive(Default)]
struct Pretend {
    now: Cell<u64>,
    nodes: RefCell<BTreeMap<Handle, Node>>,
    waits: Rc<RefCell<Vec<u64>>>,
    watched: Rc<RefCell<Vec<Interest>>>,
    /// Whether it refuses to watch anything.
    blind: bool,
}

const LISTENER: Handle = 1;

impl Pretend {
    fn with<R>(&self, handle: Handle, f: impl FnOnce(&mut Node) -> R) -> io::Result<R> {
        self.nodes.borrow_mut().get_mut(&handle).map(f).ok_or(io::ErrorKind::NotConnected.into())
    }

    fn fresh(&self) -> Handle {
        let handle = (2..).find(|h| !self.nodes.borrow().contains_key(h)).unwrap();
        self.nodes.borrow_mut().insert(handle, Node::default());
        handle
    }
}

fn no<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Kernel for Pretend {
    fn monotonic(&self) -> Time {
        Time::from_nanos(self.now.get())
    }

    fn wall(&self) -> u64 {
        1_000_000_000 + self.now.get() / 1000
    }

    fn wait(&self, timeout: Option<Duration>, events: &mut Vec<Event>) -> io::Result<()> {
        for node in self.nodes.borrow_mut().values_mut() {
            let readable = !node.inbox.is_empty() || !node.backlog.is_empty() || node.ended;
            if let (Some(token), true, false) = (node.token, readable, node.told) {
                node.told = true;
                let hup = if node.ended { Ready::HUP } else { Ready(0) };
                events.push(Event { token, ready: Ready::READ.with(hup) });
            }
        }
        if events.is_empty() && timeout != Some(Duration::ZERO) {
            let timeout = timeout.expect("everyone waits for ever");
            self.now.set(self.now.get() + timeout.as_nanos() as u64);
            self.waits.borrow_mut().push(self.now.get());
        }
        Ok(())
    }

    fn register(&self, handle: Handle, token: u64, interest: Interest, _: bool) -> io::Result<()> {
        self.watched.borrow_mut().push(interest);
        if self.blind {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.with(handle, |n| n.token = Some(token))
    }

    fn deregister(&self, handle: Handle) -> io::Result<()> {
        self.with(handle, |n| n.token = None)
    }

    fn listen(&self, _: &Addr, _: &ListenOptions) -> io::Result<Handle> {
        self.nodes.borrow_mut().insert(LISTENER, Node::default());
        Ok(LISTENER)
    }

    fn accept(&self, listener: Handle) -> io::Result<(Handle, Addr)> {
        let next = self.with(listener, |n| n.backlog.pop_front())?;
        next.map(|h| (h, Addr::ANY_V4)).ok_or(io::ErrorKind::WouldBlock.into())
    }

    fn connect(&self, _: &Addr, _: &ConnectOptions) -> io::Result<(Handle, bool)> {
        let (near, far) = (self.fresh(), self.fresh());
        self.with(near, |n| n.peer = Some(far))?;
        self.with(far, |n| n.peer = Some(near))?;
        self.with(LISTENER, |n| {
            n.backlog.push_back(far);
            n.told = false;
        })?;
        Ok((near, true))
    }

    fn take_error(&self, _: Handle) -> io::Result<()> {
        Ok(())
    }

    fn recv(&self, handle: Handle, buf: &mut [u8], _: bool) -> io::Result<usize> {
        self.with(handle, |n| {
            if n.inbox.is_empty() && !n.ended {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let len = n.inbox.len().min(buf.len());
            for (to, from) in buf.iter_mut().zip(n.inbox.drain(..len)) {
                *to = from;
            }
            Ok(len)
        })?
    }

    fn send(&self, handle: Handle, buf: &[u8], _: bool) -> io::Result<usize> {
        let peer = self.with(handle, |n| n.peer)?.ok_or(io::ErrorKind::BrokenPipe)?;
        self.with(peer, |n| {
            n.inbox.extend(buf);
            n.told = false;
        })?;
        Ok(buf.len())
    }

    fn writev(&self, handle: Handle, bufs: &[IoSlice<'_>], more: bool) -> io::Result<usize> {
        bufs.iter().map(|buf| self.send(handle, buf, more)).sum()
    }

    fn shutdown(&self, handle: Handle, _: How) -> io::Result<()> {
        let peer = self.with(handle, |n| n.peer)?.ok_or(io::ErrorKind::BrokenPipe)?;
        self.with(peer, |n| {
            n.ended = true;
            n.told = false;
        })
    }

    fn close(&self, handle: Handle) {
        let _ = self.shutdown(handle, How::Both);
        self.nodes.borrow_mut().remove(&handle);
    }

    fn local_addr(&self, _: Handle) -> io::Result<Addr> {
        Ok(Addr::ANY_V4)
    }
    fn peer_addr(&self, _: Handle) -> io::Result<Addr> {
        no()
    }
    fn original_dst(&self, _: Handle) -> io::Result<Addr> {
        no()
    }
    fn set(&self, _: Handle, _: SockOpt) -> io::Result<()> {
        no()
    }
    fn saved_syn(&self, _: Handle, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn tcp_info(&self, _: Handle) -> io::Result<TcpInfo> {
        no()
    }
    fn pipe(&self, _: usize) -> io::Result<(Handle, Handle, usize)> {
        no()
    }
    fn splice(&self, _: Handle, _: Handle, _: usize, _: bool) -> io::Result<usize> {
        no()
    }
    fn dgram(&self, _: Option<&Addr>, _: Option<&Addr>, _: &DgramOptions) -> io::Result<Handle> {
        no()
    }
    fn send_batch(&self, _: Handle, _: &[&[u8]]) -> io::Result<usize> {
        no()
    }
    fn send_to(&self, _: Handle, _: &[u8], _: &Addr) -> io::Result<usize> {
        no()
    }
    fn recv_from(&self, _: Handle, _: &mut [u8]) -> io::Result<(usize, Addr)> {
        no()
    }
}

type Log = Rc<RefCell<Vec<(u64, String)>>>;

fn note(log: &Log, what: impl Into<String>) {
    log.borrow_mut().push((net::now().as_nanos() / 1_000_000, what.into()));
}

async fn serve(log: Log) {
    let listener = Listener::bind(&Addr::ANY_V4, &ListenOptions::default()).unwrap();
    loop {
        listener.wait().await;
        while let Ok((sock, _)) = listener.accept() {
            let log = Rc::clone(&log);
            net::spawn(async move {
                let mut buf = [0; 16];
                loop {
                    match sock.try_read(&mut buf) {
                        Ok(0) => return note(&log, "server: end"),
                        Ok(n) => {
                            note(&log, format!("server: {}", String::from_utf8_lossy(&buf[..n])));
                            net::sleep(Duration::from_millis(250)).await;
                            sock.try_write(b"answer").unwrap();
                        }
                        Err(_) => {
                            net::wait(|w| {
                                w.read(&sock);
                            })
                            .await;
                        }
                    }
                }
            });
        }
    }
}

async fn ask(name: u64, log: Log) {
    net::sleep(Duration::from_millis(name * 100)).await;
    let sock = Sock::connect(&Addr::ANY_V4, &ConnectOptions::default()).unwrap();
    for _ in 0..2 {
        sock.try_write(format!("from {name}").as_bytes()).unwrap();
        let deadline = net::now() + Duration::from_secs(3600);
        while sock.try_read(&mut [0; 16]).is_err() {
            let woken = net::wait(|w| {
                w.read(&sock).until(deadline);
            });
            assert!(!woken.await.timed_out());
        }
        note(&log, format!("client {name}: answered"));
        net::sleep(Duration::from_secs(86_400)).await;
    }
}

fn run() -> (Vec<(u64, String)>, Vec<u64>) {
    let log = Log::default();
    let kernel = Pretend::default();
    let waits = Rc::clone(&kernel.waits);
    let mut runtime = Runtime::with_kernel(Box::new(kernel)).unwrap();
    let shared = Rc::clone(&log);
    runtime.run(async move {
        net::spawn(serve(Rc::clone(&shared)));
        net::yield_now().await;
        for name in [2, 1, 3] {
            net::spawn(ask(name, Rc::clone(&shared)));
        }
        let start = net::wall();
        net::sleep(Duration::from_secs(200_000)).await;
        assert!(net::wall() - start >= 200_000_000_000);
    });
    assert_eq!(runtime.counters().panics, 0);
    drop(runtime);
    (log.take(), waits.take())
}

#[test]
fn two_days_pass_at_once_and_alike() {
    let (log, waits) = run();
    assert_eq!((log.clone(), waits.clone()), run());
    let words: Vec<&str> = log.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(words[..3], ["server: from 1", "server: from 2", "server: from 3"]);
    assert_eq!(words.iter().filter(|w| **w == "server: end").count(), 3);
    let at = |what: &str| log.iter().find(|(_, w)| w == what).unwrap().0;
    // Milliseconds of the virtual clock, whose wheel ticks every 1.05 ms.
    assert!((350..=355).contains(&at("client 1: answered")), "{log:?}");
    assert!(waits.len() < 200, "a clock that jumps needs few steps: {}", waits.len());
}

#[test]
fn a_kernel_that_refuses_to_watch_gives_errors_not_hangs() {
    let mut runtime = Runtime::with_kernel(Box::new(Pretend { blind: true, ..Pretend::default() })).unwrap();
    runtime.run(async {
        let listener = Listener::bind(&Addr::ANY_V4, &ListenOptions::default()).unwrap();
        let client = Sock::connect(&Addr::ANY_V4, &ConnectOptions::default()).unwrap();
        let (server, _) = listener.accept().unwrap();
        for sock in [&client, &server] {
            assert_eq!(sock.try_read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            net::wait(|w| {
                w.read(sock);
            })
            .await;
            assert_eq!(sock.try_read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::Other);
            assert!(sock.take_error().is_err() && !sock.is_alive());
        }
        let lot = net::Lot::new();
        lot.park(server, (), Time::NEVER);
        assert_eq!(lot.next().await.2, net::Why::Hup);
    });
}

#[test]
fn a_shared_listener_is_watched_as_one_of_many() {
    for (reuse_port, expected) in [(true, Interest::Read), (false, Interest::Shared)] {
        let kernel = Pretend::default();
        let watched = Rc::clone(&kernel.watched);
        Runtime::with_kernel(Box::new(kernel)).unwrap().run(async {
            let options = ListenOptions { reuse_port, ..ListenOptions::default() };
            let listener = Listener::bind(&Addr::ANY_V4, &options).unwrap();
            assert!(listener.accept().is_err());
            let soon = net::now() + Duration::from_millis(1);
            net::wait(|w| {
                listener.interest(w);
                w.until(soon);
            })
            .await;
        });
        assert_eq!(*watched.borrow(), [expected]);
    }
}

#[test]
fn runtimes_on_one_thread_are_stepped_in_turn() {
    let log = Log::default();
    let mut runtimes: Vec<Runtime> =
        (0..2).map(|_| Runtime::with_kernel(Box::new(Pretend::default())).unwrap()).collect();
    for (number, runtime) in runtimes.iter_mut().enumerate() {
        assert_eq!(runtime.step(), Time::NEVER, "nothing to do");
        let log = Rc::clone(&log);
        runtime.enter(|| {
            net::spawn(async move {
                for turn in 0..2 {
                    note(&log, format!("{number}.{turn}"));
                    net::yield_now().await;
                }
                net::sleep(Duration::from_secs(1)).await;
            })
        });
    }
    for _ in 0..2 {
        for runtime in &mut runtimes {
            assert_eq!(runtime.step(), Time::ZERO, "ready again at once");
        }
    }
    for runtime in &mut runtimes {
        let next = runtime.step();
        assert!(next > Time::ZERO && next <= Time::ZERO + Duration::from_millis(1100), "{next:?}");
    }
    let words: Vec<String> = log.take().into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, ["0.0", "1.0", "0.1", "1.1"]);
}
