//! Backends for logs: how messages are distributed, and where servers take them (manual 4.2 "mode", `log`).

use std::sync::Arc;

use state::Server;
use state::family::{Parse, RuleSet, Words};
use state::log::{Destination, Header};
use state::options::Mode;
use state::ring::{Ring, RingAddress, RingServer, Store};
use state::server::Address;

use super::backend::Chosen;
use super::{Assembly, Seat};
use crate::compile::{Compile, Site};
use crate::ctx::words_from;
use crate::draft::Draft;
use crate::known;
use crate::section::ring;

/// The port of servers that are given none.
const PORT: u16 = 514;
/// The longest message that goes to a server over a connection.
const MAX_LEN: usize = 65_535;

/// The algorithm; `random` where none is named.
pub(super) fn balance<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, seat: Seat) -> Chosen {
    let settings = &draft.settings;
    let line = settings.balance.filter(|line| !assembly.plan.remarks.is_wrong(line.span()));
    let mut words = line.map(|line| words_from(line, 1)).unwrap_or_default();
    words.extend(settings.hash_type.map(|line| words_from(line, 0)).unwrap_or_default());
    let name = if line.is_some() { words.first().copied().unwrap_or_default() } else { "random" };
    let rest = if line.is_some() { words.get(1..).unwrap_or_default() } else { &[] };
    let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
    compile.site = Site::Nowhere;
    let mut parse = Parse {
        set: RuleSet::HttpRequest,
        word: name,
        inside: None,
        words: Words::new(rest),
        compiler: &mut compile,
    };
    let fault = match keywords::balance::for_messages(name, &mut parse) {
        Some(Ok(chosen)) => return chosen,
        Some(Err(error)) => error,
        None => {
            assembly.plan.remarks.alert_bare(format!(
                "in backend '{}': \"balance\" only supports 'roundrobin', 'random', 'sticky' and 'log-hash'.",
                draft.name
            ));
            String::new()
        }
    };
    match (known::not_run(&fault), line) {
        _ if fault.is_empty() => {}
        (Some(what), Some(line)) => {
            assembly.plan.remarks.unserved(line.span(), &format!("'balance' with {what}"));
        }
        (None, Some(line)) if fault.starts_with("balance") => assembly.plan.remarks.alert(line.span(), fault),
        _ => assembly
            .plan
            .remarks
            .alert_bare(format!("log backend '{}': failed to initialize: {fault}.", draft.name)),
    }
    // It won't start.
    (Box::new(super::backend::Nobody), "unknown")
}

/// What a backend for logs says that it has no use for.
fn remarks(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, servers: &[Server]) {
    let mut warn = |message: String| assembly.plan.remarks.warn_bare(message);
    let ignored = |what: &str| {
        format!("Cannot use {what} rules with 'mode log' in backend '{}'. They will be ignored.", draft.name)
    };
    if draft.rules.iter().any(|rule| rule.set == RuleSet::TcpRequestContent) {
        warn(ignored("tcp-request"));
    }
    if draft.rules.iter().any(|rule| rule.set == RuleSet::TcpResponseContent) {
        warn(ignored("tcp-response"));
    }
    if !draft.use_server.is_empty() {
        warn(ignored("\"use-server\""));
    }
    for (_, span) in servers.iter().zip(&draft.server_spans).filter(|(s, _)| s.send_proxy.is_some()) {
        let place = assembly.plan.place(*span);
        let message = "'send-proxy*' server option is unsupported there, ignoring it";
        assembly.plan.remarks.warn_bare(format!("[{place}] : {message}"));
    }
}

/// Where servers take messages; says what can't be had, and what a backend for logs has no use for.
pub(super) fn sinks(
    assembly: &mut Assembly<'_, '_>,
    draft: &Draft<'_>,
    servers: &[Server],
) -> Box<[Destination]> {
    let logs = draft.settings.mode == Mode::Log;
    if logs {
        remarks(assembly, draft, servers);
    }
    let mut sinks = Vec::new();
    for (position, server) in servers.iter().enumerate() {
        let place =
            draft.server_spans.get(position).map(|span| assembly.plan.place(*span)).unwrap_or_default();
        let fault = match (&server.address, logs) {
            (_, false) if server.datagram => {
                let mode = draft.settings.mode.name();
                format!("unsupported transport for server address in '{mode}' backend.")
            }
            (Address::Unix(_), true) => {
                "log server address family not supported for log backend server.".to_owned()
            }
            _ => String::new(),
        };
        if !fault.is_empty() {
            assembly.plan.remarks.alert_bare(format!("[{place}] : {fault}"));
        }
        if logs {
            sinks.push(sink(assembly, draft, position, server));
        }
    }
    sinks.into()
}

fn sink(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, position: usize, server: &Server) -> Destination {
    let mut at = match server.address {
        Address::Inet(at) => at,
        // Nothing is sent to where there is no address.
        _ => return Destination::Ring(u32::MAX),
    };
    if at.port() == 0 {
        at.set_port(PORT);
    }
    if server.datagram {
        return Destination::Udp(at);
    }
    let (octet_count, buffer) = draft.server_logs.get(position).copied().unwrap_or_default();
    let address = RingAddress::Inet(at);
    let tls = server.speaks_tls().map(|tls| Arc::new(tls.clone()));
    let rings = &mut assembly.plan.rings;
    rings.push(Ring {
        name: Box::default(),
        description: format!("{}/{}", draft.name, server.name).into(),
        header: Header::Raw,
        max_len: MAX_LEN,
        servers: vec![RingServer { name: server.name.clone(), address, octet_count, tls }],
        connect_ms: draft.settings.timeouts.connect,
        server_ms: draft.settings.timeouts.server,
        store: Arc::new(Store::new(buffer.unwrap_or(ring::SIZE), 1)),
    });
    Destination::Ring(u32::try_from(rings.len() - 1).unwrap_or(u32::MAX))
}
