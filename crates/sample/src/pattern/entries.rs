//! The texts of a list: keys and values in one buffer (manual 2.7, 7.1 "-f", 7.3.1 "map").

use super::PatternError;

/// What a line of a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// A key: the whole line.
    One,
    /// A key, then a value.
    Two,
}

/// Where an entry's texts stand in the buffer.
#[derive(Clone, Copy, Debug)]
struct Span {
    key: u32,
    key_len: u32,
    value: u32,
    value_len: u32,
}

/// The places of entries in their list's order.
#[derive(Debug)]
enum Orders {
    /// One after the other, from this one on.
    From(u64),
    /// Ascending.
    Each(Box<[u64]>),
}

/// The entries of one segment, in the order of the list.
#[derive(Debug)]
pub struct Entries {
    text: Box<[u8]>,
    spans: Box<[Span]>,
    orders: Orders,
}

impl Entries {
    /// The entries of a file. Blank lines don't count, nor those that begin with `#`; the file's bytes become the
    /// buffer.
    pub fn from_file(content: Vec<u8>, columns: Columns) -> Result<Self, PatternError> {
        small(content.len())?;
        let mut spans = Vec::with_capacity(content.len() / 16);
        let mut start = 0;
        while start < content.len() {
            let rest = content.get(start..).unwrap_or_default();
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            if let Some(span) = line(rest.get(..len).unwrap_or_default(), start, columns) {
                spans.push(span);
            }
            start += len + 1;
        }
        spans.shrink_to_fit();
        Ok(Self { text: content.into(), spans: spans.into(), orders: Orders::From(0) })
    }

    /// Entries from pairs of key and value with their places, ascending.
    pub fn from_pairs<'a>(
        pairs: impl Iterator<Item = (u64, &'a [u8], &'a [u8])>,
    ) -> Result<Self, PatternError> {
        let (mut text, mut spans, mut orders) = (Vec::new(), Vec::new(), Vec::new());
        for (order, key, value) in pairs {
            small(text.len() + key.len() + value.len())?;
            let span = span(text.len(), key.len(), text.len() + key.len(), value.len());
            text.extend_from_slice(key);
            text.extend_from_slice(value);
            spans.push(span);
            orders.push(order);
        }
        let first = orders.first().copied().unwrap_or(0);
        let in_a_row = (first..).zip(&orders).all(|(a, b)| a == *b);
        let orders = if in_a_row { Orders::From(first) } else { Orders::Each(orders.into()) };
        Ok(Self { text: text.into(), spans: spans.into(), orders })
    }

    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The key of the entry at this position; empty beyond the end.
    #[inline]
    pub fn key(&self, at: u32) -> &[u8] {
        self.spans.get(at as usize).map_or(&[], |s| self.cut(s.key, s.key_len))
    }

    #[inline]
    pub fn value(&self, at: u32) -> &[u8] {
        self.spans.get(at as usize).map_or(&[], |s| self.cut(s.value, s.value_len))
    }

    /// The entry's place in the list: what tells it from all others for as long as it exists.
    #[inline]
    pub fn order(&self, at: u32) -> u64 {
        match &self.orders {
            Orders::From(first) => first + u64::from(at),
            Orders::Each(orders) => orders.get(at as usize).copied().unwrap_or(u64::MAX),
        }
    }

    /// The position of the first entry whose place is not before `order`.
    pub fn position(&self, order: u64) -> u32 {
        let at = match &self.orders {
            Orders::From(first) => usize::try_from(order.saturating_sub(*first)).unwrap_or(usize::MAX),
            Orders::Each(orders) => orders.partition_point(|o| *o < order),
        };
        u32::try_from(at.min(self.spans.len())).unwrap_or(u32::MAX)
    }

    /// The line of the file that the entry came from, from 1.
    pub fn line(&self, at: u32) -> usize {
        let end = self.spans.get(at as usize).map_or(0, |s| s.key as usize);
        let before = self.text.get(..end).unwrap_or_default();
        1 + memchr::memchr_iter(b'\n', before).count()
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let orders = match &self.orders {
            Orders::From(_) => 0,
            Orders::Each(orders) => size_of_val::<[u64]>(orders),
        };
        self.text.len() + size_of_val::<[Span]>(&self.spans) + orders
    }

    #[inline]
    fn cut(&self, at: u32, len: u32) -> &[u8] {
        let (at, len) = (at as usize, len as usize);
        self.text.get(at..at + len).unwrap_or_default()
    }
}

/// Positions in the buffer are of 32 bits.
fn small(bytes: usize) -> Result<(), PatternError> {
    match u32::try_from(bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(PatternError("a list of patterns can't be larger than 4 GiB".to_owned())),
    }
}

fn span(key: usize, key_len: usize, value: usize, value_len: usize) -> Span {
    let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span { key: n(key), key_len: n(key_len), value: n(value), value_len: n(value_len) }
}

/// The entry in a line that begins at `start` of the buffer.
fn line(line: &[u8], start: usize, columns: Columns) -> Option<Span> {
    if line.first() == Some(&b'#') {
        return None;
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blank = |b: &&u8| matches!(**b, b' ' | b'\t');
    let indent = line.iter().take_while(blank).count();
    let text = line.get(indent..).filter(|t| !t.is_empty())?;
    let key = start + indent;
    if columns == Columns::One {
        return Some(span(key, text.len(), key + text.len(), 0));
    }
    let key_len = text.iter().take_while(|b| !blank(b)).count();
    let after = text.get(key_len..).unwrap_or_default();
    let gap = after.iter().take_while(blank).count();
    let value = after.get(gap..).unwrap_or_default();
    let trailing = value.iter().rev().take_while(blank).count();
    Some(span(key, key_len, key + key_len + gap, value.len() - trailing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(content: &str, columns: Columns) -> Vec<(String, String, usize)> {
        let entries = Entries::from_file(content.as_bytes().to_vec(), columns).unwrap();
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        (0..entries.len() as u32)
            .map(|at| (text(entries.key(at)), text(entries.value(at)), entries.line(at)))
            .collect()
    }

    #[test]
    fn lines_of_files() {
        let content = "a  \n\tb\tc\t\r\n \n\n#c\n # d\nlast\r\n  e f \r\ng  h i  \nend";
        let keys: Vec<_> = texts(content, Columns::One).into_iter().map(|(k, _, n)| (k, n)).collect();
        let expected =
            [("a  ", 1), ("b\tc\t", 2), ("# d", 6), ("last", 7), ("e f ", 8), ("g  h i  ", 9), ("end", 10)];
        assert_eq!(keys, expected.map(|(k, n)| (k.to_owned(), n)));
        let pairs: Vec<_> = texts(content, Columns::Two).into_iter().map(|(k, v, _)| (k, v)).collect();
        let expected =
            [("a", ""), ("b", "c"), ("#", "d"), ("last", ""), ("e", "f"), ("g", "h i"), ("end", "")];
        assert_eq!(pairs, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn places() {
        let of = |orders: &[u64]| {
            Entries::from_pairs(orders.iter().map(|o| (*o, b"k".as_slice(), b"v".as_slice()))).unwrap()
        };
        let (row, gaps) = (of(&[5, 6, 7]), of(&[5, 9]));
        assert_eq!((row.order(2), gaps.order(1)), (7, 9));
        assert_eq!((row.position(6), gaps.position(6), gaps.position(10), row.position(0)), (1, 1, 2, 0));
    }
}
