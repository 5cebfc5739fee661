//! Aliases of the log format: `%ci`, `%ST` (manual 8.2.6). To add one: a file named after its idea with a `KEYWORDS`
//! table, and its line in the list. An alias writes its value; escaping and quoting are `state::format`'s business.

use state::family::Alias;

mod captured;
mod client;
mod count;
mod date;
mod frontend;
mod request;
mod server;
mod status;
mod timer;
mod tls;
mod unique_id;

/// Every alias, a file a line.
pub static ALL: &[&[Alias]] = &[
    captured::KEYWORDS,
    client::KEYWORDS,
    count::KEYWORDS,
    date::KEYWORDS,
    frontend::KEYWORDS,
    request::KEYWORDS,
    server::KEYWORDS,
    status::KEYWORDS,
    timer::KEYWORDS,
    tls::KEYWORDS,
    unique_id::KEYWORDS,
];

/// The alias of this name, without the percent sign.
pub fn find(name: &str) -> Option<&'static Alias> {
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name)
}

/// What the files of this family share.
mod prelude {
    use std::io::Write;
    use std::net::IpAddr;

    use state::Endpoint;
    pub(super) use state::expr::Ctx;
    pub(super) use state::family::{Alias, Known, Written};
    pub(super) use state::format::Flags;

    pub(super) fn text(bytes: &[u8], out: &mut Vec<u8>) -> Written {
        out.extend_from_slice(bytes);
        Written::Text
    }

    pub(super) fn number(n: u64, out: &mut Vec<u8>) -> Written {
        out.extend_from_slice(http::reply::decimal(n, &mut [0; 20]));
        Written::Plain
    }

    /// A number in decimal digits, or under `%{+X}` in at least so many hexadecimal ones.
    pub(super) fn hexadecimal_or(n: u64, digits: usize, flags: Flags, out: &mut Vec<u8>) -> Written {
        if !flags.hexadecimal {
            return number(n, out);
        }
        match write!(out, "{n:0digits$X}") {
            Ok(()) => Written::Digits,
            Err(_) => Written::Nothing,
        }
    }

    /// An address; under `%{+X}` its bytes in hexadecimal.
    pub(super) fn address(end: Option<Endpoint>, flags: Flags, out: &mut Vec<u8>) -> Written {
        let Some(end) = end else { return Written::Nothing };
        let (written, how) = match end.ip() {
            Some(IpAddr::V4(a)) if flags.hexadecimal => {
                (write!(out, "{:08X}", u32::from(a)), Written::Digits)
            }
            Some(IpAddr::V6(a)) if flags.hexadecimal => {
                (write!(out, "{:032X}", u128::from(a)), Written::Digits)
            }
            _ => (write!(out, "{end}"), Written::Encoded),
        };
        if written.is_ok() { how } else { Written::Nothing }
    }

    /// A port; under `%{+X}` in hexadecimal.
    pub(super) fn port(end: Option<Endpoint>, flags: Flags, out: &mut Vec<u8>) -> Written {
        match end {
            Some(end) => hexadecimal_or(u64::from(end.port()), 4, flags, out),
            None => Written::Nothing,
        }
    }

    /// Whether the frontend's lines are written before all is known.
    pub(super) fn logged_early(cx: &Ctx<'_>) -> bool {
        cx.world.frontend(cx.session.frontend).is_some_and(|f| f.log.partial)
    }
}
