//! `cache-store`: has a cache keep the response (manual 4.4, 6).

use http::{Known, Method};
use state::Stream;
use state::cache::{Cache, Entry, Hints, Variant};

use super::prelude::*;
use crate::filter::cache::fresh::{self, Fresh};
use crate::filter::cache::{hint, vary};

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "cache-store",
    parenthesised: false,
    sets: &[RuleSet::HttpResponse],
    doc: "Keeps the response in the cache, as it is here, if it may be kept: it answers a GET for which `cache-use` of the \
          same cache found nothing, its status is 200, and it says for how long it is fresh or how to tell whether it is \
          still the same. A response to a method that changes things has the cache forget what it had.",
    examples: &["cache-store images", "cache-store images if { status 200 }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let Some(name) = p.words.next() else { return Err("expects a cache name".to_owned()) };
    Ok(Box::new(CacheStore { cache: p.compiler.cache(name) }))
}

#[derive(Debug)]
struct CacheStore {
    /// Position in the World.
    cache: u32,
}

impl Action for CacheStore {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let (world, now_s) = (act.world, act.wall_us / 1_000_000);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        let asked = stream.cache == Some(self.cache) && stream.cached.is_none();
        let Some(cache) = world.cache(self.cache).filter(|_| asked) else { return Verdict::Next };
        match stream.request.method() {
            Method::Get => stream.storing = entry(cache, stream, now_s).map(Box::new),
            Method::Head | Method::Options | Method::Trace => {}
            // What this changed may be what was stored (RFC 9111 section 4.4).
            _ if stream.response.status() < 400 => cache.forget(&stream.cache_key),
            _ => {}
        }
        Verdict::Next
    }
}

/// What is to be stored; none if the response may not be.
fn entry(cache: &Cache, stream: &mut Stream, now_s: u64) -> Option<Entry> {
    let response = &mut stream.response;
    if response.status() != 200 || stream.request.has(Known::Authorization) {
        return None;
    }
    let settings = &cache.settings;
    let variant = match response.has(Known::Vary) {
        true if !settings.vary => return None,
        true => vary::variant(response, &stream.cache_asked)?,
        false => Variant::default(),
    };
    let age = fresh::age(response).ok()?;
    let left = match fresh::judge(response, now_s) {
        Fresh::Not => return None,
        Fresh::For(seconds) => seconds.checked_sub(age).filter(|left| *left > 0)?,
        Fresh::Untold => settings.max_age_s,
    };
    // What is sent now is as old as what came; the stored one tells its own age.
    response.del_header(Known::Age);
    let hints = if settings.hints == Hints::Off { Vec::new() } else { hint::of(response) };
    let mut entry = Entry::new(stream.cache_key.as_slice().into(), variant, response.clone(), hints.into());
    (entry.created_s, entry.age_s, entry.expires_s) = (now_s, age, now_s + left.min(settings.max_age_s));
    Some(entry)
}
