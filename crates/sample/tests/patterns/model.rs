//! The plainest list of patterns there can be, and a comparison of [`Store`] with it: the same changes, then the same
//! questions, must give the same entries. Used by the test beside it and by the fuzz target `patterns`.

use std::net::{Ipv4Addr, Ipv6Addr};

use sample::pattern::{Entries, Store, Which};
use sample::{Bump, MatchKind, Value, View};

/// Where the decisions come from: random numbers, or the fuzzer's bytes.
pub(crate) trait Source {
    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize;
}

const KINDS: [MatchKind; 10] = [
    MatchKind::Str,
    MatchKind::Bin,
    MatchKind::Beg,
    MatchKind::End,
    MatchKind::Sub,
    MatchKind::Dir,
    MatchKind::Dom,
    MatchKind::Int,
    MatchKind::Len,
    MatchKind::Ip,
];

struct Entry {
    order: u64,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// Compares a store with a plain list over changes and look-ups that `source` decides; panics where they differ.
pub(crate) fn compare(source: &mut dyn Source) {
    let kind = KINDS[source.below(KINDS.len())];
    let view = View::new(
        kind,
        source.below(2) == 1
            && !matches!(kind, MatchKind::Int | MatchKind::Len | MatchKind::Ip | MatchKind::Bin),
    );
    let mut list: Vec<Entry> = Vec::new();
    for order in 0..source.below(40) as u64 {
        list.push(Entry { order, key: key(kind, source), value: vec![b'v'] });
    }
    let pairs = list.iter().map(|e| (e.order, &*e.key, &*e.value));
    let mut store = Store::new(Entries::from_pairs(pairs).unwrap());
    store.require(view).unwrap();
    let mut next = list.len() as u64;
    for step in 0..source.below(60) {
        let before = store.snapshot();
        let count = list.len();
        change(kind, &mut store, &mut list, &mut next, step, source);
        assert_eq!(before.len(), count, "a snapshot changed");
        ask(view, &store, &list, source);
    }
    let left: Vec<(u64, Vec<u8>, Vec<u8>)> =
        store.snapshot().iter().map(|f| (f.order, f.key.to_vec(), f.value.to_vec())).collect();
    let expected: Vec<_> = list.into_iter().map(|e| (e.order, e.key, e.value)).collect();
    assert_eq!(left, expected);
}

fn change(
    kind: MatchKind,
    store: &mut Store,
    list: &mut Vec<Entry>,
    next: &mut u64,
    step: usize,
    source: &mut dyn Source,
) {
    let pick = |list: &[Entry], source: &mut dyn Source| {
        if list.is_empty() {
            (u64::MAX, b"none".to_vec())
        } else {
            let e = &list[source.below(list.len())];
            (e.order, e.key.clone())
        }
    };
    match source.below(8) {
        0 => {
            let (order, _) = pick(list, source);
            store.remove(Which::Order(order));
            list.retain(|e| e.order != order);
        }
        1 => {
            let (_, key) = pick(list, source);
            store.remove(Which::Key(&key));
            list.retain(|e| e.key != key);
        }
        2 | 3 => {
            let (_, key) = pick(list, source);
            let value = step.to_string().into_bytes();
            store.set(Which::Key(&key), &value).unwrap();
            list.iter_mut().filter(|e| e.key == key).for_each(|e| e.value = value.clone());
        }
        4 if source.below(12) == 0 => {
            store.clear();
            list.clear();
        }
        _ => {
            let key = key(kind, source);
            store.add(&key, b"new").unwrap();
            list.push(Entry { order: *next, key, value: b"new".to_vec() });
            *next += 1;
        }
    }
}

fn ask(view: View, store: &Store, list: &[Entry], source: &mut dyn Source) {
    let arena = Bump::new();
    let text = text(source);
    let value = match view.kind {
        MatchKind::Int => Value::Sint(source.below(12) as i64 - 2),
        MatchKind::Ip if source.below(2) == 0 => {
            Value::Ipv6(Ipv6Addr::from(u128::from(v4(source)) | 0xffff << 32))
        }
        MatchKind::Ip => Value::Ipv4(Ipv4Addr::from(v4(source))),
        MatchKind::Bin => Value::Bin(&text),
        _ => Value::Str(&text),
    };
    let snapshot = store.snapshot();
    let found = snapshot.find(view, value, &arena);
    let matching = list.iter().filter(|e| matches(view, &e.key, value));
    let expected = match (view.kind, view.fold) {
        (MatchKind::Beg, false) => matching.min_by_key(|e| (usize::MAX - e.key.len(), e.order)),
        (MatchKind::Ip, _) => matching.min_by_key(|e| (32 - prefix(&e.key).1, e.order)),
        _ => matching.min_by_key(|e| e.order),
    };
    let shown = |order: Option<u64>| (order, String::from_utf8_lossy(&text).into_owned());
    assert_eq!(shown(found.map(|f| f.order)), shown(expected.map(|e| e.order)), "{view:?} {value:?}");
    assert_eq!(found.map(|f| f.value.to_vec()), expected.map(|e| e.value.clone()));
    assert_eq!(snapshot.matches(view, value, &arena), expected.is_some());
}

fn matches(view: View, key: &[u8], value: Value<'_>) -> bool {
    let lower = |b: &[u8]| if view.fold { b.to_ascii_lowercase() } else { b.to_vec() };
    match value {
        Value::Sint(n) => in_range(key, n),
        Value::Ipv4(a) => in_network(key, u32::from(a)),
        Value::Ipv6(a) => in_network(key, a.to_ipv4_mapped().map_or(0, u32::from)),
        Value::Bin(s) => {
            s.iter().map(|b| format!("{b:02x}")).collect::<String>().as_bytes()
                == lower(key).to_ascii_lowercase()
        }
        Value::Str(s) => {
            let (s, key) = (lower(s), lower(key));
            match view.kind {
                MatchKind::Beg => s.starts_with(&key),
                MatchKind::End => s.ends_with(&key),
                MatchKind::Sub => s.windows(key.len()).any(|w| w == key),
                MatchKind::Dir => word(&s, &key, b"/?"),
                MatchKind::Dom => word(&s, &key, b"/?.:"),
                MatchKind::Len => in_range(&key, s.len() as i64),
                _ => s == key,
            }
        }
        _ => false,
    }
}

fn word(s: &[u8], key: &[u8], delimiters: &[u8]) -> bool {
    let is = |b: &u8| delimiters.contains(b);
    let Some(first) = key.iter().position(|b| !is(b)) else { return false };
    let last = key.iter().rposition(|b| !is(b)).unwrap();
    let key = &key[first..=last];
    (0..s.len().saturating_sub(key.len() - 1)).any(|at| {
        &s[at..at + key.len()] == key && (at == 0 || is(&s[at - 1])) && s.get(at + key.len()).is_none_or(is)
    })
}

fn in_range(key: &[u8], n: i64) -> bool {
    let text = std::str::from_utf8(key).unwrap();
    match text.split_once(':') {
        None => text.parse::<i64>().unwrap() == n,
        Some((low, high)) => low.parse().unwrap_or(i64::MIN) <= n && n <= high.parse().unwrap_or(i64::MAX),
    }
}

fn prefix(key: &[u8]) -> (u32, u32) {
    let text = std::str::from_utf8(key).unwrap();
    let (address, len) = text.split_once('/').unwrap_or((text, "32"));
    (u32::from(address.parse::<Ipv4Addr>().unwrap()), len.parse().unwrap())
}

fn in_network(key: &[u8], n: u32) -> bool {
    let (network, len) = prefix(key);
    len == 0 || (n ^ network) >> (32 - len) == 0
}

fn v4(source: &mut dyn Source) -> u32 {
    [10u32 << 24, 10 << 24 | 1, 0xc0a8_0000, 0xc0a8_0102, 0xc0a8_0180][source.below(5)]
}

fn key(kind: MatchKind, source: &mut dyn Source) -> Vec<u8> {
    match kind {
        MatchKind::Int | MatchKind::Len => {
            let n = source.below(10);
            let forms = [format!("{n}"), format!("{n}:{}", n + 2), format!(":{n}"), format!("{n}:")];
            forms[source.below(4)].clone().into_bytes()
        }
        MatchKind::Ip => {
            let address = Ipv4Addr::from(v4(source));
            format!("{address}/{}", [0, 8, 16, 24, 31, 32][source.below(6)]).into_bytes()
        }
        MatchKind::Bin => text(source).iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect(),
        _ => text(source),
    }
}

/// A short text of few letters, so that texts meet.
fn text(source: &mut dyn Source) -> Vec<u8> {
    (0..=source.below(5)).map(|_| b"aAb./"[source.below(5)]).collect()
}
