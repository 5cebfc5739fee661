//! `source`, `uri`, `url_param`, `hdr`, `hash`, `rdp-cookie`: the same key goes to the same server. The words of `hash-type` and its
//! like (see [`super::settings`]) follow their own.

use std::net::IpAddr;

use http::Message;
use sample::{Value, cast};
use state::expr::{Ctx, Expr};
use wire::rdp::{self, Found};

use super::places::Places;
use super::prelude::*;
use super::settings::{Settings, begins};

pub(super) const KEYWORDS: &[Balancer] = &[
    Balancer {
        name: "hash",
        doc: "By what a sample expression gives.",
        examples: &["hash req.cook(id)", "hash path hash-type map-based djb2"],
        parse: |p| {
            if p.words.peek().is_none_or(begins) {
                return Err("balance hash requires a sample expression.".into());
            }
            let expr = p.compiler.expr(&mut p.words)?;
            made(p, Key::Sample(expr))
        },
    },
    Balancer {
        name: "hdr",
        doc: "By a request header; with `use_domain_only` by the second-level domain in it.",
        examples: &["hdr(host)", "hdr(host) use_domain_only"],
        parse: |p| {
            let name = p
                .inside
                .filter(|n| !n.is_empty())
                .ok_or("balance hdr requires an http header field name.")?;
            let name = http::Name::new(name.as_bytes());
            let domain = p.words.accept("use_domain_only");
            if let Some(other) = p.words.peek().filter(|w| !begins(w)) {
                return Err(format!(
                    "balance hdr({}) only accepts 'use_domain_only' modifier (got '{other}').",
                    p.inside.unwrap_or_default()
                ));
            }
            made(p, Key::Header { name, domain })
        },
    },
    Balancer {
        name: "rdp-cookie",
        doc: "By the cookie of this name in the first packet of an RDP connection; `mstshash` if none is named.",
        examples: &["rdp-cookie", "rdp-cookie(msts)"],
        parse: |p| {
            let name = p.inside.unwrap_or("mstshash");
            if name.is_empty() {
                return Err("balance rdp-cookie : missing cookie name.".into());
            }
            let name = name.as_bytes().into();
            while p.words.peek().is_some_and(|word| !begins(word)) {
                p.words.advance(1);
            }
            made(p, Key::RdpCookie(name))
        },
    },
    Balancer {
        name: "source",
        doc: "By the client's address.",
        examples: &["source", "source hash-type consistent sdbm avalanche"],
        parse: |p| made(p, Key::Source),
    },
    Balancer {
        name: "uri",
        doc: "By the left part of the target, up to the question mark, or by all of it (`whole`), or by so many of its \
              bytes (`len`) or folders (`depth`), without scheme and host (`path-only`).",
        examples: &["uri", "uri whole", "uri len 12 depth 2", "uri path-only"],
        parse: uri,
    },
    Balancer {
        name: "url_param",
        doc: "By a parameter of the query string, or of the form that a POST carries; `check_post` says the same again.",
        examples: &["url_param userid", "url_param userid check_post"],
        parse: |p| {
            let name = p.words.next().filter(|w| !begins(w));
            let name = name.ok_or("balance url_param requires an URL parameter name.")?.as_bytes().into();
            if let Some(other) = p.words.peek().filter(|w| !begins(w) && *w != "check_post") {
                return Err(format!("balance url_param only accepts 'check_post' modifier (got '{other}')."));
            }
            if p.words.accept("check_post") && p.words.peek().is_some_and(|word| word.parse::<u32>().is_ok())
            {
                // How long to wait, which has no effect any more.
                p.words.advance(1);
            }
            made(p, Key::UrlParam(name))
        },
    },
];

fn uri(p: &mut Parse<'_>) -> Result<Box<dyn Balance>, String> {
    let mut uri = Uri { whole: false, path_only: false, len: usize::MAX, depth: usize::MAX };
    while let Some(word) = p.words.peek().filter(|w| !begins(w)) {
        p.words.advance(1);
        let mut number = || {
            let text = p.words.next().unwrap_or_default();
            let found = text.parse().ok().filter(|n| *n > 0);
            found.ok_or_else(|| format!("balance uri : '{word}' expects a positive integer (got '{text}')."))
        };
        match word {
            "whole" => uri.whole = true,
            "path-only" => uri.path_only = true,
            "len" => uri.len = number()?,
            "depth" => uri.depth = number()?,
            other => {
                return Err(format!(
                    "balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{other}')."
                ));
            }
        }
    }
    made(p, Key::Uri(uri))
}

fn made(p: &mut Parse<'_>, key: Key) -> Result<Box<dyn Balance>, String> {
    let settings = Settings::read(&mut p.words)?;
    Ok(Box::new(Hash { key, places: Places::new(&settings), settings }))
}

/// What is hashed.
#[derive(Debug)]
enum Key {
    Source,
    Uri(Uri),
    UrlParam(Box<[u8]>),
    RdpCookie(Box<[u8]>),
    Header { name: http::Name, domain: bool },
    Sample(Expr),
}

#[derive(Debug)]
struct Uri {
    whole: bool,
    path_only: bool,
    len: usize,
    depth: usize,
}

#[derive(Debug)]
struct Hash {
    key: Key,
    settings: Settings,
    places: Places,
}

impl Balance for Hash {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        match self.hash(pick.cx) {
            Some(hash) => self.places.at(pick, hash),
            None => self.places.next(pick),
        }
    }

    fn is_sticky(&self) -> bool {
        true
    }

    fn is_dynamic(&self) -> bool {
        self.settings.consistent
    }

    fn changed(&self, backend: &Backend) {
        self.places.changed(backend);
    }
}

impl Hash {
    fn hash(&self, cx: &Ctx<'_>) -> Option<u32> {
        let hashed = |key: &[u8]| self.settings.hash(key);
        match &self.key {
            // An IPv4 address is a number already.
            Key::Source => Some(match cx.source().ip()? {
                IpAddr::V4(a) => self.settings.spread(u32::from(a)),
                IpAddr::V6(a) => hashed(&a.octets()),
            }),
            Key::Sample(expr) => self.sample(cast(expr.eval(cx)?, self.settings.sample_type(), cx.arena)?),
            Key::Uri(uri) => Some(hashed(uri.key(request(cx)?))),
            Key::UrlParam(name) => {
                let of_form = || form_parameter(&cx.stream?.form, name);
                parameter(request(cx)?, name).or_else(of_form).map(hashed)
            }
            Key::RdpCookie(name) => {
                let body = cx.stream.map(|s| &s.request_body).filter(|body| body.raw)?;
                match rdp::cookie(&body.content, Some(name)) {
                    Found::Value(value) if !value.is_empty() => Some(hashed(value)),
                    _ => None,
                }
            }
            Key::Header { name, domain } => {
                let value = request(cx)?.value_at(name, 1)?.bytes;
                if value.is_empty() {
                    return None;
                }
                Some(hashed(if *domain { second_level(value) } else { value }))
            }
        }
    }

    fn sample(&self, value: Value<'_>) -> Option<u32> {
        Some(self.settings.hash(value.bytes()?))
    }
}

fn request<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
    cx.stream.filter(|s| s.has_request).map(|s| &s.request)
}

impl Uri {
    fn key<'m>(&self, request: &'m Message) -> &'m [u8] {
        let target = request.target_bytes();
        let target = if self.path_only { request.pathq().unwrap_or_default() } else { target };
        let target =
            if self.whole { target } else { target.split(|b| *b == b'?').next().unwrap_or_default() };
        let target = target.get(..self.len).unwrap_or(target);
        let mut slashes = target.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(i, _)| i);
        let end = slashes.nth(self.depth).unwrap_or(target.len());
        target.get(..end).unwrap_or(target)
    }
}

fn parameter<'m>(request: &'m Message, name: &[u8]) -> Option<&'m [u8]> {
    let query = request.query()?;
    query.split(|b| matches!(b, b'&' | b';')).find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))
}

/// A parameter of a form: up to the first blank or control character, separated by `&` alone.
fn form_parameter<'m>(form: &'m [u8], name: &[u8]) -> Option<&'m [u8]> {
    let end = form.iter().position(|b| *b <= b' ' || *b == 0x7f).unwrap_or(form.len());
    let mut pairs = form.get(..end)?.split(|b| *b == b'&');
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))
}

/// `ex` of `www.ex.com:80`: what stands before the last dot, of at least one byte, up to the dot before that. All of a
/// name without dots, port included.
fn second_level(host: &[u8]) -> &[u8] {
    let Some(end) = host.iter().rposition(|b| *b == b'.').filter(|end| *end > 0) else { return host };
    let before = host.get(..end - 1).unwrap_or_default();
    let start = before.iter().rposition(|b| *b == b'.').map_or(0, |dot| dot + 1);
    host.get(start..end).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    #[test]
    fn forms_are_split_at_ampersands() {
        let found = |form: &'static str| form_parameter(form.as_bytes(), b"a");
        assert_eq!(found("b=9&a=1&c=2"), Some(&b"1"[..]));
        assert_eq!((found("z;a=1"), found("ab=1"), found("x a=1&a=2")), (None, None, None));
    }

    use super::*;

    #[test]
    fn domains() {
        assert_eq!(second_level(b"www.ex.com:80"), b"ex");
        assert_eq!(second_level(b"ex.com"), b"ex");
        assert_eq!(second_level(b"localhost:80"), b"localhost:80");
        assert_eq!((second_level(b"a..b"), second_level(b".com")), (&b"a."[..], &b".com"[..]));
    }
}
