//! All data-plane I/O on Linux: a single-threaded executor over edge-triggered epoll, stream and datagram
//! sockets, listeners, timers, splice, threads, signals, start-up of the process. The only crate with
//! `unsafe`.
//!
//! It deliberately doesn't know HTTP, certificates, configuration, servers or logs, and it holds no buffers but
//! those of TLS.
//!
//! How it is used: each worker thread makes a [`Runtime`] and runs a root future; tasks are plain
//! `async fn`s, not `Send`, started with [`spawn`] or, for the hot per-connection future, through a [`TaskPool`].
//! I/O is tried first (`try_read`, `try_write`, `accept`); on `WouldBlock` a task waits for any combination
//! of sockets, a deadline and a notification with [`wait`]. Idle connections need no task: they are parked in
//! a [`Lot`]. Other threads reach a runtime by its [`Remote`].
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use net::{Addr, ConnectOptions, ListenOptions, Listener, Sock};
//! let read = net::Runtime::new()?.run(async {
//!     let listener = Listener::bind(&Addr::ip_port([127, 0, 0, 1].into(), 0), &ListenOptions::default())?;
//!     let client = Sock::connect(&listener.addr(), &ConnectOptions::default())?;
//!     listener.wait().await;
//!     let (server, _peer) = listener.accept().map_err(std::io::Error::other)?;
//!     client.try_write(b"hello")?;
//!     let mut buf = [0; 16];
//!     loop {
//!         match server.try_read(&mut buf) {
//!             Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
//!                 net::wait(|w| { w.read(&server).until(net::now().plus_millis(5000)); }).await;
//!             }
//!             other => return other,
//!         }
//!     }
//! })?;
//! assert_eq!(read, 5);
//! # Ok(()) }
//! ```
//!
//! Order to read it in: `kernel` (what is asked of the system), `slot` (what is known of a socket), `task`
//! and `wheel` (who runs, and when), `runtime` (the loop), `wait`, `sock`, `tls`, `park`; the rest stands
//! alone.

mod addr;
pub mod allocations;
pub mod background;
mod child;
pub mod clock;
mod counters;
mod device;
mod dgram;
mod effort;
pub mod fd_pass;
mod glance;
pub mod kernel;
mod linux;
mod listener;
pub mod memory;
pub mod namespace;
mod options;
mod park;
mod pipe;
mod pool;
pub mod process;
mod remote;
pub mod resolve;
mod runtime;
pub mod signals;
mod slot;
mod sock;
mod sockopt;
mod table;
mod task;
pub mod thread;
mod time;
pub mod tls;
mod unix_path;
mod wait;
mod wheel;

pub use addr::{Addr, UNIX_NAME_MAX, UnixName};
pub use child::Child;
pub use counters::{Call, Counters};
pub use device::{Device, Line};
pub use dgram::{BoundDgram, Dgram, FdWriter};
pub use effort::{Effort, busy_percent, effort, longest_stretch, profile, thread_cpu, watch_stretches};
pub use glance::{Glance, handles, hang_up, is_profiling, look_at, ready, thread_cpu_ns, thread_number};
pub use kernel::{Kernel, Ready};
pub use listener::{AcceptError, Bound, Listener, inherited};
pub use options::{ConnectOptions, DgramOptions, Holds, Keepalive, ListenOptions, MD5_MAX, SockOpt, TcpInfo};
pub use park::{Key, Lot, Why};
pub use pipe::{Pipe, idle_pipes, limit_pipes, pipes};
pub use pool::TaskPool;
pub use remote::{Gone, Remote};
pub use resolve::routes_v6;
pub use runtime::{Runtime, counters, current_task, now, remote, spawn, tasks, wall};
pub use signals::{Signal, Signals};
pub use sock::{Sock, saved_syn, tcp_info};
pub use task::TaskId;
pub use time::Time;
pub use wait::{
    INTERESTS_MAX, Interests, Pause, Source, Wait, Woken, sleep, sleep_until, turn_end, wait, yield_now,
};
