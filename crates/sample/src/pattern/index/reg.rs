//! Regular expressions (manual 7.1.4), the first in the order of the list wins. A few are tried one by one; many are
//! compiled into sets, each of which says in one pass over the text which of its expressions match; those that no set takes
//! stand between them. The size of what is compiled is bounded, and so is the time of a search.

use regex::bytes::{RegexSet, RegexSetBuilder, SetMatches};

use super::super::regex::{BYTES, Regex, spelled};
use super::super::{Entries, PatternError, View};
use super::{Hit, keys};

/// So many are tried one by one.
const FEW: usize = 4;
/// So many go into one set.
const SET: usize = 128;

#[derive(Debug)]
pub(in super::super) struct Regexes {
    /// Each by itself: where there are few, and where groups are asked for.
    each: Box<[Regex]>,
    sets: Box<[Set]>,
}

/// Expressions in a row.
#[derive(Debug)]
struct Set {
    first: u32,
    regexes: Several,
}

#[derive(Debug)]
enum Several {
    Set(RegexSet),
    /// One that no set takes.
    One(Regex),
}

impl Several {
    fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Set(set) => set.is_match(text),
            Self::One(regex) => regex.is_match(text),
        }
    }

    /// The first of those that match, by their positions, that `wanted` takes.
    fn first(&self, text: &[u8], wanted: impl Fn(usize) -> bool) -> Option<usize> {
        match self {
            Self::Set(set) => SetMatches::iter(&set.matches(text)).find(|at| wanted(*at)),
            Self::One(_) => wanted(0).then_some(0),
        }
    }
}

impl Regexes {
    pub(super) fn new(entries: &Entries, view: View) -> Result<Self, (u32, PatternError)> {
        let few = entries.len() <= FEW;
        let each = if few || view.groups {
            let compiled = keys(entries).map(|(at, key)| Regex::new(key, view.fold).map_err(|e| (at, e)));
            compiled.collect::<Result<_, _>>()?
        } else {
            Box::default()
        };
        let mut sets = Vec::new();
        if !few {
            let all: Vec<(u32, &[u8])> = keys(entries).collect();
            for chunk in all.chunks(SET) {
                compile(chunk, view.fold, &mut sets)?;
            }
        }
        Ok(Self { each, sets: sets.into() })
    }

    pub(super) fn find(&self, s: &[u8], alive: impl Fn(u32) -> bool) -> Option<Hit> {
        if self.sets.is_empty() {
            let mut each = (0u32..).zip(&self.each);
            return each.find(|(at, r)| r.is_match(s) && alive(*at)).map(|(at, _)| Hit::plain(at));
        }
        // The set's cheapest question first: most texts match nothing.
        let mut matching = self.sets.iter().filter(|set| set.regexes.is_match(s));
        matching.find_map(|set| {
            let at = |i| set.first + u32::try_from(i).unwrap_or(u32::MAX);
            set.regexes.first(s, |i| alive(at(i))).map(|i| Hit::plain(at(i)))
        })
    }

    pub(super) fn one(&self, at: u32) -> Option<&Regex> {
        self.each.get(at as usize)
    }
}

/// Compiles expressions in a row into one set, or into several where one would be too large.
fn compile(row: &[(u32, &[u8])], fold: bool, sets: &mut Vec<Set>) -> Result<(), (u32, PatternError)> {
    let Some((first, key)) = row.first() else { return Ok(()) };
    let mut builder = RegexSetBuilder::new(row.iter().map(|(_, key)| spelled(key)));
    let built = builder.unicode(false).case_insensitive(fold).size_limit(BYTES).build();
    match (built, row.len()) {
        (Ok(set), _) => sets.push(Set { first: *first, regexes: Several::Set(set) }),
        // Alone it says what is wrong with it, if it isn't only that it runs in another way.
        (Err(_), 1) => {
            let regex = Regex::new(key, fold).map_err(|error| (*first, error))?;
            sets.push(Set { first: *first, regexes: Several::One(regex) });
        }
        (Err(_), len) => {
            let (left, right) = row.split_at(len / 2);
            compile(left, fold, sets)?;
            compile(right, fold, sets)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::{MatchKind, PatternError, View};
    use super::*;

    fn regexes(patterns: &[&str], groups: bool) -> Result<Regexes, (u32, PatternError)> {
        let pairs = (0..).zip(patterns).map(|(order, p)| (order, p.as_bytes(), b"".as_slice()));
        let view = View { groups, ..View::new(MatchKind::Reg, false) };
        Regexes::new(&Entries::from_pairs(pairs).unwrap(), view)
    }

    #[test]
    fn of_many_the_first_that_is_there() {
        let patterns: Vec<String> = (0..300).map(|n| format!("^p{n}(x*)")).collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let many = regexes(&patterns, true).unwrap();
        let find = |text: &str, gone: u32| many.find(text.as_bytes(), |at| at != gone).map(|hit| hit.at);
        assert_eq!([find("p250x", 999), find("p250x", 2), find("q", 0)], [Some(2), Some(25), None]);
        let groups = many.one(25).and_then(|r| r.captures(b"p25xx")).unwrap();
        assert_eq!(groups.get(1), Some(b"xx".as_slice()));
    }

    #[test]
    fn those_that_look_around_keep_their_place() {
        let many = regexes(&["^a1", "^a2", "^(?!a3)a[0-9]", "^a.", "^b", "^(?=c)", "^c"], false).unwrap();
        let find = |text: &str, gone: u32| many.find(text.as_bytes(), |at| at != gone).map(|hit| hit.at);
        assert_eq!(
            [find("a2", 9), find("a2", 1), find("a3", 9), find("c", 9)],
            [Some(1), Some(2), Some(3), Some(5)]
        );
        assert_eq!([find("c", 5), find("d", 9)], [Some(6), None]);
    }

    #[test]
    fn what_is_wrong_is_told_and_what_is_too_large_refused() {
        let (at, error) = regexes(&["a", "b", "c", "d", "e(", "f", "g("], false).unwrap_err();
        assert_eq!((at, error.0.as_str()), (4, "regex 'e(' is invalid (error=unclosed group)"));
        let (_, error) = regexes(&["((x{1000}){1000}){10}"], false).unwrap_err();
        assert!(error.0.contains("size limit"), "{error:?}");
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        let nested = regexes(&["^(a+)+$", "^(a|a)*b", "(x+x+)+y"], false).unwrap();
        let text = vec![b'a'; 1 << 20];
        assert_eq!(nested.find(&text, |at| at != 0), None);
        assert_eq!(nested.find(&vec![b'x'; 1 << 20], |_| true), None);
    }
}
