//! Comparing text by its beginning, end, middle, or whole words between delimiters (manual 7.1.3).

use super::MatchKind;

/// Whether `text` matches `pattern` by the method. `beg`, `end` and `sub` compare plainly; `dir` and `dom` look for
/// the pattern as a whole word between delimiters.
pub(super) fn matches(kind: MatchKind, text: &[u8], pattern: &[u8]) -> bool {
    match kind {
        MatchKind::Beg => text.starts_with(pattern),
        MatchKind::End => text.ends_with(pattern),
        MatchKind::Sub => memchr::memmem::find(text, pattern).is_some(),
        MatchKind::Dir => word(text, pattern, b"/?"),
        MatchKind::Dom => word(text, pattern, b"/?.:"),
        _ => text == pattern,
    }
}

/// Whether `pattern`, without delimiters around it, stands in `text` between delimiters or its ends.
fn word(text: &[u8], pattern: &[u8], delimiters: &[u8]) -> bool {
    let pattern = strip(pattern, delimiters);
    if pattern.is_empty() {
        return false;
    }
    memchr::memmem::find_iter(text, pattern).any(|at| {
        let before = at.checked_sub(1).and_then(|i| text.get(i));
        let after = text.get(at + pattern.len());
        let edge = |c: Option<&u8>| c.is_none_or(|c| delimiters.contains(c));
        edge(before) && edge(after)
    })
}

fn strip<'a>(mut text: &'a [u8], delimiters: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = text {
        if !delimiters.contains(first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !delimiters.contains(last) {
            break;
        }
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert!(matches(MatchKind::Dir, b"/static/img/a.png", b"img"));
        assert!(matches(MatchKind::Dir, b"/static/img/a.png", b"/static/img/"));
        assert!(!matches(MatchKind::Dir, b"/static/images/a.png", b"img"));
        assert!(matches(MatchKind::Dom, b"www.example.com:80", b"example.com"));
        assert!(!matches(MatchKind::Dom, b"www.badexample.com", b"example.com"));
        assert!(!matches(MatchKind::Dom, b"www", b"."));
    }

    #[test]
    fn ends_and_middles() {
        assert!(matches(MatchKind::Beg, b"/api/v1", b"/api"));
        assert!(matches(MatchKind::End, b"a.png", b".png"));
        assert!(matches(MatchKind::Sub, b"abcdef", b"cd"));
        assert!(matches(MatchKind::Sub, b"abc", b""));
    }
}
