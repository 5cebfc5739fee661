//! `cache`: stores responses that `cache-store` rules chose, as they pass by, and answers with those that `cache-use`
//! rules found (manual 6, 9.4). What may be kept, and for how long, is [`fresh`]'s business; which variant is right for
//! whom, [`vary`]'s; what is left of a response that isn't kept, [`hint`]'s.

mod answer;
pub(crate) mod fresh;
pub(crate) mod hint;
pub(crate) mod vary;

use state::cache::{BLOCK, Cache, Entry, Hints};

use super::prelude::*;
pub(crate) use answer::Answer;

pub(super) const KEYWORDS: &[FilterKind] = &[FilterKind {
    name: "cache",
    tag: "CACHE",
    doc: "Stores the responses that `cache-store` rules choose, as they are at this place among the filters. Those rules \
          bring it along by themselves where there are no filters but compression.",
    examples: &["cache images"],
    parse: |p| {
        let name = p.words.next().ok_or("cache : expects a <name> argument")?;
        Ok(implied(p.compiler.cache(name)))
    },
}];

/// The filter that rules of a cache bring along.
pub fn implied(cache: u32) -> Arc<dyn Filter> {
    Arc::new(Store { cache })
}

#[derive(Debug)]
struct Store {
    /// Position in the World.
    cache: u32,
}

impl Filter for Store {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn cache(&self) -> Option<u32> {
        Some(self.cache)
    }

    fn head(&self, act: &mut Act<'_>, shape: &Shape) -> Option<Box<dyn Work>> {
        let stream = act
            .stream
            .as_deref_mut()
            .filter(|s| act.side == Side::Response && s.cache == Some(self.cache))?;
        let entry = stream.storing.take()?;
        let cache = act.world.cache(self.cache)?;
        let mut collect = Collect {
            cache: Arc::clone(cache),
            now_s: act.wall_us / 1_000_000,
            expected: 0,
            entry: Some(entry),
        };
        collect.begin(shape).then(|| Box::new(collect) as Box<dyn Work>)
    }
}

/// A response that is being stored.
#[derive(Debug)]
struct Collect {
    cache: Arc<Cache>,
    /// None once it is stored, or won't be.
    entry: Option<Box<Entry>>,
    /// Blocks taken for it.
    expected: u64,
    now_s: u64,
}

impl Collect {
    /// Whether there is room for it, as far as its size is known.
    fn begin(&mut self, shape: &Shape) -> bool {
        let Some(entry) = &mut self.entry else { return false };
        if self.cache.settings.hints == Hints::Only {
            entry.stripped = true;
            return !entry.hints.is_empty();
        }
        let head = state::cache::head_size(&entry.head);
        let size = head + shape.length.unwrap_or(0);
        if size > self.cache.settings.max_object || !self.expect(size) {
            return false;
        }
        if let (Some(length), Some(entry)) = (shape.length, &mut self.entry) {
            entry.body.reserve_exact(usize::try_from(length).unwrap_or(0));
        }
        true
    }

    /// Takes the blocks that a response of this size needs.
    fn expect(&mut self, size: u64) -> bool {
        let more = size.div_ceil(BLOCK).saturating_sub(self.expected);
        let taken = self.cache.expect(more);
        if taken {
            self.expected += more;
        }
        taken
    }

    fn collect(&mut self, bytes: &[u8]) -> bool {
        let Some(entry) = self.entry.as_ref().filter(|entry| !entry.stripped) else { return true };
        let size = state::cache::head_size(&entry.head) + (entry.body.len() + bytes.len()) as u64;
        if size > self.cache.settings.max_object || !self.expect(size) {
            return false;
        }
        if let Some(entry) = &mut self.entry {
            entry.body.extend_from_slice(bytes);
        }
        true
    }
}

impl Work for Collect {
    fn alters(&self) -> bool {
        false
    }

    fn pass(&mut self, part: Part<'_>, _: &mut Vec<u8>) -> Passed {
        if !self.collect(part.bytes) {
            self.entry = None;
        }
        if part.last
            && let Some(mut entry) = self.entry.take()
        {
            if entry.stripped {
                entry.head.clear();
            }
            entry.body.shrink_to_fit();
            self.cache.store(*entry, part.now_ns, self.now_s);
        }
        Passed::Same
    }
}

impl Drop for Collect {
    fn drop(&mut self) {
        self.cache.expect_no_more(self.expected);
    }
}
