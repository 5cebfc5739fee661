//! What stands in a keyword's parentheses: the declared shape ([`ArgSpec`]) and the parsed values ([`Arg`]).
//! References to proxies, servers and variables are resolved by `plan`, which turns names into numbers.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The kind of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Str,
    Sint,
    /// An integer, or the name of a variable that holds one: [`Arg::Sint`] or [`Arg::Var`].
    IntOrVar,
    /// One of these integers.
    IntOf(&'static [i64]),
    /// An integer of 0 to 255 (`0x` and hexadecimal digits too), or one of these names for one: [`Arg::Sint`].
    IntOrName(&'static [(&'static str, i64)]),
    /// One of these words: [`Arg::Str`].
    OneOf(&'static [&'static str]),
    /// Hexadecimal digits, kept as the bytes they stand for: [`Arg::Str`].
    Hex,
    /// A duration with an optional unit, milliseconds without; kept in milliseconds.
    Time,
    /// A size with an optional unit; kept in bytes.
    Size,
    Ipv4,
    Ipv6,
    /// An IPv4 netmask, dotted or as a prefix length.
    Mask4,
    /// An IPv6 prefix length.
    Mask6,
    /// A frontend by name, the current one if absent.
    Frontend,
    /// A backend by name, the current one if absent.
    Backend,
    /// `backend/server`, or a server of the current backend.
    Server,
    /// A stick table by its proxy's name.
    Table,
    /// `scope.name`.
    Var,
    Regex,
    /// Letters that change the regular expression among the arguments before: `i` ignores case, which is done when it
    /// is compiled; `g` is for the keyword to see: [`Arg::Str`].
    RegexFlags,
    /// A map file.
    Map,
    /// A userlist by name.
    Userlist,
}

impl ArgKind {
    /// The word HAProxy prints for it in its keyword lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sint | Self::IntOf(_) | Self::IntOrName(_) => "integer",
            Self::Time => "delay",
            Self::Size => "size",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
            Self::Mask4 => "IPv4 mask",
            Self::Mask6 => "IPv6 mask",
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Server => "server",
            Self::Table => "table",
            Self::Regex => "regex",
            Self::Map => "map",
            Self::Userlist => "user list",
            // What it looks into itself.
            Self::Str | Self::IntOrVar | Self::OneOf(_) | Self::Hex | Self::Var | Self::RegexFlags => {
                "string"
            }
        }
    }
}

/// One argument of a keyword as the manual shows it.
#[derive(Clone, Copy, Debug)]
pub struct ArgSpec {
    pub name: &'static str,
    pub kind: ArgKind,
    pub required: bool,
}

impl ArgSpec {
    pub const fn required(name: &'static str, kind: ArgKind) -> Self {
        Self { name, kind, required: true }
    }

    pub const fn optional(name: &'static str, kind: ArgKind) -> Self {
        Self { name, kind, required: false }
    }
}

/// Where a variable lives (manual 2.8 "Variables").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Proc,
    Sess,
    Txn,
    Req,
    Res,
    Check,
}

/// A variable: its scope and the number its name was given when the configuration was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VarRef {
    pub scope: Scope,
    pub id: u32,
}

/// One parsed argument.
#[derive(Clone, Debug)]
pub enum Arg {
    Str(Box<[u8]>),
    Sint(i64),
    TimeMs(u64),
    Size(u64),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    /// Number of the frontend in the World.
    Frontend(u32),
    /// Number of the backend in the World.
    Backend(u32),
    /// Backend number and position of the server in it.
    Server(u32, u32),
    Table(u32),
    Var(VarRef),
    Regex(Box<regex::bytes::Regex>),
    Map(u32),
    Userlist(u32),
}

/// The parsed arguments of one use of a keyword, by position; what was left out is absent.
#[derive(Clone, Debug, Default)]
pub struct Args(Box<[Option<Arg>]>);

impl Args {
    pub fn new(values: Vec<Option<Arg>>) -> Self {
        Self(values.into_boxed_slice())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn at(&self, position: usize) -> Option<&Arg> {
        self.0.get(position)?.as_ref()
    }

    /// The text at `position`; none when absent or empty.
    pub fn str(&self, position: usize) -> Option<&[u8]> {
        match self.at(position)? {
            Arg::Str(s) if !s.is_empty() => Some(s),
            _ => None,
        }
    }

    pub fn int(&self, position: usize) -> Option<i64> {
        match self.at(position)? {
            Arg::Sint(n) => Some(*n),
            Arg::TimeMs(n) | Arg::Size(n) => i64::try_from(*n).ok(),
            _ => None,
        }
    }

    pub fn backend(&self, position: usize) -> Option<u32> {
        match self.at(position)? {
            Arg::Backend(n) => Some(*n),
            _ => None,
        }
    }

    pub fn frontend(&self, position: usize) -> Option<u32> {
        match self.at(position)? {
            Arg::Frontend(n) => Some(*n),
            _ => None,
        }
    }

    /// A userlist's number.
    pub fn userlist(&self, position: usize) -> Option<u32> {
        match self.at(position)? {
            Arg::Userlist(number) => Some(*number),
            _ => None,
        }
    }

    pub fn server(&self, position: usize) -> Option<(u32, u32)> {
        match self.at(position)? {
            Arg::Server(b, s) => Some((*b, *s)),
            _ => None,
        }
    }

    pub fn var(&self, position: usize) -> Option<VarRef> {
        match self.at(position)? {
            Arg::Var(v) => Some(*v),
            _ => None,
        }
    }

    pub fn regex(&self, position: usize) -> Option<&regex::bytes::Regex> {
        match self.at(position)? {
            Arg::Regex(r) => Some(r),
            _ => None,
        }
    }
}
