//! What was captured of a message's headers, by slot (manual 4.2 "capture request header", "declare capture"). The room
//! for it stays from one message to the next.

use std::cell::RefCell;

use sample::Bump;

/// One text, or none.
#[derive(Debug, Default)]
pub struct Kept {
    is: bool,
    text: Vec<u8>,
}

impl Kept {
    pub const NONE: Self = Self { is: false, text: Vec::new() };

    pub fn get(&self) -> Option<&[u8]> {
        self.is.then_some(self.text.as_slice())
    }

    pub fn set(&mut self, text: Option<&[u8]>) {
        self.clear();
        if let Some(text) = text {
            self.fill(text.iter().copied());
        }
    }

    /// Keeps these bytes.
    pub fn fill(&mut self, text: impl Iterator<Item = u8>) {
        self.text.clear();
        self.text.extend(text);
        self.is = true;
    }

    pub fn clear(&mut self) {
        self.is = false;
        self.text.clear();
    }
}

/// The slots of one side. Expressions may fill them while others borrow from them: what they put is kept beside.
#[derive(Debug, Default)]
pub struct Captured {
    settled: Vec<Kept>,
    /// How many of them have been pushed.
    pushed: usize,
    late: RefCell<Vec<Kept>>,
}

impl Captured {
    pub const fn new() -> Self {
        Self { settled: Vec::new(), pushed: 0, late: RefCell::new(Vec::new()) }
    }

    /// What a slot holds.
    pub fn get<'a>(&'a self, slot: usize, arena: &'a Bump) -> Option<&'a [u8]> {
        if let Ok(late) = self.late.try_borrow()
            && let Some(text) = late.get(slot).and_then(Kept::get)
        {
            return Some(arena.alloc_slice_copy(text));
        }
        self.settled.get(slot)?.get()
    }

    /// Fills a slot from within an expression.
    pub fn put(&self, slot: usize, text: &[u8]) {
        let Ok(mut late) = self.late.try_borrow_mut() else { return };
        if let Some(kept) = at(&mut late, slot) {
            kept.set(Some(text));
        }
    }

    pub fn set(&mut self, slot: usize, text: Option<&[u8]>) {
        if let Some(late) = self.late.get_mut().get_mut(slot) {
            late.clear();
        }
        if let Some(kept) = at(&mut self.settled, slot) {
            kept.set(text);
        }
    }

    /// Fills the next slot.
    pub fn push(&mut self, text: Option<&[u8]>) {
        if let Some(kept) = at(&mut self.settled, self.pushed) {
            kept.set(text);
        }
        self.pushed += 1;
    }

    pub fn clear(&mut self) {
        self.late.get_mut().iter_mut().for_each(Kept::clear);
        self.settled.iter_mut().for_each(Kept::clear);
        self.pushed = 0;
    }
}

/// A slot, with room made for it.
fn at(slots: &mut Vec<Kept>, slot: usize) -> Option<&mut Kept> {
    if slots.len() <= slot {
        slots.resize_with(slot + 1, Kept::default);
    }
    slots.get_mut(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_counts() {
        let arena = Bump::new();
        let mut captured = Captured::new();
        captured.push(Some(b"a"));
        captured.put(0, b"b");
        captured.put(2, b"c");
        assert_eq!(captured.get(0, &arena), Some(&b"b"[..]));
        assert_eq!((captured.get(1, &arena), captured.get(2, &arena)), (None, Some(&b"c"[..])));
        captured.set(0, Some(b"d"));
        assert_eq!(captured.get(0, &arena), Some(&b"d"[..]));
        captured.clear();
        assert_eq!((captured.get(0, &arena), captured.get(2, &arena)), (None, None));
        captured.push(Some(b""));
        assert_eq!((captured.get(0, &arena), captured.get(1, &arena)), (Some(&b""[..]), None));
    }
}
