//! Converters (manual 7.3.1). To add one: a file named after it with a `KEYWORDS` table, and its line in the list.

use state::family::Converter;

/// The kind of an argument that is bytes in base 64, or a variable that holds such, by its name for messages.
macro_rules! secret {
    ($what:literal) => {
        ArgKind::Own(&Own {
            kind: "string",
            absent: false,
            read: |written, reading| secret(written, reading, $what),
        })
    };
}

mod aes;
mod arithmetic;
mod backend;
mod base64;
mod bool;
mod capture;
mod concat;
mod debug;
mod eth;
mod field;
mod fix;
mod has_ctl;
mod hash;
mod hex;
mod host_only;
mod ip;
mod ipmask;
mod json;
mod json_query;
mod jwt_decrypt;
mod jwt_query;
mod jwt_verify;
mod language;
mod lower;
mod map;
mod mqtt;
mod protobuf;
mod regsub;
pub(crate) mod rfc7239;
mod set_var;
mod sha;
mod strcmp;
mod table;
mod tcp;
mod time;
mod trim;
mod url_dec;
mod when;
mod x509_v_err_str;

/// Every converter, a file a line.
pub static ALL: &[&[Converter]] = &[
    aes::KEYWORDS,
    arithmetic::KEYWORDS,
    backend::KEYWORDS,
    base64::KEYWORDS,
    bool::KEYWORDS,
    capture::KEYWORDS,
    concat::KEYWORDS,
    debug::KEYWORDS,
    eth::KEYWORDS,
    field::KEYWORDS,
    fix::KEYWORDS,
    has_ctl::KEYWORDS,
    hash::KEYWORDS,
    hex::KEYWORDS,
    host_only::KEYWORDS,
    ip::KEYWORDS,
    ipmask::KEYWORDS,
    json::KEYWORDS,
    json_query::KEYWORDS,
    jwt_decrypt::KEYWORDS,
    jwt_query::KEYWORDS,
    jwt_verify::KEYWORDS,
    language::KEYWORDS,
    lower::KEYWORDS,
    mqtt::KEYWORDS,
    protobuf::KEYWORDS,
    map::KEYWORDS,
    regsub::KEYWORDS,
    rfc7239::KEYWORDS,
    set_var::KEYWORDS,
    sha::KEYWORDS,
    strcmp::KEYWORDS,
    tcp::KEYWORDS,
    table::KEYWORDS,
    table::OTHERS,
    time::KEYWORDS,
    trim::KEYWORDS,
    url_dec::KEYWORDS,
    when::KEYWORDS,
    x509_v_err_str::KEYWORDS,
];

/// The converter of this name.
pub fn find(name: &str) -> Option<&'static Converter> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    pub(super) use sample::arg::{Reading, Unread, Written};
    pub(super) use sample::cast::integer;
    pub(super) use sample::{Arg, ArgKind, ArgSpec, Args, Bump, Own, Type, Value};
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

    /// A variable, of which it is said in HAProxy's way if it can't be one.
    pub(super) const REGISTERED: ArgKind = ArgKind::Own(&Own {
        kind: "string",
        absent: false,
        read: |written, reading| {
            if written.text.is_empty() {
                return Err("missing variable name".into());
            }
            let failed = |_| format!("failed to register variable name '{}'", written.text);
            Ok(Arg::Var(reading.var(written.text).map_err(failed)?))
        },
    });

    /// Reads an argument that is bytes in base 64, or a variable that holds such; `what` is its name for messages.
    pub(super) fn secret(
        written: &Written<'_>,
        reading: &mut dyn Reading,
        what: &str,
    ) -> Result<Arg, Unread> {
        if let Some(bytes) = decoded(written.text.as_bytes()) {
            return Ok(Arg::Str(bytes.into()));
        }
        let says = || {
            format!("{what}: argument needs to be base64 encoded, and can either be a string or a variable")
        };
        Ok(Arg::Var(reading.var(written.text).map_err(|_| says())?))
    }

    /// The bytes of such an argument; none if the variable is not set or holds something else.
    pub(super) fn secret_bytes<'a>(args: &'a Args, position: usize, cx: &Ctx<'a>) -> Option<&'a [u8]> {
        match args.at(position)? {
            Arg::Str(bytes) => Some(bytes),
            Arg::Var(var) => {
                let text = sample::cast(crate::fetch::var::lookup(*var, cx)?, Type::Str, cx.arena)?;
                decoded(text.bytes()?).map(|bytes| cx.arena.alloc_slice_copy(&bytes) as &[u8])
            }
            _ => None,
        }
    }

    /// The bytes of base 64 with its padding.
    fn decoded(text: &[u8]) -> Option<Vec<u8>> {
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
    }
}
