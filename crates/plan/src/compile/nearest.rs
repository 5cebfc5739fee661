//! The nearest known word to a misspelt one.

/// The candidate with the fewest single-letter edits from `word`, if they are few for its length.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = word.len() / 3 + 1;
    candidates
        .into_iter()
        .filter(|c| c.len().abs_diff(word.len()) <= most)
        .map(|c| (distance(word.as_bytes(), c.as_bytes()), c))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, c)| c)
}

/// ` (did you mean 'x'?)`, or nothing.
pub(super) fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |c| format!(" (did you mean '{c}'?)"))
}

/// Levenshtein's distance, in bytes.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (slot, y) in row.iter_mut().skip(1).zip(b) {
            let cost = diagonal + usize::from(x != y);
            diagonal = *slot;
            left = cost.min(left + 1).min(*slot + 1);
            *slot = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_of_the_finger() {
        let known = ["path", "path_beg", "method", "src"];
        assert_eq!(nearest("pathbeg", known), Some("path_beg"));
        assert_eq!(nearest("metod", known), Some("method"));
        assert_eq!(nearest("elephant", known), None);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
    }
}
