//! `ring`: messages kept in memory and sent on to servers (manual 12.5).

use std::sync::Arc;

use config::vocabulary::{SERVER, split_params};
use config::{Diagnostic, Place, Section};
use state::log::Header;
use state::ring::{Ring, RingAddress, RingServer, Store};
use state::tls::ServerTls;

use crate::address::{self, Address, Family, Host, Ports};
use crate::ctx::{Line, Plan, word, words_from};
use crate::directive::log::header_by;
use crate::number::time_ms;
use crate::tls;
use crate::tls::server::ServerTlsSpec;

/// The size of a ring that gives none: that of a buffer.
pub(crate) const SIZE: usize = 16_384;
/// Sizes beyond this are not believed.
const SIZE_MAX: u64 = 1 << 32;
/// The longest message of a ring that gives no `maxlen`.
const MAX_LEN: usize = 1024;

/// The name, the size and the longest message of the ring that is there without a section.
const USUAL: &str = "buf0";
const USUAL_SIZE: usize = 1 << 20;
const USUAL_MAX_LEN: usize = 16_384;

/// The one that is there without a section.
pub(super) fn usual() -> Ring {
    Ring {
        name: USUAL.into(),
        description: "in-memory ring buffer".into(),
        header: Header::Timed,
        max_len: USUAL_MAX_LEN,
        servers: Vec::new(),
        connect_ms: None,
        server_ms: None,
        store: Arc::new(Store::new(USUAL_SIZE, 0)),
    }
}

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let name = section.name().unwrap_or_default();
    if matches!(name, "stdout" | "stderr") || name == USUAL {
        let message = format!("sink named '{name}' already exists.");
        plan.remarks.push(Diagnostic::alert(section.span(), message).at(Place::Parsing));
        return;
    }
    let mut ring = Ring {
        name: name.into(),
        description: name.into(),
        header: Header::Raw,
        max_len: MAX_LEN,
        servers: Vec::new(),
        connect_ms: None,
        server_ms: None,
        store: Arc::new(Store::new(0, 0)),
    };
    let mut bytes = SIZE;
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let read = match line.keyword() {
            "size" => sized(line).map(|n| bytes = n),
            "server" => server(plan, line, &mut ring),
            _ => setting(plan, line, &mut ring),
        };
        if let Err((message, place)) = read {
            plan.remarks.push(Diagnostic::alert(line.span(), message).at(place));
        }
    }
    ring.store = Arc::new(Store::new(bytes, ring.servers.len()));
    plan.rings.push(ring);
}

type Applied = Result<(), (String, Place)>;

fn sized(line: Line<'_>) -> Result<usize, (String, Place)> {
    let text = word(line, 1);
    let wrong = || (format!("invalid size '{text}' for new sink buffer."), Place::Parsing);
    let found = config::literal::size64(text.as_bytes()).ok();
    let found = found.filter(|n| (1..=SIZE_MAX).contains(n)).ok_or_else(wrong)?;
    usize::try_from(found).map_err(|_| wrong())
}

fn setting(plan: &mut Plan<'_>, line: Line<'_>, ring: &mut Ring) -> Applied {
    let text = word(line, 1);
    match line.keyword() {
        "backing-file" => plan.remarks.not_run(line.span(), "'backing-file' of a ring"),
        "description" if text.is_empty() => {
            return Err(("missing ring description text.".to_owned(), Place::Parsing));
        }
        "description" => ring.description = words_from(line, 1).join(" ").into(),
        "format" => {
            let found = header_by(text);
            ring.header = found.ok_or_else(|| (format!("unknown format '{text}'."), Place::Parsing))?;
        }
        "maxlen" => ring.max_len = sized(line)?,
        "timeout" => {
            let slot = match text {
                "connect" => &mut ring.connect_ms,
                "server" => &mut ring.server_ms,
                _ => return Ok(()),
            };
            let time = word(line, 2);
            if time.is_empty() {
                return Err((format!("'timeout {text}' expects <time> as argument."), Place::Parsing));
            }
            let keyword = format!("timeout {text}");
            *slot = Some(time_ms(time).map_err(|e| (e.explain(time, &keyword), Place::ParsingTight))?);
        }
        _ => {}
    }
    Ok(())
}

/// `server <name> <address> [log-proto legacy|octet-count] [ssl ...]`.
fn server<'a>(plan: &mut Plan<'a>, line: Line<'a>, ring: &mut Ring) -> Applied {
    let at_line = |message: String| (message, Place::Bracket);
    let (name, text) = (word(line, 1), word(line, 2));
    if name.is_empty() || text.is_empty() {
        let message = "'server' expects <name> and <addr>[:<port>] as arguments.".to_owned();
        return Err(at_line(message));
    }
    let title = format!("'server {}/{name}'", ring.name);
    if ring.servers.iter().any(|server| &*server.name == name) {
        return Err(at_line(format!("{title} : another server named '{name}' was already defined.")));
    }
    let (octet_count, tls) = parameters(plan, line, &title).map_err(at_line)?;
    let address = match endpoint(plan, text) {
        Ok(Some(address)) => address,
        Ok(None) => {
            plan.remarks.not_run(line.span(), &format!("'server' of a ring with the address '{text}'"));
            return Ok(());
        }
        Err(message) => return Err(at_line(format!("{title} : {message}"))),
    };
    ring.servers.push(RingServer { name: name.into(), address, octet_count, tls });
    Ok(())
}

/// Whether messages go with their length in front, and how TLS is spoken. Other parameters are not run.
fn parameters<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    title: &str,
) -> Result<(bool, Option<Arc<ServerTls>>), String> {
    let mut octet_count = false;
    let mut tls = ServerTlsSpec::default();
    let mut words = line.words();
    words.nth(2);
    for used in split_params(words, SERVER) {
        let value = used.value().and_then(|word| word.str()).unwrap_or_default();
        if tls.take(line, &used, value).map_err(|e| format!("{title} : {e}"))? {
            continue;
        }
        if used.name() != "log-proto" {
            plan.remarks
                .not_run(line.span(), &format!("'{}' on a 'server' line of a ring", used.word.lossy()));
            continue;
        }
        octet_count = match value {
            "octet-count" => true,
            "legacy" => false,
            other => {
                return Err(format!(
                    "{title} : 'log-proto' expects one of 'legacy' or 'octet-count' but got '{other}'."
                ));
            }
        };
    }
    if tls.sni.is_some() {
        plan.remarks.not_run(line.span(), "'sni' on a 'server' line of a ring");
    }
    let made = tls::server::make(plan, &tls, false, line.span()).map_err(|e| format!("{title} : {e}"))?;
    Ok((octet_count, made.filter(|made| made.traffic).map(Arc::new)))
}

/// The address of a server that takes a stream; none for forms that are not run.
pub(crate) fn endpoint(plan: &mut Plan<'_>, text: &str) -> Result<Option<RingAddress>, String> {
    let (host, ports) = match address::parse(text, plan.loaded.env())? {
        Address::Inet { host, ports, datagram: false, multipath: false } => (host, ports),
        Address::Unix { path, datagram: false } => return Ok(Some(RingAddress::Unix(path.into()))),
        Address::Abstract(name) => return Ok(Some(RingAddress::Unix(format!("\0{name}").into()))),
        _ => return Ok(None),
    };
    let port = match ports {
        Ports::None | Ports::One(0) => 514,
        Ports::One(port) => port,
        Ports::Range(..) => return Err(format!("port range not permitted here in '{text}'")),
        Ports::Offset(_) => return Err(format!("port offset not permitted here in '{text}'")),
    };
    let ip = match host {
        Host::Ip(ip) => ip,
        Host::Any(Family::V6) => std::net::Ipv6Addr::LOCALHOST.into(),
        Host::Any(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        Host::Name(name, family) => {
            let found = plan.resolve(&name).iter().copied().find(|ip| family.holds(*ip));
            found.ok_or_else(|| format!("invalid address: '{name}' in '{text}'"))?
        }
    };
    Ok(Some(RingAddress::Inet((ip, port).into())))
}
