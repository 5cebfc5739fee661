//! HTTP/2 connections: one task reads and writes the connection, every stream is an exchange like any other, with a socket
//! that leads to its [`Channel`] instead of the kernel. Heads go from one to the other as messages; bodies as bytes in
//! HTTP/1's framing (by length, in chunks where that isn't known, until the end for tunnels), so that whoever forwards
//! them needs to know no difference.
//!
//! Read in this order: [`channel`] (a stream's end), [`mux`] (what streams share), [`front`] (a client's connection), [`back`]
//! (a server's) and [`backs`] (all of those that a thread has), [`join`] (streams to servers).

pub mod back;
pub mod backs;
pub mod channel;
pub mod front;
pub mod join;
pub mod mux;

pub use channel::{Behind, Channel};

use std::rc::Rc;

/// A stream to a server, and its connection.
#[derive(Debug)]
pub struct Joint {
    pub channel: Rc<Channel>,
    pub back: Rc<back::Back>,
}
