//! Typed values, casts, arguments and patterns: what an expression computes with.
//!
//! A [`Value`] borrows from the message it was read from, from the configuration, or from a
//! per-turn arena ([`Bump`]); nothing here allocates on the heap while traffic flows.
//!
//! This crate doesn't know what a stream, a server or a keyword is: a fetch produces a `Value`, a
//! converter turns one into another, a pattern says yes or no; which ones exist is the business of `keywords`.
//!
//! Reading order: [`value`] (the types), [`cast`] (between them), [`arg`] (what stands in a keyword's
//! parentheses), [`pattern`] (what stands after an ACL); [`text`] gives the bytes of a word.

pub mod arg;
pub mod cast;
pub mod pattern;
pub mod text;
pub mod value;

pub use arg::{Arg, ArgKind, ArgSpec, Args, Own, Reading, Unread, Written};
pub use bumpalo::Bump;
pub use cast::cast;
pub use pattern::{Groups, MatchKind, Regex, View};
pub use value::{Owned, Type, Value};
