//! A cache: whole responses by what was asked for (manual 6). Looking something up takes no lock: each bucket is a list
//! that is replaced as a whole; storing and making room is ordered by a lock that is held for that moment only.
//!
//! What a response must be like to be stored, and when a stored one answers, is the business of `keywords`.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use foldhash::quality::RandomState;
use http::Message;

/// The unit in which memory is counted: an object takes whole ones.
pub const BLOCK: u64 = 1024;
/// What an object takes beside its head and its body.
const OWN: u64 = 160;
/// The most buckets there are.
const BUCKETS_MAX: u64 = 1 << 16;

/// Whether `Link` headers are remembered for early hints (manual 6.2.1 "early-hints").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hints {
    #[default]
    Off,
    /// Beside the objects; of the blocks in all so many percent at most.
    On(u8),
    /// Nothing else is stored.
    Only,
}

/// What a `cache` section says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// In blocks.
    pub blocks: u64,
    /// Bytes of an object's head and body.
    pub max_object: u64,
    pub max_age_s: u64,
    pub vary: bool,
    /// How many variants of an object there may be.
    pub max_variants: u32,
    pub hints: Hints,
}

/// What a request says that responses may vary on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The encodings it accepts, a bit each; none if they are too many.
    pub encodings: Option<u32>,
    /// Hashes of headers.
    pub referer: u64,
    pub origin: u64,
}

/// What a response varies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// The encodings the response has, where it varies on those.
    pub encodings: Option<u32>,
    pub referer: Option<u64>,
    pub origin: Option<u64>,
}

impl Variant {
    /// Whether the response is right for the request.
    pub fn suits(&self, asked: &Asked) -> bool {
        let accepted = |own: u32| asked.encodings.is_some_and(|accepted| own & !accepted == 0);
        self.encodings.is_none_or(accepted)
            && self.referer.is_none_or(|own| own == asked.referer)
            && self.origin.is_none_or(|own| own == asked.origin)
    }
}

/// A stored response, or what is left of one: its hints.
#[derive(Debug)]
pub struct Entry {
    pub key: Box<[u8]>,
    pub variant: Variant,
    pub head: Message,
    pub body: Vec<u8>,
    /// `Link` headers worth a hint, as header lines.
    pub hints: Box<[u8]>,
    /// Whether there are only hints.
    pub stripped: bool,
    /// When it came, what its age was then, and until when it is fresh: seconds since 1970, seconds.
    pub created_s: u64,
    pub age_s: u64,
    pub expires_s: u64,
    /// When it was last used.
    used_ns: AtomicU64,
    /// Its place in the order; changed only while that is locked.
    placed_ns: AtomicU64,
    number: AtomicU64,
}

impl Entry {
    /// `head` as it is to be sent again.
    pub fn new(key: Box<[u8]>, variant: Variant, head: Message, hints: Box<[u8]>) -> Self {
        Self {
            key,
            variant,
            head,
            body: Vec::new(),
            hints,
            stripped: false,
            created_s: 0,
            age_s: 0,
            expires_s: 0,
            used_ns: AtomicU64::new(0),
            placed_ns: AtomicU64::new(0),
            number: AtomicU64::new(0),
        }
    }

    /// Without head and body.
    fn strip(&self) -> Self {
        Self {
            stripped: true,
            created_s: self.created_s,
            age_s: self.age_s,
            expires_s: self.expires_s,
            used_ns: AtomicU64::new(self.used_ns.load(Relaxed)),
            ..Self::new(self.key.clone(), self.variant, Message::new(), self.hints.clone())
        }
    }

    /// Bytes it counts for.
    pub fn size(&self) -> u64 {
        OWN + self.key.len() as u64 + head_size(&self.head) + (self.body.len() + self.hints.len()) as u64
    }

    pub fn blocks(&self) -> u64 {
        self.size().div_ceil(BLOCK)
    }
}

/// Bytes that a head counts for.
pub fn head_size(head: &Message) -> u64 {
    head.headers().map(|line| (line.name.len() + line.value.len()) as u64 + 8).sum::<u64>() + 32
}

type Bucket = Vec<Arc<Entry>>;

/// What is stored, by its last use; the number makes places different.
#[derive(Debug, Default)]
struct Order {
    full: BTreeMap<(u64, u64), Arc<Entry>>,
    hints: BTreeMap<(u64, u64), Arc<Entry>>,
    blocks: u64,
    hint_blocks: u64,
    next: u64,
}

/// A `cache` section at work.
#[derive(Debug)]
pub struct Cache {
    pub name: Box<str>,
    pub settings: Settings,
    buckets: Box<[ArcSwapOption<Bucket>]>,
    order: Mutex<Order>,
    /// Blocks of objects that are still coming.
    coming: AtomicU64,
    hasher: RandomState,
}

/// What a look-up finds.
#[derive(Clone, Debug)]
pub enum Found {
    /// A fresh response.
    Full(Arc<Entry>),
    /// Hints that are still good.
    Hints(Arc<Entry>),
    Nothing,
}

impl Cache {
    pub fn new(name: &str, settings: Settings) -> Self {
        let buckets = settings.blocks.clamp(16, BUCKETS_MAX).next_power_of_two();
        Self {
            name: name.into(),
            settings,
            buckets: (0..buckets).map(|_| ArcSwapOption::empty()).collect(),
            order: Mutex::default(),
            coming: AtomicU64::new(0),
            hasher: RandomState::default(),
        }
    }

    /// The hash of a header's value, for [`Asked`]; that of a header that isn't there is 0.
    pub fn hash(&self, value: Option<&[u8]>) -> u64 {
        value.map_or(0, |value| self.hasher.hash_one(value) | 1)
    }

    /// What is stored for a request, at a point of monotonic time and in a second since 1970.
    pub fn find(&self, key: &[u8], asked: &Asked, now_ns: u64, now_s: u64) -> Found {
        let Some(bucket) = self.bucket(key).map(ArcSwapOption::load) else { return Found::Nothing };
        let mut hints = Found::Nothing;
        for entry in bucket.iter().flat_map(|b| b.iter()).filter(|e| *e.key == *key) {
            if !entry.variant.suits(asked) {
                continue;
            }
            if !entry.stripped && now_s < entry.expires_s {
                entry.used_ns.store(now_ns, Relaxed);
                return Found::Full(Arc::clone(entry));
            }
            if !entry.hints.is_empty() {
                entry.used_ns.store(now_ns, Relaxed);
                hints = Found::Hints(Arc::clone(entry));
            }
        }
        hints
    }

    /// Forgets all responses to a request.
    pub fn forget(&self, key: &[u8]) {
        if self.bucket(key).is_none_or(|bucket| bucket.load().is_none()) {
            return;
        }
        let mut order = self.order();
        for entry in self.entries_of(key) {
            self.remove(&mut order, &entry);
        }
    }

    /// Takes room for an object on its way, in blocks; false if what is on its way already fills the cache.
    pub fn expect(&self, blocks: u64) -> bool {
        let most = self.settings.blocks;
        self.coming.fetch_update(Relaxed, Relaxed, |n| Some(n + blocks).filter(|n| *n <= most)).is_ok()
    }

    /// Gives back what [`Cache::expect`] took.
    pub fn expect_no_more(&self, blocks: u64) {
        self.coming.fetch_sub(blocks, Relaxed);
    }

    /// Stores a response, in place of the one it replaces; what wasn't used for longest makes room.
    pub fn store(&self, mut entry: Entry, now_ns: u64, now_s: u64) {
        entry.used_ns = AtomicU64::new(now_ns);
        let mut order = self.order();
        let variants = self.entries_of(&entry.key);
        let mut others = 0;
        for other in variants {
            let gone = other.variant == entry.variant || now_s >= other.expires_s;
            if gone {
                self.remove(&mut order, &other);
            } else {
                others += 1;
            }
        }
        if self.settings.vary && others >= self.settings.max_variants {
            return;
        }
        if self.make_room(&mut order, entry.blocks(), entry.stripped) {
            self.insert(&mut order, Arc::new(entry));
        }
    }

    /// All that is stored, and the blocks that are free or could be.
    pub fn list(&self) -> (Vec<Arc<Entry>>, u64) {
        let order = self.order();
        let entries = order.full.values().chain(order.hints.values()).cloned().collect();
        (entries, self.settings.blocks.saturating_sub(self.coming.load(Relaxed)))
    }

    /// The number by which listings name a key.
    pub fn number(&self, key: &[u8]) -> u32 {
        u32::try_from(self.hasher.hash_one(key) & u64::from(u32::MAX)).unwrap_or_default()
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bucket(&self, key: &[u8]) -> Option<&ArcSwapOption<Bucket>> {
        let at = self.hasher.hash_one(key) & (self.buckets.len() as u64 - 1);
        self.buckets.get(usize::try_from(at).ok()?)
    }

    fn entries_of(&self, key: &[u8]) -> Vec<Arc<Entry>> {
        let bucket = self.bucket(key).map(ArcSwapOption::load_full);
        let all = bucket.flatten().map(|b| b.to_vec()).unwrap_or_default();
        all.into_iter().filter(|entry| *entry.key == *key).collect()
    }

    /// Frees room for so many blocks. Objects that leave hints behind become hints, while there may be more of those.
    fn make_room(&self, order: &mut Order, blocks: u64, hint: bool) -> bool {
        let most = self.settings.blocks;
        if blocks > most {
            return false;
        }
        if hint {
            self.cap_hints(order, blocks);
        }
        while order.blocks + blocks > most {
            let Some(victim) = oldest(&mut order.full).or_else(|| oldest(&mut order.hints)) else {
                return false;
            };
            self.remove(order, &victim);
            let keeps = !victim.stripped && !victim.hints.is_empty();
            if keeps && matches!(self.settings.hints, Hints::On(_)) {
                let rest = victim.strip();
                if self.cap_hints(order, rest.blocks()) {
                    self.insert(order, Arc::new(rest));
                }
            }
        }
        true
    }

    /// Makes room among the hints; false if there can't be any.
    fn cap_hints(&self, order: &mut Order, blocks: u64) -> bool {
        let cap = match self.settings.hints {
            Hints::On(percent) => self.settings.blocks * u64::from(percent) / 100,
            Hints::Only => self.settings.blocks,
            Hints::Off => 0,
        };
        while order.hint_blocks + blocks > cap {
            let Some(victim) = oldest(&mut order.hints) else { return blocks <= cap };
            self.remove(order, &victim);
        }
        true
    }

    fn insert(&self, order: &mut Order, entry: Arc<Entry>) {
        order.next += 1;
        let place = (entry.used_ns.load(Relaxed), order.next);
        entry.placed_ns.store(place.0, Relaxed);
        entry.number.store(place.1, Relaxed);
        order.blocks += entry.blocks();
        if entry.stripped {
            order.hint_blocks += entry.blocks();
        }
        self.change(&entry.key, |bucket| bucket.push(Arc::clone(&entry)));
        if entry.stripped { &mut order.hints } else { &mut order.full }.insert(place, entry);
    }

    fn remove(&self, order: &mut Order, entry: &Arc<Entry>) {
        order.blocks = order.blocks.saturating_sub(entry.blocks());
        if entry.stripped {
            order.hint_blocks = order.hint_blocks.saturating_sub(entry.blocks());
        }
        let place = (entry.placed_ns.load(Relaxed), entry.number.load(Relaxed));
        if entry.stripped { &mut order.hints } else { &mut order.full }.remove(&place);
        self.change(&entry.key, |bucket| bucket.retain(|other| !Arc::ptr_eq(other, entry)));
    }

    /// Replaces a bucket; the order is locked meanwhile, so that nobody else does.
    fn change(&self, key: &[u8], edit: impl FnOnce(&mut Bucket)) {
        let Some(slot) = self.bucket(key) else { return };
        let mut bucket = slot.load().as_ref().map(|b| b.to_vec()).unwrap_or_default();
        edit(&mut bucket);
        slot.store((!bucket.is_empty()).then(|| Arc::new(bucket)));
    }
}

/// What was not used for longest. Those that were used since their place was made get a new one.
fn oldest(order: &mut BTreeMap<(u64, u64), Arc<Entry>>) -> Option<Arc<Entry>> {
    loop {
        let ((placed, number), entry) = order.pop_first()?;
        let used = entry.used_ns.load(Relaxed);
        let still = used <= placed;
        entry.placed_ns.store(used, Relaxed);
        order.insert((used, number), Arc::clone(&entry));
        if still {
            return Some(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(blocks: u64, hints: Hints) -> Cache {
        let settings =
            Settings { blocks, max_object: 1 << 20, max_age_s: 60, vary: true, max_variants: 2, hints };
        Cache::new("c", settings)
    }

    fn entry(key: &str, kilobytes: usize, hints: &str) -> Entry {
        let hints = hints.as_bytes().into();
        let mut entry = Entry::new(key.as_bytes().into(), Variant::default(), Message::new(), hints);
        entry.body = vec![b'x'; kilobytes * 1024 - 300];
        entry.expires_s = 100;
        entry
    }

    fn finds(cache: &Cache, key: &str, now_ns: u64, now_s: u64) -> &'static str {
        match cache.find(key.as_bytes(), &Asked::default(), now_ns, now_s) {
            Found::Full(_) => "full",
            Found::Hints(_) => "hints",
            Found::Nothing => "nothing",
        }
    }

    fn blocks(cache: &Cache) -> (u64, u64) {
        let order = cache.order();
        (order.blocks, order.hint_blocks)
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let cache = cache(10, Hints::Off);
        cache.store(entry("a", 4, ""), 1, 0);
        cache.store(entry("b", 4, ""), 2, 0);
        assert_eq!(finds(&cache, "a", 3, 0), "full");
        cache.store(entry("c", 4, ""), 4, 0);
        assert_eq!(["a", "b", "c"].map(|key| finds(&cache, key, 5, 0)), ["full", "nothing", "full"]);
        assert_eq!(finds(&cache, "a", 6, 100), "nothing");
        cache.store(entry("too large", 11, ""), 7, 0);
        assert_eq!((finds(&cache, "too large", 8, 0), cache.list().0.len()), ("nothing", 2));
        cache.forget(b"a");
        assert_eq!((finds(&cache, "a", 9, 0), cache.list().0.len()), ("nothing", 1));
        assert_eq!(blocks(&cache), (4, 0));
    }

    #[test]
    fn objects_become_hints_as_far_as_there_may_be_hints() {
        let cache = cache(20, Hints::On(10));
        for (at, key) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            cache.store(entry(key, 8, "link: x\r\n"), at as u64, 0);
        }
        let found = ["a", "b", "c", "d", "e"].map(|key| finds(&cache, key, 9, 0));
        assert_eq!(found, ["nothing", "hints", "hints", "full", "full"]);
        assert_eq!(blocks(&cache), (18, 2));
        assert_eq!(finds(&cache, "e", 9, 100), "hints");
    }

    #[test]
    fn variants_replace_their_like_and_are_limited() {
        let cache = cache(100, Hints::Off);
        let variant = |encodings| Variant { encodings: Some(encodings), ..Variant::default() };
        for encodings in [1, 2, 2, 4] {
            let mut one = entry("a", 1, "");
            one.variant = variant(encodings);
            cache.store(one, 0, 0);
        }
        assert_eq!(cache.list().0.len(), 2);
        let asked = |encodings| Asked { encodings, ..Asked::default() };
        for (encodings, found) in [(Some(1), true), (Some(6), true), (Some(4), false), (None, false)] {
            let full = matches!(cache.find(b"a", &asked(encodings), 0, 0), Found::Full(_));
            assert_eq!(full, found, "{encodings:?}");
        }
    }

    #[test]
    fn what_is_coming_is_limited() {
        let cache = cache(20, Hints::Off);
        assert!(cache.expect(15) && !cache.expect(6) && cache.expect(5));
        cache.expect_no_more(20);
        assert!(cache.expect(20));
    }
}
