//! `source`, `uri`, `url_param`, `hdr`, `hash`: the same key goes to the same server. `hash-type` follows their own words.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwap;
use http::Message;
use sample::{Type, cast};
use state::expr::{Ctx, Expr};

use super::order::{map, ring};
use super::prelude::*;
use crate::bytes::{avalanche, crc32, djb2, sdbm};

pub(super) const KEYWORDS: &[Balancer] = &[
    Balancer {
        name: "hash",
        doc: "By what a sample expression gives.",
        examples: &["hash req.cook(id)", "hash path hash-type map-based djb2"],
        parse: |p| {
            let expr = p.compiler.expr(&mut p.words)?;
            made(p, Key::Sample(expr))
        },
    },
    Balancer {
        name: "hdr",
        doc: "By a request header; with `use_domain_only` by the second-level domain in it.",
        examples: &["hdr(host)", "hdr(host) use_domain_only"],
        parse: |p| {
            let name =
                p.inside.filter(|n| !n.is_empty()).ok_or("'hdr' requires a header's name in parentheses")?;
            let name = http::Name::new(name.as_bytes());
            let domain = p.words.accept("use_domain_only");
            made(p, Key::Header { name, domain })
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
            let name = p.words.next().ok_or("'url_param' requires an URL parameter name")?.as_bytes().into();
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
    while let Some(word) = p.words.peek().filter(|w| *w != "hash-type") {
        p.words.advance(1);
        let mut number = || {
            let found = p.words.next().and_then(|w| w.parse().ok()).filter(|n| *n > 0);
            found.ok_or_else(|| format!("'uri' : '{word}' expects a positive integer"))
        };
        match word {
            "whole" => uri.whole = true,
            "path-only" => uri.path_only = true,
            "len" => uri.len = number()?,
            "depth" => uri.depth = number()?,
            other => {
                return Err(format!(
                    "'uri' only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '{other}')"
                ));
            }
        }
    }
    made(p, Key::Uri(uri))
}

/// Reads `hash-type`, if it is there.
fn made(p: &mut Parse<'_>, key: Key) -> Result<Box<dyn Balance>, String> {
    let mut hash = Hash {
        key,
        function: sdbm,
        avalanche: false,
        consistent: false,
        places: ArcSwap::default(),
        next: AtomicUsize::new(0),
    };
    if p.words.accept("hash-type") {
        for word in p.words.by_ref() {
            match word {
                "map-based" => hash.consistent = false,
                "consistent" => hash.consistent = true,
                "sdbm" => hash.function = sdbm,
                "djb2" => hash.function = djb2,
                "crc32" => hash.function = crc32,
                "avalanche" => hash.avalanche = true,
                "wt6" | "none" => return Err(format!("'hash-type' with '{word}' is not supported yet")),
                other => return Err(format!("'hash-type' : unknown word '{other}'")),
            }
        }
    }
    Ok(Box::new(hash))
}

/// What is hashed.
#[derive(Debug)]
enum Key {
    Source,
    Uri(Uri),
    UrlParam(Box<[u8]>),
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
    function: fn(&[u8]) -> u32,
    avalanche: bool,
    consistent: bool,
    places: ArcSwap<Places>,
    /// For requests without a key, which take turns.
    next: AtomicUsize,
}

/// Where a hash leads: a place in the map, or the next point on the ring.
#[derive(Debug, Default)]
struct Places {
    map: Vec<u32>,
    ring: BTreeMap<u32, u32>,
}

impl Balance for Hash {
    fn pick(&self, pick: &Pick<'_>) -> Option<u32> {
        let places = self.places.load();
        let Some(hash) = self.hash(pick.cx) else {
            return (0..places.map.len())
                .filter_map(|_| places.map.get(self.next.fetch_add(1, Relaxed) % places.map.len()).copied())
                .find(|server| is_free(pick, *server));
        };
        let server = if self.consistent {
            let behind = places.ring.range(hash..).next().or_else(|| places.ring.first_key_value());
            *behind?.1
        } else {
            let place = usize::try_from(hash).ok()?.checked_rem(places.map.len())?;
            *places.map.get(place)?
        };
        // A full server is waited for: another one would not know the key.
        is_free(pick, server).then_some(server)
    }

    fn changed(&self, backend: &Backend) {
        let ring = if self.consistent { ring(backend) } else { BTreeMap::new() };
        self.places.store(Arc::new(Places { map: map(backend), ring }));
    }
}

impl Hash {
    fn hash(&self, cx: &Ctx<'_>) -> Option<u32> {
        let hash = match &self.key {
            // An IPv4 address is a number already.
            Key::Source => match cx.source().ip()? {
                IpAddr::V4(a) => u32::from(a),
                IpAddr::V6(a) => (self.function)(&a.octets()),
            },
            Key::Sample(expr) => (self.function)(cast(expr.eval(cx)?, Type::Bin, cx.arena)?.bytes()?),
            Key::Uri(uri) => (self.function)(uri.key(request(cx)?)),
            Key::UrlParam(name) => {
                let of_form = || form_parameter(&cx.stream?.form, name);
                (self.function)(parameter(request(cx)?, name).or_else(of_form)?)
            }
            Key::Header { name, domain } => {
                let value = request(cx)?.value_at(name, 1)?.bytes;
                if value.is_empty() {
                    return None;
                }
                (self.function)(if *domain { second_level(value) } else { value })
            }
        };
        Some(if self.avalanche { avalanche(hash) } else { hash })
    }
}

fn request<'a>(cx: &Ctx<'a>) -> Option<&'a Message> {
    cx.stream.filter(|s| s.has_request).map(|s| &s.request)
}

impl Uri {
    fn key<'m>(&self, request: &'m Message) -> &'m [u8] {
        let target = request.target_bytes();
        let target = if self.path_only { request.pathq().unwrap_or(target) } else { target };
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

/// `ex` of `www.ex.com:80`; a name without dots as a whole.
fn second_level(host: &[u8]) -> &[u8] {
    let name = host.split(|b| *b == b':').next().unwrap_or_default();
    let mut labels = name.rsplit(|b| *b == b'.');
    let last = labels.next().unwrap_or_default();
    labels.next().unwrap_or(last)
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
        assert_eq!(second_level(b"localhost"), b"localhost");
    }
}
