//! What was captured of a message's headers, by slot (manual 4.2 "capture request header", "declare capture").

use std::cell::RefCell;

use sample::Bump;

/// The slots of one side. Expressions may fill them while others borrow from them: what they put is kept beside.
#[derive(Debug, Default)]
pub struct Captured {
    settled: Vec<Option<Box<[u8]>>>,
    late: RefCell<Vec<(usize, Box<[u8]>)>>,
}

impl Captured {
    pub const fn new() -> Self {
        Self { settled: Vec::new(), late: RefCell::new(Vec::new()) }
    }

    /// What a slot holds.
    pub fn get<'a>(&'a self, slot: usize, arena: &'a Bump) -> Option<&'a [u8]> {
        if let Ok(late) = self.late.try_borrow()
            && let Some((_, text)) = late.iter().find(|(have, _)| *have == slot)
        {
            return Some(arena.alloc_slice_copy(text));
        }
        self.settled.get(slot)?.as_deref()
    }

    /// Fills a slot from within an expression.
    pub fn put(&self, slot: usize, text: &[u8]) {
        let Ok(mut late) = self.late.try_borrow_mut() else { return };
        match late.iter_mut().find(|(have, _)| *have == slot) {
            Some((_, kept)) => *kept = text.into(),
            None => late.push((slot, text.into())),
        }
    }

    pub fn set(&mut self, slot: usize, text: Option<Box<[u8]>>) {
        self.late.get_mut().retain(|(have, _)| *have != slot);
        if self.settled.len() <= slot {
            self.settled.resize(slot + 1, None);
        }
        if let Some(kept) = self.settled.get_mut(slot) {
            *kept = text;
        }
    }

    pub fn push(&mut self, text: Option<Box<[u8]>>) {
        self.settled.push(text);
    }

    pub fn clear(&mut self) {
        self.late.get_mut().clear();
        self.settled.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_counts() {
        let arena = Bump::new();
        let mut captured = Captured::new();
        captured.push(Some((*b"a").into()));
        captured.put(0, b"b");
        captured.put(2, b"c");
        assert_eq!(captured.get(0, &arena), Some(&b"b"[..]));
        assert_eq!((captured.get(1, &arena), captured.get(2, &arena)), (None, Some(&b"c"[..])));
        captured.set(0, Some((*b"d").into()));
        assert_eq!(captured.get(0, &arena), Some(&b"d"[..]));
    }
}
