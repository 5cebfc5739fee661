//! Regular expressions over bytes, without Unicode classes, as HAProxy's are. Nearly all of them run in time linear in the
//! text. Those that need what only backtracking can do (look-around, references to groups, atomic groups) run by
//! backtracking with a bound: a text that would take longer doesn't match.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use super::PatternError;

/// The most memory that a compiled expression, or a set of them, may take.
pub(super) const BYTES: usize = 4 << 20;
/// How often one search may go back and try something else.
const BACKTRACKS: usize = 100_000;
/// The instructions that an expression which backtracks may have.
const INSTRUCTIONS: usize = 100_000;

/// A compiled regular expression.
#[derive(Clone)]
pub struct Regex(Engine);

#[derive(Clone)]
enum Engine {
    Linear(regex::bytes::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// What the groups of an expression matched.
pub enum Groups<'t> {
    Linear(regex::bytes::Captures<'t>),
    Backtracking(Box<fancy_regex::Captures<'t, [u8]>>),
}

impl Regex {
    /// Compiles it; `fold`: whatever the letters' case.
    pub fn new(pattern: &[u8], fold: bool) -> Result<Self, PatternError> {
        let text = spelled(pattern);
        let linear = regex::bytes::RegexBuilder::new(&text)
            .unicode(false)
            .case_insensitive(fold)
            .size_limit(BYTES)
            .build();
        let error = match linear {
            Ok(regex) => return Ok(Self(Engine::Linear(regex))),
            Err(error) => error,
        };
        // What is too large for one is for the other.
        if matches!(error, regex::Error::Syntax(_))
            && let Ok(regex) = backtracking(&text, fold)
        {
            return Ok(Self(Engine::Backtracking(Box::new(regex))));
        }
        Err(PatternError(format!("regex '{text}' is invalid (error={})", reason(&error.to_string()))))
    }

    pub fn is_match(&self, text: &[u8]) -> bool {
        match &self.0 {
            Engine::Linear(regex) => regex.is_match(text),
            Engine::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }

    /// What its groups match at the first place where it matches.
    pub fn captures<'t>(&'t self, text: &'t [u8]) -> Option<Groups<'t>> {
        match &self.0 {
            Engine::Linear(regex) => regex.captures(text).map(Groups::Linear),
            Engine::Backtracking(regex) => {
                Some(Groups::Backtracking(Box::new(regex.captures(text).ok().flatten()?)))
            }
        }
    }

    /// Calls `visit` for each place where it matches, from left to right, until that says stop.
    pub fn each<'t>(&'t self, text: &'t [u8], visit: &mut dyn FnMut(Groups<'t>) -> ControlFlow<()>) {
        let _ = match &self.0 {
            Engine::Linear(regex) => regex.captures_iter(text).map(Groups::Linear).try_for_each(visit),
            Engine::Backtracking(regex) => regex
                .captures_iter(text)
                .map_while(Result::ok)
                .map(|groups| Groups::Backtracking(Box::new(groups)))
                .try_for_each(visit),
        };
    }
}

impl<'t> Groups<'t> {
    /// What a group matched; 0 is the whole.
    pub fn get(&self, group: usize) -> Option<&'t [u8]> {
        match self {
            Self::Linear(groups) => groups.get(group).map(|found| found.as_bytes()),
            Self::Backtracking(groups) => groups.get(group).map(|found| found.as_bytes()),
        }
    }

    /// Where the whole lies in the text.
    pub fn span(&self) -> Option<(usize, usize)> {
        match self {
            Self::Linear(groups) => groups.get(0).map(|found| (found.start(), found.end())),
            Self::Backtracking(groups) => groups.get(0).map(|found| (found.start(), found.end())),
        }
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            Engine::Linear(regex) => regex.as_str(),
            Engine::Backtracking(regex) => regex.as_str(),
        };
        f.debug_tuple("Regex").field(&text).finish()
    }
}

fn backtracking(text: &str, fold: bool) -> Result<fancy_regex::Regex, fancy_regex::Error> {
    fancy_regex::RegexBuilder::new(text)
        .bytes_mode(fancy_regex::BytesMode::Ascii)
        .case_insensitive(fold)
        .backtrack_limit(BACKTRACKS)
        .delegate_size_limit(BYTES)
        .max_prog_size(INSTRUCTIONS)
        .build()
}

/// A pattern as text: bytes that are no characters by their numbers.
pub(super) fn spelled(pattern: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(pattern) {
        return Cow::Borrowed(text);
    }
    let chunks = pattern.utf8_chunks();
    let numbers = |bytes: &[u8]| bytes.iter().map(|b| format!("\\x{b:02x}")).collect::<String>();
    Cow::Owned(chunks.map(|chunk| format!("{}{}", chunk.valid(), numbers(chunk.invalid()))).collect())
}

/// The last line of what the compiler of regular expressions says: those before it repeat the expression.
fn reason(text: &str) -> &str {
    let last = text.lines().next_back().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &[u8], text: &[u8]) -> bool {
        Regex::new(pattern, false).unwrap().is_match(text)
    }

    #[test]
    fn bytes_are_bytes() {
        assert!(matches(b"^\xe0.$", b"\xe0\xff") && !matches(b"^\xe0", b"\xc3\xa0"));
        assert!(matches("^h\u{e9}$".as_bytes(), "h\u{e9}".as_bytes()));
        assert!(matches(b"^(?!\xe0).", b"\xe1") && !matches(b"^(?!\xe0).", b"\xe0"));
    }

    #[test]
    fn what_only_backtracking_can_do() {
        for (pattern, yes, no) in [
            ("^(?!/admin)/", "/x", "/admin/x"),
            ("foo(?=bar)", "foobar", "foobaz"),
            ("(?<=a)b", "ab", "cb"),
            ("(?<!a)b", "cb", "ab"),
            (r"^(.)\1$", "aa", "ab"),
            ("^(?>a+)b", "aab", "aa"),
        ] {
            assert!(matches(pattern.as_bytes(), yes.as_bytes()), "{pattern}");
            assert!(!matches(pattern.as_bytes(), no.as_bytes()), "{pattern}");
        }
        let fold = Regex::new(br"^(?!X)(a)(b)", true).unwrap();
        let groups = fold.captures(b"ABC").unwrap();
        assert_eq!([groups.get(0), groups.get(2), groups.get(3)], [Some(&b"AB"[..]), Some(b"B"), None]);
        assert_eq!(groups.span(), Some((0, 2)));
        let mut found = Vec::new();
        Regex::new(b"a(?=b)", false).unwrap().each(b"abacab", &mut |groups| {
            found.extend(groups.span());
            ControlFlow::Continue(())
        });
        assert_eq!(found, [(0, 1), (4, 5)]);
    }

    #[test]
    fn hostile_texts_are_given_up() {
        let nested = Regex::new(br"^(?=(a+)+$)x|^(a|a)*\1b", false).unwrap();
        assert!(!nested.is_match(&vec![b'a'; 1 << 14]));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = Regex::new(b"e(", false).unwrap_err();
        assert_eq!(error.0, "regex 'e(' is invalid (error=unclosed group)");
        let error = Regex::new(b"(?<=", false).unwrap_err();
        assert!(error.0.starts_with("regex '(?<=' is invalid"), "{error:?}");
    }
}
