//! Variables of one scope: a short list of (number of the name, value). Names were numbered when the configuration
//! was read, so a look-up compares integers.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sample::{Bump, Owned, Value};

/// `tune.vars.*-max-size`: bytes that variables may take, 0 for no limit. Each contains those in front of it: of the
/// request or the response, of the transaction, of the session, of the process and all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub reqres: u64,
    pub txn: u64,
    pub sess: u64,
    pub proc: u64,
    pub global: u64,
}

/// What a variable counts for beside the bytes of its value.
pub const OWN_SIZE: u64 = 88;

/// The bytes that a value counts for: those of a text.
pub fn size_of(value: Value<'_>) -> u64 {
    value.bytes().map_or(0, |bytes| bytes.len() as u64)
}

/// The variables of one scope.
#[derive(Debug, Default)]
pub struct Vars(Vec<(u32, Owned)>);

impl Vars {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn get(&self, id: u32) -> Option<Value<'_>> {
        self.0.iter().find(|(have, _)| *have == id).map(|(_, v)| v.borrow())
    }

    pub fn set(&mut self, id: u32, value: Owned) {
        match self.0.iter_mut().find(|(have, _)| *have == id) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((id, value)),
        }
    }

    pub fn unset(&mut self, id: u32) {
        self.0.retain(|(have, _)| *have != id);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Value<'_>)> {
        self.0.iter().map(|(id, value)| (*id, value.borrow()))
    }

    /// What they count for under [`Limits`].
    pub fn size(&self) -> u64 {
        self.0.iter().map(|(_, value)| OWN_SIZE + size_of(value.borrow())).sum()
    }
}

/// What the variables of a scope count for in the sum of all, where there are limits; taken off when they go.
#[derive(Debug, Default)]
struct Charge {
    sum: RefCell<Option<Arc<AtomicU64>>>,
    size: Cell<u64>,
}

impl Charge {
    const fn new() -> Self {
        Self { sum: RefCell::new(None), size: Cell::new(0) }
    }

    fn become_size(&self, size: u64, sum: &Arc<AtomicU64>) {
        if let Ok(mut held) = self.sum.try_borrow_mut() {
            held.get_or_insert_with(|| Arc::clone(sum));
            sum.fetch_add(size.wrapping_sub(self.size.replace(size)), Relaxed);
        }
    }

    fn release(&mut self) {
        if let Some(sum) = self.sum.get_mut().take() {
            sum.fetch_sub(self.size.take(), Relaxed);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.release();
    }
}

/// Variables that expressions may set: an expression borrows from what is set, so what a converter sets meanwhile is put
/// beside it until somebody may change the list.
#[derive(Debug, Default)]
pub struct Living {
    settled: Vars,
    /// What was set (or unset) since, each name once; in force before what is settled.
    late: RefCell<Vec<(u32, Option<Owned>)>>,
    charge: Charge,
}

impl Living {
    pub const fn new() -> Self {
        Self { settled: Vars::new(), late: RefCell::new(Vec::new()), charge: Charge::new() }
    }

    /// The value a variable has; one that an expression set lately is copied.
    #[inline]
    pub fn get<'a>(&'a self, id: u32, arena: &'a Bump) -> Option<Value<'a>> {
        if let Ok(late) = self.late.try_borrow()
            && let Some((_, value)) = late.iter().find(|(have, _)| *have == id)
        {
            return value.as_ref().map(|v| v.borrow().copied(arena));
        }
        self.settled.get(id)
    }

    /// Sets or unsets a variable from within an expression.
    pub fn put(&self, id: u32, value: Option<Owned>) {
        let Ok(mut late) = self.late.try_borrow_mut() else { return };
        match late.iter_mut().find(|(have, _)| *have == id) {
            Some((_, slot)) => *slot = value,
            None => late.push((id, value)),
        }
    }

    pub fn set(&mut self, id: u32, value: Owned) {
        self.settle().set(id, value);
    }

    pub fn unset(&mut self, id: u32) {
        self.settle().unset(id);
    }

    pub fn clear(&mut self) {
        self.late.get_mut().clear();
        self.settled.clear();
        self.charge.release();
    }

    /// Visits each variable.
    pub fn each(&self, visit: &mut dyn FnMut(u32, Value<'_>)) {
        let Ok(late) = self.late.try_borrow() else { return };
        for (id, value) in &self.settled.0 {
            if !late.iter().any(|(other, _)| other == id) {
                visit(*id, value.borrow());
            }
        }
        for (id, value) in late.iter() {
            if let Some(value) = value {
                visit(*id, value.borrow());
            }
        }
    }

    /// What they count for under [`Limits`].
    pub fn size(&self) -> u64 {
        let Ok(late) = self.late.try_borrow() else { return 0 };
        let settled = self.settled.0.iter().filter(|(id, _)| !late.iter().any(|(other, _)| other == id));
        let late = late.iter().filter_map(|(_, value)| value.as_ref());
        settled.map(|(_, value)| value).chain(late).map(|value| OWN_SIZE + size_of(value.borrow())).sum()
    }

    /// Takes what they count for now into the sum of all.
    pub fn charge(&self, sum: &Arc<AtomicU64>) {
        self.charge.become_size(self.size(), sum);
    }

    /// Makes it the same as another list.
    pub fn copy_from(&mut self, other: &Self) {
        self.clear();
        other.each(&mut |id, value| self.settled.set(id, value.to_owned()));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.settled.is_empty() && self.late.try_borrow().is_ok_and(|late| late.is_empty())
    }

    /// Takes over what was set lately.
    fn settle(&mut self) -> &mut Vars {
        for (id, value) in self.late.get_mut().drain(..) {
            match value {
                Some(value) => self.settled.set(id, value),
                None => self.settled.unset(id),
            }
        }
        &mut self.settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_taken_off_again() {
        let sum = Arc::new(AtomicU64::new(5));
        let mut vars = Living::new();
        vars.set(1, Owned::Sint(1));
        vars.charge(&sum);
        vars.put(2, Some(Owned::Str((*b"abc").into())));
        vars.put(1, None);
        vars.charge(&sum);
        assert_eq!((sum.load(Relaxed), vars.size()), (5 + OWN_SIZE + 3, OWN_SIZE + 3));
        vars.clear();
        assert_eq!(sum.load(Relaxed), 5);
        vars.set(1, Owned::Sint(1));
        vars.charge(&sum);
        drop(vars);
        assert_eq!(sum.load(Relaxed), 5);
    }

    #[test]
    fn what_expressions_set_is_in_force_at_once() {
        let arena = Bump::new();
        let mut vars = Living::new();
        vars.set(1, Owned::Sint(1));
        vars.put(1, Some(Owned::Str((*b"x").into())));
        vars.put(2, Some(Owned::Sint(2)));
        assert_eq!(vars.get(1, &arena), Some(Value::Str(b"x")));
        vars.put(1, None);
        assert_eq!(vars.get(1, &arena), None);
        vars.set(3, Owned::Sint(3));
        assert_eq!((vars.get(1, &arena), vars.get(2, &arena)), (None, Some(Value::Sint(2))));
        vars.clear();
        assert_eq!((vars.get(2, &arena), vars.get(3, &arena)), (None, None));
    }
}
