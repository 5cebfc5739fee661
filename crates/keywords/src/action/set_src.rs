//! `set-src`, `set-src-port`, `set-dst`, `set-dst-port`: what later rules and logs take for the ends of the client's
//! connection (manual 4.4).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sample::{Type, Value, cast};
use state::Endpoint;

use super::prelude::*;

const SETS: &[RuleSet] = &[
    RuleSet::TcpRequestConnection,
    RuleSet::TcpRequestSession,
    RuleSet::TcpRequestContent,
    RuleSet::HttpRequest,
];

const fn kind(
    name: &'static str,
    doc: &'static str,
    examples: &'static [&'static str],
    parse: fn(&mut Parse<'_>) -> Result<Box<dyn Action>, String>,
) -> ActionKind {
    ActionKind { name, parenthesised: false, sets: SETS, doc, examples, parse }
}

pub(super) const KEYWORDS: &[ActionKind] = &[
    kind(
        "set-dst",
        "Sets the address the client seems to have connected to.",
        &["set-dst ipv4(10.0.0.1)"],
        |p| parse(p, End::Destination, Part::Address),
    ),
    kind(
        "set-dst-port",
        "Sets the port the client seems to have connected to.",
        &["set-dst-port int(8080)"],
        |p| parse(p, End::Destination, Part::Port),
    ),
    kind(
        "set-src",
        "Sets the address the client seems to come from; nothing changes if the expression gives no address.",
        &["set-src src,ipmask(24)"],
        |p| parse(p, End::Source, Part::Address),
    ),
    kind("set-src-port", "Sets the port the client seems to come from.", &["set-src-port int(4000)"], |p| {
        parse(p, End::Source, Part::Port)
    }),
];

#[derive(Clone, Copy, Debug)]
enum End {
    Source,
    Destination,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Address,
    Port,
}

fn parse(p: &mut Parse<'_>, end: End, part: Part) -> Result<Box<dyn Action>, String> {
    let of_connection = p.set == RuleSet::TcpRequestConnection;
    // Connections and sessions take what can find nothing.
    let expr = match p.set {
        RuleSet::TcpRequestConnection | RuleSet::TcpRequestSession => {
            p.compiler.expr_anywhere(&mut p.words)?
        }
        _ => p.compiler.expr(&mut p.words)?,
    };
    Ok(Box::new(SetEnd { expr, end, part, of_connection }))
}

#[derive(Debug)]
struct SetEnd {
    expr: Expr,
    end: End,
    part: Part,
    /// Whether the connection itself is to look so, not only the session on it.
    of_connection: bool,
}

impl Action for SetEnd {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(value) = act.eval(&self.expr) else { return Verdict::Next };
        let old = match self.end {
            End::Source => act.ctx().source(),
            End::Destination => act.ctx().destination().unwrap_or(Endpoint::Unix),
        };
        let old = match old {
            Endpoint::Inet(address) => address,
            Endpoint::Unix => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        };
        let new = match self.part {
            Part::Address => match cast(value, Type::Addr, act.arena) {
                Some(Value::Ipv4(a)) => SocketAddr::new(IpAddr::V4(a), old.port()),
                Some(Value::Ipv6(a)) => SocketAddr::new(IpAddr::V6(a), old.port()),
                _ => return Verdict::Next,
            },
            Part::Port => match cast(value, Type::Sint, act.arena) {
                Some(Value::Sint(n)) => SocketAddr::new(old.ip(), (n & 0xffff) as u16),
                _ => return Verdict::Next,
            },
        };
        let new = Endpoint::Inet(new);
        match (&mut act.stream, self.end) {
            (Some(stream), End::Source) => stream.source = Some(new),
            (Some(stream), End::Destination) => stream.destination = Some(new),
            (None, End::Source) => act.session.set_ends(Some(new), None, self.of_connection),
            (None, End::Destination) => act.session.set_ends(None, Some(new), self.of_connection),
        }
        Verdict::Next
    }
}
