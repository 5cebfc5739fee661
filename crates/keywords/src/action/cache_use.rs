//! `cache-use`: answers with what a cache has (manual 4.4, 6).

use std::sync::{Arc, LazyLock};

use http::{Known, Method, Version};
use state::World;
use state::cache::Found;
use state::counters::{Block, Counter};
use state::family::Serve;

use super::prelude::*;
use crate::filter::cache::{Answer, fresh, vary};

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "cache-use",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest],
    doc: "Answers with the response that the cache has for this request, if it has a fresh one. Requests before \
          HTTP/1.1, with credentials, or with another method than GET and HEAD are left alone; so are those that refuse \
          stored answers. `no-early-hints` keeps the cache from sending hints where it has nothing else.",
    examples: &["cache-use images", "cache-use images no-early-hints if { path_beg /img }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let Some(name) = p.words.next() else { return Err("expects a cache name".to_owned()) };
    let cache = p.compiler.cache(name);
    let silent = p.words.accept("no-early-hints");
    Ok(Box::new(CacheUse { cache, silent }))
}

static ANSWER: LazyLock<Arc<dyn Serve>> = LazyLock::new(|| Arc::new(Answer));

#[derive(Debug)]
struct CacheUse {
    /// Position in the World.
    cache: u32,
    /// Whether hints are not sent.
    silent: bool,
}

impl Action for CacheUse {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let (world, thread, now_ns, now_s) = (act.world, act.thread, act.now_ns, act.wall_us / 1_000_000);
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        let Some(cache) = world.cache(self.cache) else { return Verdict::Next };
        let request = &stream.request;
        if request.version() < Version::HTTP_11 || request.has(Known::Authorization) {
            return Verdict::Next;
        }
        stream.cache = Some(self.cache);
        key(request, &mut stream.cache_key);
        if cache.settings.vary {
            stream.cache_asked = vary::asked(cache, request);
        }
        if !matches!(request.method(), Method::Get | Method::Head) || fresh::refuses(request) {
            return Verdict::Next;
        }
        count(world, stream, thread, |c| &c.cache.all);
        match cache.find(&stream.cache_key, &stream.cache_asked, now_ns, now_s) {
            Found::Full(entry) => {
                count(world, stream, thread, |c| &c.cache.hits);
                stream.cached = Some(entry);
                stream.service = Some(Arc::clone(&ANSWER));
                stream.service_name = Some(ANSWER.name());
                Verdict::Serve
            }
            Found::Hints(entry) if !self.silent => {
                count(world, stream, thread, |c| &c.cache.hint_hits);
                stream.hints.extend_from_slice(b"HTTP/1.1 103 Early Hints\r\n");
                stream.hints.extend_from_slice(&entry.hints);
                stream.hints.extend_from_slice(b"\r\n");
                Verdict::Next
            }
            Found::Hints(_) | Found::Nothing => Verdict::Next,
        }
    }
}

/// What is asked for, in the form of an absolute target.
fn key(request: &http::Message, key: &mut Vec<u8>) {
    key.clear();
    let target = request.target_bytes();
    if target.starts_with(b"/") {
        key.extend_from_slice(b"https://");
        key.extend_from_slice(request.find(Known::Host).unwrap_or_default());
    }
    key.extend_from_slice(target);
}

/// Counts for the proxy whose rules are at work.
fn count(world: &World, stream: &state::Stream, thread: u16, which: fn(&Block) -> &Counter) {
    let frontend = world.frontend(stream.frontend);
    let own = stream.backend.filter(|b| frontend.is_none_or(|f| f.back != Some(*b)));
    let counters = match own.and_then(|b| world.backend(b)) {
        Some(backend) => backend.live.counters.of(thread),
        None => frontend.and_then(|f| f.live.counters.of(thread)),
    };
    if let Some(block) = counters {
        which(block).add(1);
    }
}
