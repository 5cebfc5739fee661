//! Whole texts by hash (manual 7.1.3 "exact match"), and bytes written as hexadecimal digits (7.1.5).

use std::hash::BuildHasher;

use super::super::distinct::Distinct;
use super::super::{Entries, PatternError};
use super::{Hit, equal, keys};

/// A text that fits here is put into lower case without an allocation.
const SHORT: usize = 256;

#[derive(Debug)]
pub(in super::super) struct Exact {
    table: Distinct<u32>,
    form: Form,
}

/// How entries stand for what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Folded,
    Hex,
}

impl Exact {
    pub(super) fn text(entries: &Entries, fold: bool) -> Self {
        let form = if fold { Form::Folded } else { Form::Text };
        let mut table = Distinct::with_capacity(entries.len());
        for (at, key) in keys(entries) {
            table.insert(tag(key, fold), at, |other| equal(entries.key(other), key, fold));
        }
        Self { table, form }
    }

    pub(super) fn binary(entries: &Entries) -> Result<Self, (u32, PatternError)> {
        let mut table = Distinct::with_capacity(entries.len());
        let mut bytes = Vec::new();
        for (at, key) in keys(entries) {
            bytes.clear();
            unhex(key, &mut bytes).map_err(|e| (at, e))?;
            table.insert(tag(&bytes, false), at, |other| entries.key(other).eq_ignore_ascii_case(key));
        }
        Ok(Self { table, form: Form::Hex })
    }

    #[inline]
    pub(super) fn find(&self, entries: &Entries, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        if self.table.is_empty() {
            return None;
        }
        let tag = tag(s, self.form == Form::Folded);
        self.table.find(tag, |at| self.is(entries.key(at), s), alive).map(Hit::plain)
    }

    pub(super) fn each(&self, entries: &Entries, s: &[u8], visit: &mut dyn FnMut(u32)) {
        let tag = tag(s, self.form == Form::Folded);
        self.table.each(tag, |at| self.is(entries.key(at), s), visit);
    }

    fn is(&self, key: &[u8], s: &[u8]) -> bool {
        match self.form {
            Form::Text => key == s,
            Form::Folded => key.eq_ignore_ascii_case(s),
            Form::Hex => {
                key.len() == 2 * s.len()
                    && key.chunks_exact(2).zip(s).all(|(pair, byte)| digits(pair) == Some(*byte))
            }
        }
    }
}

/// A part of the text's hash; of its lower case if `fold`.
fn tag(s: &[u8], fold: bool) -> u32 {
    let hash = |s: &[u8]| foldhash::fast::FixedState::default().hash_one(s) as u32;
    if !fold || !s.iter().any(u8::is_ascii_uppercase) {
        return hash(s);
    }
    let mut room = [0u8; SHORT];
    match room.get_mut(..s.len()) {
        Some(copy) => {
            copy.copy_from_slice(s);
            copy.make_ascii_lowercase();
            hash(copy)
        }
        None => hash(&s.to_ascii_lowercase()),
    }
}

/// The byte that two hexadecimal digits stand for.
fn digits(pair: &[u8]) -> Option<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    u8::try_from(digit(pair.first()?)? * 16 + digit(pair.get(1)?)?).ok()
}

fn unhex(pattern: &[u8], out: &mut Vec<u8>) -> Result<(), PatternError> {
    if !pattern.len().is_multiple_of(2) {
        return Err(PatternError("an even number of hex digit is expected".to_owned()));
    }
    for pair in pattern.chunks_exact(2) {
        match digits(pair) {
            Some(byte) => out.push(byte),
            None => {
                let bad = pair.iter().find(|b| !b.is_ascii_hexdigit()).copied().unwrap_or_default();
                let bad = char::from(bad);
                return Err(PatternError(format!("an hex digit is expected (found '{bad}')")));
            }
        }
    }
    Ok(())
}
