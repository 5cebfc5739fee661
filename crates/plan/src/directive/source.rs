//! `source` (manual 4.2): the address that connections to servers come from.

use std::net::SocketAddr;

use crate::address::{self, Address, Host, Ports};
use crate::ctx::{Directive, Plan, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "source",
    sections: at::PROXY,
    apply: |cx, line| {
        if cx.lacks_backend(line, "source") {
            return Ok(());
        }
        let text = word(line, 1);
        if text.is_empty() {
            return Err("'source' expects <addr>[:<port>], and optionally 'usesrc' <addr>, and 'interface' \
                        <name>."
                .into());
        }
        cx.draft.settings.source = parse(cx.plan, text).map_err(|e| format!("'source' : {e}"))?;
        if let Some(more) = line.word(2) {
            let what = format!("'source' with '{}'", more.lossy());
            cx.plan.remarks.unserved(line.span(), &what);
        }
        Ok(())
    },
}];

/// A local address; none for the any-address without a port, which is what happens anyway.
pub(super) fn parse(plan: &Plan<'_>, text: &str) -> Result<Option<SocketAddr>, String> {
    let Address::Inet { host, ports, .. } = address::parse(text, plan.loaded.env())? else {
        return Err(format!("unsupported address '{text}'"));
    };
    let port = match ports {
        Ports::None => 0,
        Ports::One(port) => port,
        _ => return Err(format!("port range not permitted here in '{text}'")),
    };
    let ip = match host {
        Host::Any(_) if port == 0 => return Ok(None),
        Host::Any(address::Family::V6) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        Host::Any(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        Host::Ip(ip) => ip,
        Host::Name(name, family) => (plan.env.resolve)(&name)
            .into_iter()
            .find(|ip| family.holds(*ip))
            .ok_or_else(|| format!("invalid address: '{name}' in '{text}'"))?,
    };
    Ok((!ip.is_unspecified() || port != 0).then_some(SocketAddr::new(ip, port)))
}
