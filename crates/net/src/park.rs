//! Parking lots: idle connections without a task, a few tens of bytes each, and an attendant task that hears
//! when one stirs. Knows nothing of what the connections are kept for.

use crate::kernel::Handle;
use crate::runtime::{self, Rt};
use crate::slot::{BROKEN, ERROR, HUP, NOBODY, PARKED, READ, Watch};
use crate::wheel::{self, Verdict};
use crate::{Sock, Time, task};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

/// Why a parked connection left its lot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It can be read.
    Ready,
    /// The peer ended its direction, or the connection failed. There may be data before the end.
    Hup,
    /// Its deadline passed.
    Expired,
}

/// Where a connection is parked. Stays unique: a key whose connection left opens nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    place: u32,
    generation: u32,
}

/// Idle connections, each with a value of yours. Belongs to the runtime it was made in.
pub struct Lot<T> {
    number: u32,
    places: RefCell<Places<T>>,
}

struct Places<T> {
    list: Vec<Place<T>>,
    free: Vec<u32>,
    len: usize,
}

struct Place<T> {
    content: Option<(Sock, T)>,
    /// The index of its `Entry`.
    entry: u32,
    generation: u32,
}

impl<T> Lot<T> {
    /// An empty lot.
    pub fn new() -> Lot<T> {
        let number = runtime::with(|rt| rt.park.borrow_mut().open_lot()).unwrap_or(u32::MAX);
        let places = Places { list: Vec::new(), free: Vec::new(), len: 0 };
        Lot { number, places: RefCell::new(places) }
    }

    /// Parks a connection. It comes out by [`Lot::take`], or by [`Lot::next`] when it can be read (perhaps at
    /// once), its peer hangs up or `deadline` passes.
    pub fn park(&self, sock: Sock, value: T, deadline: Time) -> Key {
        let state = first_state(&sock);
        let handle = sock.raw();
        let mut places = self.places.borrow_mut();
        let key = places.put((sock, value));
        let entry = Entry { deadline: deadline.0, lot: self.number, key, node: wheel::NONE, state: None };
        let entry = runtime::with(|rt| enter(rt, handle, entry, state));
        if let (Some(place), Some(entry)) = (places.list.get_mut(key.place as usize), entry) {
            place.entry = entry;
        }
        key
    }

    /// Takes a connection back; `None` when it has left the lot.
    pub fn take(&self, key: Key) -> Option<(Sock, T)> {
        let (content, entry) = self.places.borrow_mut().remove(key)?;
        runtime::with(|rt| leave(rt, entry, content.0.raw()));
        Some(content)
    }

    /// The next connection that stirs. One task a lot calls this, its attendant.
    pub async fn next(&self) -> (Sock, T, Why) {
        poll_fn(|_| match self.try_next() {
            Some(left) => Poll::Ready(left),
            None => {
                runtime::with(|rt| rt.park.borrow_mut().attend(self.number, rt.tasks.current()));
                Poll::Pending
            }
        })
        .await
    }

    /// As [`Lot::next`], without waiting.
    pub fn try_next(&self) -> Option<(Sock, T, Why)> {
        loop {
            let stirred = runtime::with(|rt| rt.park.borrow_mut().pop(self.number)).flatten()?;
            let (key, why) = stirred;
            let removed = self.places.borrow_mut().remove(key);
            if let Some(((sock, value), entry)) = removed {
                runtime::with(|rt| leave(rt, entry, sock.raw()));
                return Some((sock, value, why));
            }
        }
    }

    /// How many connections are parked, those that stirred and weren't fetched among them.
    pub fn len(&self) -> usize {
        self.places.borrow().len
    }

    /// Whether none is parked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes any one out, for emptying a lot.
    pub fn take_any(&self) -> Option<(Sock, T)> {
        let key = {
            let places = self.places.borrow();
            let found = places.list.iter().enumerate().find(|(_, place)| place.content.is_some());
            found.map(|(i, place)| Key { place: i as u32, generation: place.generation })?
        };
        self.take(key)
    }
}

impl<T> Default for Lot<T> {
    fn default() -> Lot<T> {
        Lot::new()
    }
}

impl<T> Drop for Lot<T> {
    fn drop(&mut self) {
        let list = std::mem::take(&mut self.places.get_mut().list);
        runtime::with(|rt| {
            for place in &list {
                if let Some((sock, _)) = &place.content {
                    leave(rt, place.entry, sock.raw());
                }
            }
            rt.park.borrow_mut().close_lot(self.number);
        });
    }
}

impl<T> Places<T> {
    fn put(&mut self, content: (Sock, T)) -> Key {
        self.len += 1;
        let free = self.free.pop();
        if let Some(at) = free
            && let Some(place) = self.list.get_mut(at as usize)
        {
            place.content = Some(content);
            return Key { place: at, generation: place.generation };
        }
        self.list.push(Place { content: Some(content), entry: NOBODY, generation: 0 });
        Key { place: self.list.len() as u32 - 1, generation: 0 }
    }

    fn remove(&mut self, key: Key) -> Option<((Sock, T), u32)> {
        let place = self.list.get_mut(key.place as usize).filter(|p| p.generation == key.generation)?;
        let content = place.content.take()?;
        place.generation = place.generation.wrapping_add(1);
        let entry = place.entry;
        self.free.push(key.place);
        self.len -= 1;
        Some((content, entry))
    }
}

/// What is known before the socket is watched: a readable flag may be out of date, so it's settled by a peek.
fn first_state(sock: &Sock) -> Option<Why> {
    let flags = runtime::with(|rt| rt.slots.get(sock.raw()).map(|s| s.flags.get())).flatten()?;
    if flags & (HUP | ERROR | BROKEN) != 0 {
        return Some(Why::Hup);
    }
    if flags & READ == 0 {
        return None;
    }
    match sock.try_peek(&mut [0]) {
        Ok(0) => Some(Why::Hup),
        Ok(_) => Some(Why::Ready),
        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => None,
        Err(_) => Some(Why::Hup),
    }
}

fn enter(rt: &Rt, handle: Handle, entry: Entry, mut state: Option<Why>) -> u32 {
    let deadline = Time(entry.deadline);
    let entry = rt.park.borrow_mut().put(entry);
    if let (None, Some(slot)) = (state, rt.slots.get(handle)) {
        slot.reader.set(entry | PARKED);
        rt.watch(handle, slot, Watch::Read);
        if slot.has(BROKEN) {
            state = Some(Why::Hup);
        }
    }
    match state {
        Some(why) => {
            let attendant = rt.park.borrow_mut().fire(entry, why);
            rt.tasks.wake(attendant.unwrap_or(task::NONE));
        }
        None if !deadline.is_never() => {
            let (node, _) = rt.wheel.borrow_mut().insert(entry | PARKED, deadline.0);
            rt.park.borrow_mut().placed(entry, node);
        }
        None => {}
    }
    entry
}

fn leave(rt: &Rt, entry: u32, handle: Handle) {
    let node = rt.park.borrow_mut().remove(entry);
    if node != wheel::NONE {
        rt.wheel.borrow_mut().remove(node);
    }
    if let Some(slot) = rt.slots.get(handle)
        && slot.reader.get() == entry | PARKED
    {
        slot.reader.set(NOBODY);
    }
}

/// What the runtime knows of all parked connections of all lots.
#[derive(Default)]
pub(crate) struct Park {
    entries: Vec<Entry>,
    free: Vec<u32>,
    lots: Vec<Stirring>,
    free_lots: Vec<u32>,
}

struct Entry {
    deadline: u64,
    lot: u32,
    key: Key,
    node: u32,
    /// Set once it stirs; then it is on its lot's list.
    state: Option<Why>,
}

/// Who of a lot stirred, and who wants to know. What was taken by its key meanwhile is still listed.
#[derive(Default)]
struct Stirring {
    keys: VecDeque<(Key, Why)>,
    attendant: Option<u32>,
}

impl Park {
    /// Marks an entry as stirring; gives the attendant to wake.
    pub(crate) fn fire(&mut self, entry: u32, why: Why) -> Option<u32> {
        let entry = self.entries.get_mut(entry as usize)?;
        if entry.state.replace(why).is_some() {
            return None;
        }
        let lot = self.lots.get_mut(entry.lot as usize)?;
        lot.keys.push_back((entry.key, why));
        lot.attendant.take()
    }

    /// The timer wheel's question.
    pub(crate) fn judge(&mut self, index: u32, now: u64, wake: impl FnOnce(u32)) -> Verdict {
        let Some(entry) = self.entries.get_mut(index as usize) else { return Verdict::Done };
        if entry.state.is_none() && entry.deadline > now {
            return Verdict::Again(entry.deadline);
        }
        entry.node = wheel::NONE;
        if let Some(attendant) = self.fire(index, Why::Expired) {
            wake(attendant);
        }
        Verdict::Done
    }

    fn put(&mut self, entry: Entry) -> u32 {
        let free = self.free.pop();
        if let Some(at) = free
            && let Some(old) = self.entries.get_mut(at as usize)
        {
            *old = entry;
            return at;
        }
        self.entries.push(entry);
        self.entries.len() as u32 - 1
    }

    fn placed(&mut self, entry: u32, node: u32) {
        if let Some(entry) = self.entries.get_mut(entry as usize) {
            entry.node = node;
        }
    }

    /// Gives the node of the entry's timer.
    fn remove(&mut self, index: u32) -> u32 {
        let Some(entry) = self.entries.get(index as usize) else { return wheel::NONE };
        self.free.push(index);
        entry.node
    }

    fn pop(&mut self, lot: u32) -> Option<(Key, Why)> {
        self.lots.get_mut(lot as usize)?.keys.pop_front()
    }

    fn attend(&mut self, lot: u32, task: u32) {
        if let Some(lot) = self.lots.get_mut(lot as usize) {
            lot.attendant = Some(task);
        }
    }

    fn open_lot(&mut self) -> u32 {
        if let Some(number) = self.free_lots.pop() {
            return number;
        }
        self.lots.push(Stirring::default());
        self.lots.len() as u32 - 1
    }

    fn close_lot(&mut self, number: u32) {
        if let Some(lot) = self.lots.get_mut(number as usize) {
            *lot = Stirring::default();
            self.free_lots.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parked_connection_is_small() {
        // Slot, entry, wheel node (4 words) and place, without the value.
        let place = size_of::<Place<()>>();
        assert!(size_of::<crate::slot::Slot>() + size_of::<Entry>() + 16 + place < 100);
    }
}
