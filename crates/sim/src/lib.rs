//! The engine on a seeded clock and network: a run is a number, and the same number is the same run to the byte.
//!
//! A run draws a configuration, clients, servers and a weather from its seed ([`scenario`]), lets the real `config`, `plan`,
//! `engine` and `net` serve them on a simulated kernel ([`kernel`], [`network`], [`objects`], [`weather`]), and checks what
//! must hold of any run ([`run`], [`ledger`], [`log`]). Some runs are plays, a table in which each phase of a request's life has
//! its mishaps and what must come of them ([`play`]). The peers ([`peer`], with [`script`] and [`reader`]) live in the network and
//! share no code with what is tested.
//!
//! The families of runs ([`scenario::Family`]): clients, servers, queue, storm, tunnels draw whole loads; phases plays the
//! table; threads, stops and lack are the loads on several runtimes that take turns, with an end in the middle, and on a system
//! without descriptors, memory or ports. Each thing that is checked has a planted mistake that it finds (`tests/seeds.rs`).
//!
//! What it deliberately doesn't know: TLS, threads that run at the same time, health checks, unix sockets, a change of
//! configuration.
//!
//! A seed that fails says how to run it again: `cargo run -p sim -- SEED`; with `--trace` it tells all that happened.

pub mod kernel;
pub mod ledger;
pub mod log;
pub mod network;
mod objects;
pub mod peer;
pub mod play;
mod process;
pub mod reader;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod script;
pub mod trace;
pub mod weather;
