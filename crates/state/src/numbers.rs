//! Numbers that tell apart what lives in the process, over changes of the configuration. Some are never given twice;
//! others are given again when their holder is gone, since lists are kept by them.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A number that nothing else in the process has or had.
pub fn unique() -> u32 {
    NEXT.fetch_add(1, Relaxed)
}

/// Numbers of which those come back that aren't needed any more.
#[derive(Debug, Default)]
pub struct Numbers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// All from here on are free.
    next: u32,
    returned: Vec<u32>,
}

/// A number that is held until this is dropped.
#[derive(Debug)]
pub struct Held {
    number: u32,
    of: Arc<Numbers>,
}

impl Numbers {
    /// The lowest numbers, up to this one, are somebody's for ever.
    pub fn reserve(&self, up_to: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.next = state.next.max(up_to.saturating_add(1));
    }

    /// Takes a number.
    pub fn take(self: &Arc<Self>) -> Held {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.returned.pop().unwrap_or_else(|| {
            let next = state.next;
            state.next += 1;
            next
        });
        Held { number, of: Arc::clone(self) }
    }
}

impl Held {
    pub const fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).returned.push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_given_again() {
        let numbers = Arc::new(Numbers::default());
        numbers.reserve(6);
        let (first, second) = (numbers.take(), numbers.take());
        assert_eq!((first.number(), second.number()), (7, 8));
        drop(first);
        assert_eq!(numbers.take().number(), 7);
        assert!(unique() != unique());
    }
}
