//! `resolvers`: servers of the Domain Name System and how they are asked (manual 5.3.2); what a rule wants looked up. The
//! asking is `engine`'s.

use std::net::SocketAddr;

use sample::arg::VarRef;

/// A `resolvers` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolvers {
    pub name: Box<str>,
    pub servers: Vec<NameServer>,
    /// `accepted_payload_size`: the most bytes of an answer over UDP.
    pub payload: u16,
    /// `resolve_retries`: how often a question is put before it is given up.
    pub retries: u32,
    /// `timeout retry`: milliseconds between two times.
    pub retry_ms: u32,
    /// `hold valid`: milliseconds that rules may use an answer without asking again.
    pub valid_ms: u32,
}

/// A server that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    pub name: Box<str>,
    pub address: SocketAddr,
    /// Whether it is asked over TCP.
    pub stream: bool,
}

/// What a rule waits for: an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The position of the section in the World.
    pub resolvers: u32,
    /// The name, as the request had it.
    pub name: Vec<u8>,
    /// Which family is asked for first.
    pub v4_first: bool,
    /// Where the address goes.
    pub var: VarRef,
}
