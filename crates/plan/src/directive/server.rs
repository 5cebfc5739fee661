//! `server`, `server-template`, `default-server` (manual 4.2, 5.2): lines into servers. The parameters are in
//! `server_param`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use config::{Diagnostic, Place, SectionKind};
use state::Server;
use state::check::Pace;
use state::frontend::Proto;
use state::server::{Address, Check, HashKey, Live, Port, SendProxy, admin};

use super::proto::{self, Spoken};
use super::server_param;
use super::server_proxy::ProxySpec;
use super::server_resolve::ResolveSpec;
use super::server_state;
use super::server_watch::{self, WatchSpec};
use crate::address::{self, Host, Ports};
use crate::ctx::{Applied, Ctx, Directive, Line, Plan, at, word};
use crate::number::atol;
use crate::tls;
use crate::tls::server::ServerTlsSpec;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "server", sections: at::PROXY, apply: server },
    Directive { name: "server-template", sections: at::PROXY, apply: template },
    Directive { name: "default-server", sections: at::PROXY, apply: default_server },
];

/// What `default-server` hands down to the servers after it.
#[derive(Clone, Debug)]
pub(crate) struct ServerSpec<'a> {
    pub(crate) weight: u16,
    pub(crate) backup: bool,
    pub(crate) non_stick: bool,
    pub(crate) disabled: bool,
    /// Whether a `default-server` line says something of it.
    pub(crate) defaulted: bool,
    pub(crate) maxconn: u32,
    pub(crate) minconn: u32,
    pub(crate) maxqueue: u32,
    pub(crate) check: bool,
    pub(crate) check_via_socks4: bool,
    pub(crate) socks4: Option<SocketAddr>,
    pub(crate) pace: Pace,
    pub(crate) check_address: Option<IpAddr>,
    pub(crate) check_port: Option<u16>,
    pub(crate) pool_max: Option<u32>,
    pub(crate) pool_low: u32,
    /// `pool-conn-name`: an expression.
    pub(crate) pool_name: Option<&'a str>,
    pub(crate) pool_purge_ms: u32,
    pub(crate) max_reuse: Option<u32>,
    pub(crate) source: Option<Arc<state::link::Source>>,
    pub(crate) user_timeout_ms: Option<u32>,
    pub(crate) fast_open: bool,
    pub(crate) congestion: Option<Arc<str>>,
    pub(crate) namespace: Option<Arc<str>>,
    pub(crate) md5: Option<Arc<str>>,
    pub(crate) protocol: Option<&'static str>,
    pub(crate) check_protocol: Option<&'static str>,
    /// `ws`.
    pub(crate) websocket: Proto,
    pub(crate) proxy: ProxySpec<'a>,
    /// `redir`: where clients are sent instead.
    pub(crate) redirect: Option<&'a str>,
    /// How its name is resolved.
    pub(crate) resolve: ResolveSpec<'a>,
    pub(crate) slowstart_ms: u32,
    /// `track`: the server's name, maybe with that of its proxy.
    pub(crate) track: Option<&'a str>,
    pub(crate) watch: WatchSpec<'a>,
    /// `log-proto octet-count`, `log-bufsize`, for servers that take messages.
    pub(crate) octet_count: bool,
    pub(crate) log_buffer: Option<usize>,
    /// The name of a `healthcheck` section.
    pub(crate) healthcheck: Option<&'a str>,
    pub(crate) tls: ServerTlsSpec<'a>,
    /// Of this one server only.
    pub(crate) id: u32,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) guid: Option<&'a str>,
    pub(crate) hash_key: HashKey,
}

impl Default for ServerSpec<'_> {
    fn default() -> Self {
        Self {
            weight: 1,
            backup: false,
            non_stick: false,
            disabled: false,
            defaulted: false,
            maxconn: 0,
            minconn: 0,
            maxqueue: 0,
            check: false,
            check_via_socks4: false,
            socks4: None,
            pace: Pace::default(),
            check_address: None,
            check_port: None,
            pool_max: None,
            pool_low: 0,
            pool_name: None,
            pool_purge_ms: 5000,
            max_reuse: None,
            source: None,
            user_timeout_ms: None,
            fast_open: false,
            congestion: None,
            namespace: None,
            md5: None,
            protocol: None,
            check_protocol: None,
            websocket: Proto::Any,
            proxy: ProxySpec::default(),
            redirect: None,
            resolve: ResolveSpec::default(),
            slowstart_ms: 0,
            track: None,
            watch: WatchSpec::default(),
            octet_count: false,
            log_buffer: None,
            healthcheck: None,
            tls: ServerTlsSpec::default(),
            id: 0,
            cookie: None,
            guid: None,
            hash_key: HashKey::default(),
        }
    }
}

/// Says what is wrong with a server line, in the shape HAProxy has for these.
fn complain<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, message: impl Into<String>) -> Applied {
    cx.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::Bracket));
    Ok(())
}

/// Whether servers may stand here; says so if not.
fn misplaced<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Result<bool, String> {
    let keyword = line.keyword();
    match cx.draft.kind {
        SectionKind::Frontend => {
            let place = cx.plan.place(line.span());
            let title = cx.title();
            Err(format!(
                "parsing [{place}] : '{keyword}' not allowed because {title} has no backend capability."
            ))
        }
        SectionKind::Defaults => Err(format!("'{keyword}' not allowed in 'defaults' section.")),
        _ => Ok(false),
    }
}

fn default_server<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "default-server") {
        return Ok(());
    }
    let named = (word(line, 1) == "name").then(|| word(line, 2));
    let at = if named.is_some() { 3 } else { 1 };
    let base = match named {
        None => (*cx.draft.settings.server).clone(),
        Some(name) => named_defaults(cx, name).unwrap_or_default(),
    };
    let (mut spec, at) = origin(cx, line, at, base);
    let proxy = cx.draft.name;
    let title = format_args!("'default-server {proxy}'");
    if let Err(message) = server_param::apply(cx.plan, line, at, &mut spec, title, None) {
        return complain(cx, line, message);
    }
    if let Err(message) = tls::server::known(cx.plan, &spec.tls.spec) {
        return complain(cx, line, message);
    }
    spec.defaulted = true;
    match named {
        None => cx.draft.settings.server = Rc::new(spec),
        Some(name) => {
            cx.draft.named_servers.retain(|(have, _)| *have != name);
            cx.draft.named_servers.push((name, spec));
        }
    }
    Ok(())
}

fn named_defaults<'a>(cx: &Ctx<'_, 'a>, name: &str) -> Option<ServerSpec<'a>> {
    cx.draft.named_servers.iter().find(|(have, _)| *have == name).map(|(_, spec)| spec.clone())
}

/// The settings to begin with, `from` at position `at` heeded, and where the parameters begin (manual 5.2 "from").
fn origin<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    at: usize,
    base: ServerSpec<'a>,
) -> (ServerSpec<'a>, usize) {
    if word(line, at) != "from" {
        return (base, at);
    }
    let own = cx.draft.name;
    let spec = match word(line, at + 1).split_once(':') {
        None if word(line, at + 1) == "none" => Some(ServerSpec::default()),
        Some(("be", name)) if name.is_empty() || name == own => Some((*cx.draft.settings.server).clone()),
        Some(("srv", name)) => {
            let name = name.strip_prefix(own).and_then(|n| n.strip_prefix('/')).unwrap_or(name);
            named_defaults(cx, name)
        }
        _ => None,
    };
    let spec = spec.unwrap_or_else(|| {
        // The settings of servers and of other backends' defaults are not kept.
        let what = format!("'from {}' on a '{}' line", word(line, at + 1), line.keyword());
        cx.plan.remarks.unserved(line.span(), &what);
        base
    });
    (spec, at + 2)
}

fn server<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    misplaced(cx, line)?;
    let (name, text) = (word(line, 1), word(line, 2));
    if name.is_empty() || text.is_empty() {
        return complain(cx, line, "'server' expects <name> and <addr>[:<port>] as arguments.");
    }
    if let Some(c) = forbidden(name) {
        return complain(cx, line, format!("character '{c}' is not permitted in server name '{name}'."));
    }
    let proxy = cx.draft.name;
    let title = format_args!("'server {proxy}/{name}'");
    let base = (*cx.draft.settings.server).clone();
    let (mut spec, at) = origin(cx, line, 3, base);
    if let Err(message) = server_param::apply(cx.plan, line, at, &mut spec, title, Some(name)) {
        return complain(cx, line, message);
    }
    if server_watch::drop_blind_observer(&mut spec, cx.draft.settings.mode) {
        cx.warn(line, format!("{title} : 'layer7' can only be used in http proxies: not observed."));
    }
    if let Err(message) = server_watch::combined(&spec, name) {
        return complain(cx, line, format!("{title} : {message}"));
    }
    match reach(cx, line, text, &spec, title, name) {
        Ok(reached) => add(cx, line, name.into(), reached, &spec),
        Err(message) => return complain(cx, line, format!("{title} : {message}")),
    }
    Ok(())
}

/// The most servers one `server-template` line makes.
const MAX_TEMPLATE: usize = 65_536;

fn template<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    misplaced(cx, line)?;
    let (prefix, range, text) = (word(line, 1), word(line, 2), word(line, 3));
    if prefix.is_empty() || range.is_empty() || text.is_empty() {
        let message = "'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments.";
        return complain(cx, line, message);
    }
    if let Some(c) = forbidden(prefix) {
        return complain(
            cx,
            line,
            format!("character '{c}' is not permitted in server-template prefix '{prefix}'."),
        );
    }
    // A range may begin with 0, a number may not be it.
    let bounds = match range.split_once('-') {
        Some((low, high)) => (usize::try_from(atol(low)).ok(), usize::try_from(atol(high)).ok()),
        None => (Some(1), usize::try_from(atol(range)).ok()),
    };
    let (low, high) = match bounds {
        (Some(low), Some(high)) if high >= low && high - low < MAX_TEMPLATE => (low, high),
        _ => {
            let message = format!("Wrong number or range arg '{range}' for server-template '{prefix}'.");
            return complain(cx, line, message);
        }
    };
    let proxy = cx.draft.name;
    let title = format_args!("'server-template {proxy}/{prefix}'");
    let base = (*cx.draft.settings.server).clone();
    let (mut spec, at) = origin(cx, line, 4, base);
    if let Err(message) = server_param::apply(cx.plan, line, at, &mut spec, title, Some(prefix)) {
        return complain(cx, line, message);
    }
    let reached = match reach(cx, line, text, &spec, title, &format!("{prefix}{low}")) {
        Ok(found) => found,
        Err(message) => return complain(cx, line, format!("{title} : {message}")),
    };
    for number in low..=high {
        let name = format!("{prefix}{number}").into_boxed_str();
        add(cx, line, name, reached.clone(), &spec);
        (spec.id, spec.guid) = (0, None);
    }
    Ok(())
}

fn forbidden(name: &str) -> Option<char> {
    name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | ':' | '_' | '-'))
}

/// How a server is reached.
#[derive(Clone)]
struct Reached {
    address: Address,
    port: Port,
    multipath: bool,
    datagram: bool,
    fqdn: Option<Box<str>>,
    /// The name of the service whose records say where it is.
    service: Option<Box<str>>,
}

impl Reached {
    const fn at(address: Address) -> Self {
        Self { address, port: Port::Fixed, multipath: false, datagram: false, fqdn: None, service: None }
    }
}

/// The address of a server, with names resolved as `init-addr` says. All servers of a template get the same one.
fn reach<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    text: &str,
    spec: &ServerSpec<'a>,
    title: fmt::Arguments<'_>,
    server: &str,
) -> Result<Reached, String> {
    if let Some(service) = spec.resolve.service(text) {
        let mut reached = Reached::at(Address::Unresolved(0));
        reached.service = Some(service.into());
        return Ok(reached);
    }
    let (host, ports, multipath, datagram) = match address::parse(text, cx.plan.loaded.env())? {
        address::Address::Inet { host, ports, multipath, datagram } => (host, ports, multipath, datagram),
        address::Address::Unix { path, .. } => {
            return Ok(Reached::at(Address::Unix(path.into())));
        }
        address::Address::Abstract(name) => {
            return Ok(Reached::at(Address::Unix(format!("\0{name}").into())));
        }
        address::Address::Fd(_) => return Err(format!("'fd@' address not permitted here in '{text}'")),
        address::Address::NotRun(prefix) => {
            cx.plan.remarks.unserved(line.span(), &format!("a server at a '{prefix}' address"));
            return Ok(Reached::at(Address::Unresolved(0)));
        }
    };
    let (number, port) = match ports {
        Ports::None => (0, Port::Mapped(0)),
        Ports::One(0) => (0, Port::Mapped(0)),
        Ports::One(number) => (number, Port::Fixed),
        Ports::Offset(offset) => (0, Port::Mapped(offset)),
        Ports::Range(..) => return Err(format!("port range not permitted here in '{text}'")),
    };
    let mut fqdn = None;
    let ip: Option<IpAddr> = match host {
        Host::Any(address::Family::V6) => Some(std::net::Ipv6Addr::UNSPECIFIED.into()),
        Host::Any(_) => Some(std::net::Ipv4Addr::UNSPECIFIED.into()),
        Host::Ip(ip) => Some(ip),
        Host::Name(name, family) => {
            fqdn = Some(name.as_str().into());
            let found = {
                let last = server_state::last_address(cx, server, &name);
                spec.resolve.first_address(cx.plan, &name, family, last)
            };
            if found.is_err() {
                let place = cx.plan.place(line.span());
                cx.plan.unresolved.push(format!("[{place}] : {title} : could not resolve address '{name}'"));
            }
            found.unwrap_or(None)
        }
    };
    let address = ip.map_or(Address::Unresolved(number), |ip| Address::Inet(SocketAddr::new(ip, number)));
    Ok(Reached { address, port, multipath, datagram, fqdn, service: None })
}

fn add<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, name: Box<str>, reached: Reached, spec: &ServerSpec<'a>) {
    if let Some(protocol) = spec.protocol {
        proto::say(cx.plan, line, protocol);
        let who = format!("server '{name}'");
        cx.draft.spoken.push(Spoken { by_server: true, who, protocol, span: line.span() });
    }
    let mut server = make(cx.plan, name, reached, spec);
    let elsewhere = spec.check_port.is_some() || spec.check_address.is_some();
    match tls::server::make(cx.plan, &spec.tls, elsewhere, line.span()) {
        Ok(made) => {
            if made.is_none() {
                // Rules of checks may want it all the same.
                cx.draft.bare_servers.push((cx.draft.servers.len(), spec.tls.clone(), line.span()));
            }
            server.tls = made.map(Box::new);
            proto::of_websockets(&mut server);
        }
        Err(message) => {
            let title = format!("'server {}/{}'", cx.draft.name, server.name);
            // What is wrong has been said: the line counts as read.
            let _ = complain(cx, line, format!("{title} : {message}"));
        }
    }
    let position = cx.draft.servers.len();
    cx.draft.servers.push(server);
    cx.draft.server_logs.push((spec.octet_count, spec.log_buffer));
    for (kind, format) in spec.proxy.tlvs.iter().filter(|_| spec.proxy.version() == Some(2)) {
        cx.draft.server_tlvs.push((position, *kind, format, line.span()));
    }
    if server_speaks(&cx.draft.servers) {
        cx.draft.server_names.push((position, spec.tls.sni, !spec.tls.no_auto_sni, line.span()));
    }
    if let Some(text) = spec.pool_name {
        cx.draft.pool_names.push((position, text, line.span()));
    }
    if let Some(track) = spec.track {
        cx.draft.server_tracks.push((position, track, line.span()));
    }
    if let Some(section) = spec.resolve.resolvers {
        cx.draft.server_resolvers.push((position, section));
    }
    if let Some(section) = spec.healthcheck {
        cx.draft.server_checks.push((position, section, line.span()));
    }
    cx.draft.server_spans.push(line.span());
}

/// Whether the last one speaks TLS, or can be made to.
fn server_speaks(servers: &[Server]) -> bool {
    servers.last().is_some_and(|server| server.tls.is_some())
}

/// The server that the parameters describe.
fn make(plan: &mut Plan<'_>, name: Box<str>, reached: Reached, spec: &ServerSpec<'_>) -> Server {
    let Reached { address, port, multipath, datagram, fqdn, service } = reached;
    // Without a limit, or above it, `minconn` is the limit.
    let maxconn = spec.maxconn.max(spec.minconn);
    let live = Live::new(plan.next_uid, spec.weight, maxconn, plan.counting_threads());
    plan.next_uid += 1;
    let check = spec.check.then(|| Box::new(check(plan, spec)));
    begin(&live, spec, &address);
    Server {
        name,
        id: spec.id,
        own_id: spec.id > 0,
        fqdn,
        last_address: spec.resolve.begins_as_before(),
        init_state: spec.watch.init_state,
        resolve: spec.resolve.resolve(service),
        address,
        multipath,
        datagram,
        port,
        disabled: spec.disabled,
        weight: spec.weight,
        backup: spec.backup,
        non_stick: spec.non_stick,
        maxconn,
        minconn: if spec.minconn == 0 { spec.maxconn } else { spec.minconn },
        maxqueue: spec.maxqueue,
        hash_key: spec.hash_key,
        guid: spec.guid.map(Into::into),
        pool_max: spec.pool_max,
        pool_low: spec.pool_low,
        pool_name: None,
        pool_purge_ms: spec.pool_purge_ms,
        max_reuse: spec.max_reuse,
        cookie: spec.cookie.map(sample::text::boxed),
        redirect: spec.redirect.map(sample::text::boxed),
        check,
        agent: spec.watch.agent(),
        track: None,
        followers: Box::default(),
        observe: spec.watch.observe(),
        slowstart_ms: spec.slowstart_ms,
        shutdown_when_down: spec.watch.shutdown_when_down,
        shutdown_backups_when_up: spec.watch.shutdown_backups_when_up,
        send_proxy: spec.proxy.version().map(|version| {
            let ProxySpec { ssl, authority, crc32c, unique_id, .. } = spec.proxy;
            Box::new(SendProxy { version, ssl, authority, crc32c, unique_id, tlvs: Vec::new() })
        }),
        source: spec.source.clone(),
        socks4: spec.socks4,
        user_timeout_ms: spec.user_timeout_ms,
        fast_open: spec.fast_open,
        congestion: spec.congestion.clone(),
        namespace: spec.namespace.clone(),
        md5: spec.md5.clone(),
        proto: spec.protocol.map_or(Proto::Any, proto::spoken),
        websocket: spec.websocket,
        check_proto: spec.check_protocol.map_or(Proto::Any, proto::spoken),
        tls: None,
        no_tls: spec.tls.no_ssl,
        reach: 0,
        live: Arc::new(live),
    }
}

/// How the server is before anybody looked at it.
fn begin(live: &Live, spec: &ServerSpec<'_>, address: &Address) {
    if spec.disabled {
        live.admin.store(admin::MAINT, Relaxed);
    }
    if let Address::Unresolved(_) = address {
        live.admin.fetch_or(admin::UNRESOLVED, Relaxed);
        live.outcome.down_transitions.store(1, Relaxed);
    }
    if spec.check {
        live.outcome.health.store(i32::try_from(spec.pace.rise + spec.pace.fall - 1).unwrap_or(1), Relaxed);
    } else if spec.defaulted {
        live.outcome.health.store(i32::try_from(spec.pace.rise).unwrap_or(1), Relaxed);
    }
    live.healthy.store(!spec.watch.init_state.is_down(), Relaxed);
}

/// The health check that the parameters ask for.
fn check(plan: &Plan<'_>, spec: &ServerSpec<'_>) -> Check {
    let elsewhere = spec.check_port.is_some() || spec.check_address.is_some();
    Check {
        probe: Arc::clone(&plan.no_probe),
        pace: spec.pace,
        address: spec.check_address.map(|ip| SocketAddr::new(ip, spec.check_port.unwrap_or(0))),
        port: spec.check_port,
        timeout_ms: None,
        send_proxy: spec
            .proxy
            .version()
            .filter(|_| spec.proxy.check || !elsewhere)
            .or(spec.proxy.check.then_some(1)),
        via_socks4: spec.check_via_socks4,
    }
}
