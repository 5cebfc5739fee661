//! Patterns: what a sample is compared with in an ACL or looked up by in a map (manual 7.1.1 to 7.1.6, 7.3.1 "map").
//!
//! A list of patterns is a [`Store`]: entries in order, each a key and perhaps a value, held in a few immutable
//! [`Segment`]s. Who compares takes a [`Snapshot`], who changes the list adds a small segment or marks an entry as
//! gone, so that a list of a million entries changes without being copied and is read without a lock. Each segment
//! is indexed for each way in which its list is compared ([`View`]).
//!
//! Reading order: `entries` (texts), `index` (one segment, one way of comparing), `segment`, `store`.

mod distinct;
mod entries;
mod index;
mod regex;
mod segment;
mod store;

use bumpalo::Bump;

pub use self::regex::{Groups, Regex};
use crate::value::Type;
pub use entries::{Columns, Entries};
pub use index::{mask_v4, mask_v6, number_range};
pub use segment::{Found, Segment, Snapshot};
pub use store::{Merge, Refused, Store, Which};

/// A matching method, as `-m` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchKind {
    Found,
    Bool,
    Int,
    /// As `Int`, with patterns that may be two numbers with a dot between: `3.1` is 3 × 65536 + 1.
    Version,
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

    /// The word that names the method.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Bool => "bool",
            Self::Int | Self::Version => "int",
            Self::Ip => "ip",
            Self::Bin => "bin",
            Self::Len => "len",
            Self::Str => "str",
            Self::Beg => "beg",
            Self::Sub => "sub",
            Self::Dir => "dir",
            Self::Dom => "dom",
            Self::End => "end",
            Self::Reg => "reg",
            Self::Meth => "meth",
        }
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
            Self::Int | Self::Version => Type::Sint,
            Self::Ip => Type::Addr,
            Self::Bin => Type::Bin,
            Self::Meth => Type::Meth,
            _ => Type::Str,
        }
    }

    /// Whether there is anything to compare with: `found` and `bool` look at the sample alone.
    pub const fn has_patterns(self) -> bool {
        !matches!(self, Self::Found | Self::Bool)
    }
}

/// A way of comparing the entries of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    pub kind: MatchKind,
    /// Whether letter case is ignored (`-i`).
    pub fold: bool,
    /// Whether what a regular expression's groups matched is asked for (`map_regm`).
    pub groups: bool,
}

impl View {
    /// Finds entries by their very text: what changes of the list go by.
    pub const KEY: Self = Self::new(MatchKind::Str, false);

    pub const fn new(kind: MatchKind, fold: bool) -> Self {
        Self { kind, fold, groups: false }
    }
}

/// Why a pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(pub String);

/// `s` in lower case when `fold` asks for it, copied only when a letter changes.
pub fn lowered<'a>(s: &'a [u8], fold: bool, arena: &'a Bump) -> &'a [u8] {
    if !fold || !s.iter().any(u8::is_ascii_uppercase) {
        return s;
    }
    let copy = arena.alloc_slice_copy(s);
    copy.make_ascii_lowercase();
    copy
}

/// The bytes that an even number of hexadecimal digits stands for.
pub fn unhex(digits: &[u8]) -> Option<Box<[u8]>> {
    let digit = |c: u8| (c as char).to_digit(16);
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [h, l] => u8::try_from(digit(*h)? * 16 + digit(*l)?).ok(),
            _ => None,
        })
        .collect()
}
