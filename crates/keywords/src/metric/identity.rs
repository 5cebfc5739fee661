//! Which object it is: names, numbers, addresses.

use std::borrow::Cow;

use state::frontend::BindAddress;
use state::server::Address;
use state::world::Level;

use super::prelude::*;

pub(super) const KEYWORDS: &[Metric] = &[
    metric("pxname", "KNSV", Scope::ALL, Str(proxy), "Name of the proxy"),
    metric(
        "svname",
        "KNSV",
        Scope::ALL,
        Str(|row| Some(name(row.object))),
        "Name of the server or listener, or FRONTEND, BACKEND",
    ),
    metric("pid", "KGPV", Scope::ALL, U32(|_| Some(1)), "Number of the worker process, always 1"),
    metric("iid", "KGSV", Scope::ALL, U32(|row| Some(proxy_id(row.object))), "Number of the proxy ('id')"),
    metric(
        "sid",
        "KGSV",
        Scope::ALL,
        U32(|row| Some(own_id(row.object))),
        "Number of the server or listener within its proxy ('id')",
    ),
    metric(
        "type",
        "CGSV",
        Scope::ALL,
        U32(|row| Some(kind(row.object))),
        "Kind of object: 0 frontend, 1 backend, 2 server, 3 listener",
    ),
    metric(
        "addr",
        "CGSV",
        Scope::SERVER_OR_LISTENER,
        Str(address),
        "Address and port, or unix; from level operator on",
    ),
    metric(
        "cookie",
        "CNSV",
        Scope::BACK,
        Str(cookie),
        "The cookie's value for the server, of a backend its name; from level operator on",
    ),
    metric("mode", "CGSV", Scope::ALL, Str(|row| Some(row.mode()?.name().into())), "The proxy's mode"),
    metric("algo", "CGSV", Scope::BACKEND, Str(algorithm), "Balancing algorithm; from level operator on"),
    metric(
        "srid",
        "MCPV",
        Scope::SERVER,
        U32(|_| Some(0)),
        "How often the server's number was given to another one: servers are fixed",
    ),
    metric("proto", "SGPV", Scope::LISTENER, Str(protocol), "Protocol the listener binds"),
];

/// The proxy's name.
fn proxy<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let frontend = row.frontend().map(|f| &*f.name);
    frontend.or_else(|| row.backend().map(|b| &*b.name)).map(Cow::Borrowed)
}

/// The object's name within its proxy.
fn name(object: Object<'_>) -> Cow<'_, str> {
    match object {
        Object::Process => Cow::Borrowed(""),
        Object::Frontend(_) => Cow::Borrowed("FRONTEND"),
        Object::Backend(_) => Cow::Borrowed("BACKEND"),
        Object::Server(_, server) => Cow::Borrowed(&server.name),
        Object::Listener(_, bind) => match &bind.name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("sock-{}", bind.id)),
        },
    }
}

/// The number of the object's proxy.
pub(super) fn proxy_id(object: Object<'_>) -> u32 {
    match object {
        Object::Process => 0,
        Object::Frontend(f) | Object::Listener(f, _) => f.id,
        Object::Backend(b) | Object::Server(b, _) => b.id,
    }
}

/// The object's number within its proxy.
pub(super) fn own_id(object: Object<'_>) -> u32 {
    match object {
        Object::Process | Object::Frontend(_) | Object::Backend(_) => 0,
        Object::Listener(_, bind) => bind.id,
        Object::Server(_, server) => server.id,
    }
}

fn kind(object: Object<'_>) -> u32 {
    match object {
        Object::Process | Object::Frontend(_) => 0,
        Object::Backend(_) => 1,
        Object::Server(..) => 2,
        Object::Listener(..) => 3,
    }
}

fn address<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    if row.level < Level::Operator {
        return None;
    }
    match (row.bind().map(|b| &b.address), row.server().map(|s| s.address()).as_deref()) {
        (Some(BindAddress::Inet(at)), _) | (_, Some(Address::Inet(at))) => Some(at.to_string().into()),
        (Some(BindAddress::Unix(_) | BindAddress::Abstract(_)), _) | (_, Some(Address::Unix(_))) => {
            Some("unix".into())
        }
        _ => None,
    }
}

fn cookie<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let value = match row.object {
        Object::Backend(backend) => &backend.cookie.as_ref()?.name,
        _ => row.server()?.cookie.as_deref()?,
    };
    (row.level >= Level::Operator).then(|| String::from_utf8_lossy(value))
}

fn algorithm<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let backend = row.backend()?;
    (row.level >= Level::Operator).then_some(Cow::Borrowed(known(backend.balance_name)))
}

fn protocol<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let name = match &row.bind()?.address {
        BindAddress::Inet(at) if at.is_ipv4() => "tcpv4",
        BindAddress::Inet(_) => "tcpv6",
        BindAddress::Unix(_) => "unix_stream",
        BindAddress::Abstract(_) => "abns_stream",
        BindAddress::Fd(_) => return None,
    };
    Some(name.into())
}

/// HAProxy has no word for drawing lots in its statistics.
fn known(name: &'static str) -> &'static str {
    if name == "random" { "unknown" } else { name }
}
