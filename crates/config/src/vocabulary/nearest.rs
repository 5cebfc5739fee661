//! What was probably meant by a word nobody knows.

/// The longest word worth comparing; anything longer is no misspelling of a keyword.
const MAX_LEN: usize = 64;

/// The most names looked at: a hostile file could declare thousands and misspell each.
const MAX_NAMES: usize = 1024;

/// The name nearest to `word`, if one is near enough to be worth saying.
///
/// Near is: few letters added, lost, changed or swapped for the length of the word; or one of both words
/// starting or ending with the other.
pub fn nearest<'a>(word: &[u8], names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() < 2 || word.len() > MAX_LEN {
        return None;
    }
    let limit = word.len().div_ceil(3);
    let mut best: Option<(usize, &str)> = None;
    for name in names.into_iter().take(MAX_NAMES) {
        let name_bytes = name.trim_end_matches('*').as_bytes();
        let mut score = distance(word, name_bytes, limit * 2 + 1);
        if score > limit * 2 && contained(word, name_bytes) {
            // Worse than any misspelling within the limit, better the less is missing.
            score = limit * 2 + 1 + name_bytes.len().abs_diff(word.len());
        } else if score > limit * 2 || name_bytes.len() <= limit {
            continue;
        }
        if best.is_none_or(|(least, _)| score < least) {
            best = Some((score, name.trim_end_matches('*')));
        }
    }
    best.map(|(_, name)| name)
}

fn contained(word: &[u8], name: &[u8]) -> bool {
    let (short, long) = if word.len() < name.len() { (word, name) } else { (name, word) };
    short.len() >= 4 && (long.starts_with(short) || long.ends_with(short))
}

/// What it costs to leave out, add or change a letter; half as much between `-`, `_` and `.`.
fn weight(byte: u8) -> usize {
    if matches!(byte, b'-' | b'_' | b'.') { 1 } else { 2 }
}

/// Twice the letters to add, drop, change or swap to turn one word into the other; `cap` means that or more.
fn distance(a: &[u8], b: &[u8], cap: usize) -> usize {
    if a.len().abs_diff(b.len()) >= cap || b.len() > MAX_LEN {
        return cap;
    }
    let mut rows = [[0usize; MAX_LEN + 1]; 3];
    let [before, last, this] = &mut rows;
    let mut sum = 0;
    for (j, slot) in last.iter_mut().enumerate() {
        *slot = sum;
        sum += b.get(j).copied().map_or(2, weight);
    }
    let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(cap);
    for (i, &x) in a.iter().enumerate() {
        let swap_from = i.checked_sub(1).and_then(|p| a.get(p)).copied();
        let mut left = at(last, 0) + weight(x);
        if let Some(slot) = this.first_mut() {
            *slot = left;
        }
        for (j, &y) in b.iter().enumerate() {
            let change = if x == y { 0 } else { weight(x).max(weight(y)) };
            let drop = at(last, j + 1) + weight(x);
            let mut cost = (at(last, j) + change).min(drop).min(left + weight(y));
            if j > 0 && swap_from == Some(y) && b.get(j - 1) == Some(&x) {
                cost = cost.min(at(before, j - 1) + 2);
            }
            if let Some(slot) = this.get_mut(j + 1) {
                *slot = cost;
            }
            left = cost;
        }
        std::mem::swap(before, last);
        std::mem::swap(last, this);
    }
    at(last, b.len()).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::SectionKind;
    use crate::vocabulary::{OPTIONS, SERVER, names};

    #[test]
    fn misspellings_find_their_word() {
        for (word, meant) in [
            ("maxcon", "maxconn"),
            ("max-conn", "maxconn"),
            ("deamon", "daemon"),
            ("tune.bufsiz", "tune.bufsize"),
            ("lua-loa", "lua-load"),
            ("mode", "node"),
            ("quit", "quiet"),
            ("hard-stop", "hard-stop-after"),
            ("ca_base", "ca-base"),
            ("spread-check", "spread-checks"),
            ("no-poll", "nopoll"),
            ("ssl-default-bind-optoins", "ssl-default-bind-options"),
            ("chrot", "chroot"),
        ] {
            assert_eq!(nearest(word.as_bytes(), names(SectionKind::Global)), Some(meant), "{word}");
        }
        assert_eq!(nearest(b"bindd", names(SectionKind::Listen)), Some("bind"));
        assert_eq!(nearest(b"chek", SERVER.iter().map(|p| p.name)), Some("check"));
        assert_eq!(nearest(b"htplog", OPTIONS.iter().map(|p| p.name)), Some("httplog"));
    }

    #[test]
    fn nonsense_finds_nothing() {
        for word in ["foo", "zzz", "xyzzy", "a", "tune.foo", ""] {
            assert_eq!(nearest(word.as_bytes(), names(SectionKind::Global)), None, "{word}");
        }
        assert_eq!(nearest(&[b'a'; 500], names(SectionKind::Global)), None);
    }
}
