//! What the simulated kernel promises to a runtime: epoll's edges, errors of connections, the clock.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use net::kernel::{Event, Interest, Ready};
use net::{Addr, ConnectOptions, Kernel};
use sim::kernel::SimKernel;
use sim::network::{Actor, Answer, Network, Port, Read, Site, Why};
use sim::rng::Rng;
use sim::weather::Weather;

/// Sends back what it reads, a second later, and ends when the other side does.
struct Echo(Port, Vec<u8>);

impl Actor for Echo {
    fn wake(&mut self, me: usize, why: Why, net: &mut Network) {
        match why {
            Why::Start | Why::Stirred => net.timer(me, 1_000_000_000, 0),
            _ => {
                let end = net.read(self.0, &mut self.1, usize::MAX) == Read::End;
                let n = net.write(self.0, &self.1).unwrap_or(0);
                self.1.drain(..n);
                if end {
                    net.hang_up(self.0, false);
                }
            }
        }
    }
}

struct Place;

impl Site for Place {
    fn knock(&mut self, _: &mut Network) -> Answer {
        Answer::Accept(Box::new(|port| Box::new(Echo(port, Vec::new()))))
    }
}

fn address(last: u8) -> Addr {
    Addr::ip_port([10, 0, 0, last].into(), 7)
}

fn kernel(room: usize) -> SimKernel {
    let weather = Weather { room: (room, room), ..Weather::calm() };
    let mut network = Network::new(Rng::new(1), weather);
    network.settle(address(1), Box::new(Place));
    SimKernel::new(Rc::new(RefCell::new(network)), 0)
}

/// What the next wait of at most `ms` tells.
fn told(kernel: &SimKernel, ms: u64) -> Vec<Ready> {
    let mut events: Vec<Event> = Vec::new();
    kernel.wait(Some(Duration::from_millis(ms)), &mut events).unwrap();
    events.iter().map(|event| event.ready).collect()
}

#[test]
fn an_edge_is_told_once() {
    let kernel = kernel(100);
    let (handle, done) = kernel.connect(&address(1), &ConnectOptions::default()).unwrap();
    assert!(!done && kernel.send(handle, b"x", false).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock));
    kernel.register(handle, 9, Interest::ReadWrite, false).unwrap();
    assert_eq!(told(&kernel, 100), [Ready::WRITE]);
    assert_eq!(told(&kernel, 100), []);
    assert_eq!(kernel.send(handle, &[b'x'; 150], false).unwrap(), 100, "what fits");
    assert!(kernel.send(handle, b"y", false).is_err());
    assert_eq!(
        told(&kernel, 10_000),
        [Ready::READ.with(Ready::WRITE)],
        "the peer has read, and sends it back"
    );
    assert_eq!(told(&kernel, 10), [], "not read is no edge");
    kernel.register(handle, 9, Interest::ReadWrite, true).unwrap();
    assert_eq!(told(&kernel, 10), [Ready::READ.with(Ready::WRITE)], "what holds is told to who asks again");
    assert_eq!(kernel.recv(handle, &mut [0; 10], true).unwrap(), 10);
    assert_eq!(kernel.recv(handle, &mut [0; 200], false).unwrap(), 100, "a peek takes nothing");
    kernel.shutdown(handle, net::kernel::How::Write).unwrap();
    let end = told(&kernel, 10_000).pop().unwrap();
    assert!(end.has(Ready::HUP) && end.has(Ready::ERROR), "{end:?}");
    assert_eq!(kernel.recv(handle, &mut [0; 10], false).unwrap(), 0);
}

#[test]
fn a_refusal_is_an_error_told_once() {
    let kernel = kernel(100);
    let (handle, _) = kernel.connect(&address(2), &ConnectOptions::default()).unwrap();
    kernel.register(handle, 9, Interest::ReadWrite, false).unwrap();
    let refused = told(&kernel, 100).pop().unwrap();
    assert!(refused.has(Ready::ERROR) && refused.has(Ready::WRITE));
    assert_eq!(kernel.take_error(handle).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert!(kernel.take_error(handle).is_ok());
    assert_eq!(kernel.send(handle, b"x", false).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn handles_are_small_numbers() {
    let kernel = kernel(100);
    let mut handles = [(); 2].map(|()| kernel.connect(&address(1), &ConnectOptions::default()).unwrap().0);
    handles.sort_unstable();
    assert_eq!(handles, [3, 4], "the lowest that are free");
    kernel.close(3);
    assert_eq!(kernel.connect(&address(1), &ConnectOptions::default()).unwrap().0, 3);
    assert!(kernel.recv(4, &mut [0; 1], false).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock));
}

#[test]
fn the_clock_jumps_and_a_deadlock_is_seen() {
    let kernel = kernel(100);
    let before = kernel.monotonic();
    assert_eq!(told(&kernel, 86_400_000), []);
    assert_eq!(kernel.monotonic().millis_since(before), 86_400_000);
    assert!(kernel.wait(None, &mut Vec::new()).is_err_and(|e| e.to_string().contains("deadlock")));
}
