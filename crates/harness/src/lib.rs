//! The workshop's servers and clients: what stands on both sides of a proxy while it is tested or measured.
//!
//! It knows nothing of Sluice: it speaks to processes by their sockets, signals and `/proc` only, so that
//! the same code drives Sluice, HAProxy and nginx. Nothing here is shipped.
//!
//! Read in this order:
//! - [`process`]: start a program, wait until it listens, read its CPU time and memory, stop it;
//! - [`port`], [`scratch`], [`machine`]: free ports, folders that go away, cores and limits;
//! - [`origin`]: a fast HTTP/1.1 origin on one epoll thread; [`recorder`]: a slow one that remembers every byte;
//! - [`load`]: closed-loop and fixed-rate load, idle connections; [`histogram`]: its latencies;
//! - [`exchange`]: raw bytes out and in with limits; [`reply`]: those bytes read as HTTP/1 responses;
//! - [`syslog`]: a UDP log receiver; [`name_server`]: a server of the Domain Name System;
//! - [`smuggling`]: the corpus of hostile framing and its runner.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a workshop tool: a broken invariant should stop the run at once, and no hostile bytes reach it"
)]

pub mod exchange;
pub mod histogram;
pub mod load;
pub mod machine;
pub mod name_server;
pub mod origin;
pub mod port;
pub mod process;
pub mod recorder;
pub mod reply;
pub mod scratch;
pub mod smuggling;
pub mod syslog;
pub mod variants;
