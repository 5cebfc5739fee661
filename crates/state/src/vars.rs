//! Variables of one scope: a short list of (number of the name, value). Names were numbered when the configuration
//! was read, so a look-up compares integers.

use std::cell::RefCell;

use sample::{Bump, Owned, Value};

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
}

/// Variables that expressions may set: an expression borrows from what is set, so what a converter sets meanwhile is put
/// beside it until somebody may change the list.
#[derive(Debug, Default)]
pub struct Living {
    settled: Vars,
    /// What was set (or unset) since, each name once; in force before what is settled.
    late: RefCell<Vec<(u32, Option<Owned>)>>,
}

impl Living {
    pub const fn new() -> Self {
        Self { settled: Vars::new(), late: RefCell::new(Vec::new()) }
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
