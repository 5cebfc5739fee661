//! `httpclient`: a request to any server, and what it answers (management manual 9.3). Reads what is asked for; the
//! conversation asks it.

use std::net::SocketAddr;

use http::Method;
use state::family::Errand;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["httpclient"],
    usage: "httpclient [--htx] <method> <URI>",
    doc: "launch an HTTP request",
    level: Level::Admin,
    gate: Gate::Expert,
    run: |query, _, out| match errand(query) {
        Ok(errand) => Answer::Ask(Box::new(errand)),
        Err(why) => query.refuse(&why, out),
    },
}];

const CANNOT: &str = "Can't start the HTTP client";

fn errand(query: &Query<'_>) -> Result<Errand, String> {
    if query.word(1) == b"--htx" {
        return Err(format!("{CANNOT}: --htx shows a form of messages that this program does not have."));
    }
    let (name, uri) = (query.text(1), query.text(2));
    if name.is_empty() || uri.is_empty() {
        return Err(format!("{CANNOT}: not enough parameters."));
    }
    let method = Method::of(name.as_bytes());
    let (scheme, rest) = uri.split_once("://").ok_or_else(|| format!("{CANNOT}."))?;
    if method == Method::Other {
        return Err(format!("{CANNOT}."));
    }
    if scheme == "https" {
        return Err(format!("{CANNOT}: it does not speak TLS in this version of Sluice."));
    }
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let slash = if path.starts_with('/') { "" } else { "/" };
    let to = place(authority)?;
    let mut request = format!(
        "{name} {slash}{path} HTTP/1.1\r\nhost: {authority}\r\naccept: */*\r\nuser-agent: HAProxy\r\n"
    );
    if let Some(payload) = query.payload {
        request.push_str(&format!("content-length: {}\r\n", payload.len()));
    }
    request.push_str("\r\n");
    let request = [request.as_bytes(), query.payload.unwrap_or_default()].concat();
    Ok(Errand { to, method, request })
}

/// The address that an authority names.
fn place(authority: &str) -> Result<SocketAddr, String> {
    let with_port = authority.parse::<SocketAddr>().ok();
    let bare = || {
        let host = authority.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(authority);
        host.parse().ok().map(|ip| SocketAddr::new(ip, 80))
    };
    let unknown = || format!("{CANNOT}: it does not look up names of hosts in this version of Sluice.");
    with_port.or_else(bare).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, to) in [("127.0.0.1", "127.0.0.1:80"), ("[::1]:8080", "[::1]:8080"), ("[::1]", "[::1]:80")]
        {
            assert_eq!(place(text).unwrap().to_string(), to);
        }
        assert!(place("example.org").is_err() && place("").is_err());
    }
}
