//! What stands behind `-S`: an address and, behind commas, options of a `bind` line of which the level is of interest.

use std::net::SocketAddr;

use net::{Addr, Bound, ListenOptions};
use state::world::Level;

/// Opens the socket; errors are the system's, or say that the words make no sense.
pub(super) fn open(words: &str) -> std::io::Result<(Bound, Level)> {
    let mut parts = words.split(',');
    let address = parts.next().unwrap_or_default();
    let mut options = ListenOptions::default();
    let mut level = Level::Admin;
    while let Some(option) = parts.next() {
        match option {
            "level" => {
                level = match parts.next() {
                    Some("user") => Level::User,
                    Some("operator") => Level::Operator,
                    Some("admin") => Level::Admin,
                    _ => return Err(wrong(words)),
                }
            }
            "mode" => {
                let mode = parts.next().and_then(|text| u32::from_str_radix(text, 8).ok());
                options.mode = Some(mode.ok_or_else(|| wrong(words))?);
            }
            _ => return Err(wrong(words)),
        }
    }
    let bound = match address.strip_prefix("fd@") {
        Some(number) => Bound::from_fd(net::inherited(number.parse().map_err(|_| wrong(words))?)?)?,
        None => Bound::open(&parse(address).ok_or_else(|| wrong(words))?, &options)?,
    };
    Ok((bound, level))
}

fn wrong(words: &str) -> std::io::Error {
    std::io::Error::other(format!("'-S {words}' is no address with options that a master CLI takes."))
}

fn parse(address: &str) -> Option<Addr> {
    if let Some(path) = address.strip_prefix("unix@").or_else(|| address.contains('/').then_some(address)) {
        return Addr::unix(path.as_bytes()).ok();
    }
    if let Some(name) = address.strip_prefix("abns@") {
        return Addr::abns(name.as_bytes()).ok();
    }
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches("ipv4@").trim_start_matches("ipv6@");
    let host = if host.is_empty() || host == "*" { "0.0.0.0" } else { host };
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    Some(Addr::from(SocketAddr::new(ip, port.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let inet = |text: &str| Some(Addr::from(text.parse::<SocketAddr>().unwrap()));
        assert_eq!(parse(":80"), inet("0.0.0.0:80"));
        assert_eq!(parse("ipv4@127.0.0.1:8"), inet("127.0.0.1:8"));
        assert_eq!(parse("[::1]:8"), inet("[::1]:8"));
        assert_eq!(parse("nonsense"), None);
        assert!(open("/x,level,god").is_err() && open("/x,what").is_err() && open("fd@x").is_err());
    }
}
