//! Patterns: what a sample is compared with in an ACL (manual 7.1.1 to 7.1.6).
//!
//! A set holds patterns of one matching method, stored so that the question "does any match?" is cheap: exact text by
//! hash, numbers as ranges, networks by family, the rest as lists.

mod int;
mod ip;
mod text;

use bumpalo::Bump;
use hashbrown::HashSet;

use crate::cast::cast;
use crate::value::{Type, Value};
pub use int::Ranges;
pub use ip::{Networks, mask_v4, mask_v6};

/// A matching method, as `-m` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKind {
    Found,
    Bool,
    Int,
    Ip,
    Bin,
    Len,
    Str,
    Beg,
    Sub,
    Dir,
    Dom,
    End,
    Reg,
    Meth,
}

impl MatchKind {
    /// The method that `-m name` or an ACL keyword's suffix asks for.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "found" => Self::Found,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "ip" => Self::Ip,
            "bin" => Self::Bin,
            "len" => Self::Len,
            "str" => Self::Str,
            "beg" => Self::Beg,
            "sub" => Self::Sub,
            "dir" => Self::Dir,
            "dom" => Self::Dom,
            "end" => Self::End,
            "reg" => Self::Reg,
            "meth" => Self::Meth,
            _ => return None,
        })
    }

    /// The method an ACL uses for a sample of this type when none is given.
    pub const fn default_for(ty: Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Self::Bool,
            Type::Sint => Self::Int,
            Type::Addr | Type::Ipv4 | Type::Ipv6 => Self::Ip,
            Type::Meth => Self::Meth,
            _ => return None,
        })
    }

    /// The type the sample is cast to before it is compared.
    pub const fn expects(self) -> Type {
        match self {
            Self::Found => Type::Any,
            Self::Bool => Type::Bool,
            Self::Int => Type::Sint,
            Self::Ip => Type::Addr,
            Self::Bin => Type::Bin,
            Self::Meth => Type::Meth,
            _ => Type::Str,
        }
    }
}

/// Why a pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(pub String);

/// Patterns of one method.
#[derive(Debug)]
pub struct Patterns {
    kind: MatchKind,
    fold: bool,
    store: Store,
    count: usize,
}

#[derive(Debug)]
enum Store {
    /// `found` and `bool` compare with nothing.
    None,
    /// `bool` with explicit values.
    Bools(Vec<bool>),
    Ranges(Ranges),
    Networks(Networks),
    Exact(HashSet<Box<[u8]>, foldhash::fast::FixedState>),
    List(Vec<Box<[u8]>>),
    Regexes(Vec<regex::bytes::Regex>),
}

impl Patterns {
    /// An empty set; `fold` ignores letter case (`-i`).
    pub fn new(kind: MatchKind, fold: bool) -> Self {
        let store = match kind {
            MatchKind::Found | MatchKind::Bool => Store::None,
            MatchKind::Int | MatchKind::Len => Store::Ranges(Ranges::default()),
            MatchKind::Ip => Store::Networks(Networks::default()),
            MatchKind::Str | MatchKind::Bin | MatchKind::Meth => Store::Exact(HashSet::default()),
            MatchKind::Beg | MatchKind::Sub | MatchKind::Dir | MatchKind::Dom | MatchKind::End => {
                Store::List(Vec::new())
            }
            MatchKind::Reg => Store::Regexes(Vec::new()),
        };
        Self { kind, fold, store, count: 0 }
    }

    pub const fn kind(&self) -> MatchKind {
        self.kind
    }

    pub const fn folds_case(&self) -> bool {
        self.fold
    }

    pub const fn len(&self) -> usize {
        self.count
    }

    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds one pattern in the text form the configuration uses. Integer operators (`gt 5`) are joined by the
    /// caller through [`Patterns::add_range`].
    pub fn add(&mut self, pattern: &[u8]) -> Result<(), PatternError> {
        let fold = self.fold;
        match &mut self.store {
            Store::None if self.kind == MatchKind::Bool => {
                self.store = Store::Bools(vec![boolean(pattern)?]);
            }
            Store::None => {}
            Store::Bools(list) => list.push(boolean(pattern)?),
            Store::Ranges(ranges) => ranges.add(pattern)?,
            Store::Networks(networks) => networks.add(pattern)?,
            Store::Exact(set) => {
                let key = if self.kind == MatchKind::Bin { unhex(pattern)? } else { folded(pattern, fold) };
                set.insert(key);
            }
            Store::List(list) => list.push(folded(pattern, fold)),
            Store::Regexes(list) => list.push(regex(pattern, fold)?),
        }
        self.count += 1;
        Ok(())
    }

    /// Adds an inclusive range of integers, for `gt`, `ge`, `lt`, `le` and `eq`.
    pub fn add_range(&mut self, low: i64, high: i64) {
        if let Store::Ranges(ranges) = &mut self.store {
            ranges.push(low, high);
            self.count += 1;
        }
    }

    /// The exact strings of a `str` set, for whoever folds many sets into one table; none for other methods.
    pub fn exact(&self) -> Option<impl Iterator<Item = &[u8]>> {
        match (&self.store, self.kind) {
            (Store::Exact(set), MatchKind::Str) => Some(set.iter().map(AsRef::as_ref)),
            _ => None,
        }
    }

    /// Whether any pattern matches. The value is cast to what the method expects first; a value that can't be cast
    /// matches nothing.
    pub fn matches<'a>(&self, value: Value<'a>, arena: &'a Bump) -> bool {
        if self.kind == MatchKind::Found {
            return true;
        }
        let Some(value) = cast(value, self.kind.expects(), arena) else { return false };
        match (&self.store, value) {
            (Store::None, Value::Bool(b)) => b,
            (Store::Bools(list), Value::Bool(b)) => list.contains(&b),
            (Store::Ranges(ranges), Value::Sint(n)) => ranges.contains(n),
            (Store::Ranges(ranges), Value::Str(s)) => {
                ranges.contains(i64::try_from(s.len()).unwrap_or(i64::MAX))
            }
            (Store::Networks(networks), Value::Ipv4(a)) => networks.contains_v4(a),
            (Store::Networks(networks), Value::Ipv6(a)) => networks.contains_v6(a),
            (Store::Exact(set), v) => v.bytes().is_some_and(|s| self.in_set(set, s, arena)),
            (Store::List(list), Value::Str(s)) => self.in_list(list, s, arena),
            (Store::Regexes(list), Value::Str(s)) => list.iter().any(|r| r.is_match(s)),
            _ => false,
        }
    }

    fn in_set(&self, set: &HashSet<Box<[u8]>, foldhash::fast::FixedState>, s: &[u8], arena: &Bump) -> bool {
        set.contains(lowered(s, self.fold, arena))
    }

    fn in_list(&self, list: &[Box<[u8]>], s: &[u8], arena: &Bump) -> bool {
        let s = lowered(s, self.fold, arena);
        list.iter().any(|p| text::matches(self.kind, s, p))
    }
}

/// `s` in lower case when `fold` asks for it, copied only when a letter changes.
pub fn lowered<'a>(s: &'a [u8], fold: bool, arena: &'a Bump) -> &'a [u8] {
    if !fold || !s.iter().any(u8::is_ascii_uppercase) {
        return s;
    }
    let copy = arena.alloc_slice_copy(s);
    copy.make_ascii_lowercase();
    copy
}

fn folded(pattern: &[u8], fold: bool) -> Box<[u8]> {
    let mut own: Box<[u8]> = pattern.into();
    if fold {
        own.make_ascii_lowercase();
    }
    own
}

fn boolean(pattern: &[u8]) -> Result<bool, PatternError> {
    match pattern.to_ascii_lowercase().as_slice() {
        b"true" | b"yes" | b"on" | b"1" => Ok(true),
        b"false" | b"no" | b"off" | b"0" => Ok(false),
        other => Err(PatternError(format!("'{}' is not a boolean", String::from_utf8_lossy(other)))),
    }
}

fn unhex(pattern: &[u8]) -> Result<Box<[u8]>, PatternError> {
    let bad = || {
        PatternError(format!("'{}' is not an even number of hex digits", String::from_utf8_lossy(pattern)))
    };
    if !pattern.len().is_multiple_of(2) {
        return Err(bad());
    }
    let digit = |c: u8| (c as char).to_digit(16);
    pattern
        .chunks_exact(2)
        .map(|pair| match pair {
            [h, l] => Some((digit(*h)? * 16 + digit(*l)?) as u8),
            _ => None,
        })
        .collect::<Option<Box<[u8]>>>()
        .ok_or_else(bad)
}

/// Compiles a regular expression over bytes, without Unicode classes, as HAProxy's are.
pub fn regex(pattern: &[u8], fold: bool) -> Result<regex::bytes::Regex, PatternError> {
    let text =
        std::str::from_utf8(pattern).map_err(|e| PatternError(format!("regex is not valid UTF-8: {e}")))?;
    regex::bytes::RegexBuilder::new(text)
        .unicode(false)
        .case_insensitive(fold)
        .build()
        .map_err(|e| PatternError(format!("regex '{text}' is invalid (error={e})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(kind: MatchKind, fold: bool, patterns: &[&str], value: Value<'_>) -> bool {
        let arena = Bump::new();
        let mut set = Patterns::new(kind, fold);
        for p in patterns {
            set.add(p.as_bytes()).unwrap();
        }
        set.matches(value, &arena)
    }

    #[test]
    fn exact_text() {
        assert!(holds(MatchKind::Str, false, &["a", "b"], Value::Str(b"b")));
        assert!(!holds(MatchKind::Str, false, &["a", "b"], Value::Str(b"B")));
        assert!(holds(MatchKind::Str, true, &["A", "b"], Value::Str(b"a")));
        assert!(holds(MatchKind::Bin, false, &["00ff"], Value::Bin(b"\x00\xff")));
        assert!(holds(MatchKind::Meth, false, &["GET", "POST"], Value::Meth(b"POST")));
    }

    #[test]
    fn numbers() {
        assert!(holds(MatchKind::Int, false, &["1:5", "9"], Value::Sint(9)));
        assert!(!holds(MatchKind::Int, false, &["1:5", "9"], Value::Sint(6)));
        assert!(holds(MatchKind::Int, false, &["10:"], Value::Str(b"12")));
        assert!(holds(MatchKind::Len, false, &["3"], Value::Str(b"abc")));
    }

    #[test]
    fn regexes_and_booleans() {
        assert!(holds(MatchKind::Reg, true, &["^/A.*z$"], Value::Str(b"/abcz")));
        assert!(holds(MatchKind::Bool, false, &[], Value::Sint(3)));
        assert!(holds(MatchKind::Bool, false, &["false"], Value::Bool(false)));
        assert!(Patterns::new(MatchKind::Reg, false).add(b"(").is_err());
    }
}
