//! The timer wheel: who must be looked at, and when. Knows owners by number only and keeps no deadlines: an
//! owner whose bucket comes due is asked for its deadline, and is put back if that lies ahead. So a deadline
//! that moves later costs its owner one store and the wheel nothing.
//!
//! Seven levels of 64 buckets; a tick is 2^20 ns (1.05 ms). A level's bucket spans 64 times the one below, so
//! a far deadline is looked at a few times on its way down.

const TICK_BITS: u32 = 20;
const LEVEL_BITS: u32 = 6;
const SLOTS: usize = 1 << LEVEL_BITS;
const LEVELS: usize = 7;
const LAST_TICK: u64 = (1 << (LEVEL_BITS * LEVELS as u32)) - 1;

/// No node.
pub(crate) const NONE: u32 = u32::MAX;

/// What becomes of an owner whose bucket came due.
pub(crate) enum Verdict {
    /// It needs no more looking at; its node is gone.
    Done,
    /// Look again at this time (ns). Tells the owner its new due time by [`Wheel::advance`]'s second
    /// callback.
    Again(u64),
}

struct Node {
    owner: u32,
    next: u32,
    prev: u32,
    /// `level * 64 + slot`.
    bucket: u32,
}

/// When a deadline (ns) is looked at if it is near: at the end of its tick (ns).
pub(crate) fn tick_of(deadline: u64) -> u64 {
    (deadline.saturating_add((1 << TICK_BITS) - 1) >> TICK_BITS).saturating_mul(1 << TICK_BITS)
}

pub(crate) struct Wheel {
    /// Everything up to this tick has been looked at.
    elapsed: u64,
    nodes: Vec<Node>,
    free: u32,
    heads: [u32; LEVELS * SLOTS],
    occupied: [u64; LEVELS],
}

impl Wheel {
    pub(crate) fn new(now: u64) -> Wheel {
        Wheel {
            elapsed: now >> TICK_BITS,
            nodes: Vec::new(),
            free: NONE,
            heads: [NONE; LEVELS * SLOTS],
            occupied: [0; LEVELS],
        }
    }

    /// Enters `owner`; gives its node and the time (ns) at which it will be looked at, at the latest a tick
    /// after `deadline` (ns).
    pub(crate) fn insert(&mut self, owner: u32, deadline: u64) -> (u32, u64) {
        let node = Node { owner, next: NONE, prev: NONE, bucket: 0 };
        let id = self.free;
        let id = match self.nodes.get_mut(id as usize) {
            Some(free) => {
                self.free = free.next;
                *free = node;
                id
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        };
        (id, self.link(id, deadline))
    }

    /// Moves a node to another deadline; gives the time at which it will be looked at.
    pub(crate) fn relink(&mut self, id: u32, deadline: u64) -> u64 {
        self.unlink(id);
        self.link(id, deadline)
    }

    /// Takes a node out.
    pub(crate) fn remove(&mut self, id: u32) {
        self.unlink(id);
        self.release(id);
    }

    /// When the next bucket comes due (ns).
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.next_bucket().map(|(_, tick)| tick << TICK_BITS)
    }

    /// Looks at every owner whose bucket came due by `now` (ns): `judge` says what becomes of it, `placed`
    /// hears the new due time of one that stays.
    pub(crate) fn advance(
        &mut self,
        now: u64,
        mut judge: impl FnMut(u32) -> Verdict,
        mut placed: impl FnMut(u32, u64),
    ) {
        let target = now >> TICK_BITS;
        while let Some((bucket, tick)) = self.next_bucket() {
            if tick > target {
                break;
            }
            self.elapsed = tick;
            let mut id = self.take_bucket(bucket);
            while let Some(node) = self.nodes.get(id as usize) {
                let (owner, next) = (node.owner, node.next);
                match judge(owner) {
                    Verdict::Done => self.release(id),
                    Verdict::Again(deadline) => {
                        let due = self.link(id, deadline);
                        placed(owner, due);
                    }
                }
                id = next;
            }
        }
        self.elapsed = self.elapsed.max(target);
    }

    fn link(&mut self, id: u32, deadline: u64) -> u64 {
        let up = tick_of(deadline) >> TICK_BITS;
        let tick = up.clamp(self.elapsed + 1, LAST_TICK.max(self.elapsed + 1));
        // The level is that of the highest group of bits in which the tick differs from the present: in all
        // groups above, the bucket lies in the present's own span, so buckets of a level never wrap.
        let differ = (self.elapsed ^ tick) | 1;
        let level = ((63 - differ.leading_zeros()) / LEVEL_BITS).min(LEVELS as u32 - 1);
        let slot = (tick >> (level * LEVEL_BITS)) & (SLOTS as u64 - 1);
        let bucket = level * SLOTS as u32 + slot as u32;
        let head = self.heads.get(bucket as usize).copied().unwrap_or(NONE);
        if let Some(node) = self.nodes.get_mut(id as usize) {
            (node.next, node.prev, node.bucket) = (head, NONE, bucket);
        }
        if let Some(second) = self.nodes.get_mut(head as usize) {
            second.prev = id;
        }
        self.set_head(bucket, id);
        (tick >> (level * LEVEL_BITS) << (level * LEVEL_BITS)) << TICK_BITS
    }

    fn unlink(&mut self, id: u32) {
        let Some(node) = self.nodes.get(id as usize) else { return };
        let (next, prev, bucket) = (node.next, node.prev, node.bucket);
        if let Some(after) = self.nodes.get_mut(next as usize) {
            after.prev = prev;
        }
        match self.nodes.get_mut(prev as usize) {
            Some(before) => before.next = next,
            None => self.set_head(bucket, next),
        }
    }

    fn release(&mut self, id: u32) {
        if let Some(node) = self.nodes.get_mut(id as usize) {
            node.next = self.free;
            self.free = id;
        }
    }

    fn set_head(&mut self, bucket: u32, id: u32) {
        if let Some(head) = self.heads.get_mut(bucket as usize) {
            *head = id;
        }
        let (level, slot) = (bucket as usize / SLOTS, bucket % SLOTS as u32);
        if let Some(bits) = self.occupied.get_mut(level) {
            *bits = if id == NONE { *bits & !(1 << slot) } else { *bits | 1 << slot };
        }
    }

    fn take_bucket(&mut self, bucket: u32) -> u32 {
        let head = self.heads.get(bucket as usize).copied().unwrap_or(NONE);
        self.set_head(bucket, NONE);
        head
    }

    /// The earliest occupied bucket and the tick at which it begins. Lower levels always come due first.
    fn next_bucket(&self) -> Option<(u32, u64)> {
        let (level, bits) = self.occupied.iter().enumerate().find(|(_, bits)| **bits != 0)?;
        let (level, slot) = (level as u32, bits.trailing_zeros());
        let above = (level + 1) * LEVEL_BITS;
        let tick = (self.elapsed >> above << above) | u64::from(slot) << (level * LEVEL_BITS);
        Some((level * SLOTS as u32 + slot, tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Runs a wheel through every due time and notes when each owner's deadline was met.
    fn fire_times(wheel: &mut Wheel, deadlines: &[u64]) -> Vec<u64> {
        let mut fired = vec![0; deadlines.len()];
        while let Some(due) = wheel.next_due() {
            let judge = |owner: u32| {
                let deadline = deadlines[owner as usize];
                if deadline <= due {
                    fired[owner as usize] = due;
                    Verdict::Done
                } else {
                    Verdict::Again(deadline)
                }
            };
            wheel.advance(due, judge, |_, _| {});
        }
        fired
    }

    #[test]
    fn fires_within_a_tick_at_every_distance() {
        let mut seed = 7u64;
        for start in [0, 123_456_789_012, (1 << 50) - 3 * MS] {
            let mut wheel = Wheel::new(start);
            let mut deadlines = Vec::new();
            for owner in 0..2000u32 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                deadlines.push(start + (seed >> 24) % (1 << (20 + seed % 33)));
                wheel.insert(owner, deadlines[owner as usize]);
            }
            for (deadline, fired) in deadlines.iter().zip(fire_times(&mut wheel, &deadlines)) {
                assert!(fired >= *deadline && fired - deadline <= 2 << TICK_BITS, "{deadline} {fired}");
            }
        }
    }

    #[test]
    fn moves_and_removes() {
        let mut wheel = Wheel::new(0);
        let (a, _) = wheel.insert(0, 10_000 * MS);
        let (b, _) = wheel.insert(1, 5 * MS);
        let (c, _) = wheel.insert(2, 5 * MS);
        wheel.remove(b);
        assert!(wheel.relink(a, 3 * MS) >= 3 * MS);
        assert_eq!(fire_times(&mut wheel, &[3 * MS, 0, 5 * MS]).iter().filter(|t| **t > 0).count(), 2);
        assert_eq!(wheel.next_due(), None);
        let (again, _) = wheel.insert(3, 1);
        assert!([a, b, c].contains(&again), "nodes are reused");
    }

    #[test]
    fn deadline_in_the_past_fires_next_tick() {
        let mut wheel = Wheel::new(1000 * MS);
        wheel.insert(0, 1);
        assert!(wheel.next_due().unwrap() <= 1002 * MS);
    }
}
