//! Converters (manual 7.3.1). To add one: a file named after it with a `KEYWORDS` table, and its line in the list.

use state::family::Converter;

mod arithmetic;
mod backend;
mod base64;
mod bool;
mod concat;
mod field;
mod hash;
mod hex;
mod host_only;
mod ipmask;
mod json;
mod lower;
mod regsub;
mod sha;
mod strcmp;
mod time;
mod trim;
mod url_dec;

/// Every converter, a file a line.
pub static ALL: &[&[Converter]] = &[
    arithmetic::KEYWORDS,
    backend::KEYWORDS,
    base64::KEYWORDS,
    bool::KEYWORDS,
    concat::KEYWORDS,
    field::KEYWORDS,
    hash::KEYWORDS,
    hex::KEYWORDS,
    host_only::KEYWORDS,
    ipmask::KEYWORDS,
    json::KEYWORDS,
    lower::KEYWORDS,
    regsub::KEYWORDS,
    sha::KEYWORDS,
    strcmp::KEYWORDS,
    time::KEYWORDS,
    trim::KEYWORDS,
    url_dec::KEYWORDS,
];

/// The converter of this name.
pub fn find(name: &str) -> Option<&'static Converter> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    pub(super) use sample::cast::integer;
    pub(super) use sample::{Arg, ArgKind, ArgSpec, Args, Bump, Type, Value};
    pub(super) use state::expr::Ctx;
    pub(super) use state::family::{Converter, Example};

    pub(super) use crate::bytes::{avalanche, djb2, joined, sdbm};

    /// An argument that is an integer, or a variable that holds one; none if that is not set.
    pub(super) fn operand(args: &Args, position: usize, cx: &Ctx<'_>) -> Option<i64> {
        match args.at(position)? {
            Arg::Sint(n) => Some(*n),
            Arg::Var(var) => {
                match sample::cast(crate::fetch::var::lookup(*var, cx)?, Type::Sint, cx.arena)? {
                    Value::Sint(n) => Some(n),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
