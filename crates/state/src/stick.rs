//! Persistence by stick tables as a backend is configured for it (manual 4.2 "stick on"), and the keys of one exchange
//! that wait to be stored until its server is known. What is done with them is the engine's business.

use std::fmt::Write as _;

use crate::server::Address;
use crate::table::{Kind, Seen, ServerKey, Table};
use crate::{Backend, Cond, Expr, Server};

/// The stick rules of a backend.
#[derive(Debug, Default)]
pub struct Stick {
    /// Those on requests, in order.
    pub request: Box<[StickRule]>,
    /// `stick store-response`.
    pub response: Box<[StickRule]>,
}

/// A `stick` line.
#[derive(Debug)]
pub struct StickRule {
    pub key: Expr,
    /// Position in `World::tables`.
    pub table: u32,
    pub cond: Option<Cond>,
    /// Whether the entry of the key leads to its server; whether the server is stored there in the end.
    pub matches: bool,
    pub stores: bool,
}

/// Keys that are stored at most for one exchange.
const STORES: usize = 8;

/// Keys that wait for their server: one a table of the request, one of the response.
#[derive(Debug, Default)]
pub struct Pending {
    bytes: Vec<u8>,
    /// A table's position in the World, and where its key ends.
    keys: Vec<(u32, usize)>,
    /// How many of them are of the request.
    of_request: usize,
}

impl Pending {
    /// Whether a key for this table can be taken.
    pub fn has_room(&self, table: u32) -> bool {
        let mut others = self.keys.iter().skip(self.of_request);
        self.keys.len() < STORES && others.all(|(have, _)| *have != table)
    }

    /// What comes now is of the response.
    pub fn respond(&mut self) {
        self.of_request = self.keys.len();
    }

    pub fn push(&mut self, table: u32, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.keys.push((table, self.bytes.len()));
    }

    /// Each table's position with its key.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let mut start = 0;
        self.keys.iter().map(move |(table, end)| {
            let key = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            (*table, key)
        })
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.keys.clear();
        self.of_request = 0;
    }
}

/// The server that an entry remembers: by its name or address if it has that, else by its `id`.
pub fn server_of(backend: &Backend, seen: &Seen<'_>) -> Option<u32> {
    let number = |kind| seen.get(kind, 0, 0).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    let table = seen.table();
    if let Some(name) = number(Kind::ServerKey).and_then(|number| table.servers().name(number)) {
        let mut key = String::new();
        let found = backend.servers.iter().position(|server| {
            write_key(table, server, &mut key);
            key.as_bytes() == &*name
        });
        if let Some(at) = found {
            return u32::try_from(at).ok();
        }
    }
    let id = number(Kind::ServerId)?;
    (0u32..).zip(&backend.servers).find(|(_, server)| server.id == id).map(|(at, _)| at)
}

/// Has an entry remember a server.
pub fn remember(seen: &Seen<'_>, server: &Server, now_ms: u64) {
    let table = seen.table();
    let mut key = String::new();
    write_key(table, server, &mut key);
    seen.touch(now_ms);
    seen.set(Kind::ServerId, 0, u64::from(server.id), now_ms);
    let number = if key.is_empty() { 0 } else { table.servers().number(key.as_bytes()) };
    seen.set(Kind::ServerKey, 0, u64::from(number), now_ms);
}

/// Writes by what a table remembers a server; nothing if it has no address to remember.
fn write_key(table: &Table, server: &Server, key: &mut String) {
    key.clear();
    match (table.server_key, &*server.address()) {
        (ServerKey::Name, _) => key.push_str(&server.name),
        (ServerKey::Address, Address::Inet(address)) => {
            // Writing to a string can't fail.
            let _ = write!(key, "{address}");
        }
        (ServerKey::Address, Address::Unix(path)) => key.push_str(path),
        (ServerKey::Address, Address::Unresolved(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_wait_one_a_table() {
        let mut pending = Pending::default();
        pending.push(3, b"abc");
        pending.push(1, b"");
        pending.push(2, b"de");
        assert!(!pending.has_room(3) && pending.has_room(4));
        pending.respond();
        assert!(pending.has_room(3));
        let kept: Vec<_> = pending.iter().collect();
        assert_eq!(kept, [(3, &b"abc"[..]), (1, b""), (2, b"de")]);
        (10..15).for_each(|table| pending.push(table, b"x"));
        assert!(!pending.has_room(20));
        pending.clear();
        assert!(pending.has_room(3) && pending.iter().next().is_none());
    }
}
