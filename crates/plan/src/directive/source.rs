//! `source` (manual 4.2, 5.2): where connections to servers come from.

use std::net::SocketAddr;
use std::sync::Arc;

use state::link::{Ports as PortRange, Presents, Source};

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Directive, Plan, at, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "source",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "source") {
            return Ok(());
        }
        let words = words_from(line, 1);
        if words.first().is_none_or(|text| text.is_empty()) {
            return Err("'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' \
                        <name>."
                .into());
        }
        cx.draft.settings.source = read(cx.plan, &words, false)?;
        Ok(())
    },
}];

/// Reads the words after `source`; `ranges` says whether several ports may be named. None where nothing follows from it.
pub(super) fn read(plan: &Plan<'_>, words: &[&str], ranges: bool) -> Result<Option<Arc<Source>>, String> {
    let (text, rest) = words.split_first().ok_or("'source' expects an address")?;
    let mut source = Source::default();
    (source.address, source.ports) =
        local(plan, text, ranges).map_err(|e| format!("'source {text}' : {e}"))?;
    let mut rest = rest.iter().copied();
    while let Some(word) = rest.next() {
        match word {
            "usesrc" => {
                let who = rest
                    .next()
                    .filter(|who| !who.is_empty())
                    .ok_or("'usesrc' expects <addr>[:<port>], 'client', or 'clientip' as argument.")?;
                source.presents = presents(plan, who).map_err(|e| format!("'usesrc {who}' : {e}"))?;
            }
            "interface" => {
                let name = rest.next().filter(|name| !name.is_empty());
                source.interface = Some(name.ok_or("'source' : missing interface name.")?.into());
            }
            _ => return Err("'source' only supports optional keywords 'interface' and 'usesrc'.".into()),
        }
    }
    let nothing = source.address.is_none()
        && source.ports.is_none()
        && source.presents == Presents::Ourselves
        && source.interface.is_none();
    Ok((!nothing).then(|| Arc::new(source)))
}

type Local = (Option<SocketAddr>, Option<PortRange>);

/// A local address; none for the any-address without a port, which is what happens anyway.
fn local(plan: &Plan<'_>, text: &str, ranges: bool) -> Result<Local, String> {
    let Address::Inet { host, ports, .. } = address::parse(text, plan.loaded.env())? else {
        return Err(format!("unsupported address '{text}'"));
    };
    let (port, range) = match ports {
        Ports::None => (0, None),
        Ports::One(port) => (port, None),
        Ports::Range(low, high) if ranges => (low, Some(PortRange::new(low, high))),
        _ => return Err(format!("port range not permitted here in '{text}'")),
    };
    let ip = match host {
        Host::Any(_) if port == 0 => return Ok((None, None)),
        Host::Any(address::Family::V6) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        Host::Any(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        Host::Ip(ip) => ip,
        Host::Name(name, family) => (plan.env.resolve)(&name)
            .into_iter()
            .find(|ip| family.holds(*ip))
            .ok_or_else(|| format!("invalid address: '{name}' in '{text}'"))?,
    };
    Ok(((!ip.is_unspecified() || port != 0).then_some(SocketAddr::new(ip, port)), range))
}

fn presents(plan: &Plan<'_>, who: &str) -> Result<Presents, String> {
    match who {
        "client" => return Ok(Presents::Client),
        "clientip" => return Ok(Presents::ClientIp),
        _ => {}
    }
    if let Some(inside) = who.strip_prefix("hdr_ip(").and_then(|rest| rest.strip_suffix(')')) {
        let (name, occurrence) = inside.split_once(',').unwrap_or((inside, "-1"));
        // Nothing is found at place 0, which switches it off; what is no number counts as that.
        let occurrence: i32 = occurrence.trim().parse().unwrap_or(0);
        let header = Presents::Header { name: name.to_ascii_lowercase().into_bytes().into(), occurrence };
        return Ok(if occurrence == 0 { Presents::Ourselves } else { header });
    }
    let (address, _) = local(plan, who, false)?;
    Ok(address.map_or(Presents::Ourselves, Presents::Address))
}
