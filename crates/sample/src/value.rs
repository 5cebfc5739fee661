//! The types of samples and the values of them. Doesn't know how they are converted (`cast`).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A sample's type, named as `-dKsmp` prints it (manual 7.1, "Sample types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Whatever the fetch or converter before gave.
    Any,
    Bool,
    Sint,
    /// Either family of address.
    Addr,
    Ipv4,
    Ipv6,
    Str,
    Bin,
    Meth,
    /// What a converter was given.
    Same,
}

impl Type {
    /// The four-letter name HAProxy prints in its keyword lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Bool => "bool",
            Self::Sint => "sint",
            Self::Addr => "addr",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Str => "str",
            Self::Bin => "bin",
            Self::Meth => "meth",
            Self::Same => "same",
        }
    }
}

/// One sample: a typed value that borrows what it can.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Bool(bool),
    Sint(i64),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Str(&'a [u8]),
    Bin(&'a [u8]),
    /// An HTTP method by its text.
    Meth(&'a [u8]),
}

impl<'a> Value<'a> {
    pub const fn kind(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Sint(_) => Type::Sint,
            Self::Ipv4(_) => Type::Ipv4,
            Self::Ipv6(_) => Type::Ipv6,
            Self::Str(_) => Type::Str,
            Self::Bin(_) => Type::Bin,
            Self::Meth(_) => Type::Meth,
        }
    }

    /// The bytes of a string, binary or method; none for numbers and addresses.
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Str(b) | Self::Bin(b) | Self::Meth(b) => Some(b),
            _ => None,
        }
    }

    /// The same with its bytes in the arena.
    pub fn copied<'b>(&self, arena: &'b crate::Bump) -> Value<'b> {
        match *self {
            Self::Bool(v) => Value::Bool(v),
            Self::Sint(v) => Value::Sint(v),
            Self::Ipv4(v) => Value::Ipv4(v),
            Self::Ipv6(v) => Value::Ipv6(v),
            Self::Str(v) => Value::Str(arena.alloc_slice_copy(v)),
            Self::Bin(v) => Value::Bin(arena.alloc_slice_copy(v)),
            Self::Meth(v) => Value::Meth(arena.alloc_slice_copy(v)),
        }
    }

    /// A copy that owns its bytes, for variables.
    pub fn to_owned(&self) -> Owned {
        match *self {
            Self::Bool(v) => Owned::Bool(v),
            Self::Sint(v) => Owned::Sint(v),
            Self::Ipv4(v) => Owned::Ipv4(v),
            Self::Ipv6(v) => Owned::Ipv6(v),
            Self::Str(v) => Owned::Str(v.into()),
            Self::Bin(v) => Owned::Bin(v.into()),
            Self::Meth(v) => Owned::Meth(v.into()),
        }
    }
}

/// A value that owns its bytes: what a variable holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    Bool(bool),
    Sint(i64),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Str(Box<[u8]>),
    Bin(Box<[u8]>),
    Meth(Box<[u8]>),
}

impl Owned {
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Bool(v) => Value::Bool(*v),
            Self::Sint(v) => Value::Sint(*v),
            Self::Ipv4(v) => Value::Ipv4(*v),
            Self::Ipv6(v) => Value::Ipv6(*v),
            Self::Str(v) => Value::Str(v),
            Self::Bin(v) => Value::Bin(v),
            Self::Meth(v) => Value::Meth(v),
        }
    }
}
