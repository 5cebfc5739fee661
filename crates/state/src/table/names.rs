//! The names by which a table remembers servers: each has a number, which entries hold.

use std::sync::{Arc, RwLock};

/// Servers a table knows at most; more are not remembered by name.
const NAMES_MAX: usize = 1 << 20;

/// A table's names, from number 1 on.
#[derive(Debug, Default)]
pub struct Names(RwLock<Vec<Arc<[u8]>>>);

impl Names {
    /// The number of a name, given at its first use; 0 if there are too many.
    pub fn number(&self, name: &[u8]) -> u32 {
        let position = |names: &[Arc<[u8]>]| names.iter().position(|known| **known == *name);
        let known = self.0.read().ok().and_then(|names| position(&names));
        let at = known.or_else(|| {
            let mut names = self.0.write().ok()?;
            position(&names).or_else(|| {
                let room = names.len() < NAMES_MAX;
                room.then(|| names.push(name.into())).map(|()| names.len() - 1)
            })
        });
        at.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0)
    }

    /// The name with this number.
    pub fn name(&self, number: u32) -> Option<Arc<[u8]>> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.read().ok()?.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers() {
        let names = Names::default();
        assert_eq!((names.number(b"a"), names.number(b"b"), names.number(b"a")), (1, 2, 1));
        assert_eq!(names.name(2).as_deref(), Some(b"b".as_slice()));
        assert_eq!((names.name(0), names.name(3)), (None, None));
    }
}
