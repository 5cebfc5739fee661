//! Lists of patterns: any file is read without a panic and every way of comparing it either refuses it or answers; and any
//! history of changes leaves a store that answers as a plain list does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sample::pattern::{Columns, Entries, Store};
use sample::{Bump, MatchKind, Value, View};

#[path = "../../crates/sample/tests/patterns/model.rs"]
mod model;

struct Bytes<'a>(&'a [u8]);

impl model::Source for Bytes<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n.max(1)
    }
}

fuzz_target!(|bytes: &[u8]| {
    model::compare(&mut Bytes(bytes));
    let half = bytes.len() / 2;
    let (file, text) = bytes.split_at(half);
    for columns in [Columns::One, Columns::Two] {
        let entries = Entries::from_file(file.to_vec(), columns).expect("a small file");
        let mut store = Store::new(entries);
        for kind in [
            MatchKind::Int,
            MatchKind::Ip,
            MatchKind::Bin,
            MatchKind::Len,
            MatchKind::Str,
            MatchKind::Beg,
            MatchKind::Sub,
            MatchKind::Dir,
            MatchKind::Dom,
            MatchKind::End,
            MatchKind::Reg,
        ] {
            for fold in [false, true] {
                let view = View::new(kind, fold);
                if store.require(view).is_err() {
                    continue;
                }
                let (arena, snapshot) = (Bump::new(), store.snapshot());
                let found = snapshot.find(view, Value::Str(text), &arena).is_some();
                assert_eq!(snapshot.matches(view, Value::Str(text), &arena), found);
            }
        }
    }
});
