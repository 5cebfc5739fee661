//! Lists of patterns that rules share: each file that an ACL or a map names, and the values on each `acl` line (manual
//! 2.7). One list is one object, whoever uses it. Rules read it without waiting; the Runtime API and actions such as
//! `set-map` change it while they do.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwap, Guard};
use sample::arg::Output;
use sample::pattern::{Columns, Entries, PatternError, Refused, Snapshot, Store, Which};
use sample::{Bump, MatchKind, Value, View};

/// What uses a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Acl,
    /// A map, or an ACL that reads its file as one (`-M`).
    Map,
}

/// A place of the configuration, for people.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub file: Arc<str>,
    /// The number of the file among those of the configuration.
    pub file_number: u32,
    pub line: u32,
}

/// A place where a list is used.
#[derive(Clone, Debug)]
pub struct User {
    pub role: Role,
    /// Whether an ACL uses it, in whichever role.
    pub in_acl: bool,
    /// The ACL's keyword for the sample that is compared; empty for maps.
    pub keyword: Box<str>,
    /// How it is compared; none if it isn't.
    pub comparison: Option<Comparison>,
    pub place: Place,
}

/// A way in which a list is compared, and what becomes of the values found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub view: View,
    pub output: Output,
}

/// A list of patterns, as one configuration uses it.
#[derive(Debug)]
pub struct Reference {
    /// The file's name without `file@` or `opt@`, or `virt@` and a name; empty for the values of one ACL.
    pub name: Box<str>,
    pub columns: Columns,
    number: OnceLock<u32>,
    users: Mutex<Vec<User>>,
    list: Arc<List>,
}

/// What is in the list, which lives on over changes of the configuration. What `first` holds stays in memory until the
/// list itself goes.
#[derive(Debug)]
struct List {
    /// A hash of the text that it was read from.
    text: u64,
    owned: Mutex<Owned>,
    /// The list as it was read, and whether it has changed since. Most never do: then readers need no more than this.
    first: Snapshot,
    changed: AtomicBool,
    later: ArcSwap<Snapshot>,
}

/// What only those who change the list see.
#[derive(Debug)]
struct Owned {
    store: Store,
    /// What values are read as.
    outputs: Vec<Output>,
    /// Who made something else of the list, to be told when it changes.
    watchers: Vec<Arc<AtomicBool>>,
    /// The store's version when somebody last looked whether it is tidy.
    judged: u64,
    /// The version in force and the newest one (`curr_ver`, `next_ver`).
    current: u32,
    newest: u32,
    /// Versions in preparation.
    prepared: BTreeMap<u32, Store>,
    /// Entries that were removed so far.
    freed: u64,
}

/// The list at one moment.
pub enum Now<'a> {
    First(&'a Snapshot),
    Later(Guard<Arc<Snapshot>>),
}

impl Deref for Now<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        match self {
            Self::First(first) => first,
            Self::Later(later) => later,
        }
    }
}

/// How a list looks from outside (`show map`, `show acl`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub description: String,
    pub current: u32,
    pub newest: u32,
    /// All entries, those of versions in preparation too.
    pub entries: usize,
    /// Those that were removed so far.
    pub freed: u64,
}

impl Reference {
    pub fn new(name: &str, columns: Columns, entries: Entries) -> Self {
        Self::of_text(name, columns, entries, 0)
    }

    /// One that was read from a text with this hash ([`text_hash`]).
    pub fn of_text(name: &str, columns: Columns, entries: Entries, text: u64) -> Self {
        let store = Store::new(entries);
        let first = store.snapshot();
        let owned = Owned {
            store,
            outputs: Vec::new(),
            watchers: Vec::new(),
            judged: 0,
            current: 0,
            newest: 0,
            prepared: BTreeMap::new(),
            freed: 0,
        };
        let list = Arc::new(List {
            text,
            owned: Mutex::new(owned),
            first,
            changed: AtomicBool::new(false),
            later: ArcSwap::from_pointee(Snapshot::default()),
        });
        Self { name: name.into(), columns, number: OnceLock::new(), users: Mutex::default(), list }
    }

    /// The same list for another configuration, whatever has changed in it, if it was read from this very text.
    pub fn again(&self, columns: Columns, text: u64) -> Option<Self> {
        (self.columns == columns && self.list.text == text).then(|| Self {
            name: self.name.clone(),
            columns,
            number: OnceLock::new(),
            users: Mutex::default(),
            list: Arc::clone(&self.list),
        })
    }

    /// The number that identifies it in the Runtime API; 0 until the World is complete.
    pub fn number(&self) -> u32 {
        self.number.get().copied().unwrap_or(0)
    }

    /// Gives it its number; false if it has one already.
    pub fn set_number(&self, number: u32) -> bool {
        self.number.set(number).is_ok()
    }

    pub fn has_number(&self) -> bool {
        self.number.get().is_some()
    }

    /// The list as it is now.
    #[inline]
    pub fn now(&self) -> Now<'_> {
        if self.list.changed.load(Ordering::Acquire) {
            Now::Later(self.list.later.load())
        } else {
            Now::First(&self.list.first)
        }
    }

    /// The list as it was read, if it is still that.
    pub fn unchanged(&self) -> Option<&Snapshot> {
        (!self.list.changed.load(Ordering::Acquire)).then_some(&self.list.first)
    }

    /// Has the list arranged for a way of comparing it.
    pub fn require(&self, view: View) -> Result<(), Refused> {
        self.owned().store.require(view)
    }

    /// Has values checked for what they are read as; an error names the first that is wrong.
    pub fn require_output(&self, output: Output) -> Result<(), Refused> {
        let mut owned = self.owned();
        if owned.outputs.contains(&output) {
            return Ok(());
        }
        if output.can_fail() {
            let snapshot = owned.store.snapshot();
            for entry in snapshot.iter() {
                check(&[output], entry.value).map_err(|error| Refused { error, line: entry.line() })?;
            }
        }
        owned.outputs.push(output);
        Ok(())
    }

    /// Notes a place where the list is used.
    pub fn used_by(&self, user: User) {
        self.users().push(user);
    }

    /// Has a flag raised when the list changes.
    pub fn watch(&self, flag: &Arc<AtomicBool>) {
        let mut owned = self.owned();
        // Those of Worlds that are gone want nothing any more.
        owned.watchers.retain(|other| Arc::strong_count(other) > 1);
        if !owned.watchers.iter().any(|other| Arc::ptr_eq(other, flag)) {
            owned.watchers.push(Arc::clone(flag));
        }
    }

    /// Where it is first used.
    pub fn first_place(&self) -> Place {
        self.users().first().map(|u| u.place.clone()).unwrap_or_default()
    }

    /// Whether `show map` lists it.
    pub fn is_map(&self) -> bool {
        self.users().iter().any(|u| u.role == Role::Map)
    }

    /// Whether `show acl` lists it.
    pub fn is_acl(&self) -> bool {
        self.users().iter().any(|u| u.in_acl)
    }

    /// The ways in which rules compare the list, each once.
    pub fn comparisons(&self) -> Vec<Comparison> {
        let mut ways = Vec::new();
        for way in self.users().iter().filter_map(|u| u.comparison) {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways
    }

    pub fn summary(&self) -> Summary {
        let owned = self.owned();
        let prepared: usize = owned.prepared.values().map(|s| s.snapshot().len()).sum();
        Summary {
            description: self.describe(&self.users()),
            current: owned.current,
            newest: owned.newest,
            entries: owned.store.snapshot().len() + prepared,
            freed: owned.freed,
        }
    }

    /// HAProxy's sentence for what the list is.
    fn describe(&self, users: &[User]) -> String {
        let at = |user: &User| format!("file '{}' line {}", user.place.file, user.place.line);
        if self.name.is_empty() {
            return users.first().map(|u| format!("acl '{}' {}", u.keyword, at(u))).unwrap_or_default();
        }
        let mut text = format!("pattern loaded from file '{}' used", self.name);
        for (i, user) in users.iter().enumerate() {
            let role = if user.role == Role::Map { "map" } else { "acl" };
            let comma = if i > 0 { "," } else { "" };
            // Writing to a string never fails.
            let _ = write!(text, "{comma} by {role} at {}", at(user));
        }
        text
    }

    /// Adds an entry at the end, whether there is one like it or not.
    pub fn add(&self, key: &[u8], value: &[u8]) -> Result<(), PatternError> {
        let mut owned = self.owned();
        check(&owned.outputs, value)?;
        owned.store.add(key, value)?;
        self.publish(&owned);
        Ok(())
    }

    /// Adds an entry unless there is one of this key.
    pub fn add_new(&self, key: &[u8], value: &[u8]) -> Result<(), PatternError> {
        let mut owned = self.owned();
        if !owned.store.contains(key) {
            check(&owned.outputs, value)?;
            owned.store.add(key, value)?;
            self.publish(&owned);
        }
        Ok(())
    }

    /// Gives entries another value; gives how many there are.
    pub fn set(&self, which: Which<'_>, value: &[u8]) -> Result<usize, PatternError> {
        let mut owned = self.owned();
        check(&owned.outputs, value)?;
        let count = owned.store.set(which, value)?;
        if count > 0 {
            self.publish(&owned);
        }
        Ok(count)
    }

    /// Gives the entries of this key a value, or adds one.
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<(), PatternError> {
        let mut owned = self.owned();
        check(&owned.outputs, value)?;
        if owned.store.set(Which::Key(key), value)? == 0 {
            owned.store.add(key, value)?;
        }
        self.publish(&owned);
        Ok(())
    }

    /// Removes entries; gives how many there were.
    pub fn remove(&self, which: Which<'_>) -> usize {
        let mut owned = self.owned();
        let count = owned.store.remove(which);
        owned.freed += count as u64;
        if count > 0 {
            self.publish(&owned);
        }
        count
    }

    /// Removes everything.
    pub fn clear(&self) {
        let mut owned = self.owned();
        owned.freed += owned.store.snapshot().len() as u64;
        owned.store.clear();
        self.publish(&owned);
    }

    /// Begins a new version, empty, beside the one in force; gives its number.
    pub fn prepare(&self) -> u32 {
        let mut owned = self.owned();
        owned.newest = owned.newest.wrapping_add(1);
        let (newest, store) = (owned.newest, owned.store.empty_alike());
        owned.prepared.insert(newest, store);
        newest
    }

    /// Adds an entry to a version in preparation; none if there is no such version.
    pub fn add_to(&self, version: u32, key: &[u8], value: &[u8]) -> Option<Result<(), PatternError>> {
        let mut owned = self.owned();
        let checked = check(&owned.outputs, value);
        let store = owned.prepared.get_mut(&version)?;
        Some(checked.and_then(|()| store.add(key, value)))
    }

    /// Empties a version in preparation; false if there is no such version.
    pub fn clear_version(&self, version: u32) -> bool {
        let mut owned = self.owned();
        let Some(store) = owned.prepared.get_mut(&version) else { return false };
        let count = store.snapshot().len() as u64;
        store.clear();
        owned.freed += count;
        true
    }

    /// Puts a version in force and drops all others up to it; false if there is no such version.
    pub fn commit(&self, version: u32) -> bool {
        let mut owned = self.owned();
        let Some(store) = owned.prepared.remove(&version) else { return false };
        let later = owned.prepared.split_off(&version);
        let dropped = std::mem::replace(&mut owned.prepared, later);
        let before = std::mem::replace(&mut owned.store, store);
        let gone = dropped.values().chain([&before]).map(|store| store.snapshot().len() as u64);
        owned.freed += gone.sum::<u64>();
        owned.current = version;
        self.publish(&owned);
        true
    }

    /// A version in preparation, to look at; none if there is no such version.
    pub fn version(&self, version: u32) -> Option<Snapshot> {
        let owned = self.owned();
        if version == owned.current {
            return Some(owned.store.snapshot());
        }
        owned.prepared.get(&version).map(Store::snapshot)
    }

    /// Whether many changes have left the list in pieces. Asking again costs nothing while it does not change.
    pub fn is_untidy(&self) -> bool {
        if !self.list.changed.load(Ordering::Relaxed) {
            return false;
        }
        let mut owned = self.owned();
        let version = owned.store.version();
        if owned.judged == version {
            return false;
        }
        owned.judged = version;
        owned.store.merge_needed().is_some()
    }

    /// Merges the pieces. For a thread without traffic: it may take a second or so.
    pub fn tidy(&self) {
        let Some(mut merge) = self.owned().store.merge_needed() else { return };
        merge.run();
        let mut owned = self.owned();
        if owned.store.finish(merge) {
            self.publish(&owned);
        }
    }

    fn owned(&self) -> MutexGuard<'_, Owned> {
        self.list.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn users(&self) -> MutexGuard<'_, Vec<User>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets readers see what the owner has.
    fn publish(&self, owned: &Owned) {
        self.list.later.store(Arc::new(owned.store.snapshot()));
        self.list.changed.store(true, Ordering::Release);
        owned.watchers.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
    }
}

/// Whether a value can be read as everything it is asked for as.
/// A hash of a text that a list is read from; never 0.
pub fn text_hash(text: &[u8]) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = foldhash::fast::FoldHasher::with_seed(0, foldhash::SharedSeed::global_fixed());
    hasher.write(text);
    hasher.finish() | 1
}

fn check(outputs: &[Output], value: &[u8]) -> Result<(), PatternError> {
    match outputs.iter().all(|output| output.read(value).is_some()) {
        true => Ok(()),
        false => Err(PatternError(format!("unable to parse '{}'", String::from_utf8_lossy(value)))),
    }
}

/// All lists of a World.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// In the order in which they were met: arguments of maps hold positions.
    list: Vec<Arc<Reference>>,
    named: HashMap<Box<str>, u32>,
}

impl References {
    /// Adds a list; gives its position.
    pub fn push(&mut self, reference: Arc<Reference>) -> u32 {
        let position = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        if !reference.name.is_empty() {
            self.named.insert(reference.name.clone(), position);
        }
        self.list.push(reference);
        position
    }

    #[inline]
    pub fn at(&self, position: u32) -> Option<&Arc<Reference>> {
        self.list.get(position as usize)
    }

    /// The position of the list of that name, which is without `file@` and `opt@`.
    pub fn position(&self, name: &str) -> Option<u32> {
        self.named.get(name).copied()
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<Reference>> {
        self.at(self.position(name)?)
    }

    pub fn by_number(&self, number: u32) -> Option<&Arc<Reference>> {
        self.list.iter().find(|r| r.has_number() && r.number() == number)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Reference>> {
        self.list.iter()
    }

    /// Numbers those that have none, in the order of their places, with the lowest numbers that are free.
    pub fn number(&self) {
        let mut taken: Vec<u32> = self.list.iter().filter(|r| r.has_number()).map(|r| r.number()).collect();
        taken.sort_unstable();
        let mut open: Vec<(Place, &Arc<Reference>)> =
            self.list.iter().filter(|r| !r.has_number()).map(|r| (r.first_place(), r)).collect();
        open.sort_by_key(|(place, _)| (place.file_number, place.line));
        let free = (0u32..).filter(|n| taken.binary_search(n).is_err());
        for ((_, reference), number) in open.iter().zip(free) {
            reference.set_number(number);
        }
    }
}

/// What an ACL compares a sample with.
#[derive(Debug)]
pub struct Patterns {
    pub kind: MatchKind,
    /// The lists; one entry that matches is enough. None for methods that look at the sample alone.
    pub lists: Box<[(Arc<Reference>, View)]>,
}

impl Patterns {
    /// Whether the sample satisfies the method.
    #[inline]
    pub fn matches<'a>(&self, value: Value<'a>, arena: &'a Bump) -> bool {
        match self.kind {
            MatchKind::Found => true,
            MatchKind::Bool => sample::cast(value, sample::Type::Bool, arena) == Some(Value::Bool(true)),
            _ => self.lists.iter().any(|(list, view)| list.now().matches(*view, value, arena)),
        }
    }

    /// The one list of exact strings that this compares with, if that is all; and whether letter case is ignored.
    pub fn exact(&self) -> Option<(&Arc<Reference>, bool)> {
        match &*self.lists {
            [(list, view)] if view.kind == MatchKind::Str && list.name.is_empty() => Some((list, view.fold)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(content: &str) -> Reference {
        let entries = Entries::from_file(content.as_bytes().to_vec(), Columns::Two).unwrap();
        let list = Reference::new("m", Columns::Two, entries);
        list.require(View::KEY).unwrap();
        list
    }

    fn get(now: &Snapshot, key: &str) -> Option<String> {
        let arena = Bump::new();
        let found = now.find(View::KEY, Value::Str(key.as_bytes()), &arena)?;
        Some(String::from_utf8_lossy(found.value).into_owned())
    }

    #[test]
    fn readers_keep_what_they_began_with() {
        let list = list("a 1\nb 2\n");
        let before = list.version(0).unwrap();
        list.put(b"a", b"3").unwrap();
        list.put(b"c", b"4").unwrap();
        assert_eq!(list.remove(Which::Key(b"b")), 1);
        let after = list.now();
        assert_eq!(["a", "b", "c"].map(|k| get(&before, k)), [Some("1".into()), Some("2".into()), None]);
        assert_eq!(["a", "b", "c"].map(|k| get(&after, k)), [Some("3".into()), None, Some("4".into())]);
        list.add_new(b"a", b"5").unwrap();
        assert_eq!((get(&list.now(), "a"), list.now().len()), (Some("3".into()), 2));
    }

    #[test]
    fn versions_replace_the_whole_at_once() {
        let list = list("a 1\n");
        let (one, two) = (list.prepare(), list.prepare());
        assert!(list.add_to(two, b"b", b"2").unwrap().is_ok() && list.add_to(7, b"b", b"2").is_none());
        assert_eq!((get(&list.now(), "b"), list.summary().entries), (None, 2));
        assert!(list.commit(two) && !list.commit(one));
        assert_eq!((get(&list.now(), "a"), get(&list.now(), "b")), (None, Some("2".into())));
        let summary = list.summary();
        assert_eq!((summary.current, summary.newest, summary.entries), (2, 2, 1));
    }

    #[test]
    fn values_are_checked_for_what_they_are_read_as() {
        let list = list("a 1\nb x\n");
        let refused = list.require_output(Output::Int).unwrap_err();
        assert_eq!((refused.error.0.as_str(), refused.line), ("unable to parse 'x'", 2));
        list.remove(Which::Key(b"b"));
        list.require_output(Output::Int).unwrap();
        assert!(list.put(b"a", b"y").is_err() && list.put(b"a", b"12").is_ok());
    }

    #[test]
    fn many_changes_are_tidied() {
        let list = list("a 1\n");
        for i in 0..40_000 {
            list.add(format!("k{i}").as_bytes(), b"v").unwrap();
        }
        let pieces = list.owned().store.snapshot();
        list.tidy();
        assert!(format!("{pieces:?}").matches("Segment {").count() > 6);
        assert_eq!(list.owned().store.snapshot().len(), 40_001);
        assert_eq!(["a", "k0", "k39999"].map(|k| get(&list.now(), k).is_some()), [true; 3]);
    }
}
