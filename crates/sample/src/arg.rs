//! What stands in a keyword's parentheses: the declared shape ([`ArgSpec`]) and the parsed values ([`Arg`]).
//! References to proxies, servers and variables are resolved by `plan`, which turns names into numbers.

use std::any::Any;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::cast::address;
use crate::pattern::{Regex, View};
use crate::value::Value;

/// The kind of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    Str,
    Sint,
    /// An integer, or the name of a variable that holds one: [`Arg::Sint`] or [`Arg::Var`].
    IntOrVar,
    /// One of these integers; for others this is said, with what was given in place of `{}`.
    IntOf(&'static [i64], &'static str),
    /// An integer of 0 to 255 (`0x` and hexadecimal digits too), or one of these names for one: [`Arg::Sint`].
    IntOrName(&'static [(&'static str, i64)]),
    /// One of these words: [`Arg::Str`]; for others this is said, with what was given in place of `{}`.
    OneOf(&'static [&'static str], &'static str),
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
    /// A map file, how it is looked up and what its values are: [`Arg::Map`].
    Map(View, Output),
    /// What a map of addresses gives by default: [`Arg::Ipv4`] or [`Arg::Ipv6`].
    MapAddress,
    /// The name of an ACL, perhaps behind `!`: [`Arg::Acl`].
    Acl,
    /// A userlist by name.
    Userlist,
    /// Text that the keyword reads itself while the configuration is built: whatever [`Own::read`] makes of it.
    Own(&'static Own),
}

impl ArgKind {
    /// The word HAProxy prints for it in its keyword lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sint | Self::IntOf(..) => "integer",
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
            Self::Userlist => "user list",
            Self::Own(own) => own.kind,
            // What it looks into itself.
            Self::Str
            | Self::IntOrName(_)
            | Self::Map(..)
            | Self::MapAddress
            | Self::Acl
            | Self::IntOrVar
            | Self::OneOf(..)
            | Self::Hex
            | Self::Var
            | Self::RegexFlags => "string",
        }
    }
}

/// What a map gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Str,
    Int,
    Ip,
    /// Not the value but the key that matched.
    Key,
}

impl Output {
    /// Reads a value of a map; none if it is no such thing.
    pub fn read(self, value: &[u8]) -> Option<Value<'_>> {
        match self {
            Self::Str | Self::Key => Some(Value::Str(value)),
            Self::Int => Some(Value::Sint(std::str::from_utf8(value).ok()?.parse().ok()?)),
            Self::Ip => address(value),
        }
    }

    /// Whether there are texts that are no such value.
    pub const fn can_fail(self) -> bool {
        matches!(self, Self::Int | Self::Ip)
    }
}

/// How a keyword reads an argument of its own.
pub struct Own {
    /// HAProxy's word for what it is: `string`, if it is looked into only after that.
    pub kind: &'static str,
    /// Whether it is read where it was left out too, as an empty text.
    pub absent: bool,
    pub read: fn(&Written<'_>, &mut dyn Reading) -> Result<Arg, Unread>,
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Own {}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)
    }
}

/// An argument as it stands in the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Quotes and escapes resolved.
    pub text: &'a str,
    /// The arguments in front of it.
    pub before: &'a [Option<Arg>],
}

/// Why an argument can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is nothing of its kind.
    Form,
    /// It is, and means nothing: a sentence for the user.
    Says(String),
}

impl From<String> for Unread {
    fn from(text: String) -> Self {
        Self::Says(text)
    }
}

impl From<&str> for Unread {
    fn from(text: &str) -> Self {
        Self::Says(text.to_owned())
    }
}

/// What a keyword may ask for while it reads its arguments. Errors are sentences for the user.
pub trait Reading {
    /// Resolves `scope.name`.
    fn var(&mut self, name: &str) -> Result<VarRef, String>;
    /// The content of a file that the configuration names.
    fn file(&mut self, path: &str) -> Result<Vec<u8>, String>;
    /// An ACL by its name.
    fn acl(&mut self, name: &str) -> Result<Made, String>;
    /// Keeps what was made of a file, for keywords that meet its name while traffic flows.
    fn keep(&mut self, path: &str, made: Made);
    /// Has tokens be verified with the certificate of this name, which a file's is if it isn't known.
    fn verify_with(&mut self, certificate: &str);
    /// Whether tokens may be decrypted with the certificate of this name; none if it isn't known.
    fn may_decrypt_with(&mut self, certificate: &str) -> Option<bool>;
    /// Whether messages may be kept under this name.
    fn has_ring(&self, name: &str) -> bool;
    /// Says something the user should know which is no error.
    fn warn(&mut self, text: String);
}

/// What a keyword made of an argument.
#[derive(Clone)]
pub struct Made(Arc<dyn Any + Send + Sync>);

impl Made {
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Arc::new(value))
    }

    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
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
    /// Of the parent stream, which no stream of ours has.
    Parent,
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
    Regex(Box<Regex>),
    /// Position of the list in the World.
    Map(u32),
    /// Position of the ACL in the World, and whether it is negated.
    Acl(u32, bool),
    Userlist(u32),
    Own(Made),
}

impl Arg {
    /// What a keyword made of an argument of its own.
    pub fn own<T: Any + Send + Sync>(value: T) -> Self {
        Self::Own(Made::new(value))
    }
}

impl Arg {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Sint(a), Self::Sint(b)) => a == b,
            (Self::TimeMs(a), Self::TimeMs(b)) | (Self::Size(a), Self::Size(b)) => a == b,
            (Self::Ipv4(a), Self::Ipv4(b)) => a == b,
            (Self::Ipv6(a), Self::Ipv6(b)) => a == b,
            (Self::Var(a), Self::Var(b)) => a == b,
            (Self::Server(a, x), Self::Server(b, y)) => a == b && x == y,
            (Self::Acl(a, x), Self::Acl(b, y)) => a == b && x == y,
            (Self::Frontend(a), Self::Frontend(b))
            | (Self::Backend(a), Self::Backend(b))
            | (Self::Table(a), Self::Table(b))
            | (Self::Map(a), Self::Map(b))
            | (Self::Userlist(a), Self::Userlist(b)) => a == b,
            _ => false,
        }
    }
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

    /// Whether other arguments are certainly the same. Regular expressions never are: their flags can't be compared.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |pair: (&Option<Arg>, &Option<Arg>)| match pair {
            (None, None) => true,
            (Some(a), Some(b)) => a.is_same(b),
            _ => false,
        };
        self.len() == other.len() && self.0.iter().zip(&other.0).all(same)
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

    /// The position of a map's list.
    pub fn map(&self, position: usize) -> Option<u32> {
        match self.at(position)? {
            Arg::Map(list) => Some(*list),
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

    /// What the keyword made of this argument when it read it.
    pub fn own<T: Any>(&self, position: usize) -> Option<&T> {
        match self.at(position)? {
            Arg::Own(made) => made.get(),
            _ => None,
        }
    }

    pub fn var(&self, position: usize) -> Option<VarRef> {
        match self.at(position)? {
            Arg::Var(v) => Some(*v),
            _ => None,
        }
    }

    pub fn regex(&self, position: usize) -> Option<&Regex> {
        match self.at(position)? {
            Arg::Regex(r) => Some(r),
            _ => None,
        }
    }
}
