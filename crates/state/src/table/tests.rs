//! A table against a list that does the same the plain way, and against threads.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use sample::{Bump, Value};

use super::*;

fn shape(size: u32, expire_ms: Option<u32>, nopurge: bool) -> Shape {
    Shape {
        name: "t".into(),
        key: KeyKind::Integer,
        size,
        expire_ms,
        nopurge,
        server_key: ServerKey::Name,
        bytes_factor: 1,
        columns: Box::new([
            Column::of(Kind::Gpc0),
            Column::of(Kind::ConnCur),
            Column::of(Kind::BytesInCnt),
            Column { kind: Kind::Gpt, len: 3, period_ms: 0 },
            Column { kind: Kind::HttpFailRate, len: 1, period_ms: 1000 },
        ]),
    }
}

fn with_key<R>(table: &Table, n: i64, work: impl FnOnce(&Key<'_>) -> R) -> R {
    let arena = Bump::new();
    work(&table.key.key(Value::Sint(n), &arena).unwrap())
}

fn find(table: &Table, n: i64, now: u64) -> Option<Seen<'_>> {
    with_key(table, n, |key| table.find(key, now))
}

fn make(table: &Table, n: i64, now: u64) -> Option<Seen<'_>> {
    with_key(table, n, |key| table.find_or_make(key, now))
}

/// What is done to a table and to the list beside it.
#[derive(Clone, Debug)]
enum Step {
    Use(i64),
    Look(i64),
    Track(i64),
    Untrack(i64),
    Remove(i64),
    Sweep,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0i64..12;
    prop_oneof![
        6 => key.clone().prop_map(Step::Use),
        3 => key.clone().prop_map(Step::Look),
        2 => key.clone().prop_map(Step::Track),
        2 => key.clone().prop_map(Step::Untrack),
        1 => key.prop_map(Step::Remove),
        1 => Just(Step::Sweep),
        2 => (1u64..60).prop_map(Step::Wait),
    ]
}

/// What an entry should be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    touched: u64,
    count: u64,
    held: u32,
}

/// The list: everything by looking at all of it.
struct Model {
    rows: HashMap<i64, Row>,
    size: usize,
    expire: Option<u64>,
    nopurge: bool,
}

impl Model {
    fn is_over(&self, row: &Row, now: u64) -> bool {
        row.held == 0 && self.expire.is_some_and(|expire| row.touched + expire <= now)
    }

    fn expire(&mut self, now: u64) {
        let over: Vec<i64> =
            self.rows.iter().filter(|(_, row)| self.is_over(row, now)).map(|(key, _)| *key).collect();
        for key in over {
            self.rows.remove(&key);
        }
    }

    fn make(&mut self, key: i64, now: u64) -> Option<&mut Row> {
        if !self.rows.contains_key(&key) && self.rows.len() >= self.size {
            let loose = self.rows.iter().filter(|(_, row)| row.held == 0);
            let oldest = loose.min_by_key(|(_, row)| row.touched).map(|(key, _)| *key);
            self.rows.remove(&oldest.filter(|_| !self.nopurge)?);
        }
        Some(self.rows.entry(key).or_insert(Row { touched: now, count: 0, held: 0 }))
    }
}

fn play(steps: Vec<Step>, size: u32, expire: Option<u32>, nopurge: bool) {
    let table = Arc::new(Table::new(shape(size, expire, nopurge)));
    let size = usize::try_from(size).unwrap();
    let mut model = Model { rows: HashMap::new(), size, expire: expire.map(u64::from), nopurge };
    let mut tracked: HashMap<i64, Vec<Tracked>> = HashMap::new();
    let mut now = 1000;
    for step in steps {
        now += 1;
        model.expire(now);
        match step {
            Step::Use(key) => {
                let seen = make(&table, key, now);
                let row = model.make(key, now);
                assert_eq!(seen.is_some(), row.is_some(), "{key} at {now}");
                if let (Some(seen), Some(row)) = (seen, row) {
                    seen.touch(now);
                    row.touched = now;
                    row.count += 1;
                    assert_eq!(seen.add(Kind::Gpc0, 0, 1, now), Some(row.count));
                }
            }
            Step::Look(key) => {
                let count = find(&table, key, now).and_then(|seen| seen.get(Kind::Gpc0, 0, now));
                assert_eq!(count, model.rows.get(&key).map(|row| row.count), "{key} at {now}");
            }
            Step::Track(key) => {
                if let (Some(seen), Some(row)) = (find(&table, key, now), model.rows.get_mut(&key)) {
                    tracked.entry(key).or_default().push(Tracked::track(&table, &seen));
                    row.held += 1;
                    assert_eq!(seen.trackers(), row.held);
                }
            }
            Step::Untrack(key) => {
                if let Some(entry) = tracked.get_mut(&key).and_then(Vec::pop) {
                    entry.touch(now);
                    let row = model.rows.get_mut(&key).expect("held rows stay");
                    (row.touched, row.held) = (now, row.held - 1);
                }
            }
            Step::Remove(key) => {
                let held = model.rows.get(&key).is_some_and(|row| row.held > 0);
                if let Some(seen) = find(&table, key, now) {
                    assert_eq!(table.remove(seen), !held);
                }
                if !held {
                    model.rows.remove(&key);
                }
            }
            Step::Sweep => {
                table.sweep(now);
                assert_eq!(usize::try_from(table.used()), Ok(model.rows.len()));
            }
            Step::Wait(ms) => now += ms,
        }
    }
    let mut from = 0;
    let mut keys = Vec::new();
    model.expire(now);
    while let Some(seen) = table.next(from, now) {
        let mut key = Vec::new();
        seen.key(&mut key);
        keys.push(i64::from(u32::from_be_bytes(key.try_into().unwrap())));
        from = seen.number() + 1;
    }
    keys.sort_unstable();
    let mut expected: Vec<i64> = model.rows.keys().copied().collect();
    expected.sort_unstable();
    assert_eq!(keys, expected);
}

proptest! {
    #[test]
    fn does_as_the_list_does(steps in prop::collection::vec(step(), 1..120), size in 1u32..9, nopurge: bool) {
        play(steps.clone(), size, Some(50), nopurge);
        play(steps, size, None, nopurge);
    }
}

#[test]
fn elements_are_kept_apart() {
    let table = Table::new(shape(8, None, false));
    let seen = make(&table, 1, 0).unwrap();
    seen.set(Kind::Gpt, 2, 7, 0);
    seen.add(Kind::BytesInCnt, 0, u64::from(u32::MAX), 0);
    seen.add(Kind::BytesInCnt, 0, 6 << 32 | 2, 0);
    seen.add(Kind::HttpFailRate, 0, 5, 10_000);
    assert_eq!(seen.get(Kind::BytesInCnt, 0, 0), Some((7 << 32) + 1));
    assert_eq!((seen.get(Kind::Gpt, 1, 0), seen.get(Kind::Gpt, 2, 0)), (Some(0), Some(7)));
    assert_eq!((seen.get(Kind::Gpt, 3, 0), seen.get(Kind::Gpc1, 0, 0)), (None, None));
    assert_eq!(seen.get(Kind::HttpFailRate, 0, 11_500), Some(2));
    assert_eq!((seen.clear(Kind::Gpc0, 0), seen.clear(Kind::BytesInCnt, 0)), (Some(0), None));
}

#[test]
fn a_large_table_keeps_to_its_size() {
    let table = Table::new(shape(5000, Some(1000), false));
    for key in 0..20_000 {
        assert!(make(&table, key, u64::try_from(key).unwrap()).is_some());
    }
    assert_eq!(table.used(), 5000);
    table.sweep(19_999 + 999);
    assert_eq!(table.used(), 1);
    table.sweep(30_000);
    assert_eq!(table.used(), 0);
}

#[test]
fn threads_count_together() {
    let table = Arc::new(Table::new(shape(4096, Some(1000), false)));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let table = Arc::clone(&table);
            std::thread::spawn(move || {
                for n in 0..20_000 {
                    let seen = make(&table, n % 100, 5).unwrap();
                    let tracked = Tracked::track(&table, &seen);
                    seen.add(Kind::ConnCur, 0, 1, 5);
                    drop(seen);
                    tracked.add(Kind::Gpc0, 0, 1, 5);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    for n in 0..100 {
        let seen = find(&table, n, 5).unwrap();
        assert_eq!((seen.get(Kind::Gpc0, 0, 5), seen.get(Kind::ConnCur, 0, 5)), (Some(800), Some(0)));
        assert_eq!(seen.trackers(), 0);
    }
}

#[test]
fn another_size_and_expiry_have_the_same_entries() {
    let before = Arc::new(Table::new(shape(8, Some(1000), false)));
    for key in 0..8 {
        make(&before, key, 100 + u64::try_from(key).unwrap()).unwrap().add(Kind::Gpc0, 0, 5, 100);
    }
    let tracked = Tracked::track(&before, &find(&before, 7, 110).unwrap());
    tracked.add(Kind::ConnCur, 0, 1, 110);
    let mut next = Table::new(shape(5000, Some(100), false));
    assert!(next.go_on_from(&before) && next.is_one_with(&before));
    assert_eq!(find(&next, 3, 110).unwrap().add(Kind::Gpc0, 0, 1, 110), Some(6));
    for key in 8..4000 {
        assert!(make(&next, key, 110).is_some());
    }
    assert_eq!(next.used(), 4000);
    assert!(find(&next, 0, 201).is_none() && find(&next, 8, 201).is_some(), "it stays for a shorter time");
    let mut small = Table::new(shape(3, None, false));
    assert!(small.go_on_from(&next));
    small.sweep(202);
    assert_eq!(small.used(), 3);
    assert!(find(&small, 7, 202).is_some(), "what is tracked stays");
    drop(tracked);
    assert_eq!(find(&small, 7, 202).and_then(|seen| seen.get(Kind::ConnCur, 0, 202)), Some(0));
    let other = Table::new(Shape { key: KeyKind::Ipv4, ..shape(8, None, false) });
    assert!(!small.go_on_from(&other));
}

#[test]
fn what_both_tables_hold_is_taken_over() {
    let before = Arc::new(Table::new(shape(8, None, false)));
    let seen = make(&before, 1, 50).unwrap();
    seen.add(Kind::Gpc0, 0, 5, 50);
    seen.set(Kind::Gpt, 1, 9, 50);
    seen.add(Kind::HttpFailRate, 0, 4, 50);
    seen.add(Kind::BytesInCnt, 0, 1 << 33, 50);
    seen.add(Kind::ConnCur, 0, 1, 50);
    let mut columns = shape(8, None, false).columns.into_vec();
    columns.insert(1, Column::of(Kind::Gpc1));
    let mut next = Table::new(Shape { columns: columns.into(), ..shape(8, None, false) });
    assert!(!next.go_on_from(&before));
    make(&next, 1, 60).unwrap().add(Kind::Gpc0, 0, 2, 60);
    next.take_from(&before, 70);
    let here = find(&next, 1, 70).unwrap();
    let get = |kind, element| here.get(kind, element, 70);
    assert_eq!((get(Kind::Gpc0, 0), get(Kind::Gpc1, 0)), (Some(7), Some(0)));
    assert_eq!((get(Kind::Gpt, 1), get(Kind::HttpFailRate, 0)), (Some(9), Some(4)));
    assert_eq!((get(Kind::BytesInCnt, 0), get(Kind::ConnCur, 0)), (Some(1 << 33), Some(0)));
    assert_eq!(here.idle_ms(70), 20);
}

#[test]
fn a_sketch_counts_on_its_own() {
    let table = Table::new(shape(100, None, false));
    let entry = make(&table, 7, 1000).unwrap();
    entry.add(Kind::Gpc0, 0, 41, 1000);
    let count = |table: &Table, n| find(table, n, 1000).and_then(|seen| seen.get(Kind::Gpc0, 0, 1000));
    let sketch = with_key(&table, 7, |key| table.sketch(key, 1000));
    assert_eq!(count(&sketch, 7), Some(41));
    make(&sketch, 7, 1000).unwrap().add(Kind::Gpc0, 0, 1, 1000);
    assert_eq!((count(&sketch, 7), count(&table, 7)), (Some(42), Some(41)));
    let empty = with_key(&table, 8, |key| table.sketch(key, 1000));
    assert_eq!((count(&empty, 8), table.used()), (None, 1));
}
