//! The static table (RFC 7541 appendix A) and the dynamic one.

use std::collections::VecDeque;

use super::OVERHEAD;
use crate::known::Known;

/// The static table, from index 1 on.
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// The index of a name in the static table, 0 for one without.
pub const fn static_index(name: Known) -> u8 {
    match name {
        Known::Accept => 19,
        Known::AcceptEncoding => 16,
        Known::AcceptLanguage => 17,
        Known::Age => 21,
        Known::Authorization => 23,
        Known::CacheControl => 24,
        Known::ContentEncoding => 26,
        Known::ContentLength => 28,
        Known::ContentType => 31,
        Known::Cookie => 32,
        Known::Date => 33,
        Known::Etag => 34,
        Known::Expect => 35,
        Known::Expires => 36,
        Known::Host => 38,
        Known::IfMatch => 39,
        Known::IfModifiedSince => 40,
        Known::IfNoneMatch => 41,
        Known::LastModified => 44,
        Known::Location => 46,
        Known::ProxyAuthenticate => 48,
        Known::ProxyAuthorization => 49,
        Known::Range => 50,
        Known::Referer => 51,
        Known::Server => 54,
        Known::SetCookie => 55,
        Known::StrictTransportSecurity => 56,
        Known::UserAgent => 58,
        Known::Vary => 59,
        Known::Via => 60,
        Known::WwwAuthenticate => 61,
        _ => 0,
    }
}

/// Where an entry stands in the table's bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    name: usize,
    value: usize,
}

impl Entry {
    const fn size(self) -> usize {
        self.name + self.value + OVERHEAD
    }
}

/// The dynamic table: entries in one buffer, the newest at the end.
#[derive(Debug)]
pub(super) struct Table {
    bytes: Vec<u8>,
    entries: VecDeque<Entry>,
    size: usize,
    max: usize,
}

impl Table {
    pub(super) const fn new(max: usize) -> Table {
        Table { bytes: Vec::new(), entries: VecDeque::new(), size: 0, max }
    }

    /// The entry at an index of both tables together (RFC 7541 section 2.3.3).
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        if let Some((name, value)) = STATIC.get(index.checked_sub(1)?) {
            return Some((name.as_bytes(), value.as_bytes()));
        }
        let from_newest = index - 1 - STATIC.len();
        let entry = self.entries.get(self.entries.len().checked_sub(from_newest + 1)?)?;
        let name = self.bytes.get(entry.start..entry.start + entry.name)?;
        let value = entry.start + entry.name;
        Some((name, self.bytes.get(value..value + entry.value)?))
    }

    /// Adds an entry; one that is larger than the table empties it (RFC 7541 section 4.4).
    pub(super) fn add(&mut self, name: &[u8], value: &[u8]) {
        let entry = Entry { start: self.bytes.len(), name: name.len(), value: value.len() };
        self.evict(self.max.saturating_sub(entry.size()));
        if entry.size() > self.max {
            return;
        }
        // What was evicted lies in front: it goes once it is as much as the table may hold.
        if self.bytes.len() > 2 * self.max {
            let first = self.entries.front().map_or(self.bytes.len(), |entry| entry.start);
            self.bytes.drain(..first);
            self.entries.iter_mut().for_each(|entry| entry.start -= first);
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.size += entry.size();
        self.entries.push_back(Entry { start, ..entry });
    }

    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.evict(max);
    }

    fn evict(&mut self, most: usize) {
        while self.size > most
            && let Some(oldest) = self.entries.pop_front()
        {
            self.size -= oldest.size();
        }
        if self.entries.is_empty() {
            self.bytes.clear();
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_stand_where_they_are_said_to() {
        let mut found = 0;
        for (at, (name, _)) in STATIC.iter().enumerate() {
            let known = Known::of(name.as_bytes());
            if static_index(known) != 0 {
                assert_eq!(usize::from(static_index(known)), at + 1, "{name}");
                found += 1;
            }
        }
        assert_eq!(found, 31);
    }

    #[test]
    fn old_entries_make_room_for_new_ones() {
        let mut table = Table::new(100);
        for n in 0..1000u32 {
            table.add(b"name", format!("{n:04}").as_bytes());
            assert!(table.bytes.len() <= 300);
        }
        assert_eq!(table.get(62), Some((&b"name"[..], &b"0999"[..])));
        assert_eq!(table.get(63), Some((&b"name"[..], &b"0998"[..])));
        assert_eq!((table.get(64), table.get(0), table.size()), (None, None, 80));
        table.add(&[b'x'; 80], b"");
        assert_eq!((table.get(62), table.size()), (None, 0));
    }
}
