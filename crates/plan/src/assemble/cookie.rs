//! A backend's `cookie` line with the values of its servers, those that are computed included.

use std::net::{IpAddr, SocketAddr};

use state::Server;
use state::cookie::{Cookie, Manner};
use state::options::Mode;
use state::server::Address;

use crate::ctx::{Plan, kind_name};
use crate::directive::cookie::CookieSpec;
use crate::draft::Draft;

/// Makes it; the servers get the values that are computed for them.
pub(super) fn make(plan: &mut Plan<'_>, draft: &Draft<'_>, servers: &mut [Server]) -> Option<Box<Cookie>> {
    let spec = draft.settings.cookie.as_deref();
    if draft.settings.mode != Mode::Http {
        without_http(plan, draft, spec.is_some(), servers);
        return None;
    }
    let spec = spec?;
    if let Some(key) = draft.settings.dynamic_key.filter(|_| spec.dynamic) {
        for server in &mut *servers {
            if let (None, Address::Inet(at)) = (&server.cookie, &server.address) {
                server.cookie = Some(computed(key, *at).into_bytes().into());
            }
        }
    }
    let mut cookie = blank(spec);
    for (position, server) in (0u32..).zip(servers) {
        if let Some(value) = &server.cookie {
            cookie.servers.entry(value.clone()).or_default().push(position);
        }
    }
    Some(Box::new(cookie))
}

fn blank(spec: &CookieSpec<'_>) -> Cookie {
    let manner = spec.manner();
    Cookie {
        name: sample::text::boxed(spec.name),
        manner,
        indirect: spec.indirect,
        no_cache: spec.no_cache,
        post_only: spec.post_only,
        preserve: spec.preserve,
        max_idle: spec.max_idle.filter(|_| manner == Manner::Insert),
        max_life: spec.max_life.filter(|_| manner == Manner::Insert),
        attributes: spec.attributes().into_bytes().into(),
        servers: hashbrown::HashMap::default(),
    }
}

/// The value that `dynamic` gives a server: the same on every proxy that has the same key.
fn computed(key: &str, at: SocketAddr) -> String {
    let mut bytes = key.as_bytes().to_vec();
    match at.ip() {
        IpAddr::V4(ip) => bytes.extend(ip.octets()),
        IpAddr::V6(ip) => bytes.extend(ip.octets()),
    }
    bytes.extend(u32::from(at.port()).to_be_bytes());
    format!("{:016x}", twox_hash::XxHash64::oneshot(0, &bytes))
}

/// What a backend that doesn't speak HTTP says of cookies, in HAProxy's words.
fn without_http(plan: &mut Plan<'_>, draft: &Draft<'_>, cookie: bool, servers: &[Server]) {
    let name = draft.name;
    if cookie {
        let kind = kind_name(draft.kind);
        plan.remarks.warn_bare(format!("cookie will be ignored for {kind} '{name}' (needs 'mode http')."));
    }
    for server in servers {
        if server.redirect.is_some() {
            plan.remarks.alert_bare(format!(
                "backend '{name}' : server cannot have cookie or redirect prefix in non-HTTP mode."
            ));
        }
        if server.cookie.is_some() {
            plan.remarks.warn_bare(format!(
                "backend '{name}' : ignoring cookie for server '{}' as HTTP mode is disabled.",
                server.name
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_values_are_those_of_other_proxies() {
        let value = |at: &str| computed("secret", at.parse().unwrap());
        assert_eq!(value("127.0.0.1:46709"), "708c00139d6d359a");
        assert_eq!(value("[::1]:38903"), "1c5fb7d1af406b42");
    }
}
