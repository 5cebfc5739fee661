//! `option forwarded` as configured (manual 4.2): what a server is told of where a request came from (RFC 7239).

use crate::Expr;

/// What the header says.
#[derive(Debug, Default)]
pub struct Forwarded {
    /// Whether it came over TLS, which this tells.
    pub proto: Option<Expr>,
    /// Which host was asked for.
    pub host: Option<Origin>,
    /// Which address of ours was asked.
    pub by: Option<Node>,
    /// Who asked.
    pub client: Option<Node>,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Origin {
    /// The request or its connection.
    Request,
    Expr(Expr),
}

/// One end of the connection.
#[derive(Debug)]
pub struct Node {
    pub name: Origin,
    pub port: Option<Origin>,
}
