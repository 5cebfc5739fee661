//! Variables of one scope: a short list of (number of the name, value). Names were numbered when the configuration
//! was read, so a look-up compares integers.

use sample::{Owned, Value};

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
