//! The engine on a seeded clock and network: a run is a number, and the same number is the same run to the byte.
//!
//! A run draws a configuration, clients, servers and a weather from its seed ([`scenario`]), lets the real `config`, `plan`,
//! `engine` and `net` serve them on a simulated kernel ([`kernel`], [`network`], [`objects`], [`weather`]), and checks what
//! must hold of any run ([`run`], [`ledger`]). The peers ([`peer`], with [`script`] and [`reader`]) live in the network and
//! share no code with what is tested.
//!
//! What it deliberately doesn't know: TLS, several threads, health checks, unix sockets, a change of configuration.
//!
//! A seed that fails says how to run it again: `cargo run -p sim -- SEED`; with `--trace` it tells all that happened.

pub mod kernel;
pub mod ledger;
pub mod network;
mod objects;
pub mod peer;
pub mod reader;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod script;
pub mod trace;
pub mod weather;
