//! `debug`: what an expression has come to, into a ring or to the output (manual 7.3.1). Knows how messages without a
//! speaker look; what becomes of those in a ring is told by `show events`.

use std::io::Write as _;

use state::log::Header;
use state::ring::Ring;

use super::prelude::*;
use crate::clock;

/// Where what is named by nothing goes.
const USUAL: &str = "buf0";

/// The name of a ring, or of an output.
const DESTINATION: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: true,
    read: |written, reading| {
        let name = if written.text.is_empty() { USUAL } else { written.text };
        if !matches!(name, "stdout" | "stderr") && !reading.has_ring(name) {
            reading.warn(format!("converter 'debug' : there is no ring '{name}': it tells nothing."));
        }
        Ok(Arg::Str(sample::text::boxed(name)))
    },
});

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "debug",
    args: &[ArgSpec::optional("prefix", ArgKind::Str), ArgSpec::optional("destination", DESTINATION)],
    takes: Type::Any,
    gives: Type::Any,
    doc: "Tells the type and the value of its input, behind the prefix, to a ring (`buf0` unless another is named: see the \
          command `show events`), to `stdout` or to `stderr`. The input goes on as it is.",
    examples: &[Example { given: "", expr: "str(abc),debug(here),upper", gives: "ABC" }],
    run: |args, value, cx| {
        let name = args.str(1).unwrap_or_default();
        match name {
            // Nothing is to be done where the output can't be written.
            b"stdout" => drop(std::io::stdout().write_all(&line(args, value, cx, b'\n'))),
            b"stderr" => drop(std::io::stderr().write_all(&line(args, value, cx, b'\n'))),
            _ => {
                if let Some(ring) = cx.world.rings.iter().find(|ring| ring.name.as_bytes() == name) {
                    tell(ring, args, value, cx);
                }
            }
        }
        Some(value)
    },
}];

fn tell(ring: &Ring, args: &Args, value: Value<'_>, cx: &Ctx<'_>) {
    let mut message = header(ring.header, cx).unwrap_or_default().into_bytes();
    message.extend(line(args, value, cx, b' '));
    message.pop();
    message.truncate(ring.max_len);
    ring.store.append(std::iter::once(&*message));
}

/// `[debug] prefix: type=str <value>` and this end.
fn line(args: &Args, value: Value<'_>, cx: &Ctx<'_>, end: u8) -> Vec<u8> {
    let shown = |b: &u8| if matches!(b, b' '..=b'~') { *b } else { b'.' };
    let mut out = b"[debug] ".to_vec();
    if let Some(prefix) = args.str(0) {
        out.extend_from_slice(prefix);
    }
    out.extend_from_slice(format!(": type={} <", value.kind().name()).as_bytes());
    if let Some(Value::Str(text) | Value::Bin(text)) = sample::cast(value, Type::Str, cx.arena) {
        out.extend(text.iter().map(shown));
    }
    out.extend_from_slice(&[b'>', end]);
    out
}

/// What stands in front of a message of the highest level that nobody in particular says.
fn header(header: Header, cx: &Ctx<'_>) -> Option<String> {
    const ISO: &[u8] = b"%Y-%m-%dT%H:%M:%S.%6N";
    let micros = i64::try_from(cx.wall_us).ok()?;
    let date = |format: &[u8]| clock::format(format, micros, true);
    let iso = || {
        let zone = date(b"%z")?;
        let (hours, minutes) = zone.split_at_checked(3)?;
        Some(format!("{}{hours}:{minutes}", date(ISO)?))
    };
    let host = cx.world.global.log_send_hostname.as_deref();
    let old = |host: &str| Some(format!("<0>{} {host}", date(b"%b %e %H:%M:%S")?));
    Some(match header {
        Header::Raw => String::new(),
        Header::Short | Header::Priority => "<0>".to_owned(),
        Header::Iso => format!("{} ", iso()?),
        Header::Timed => format!("<0>{} ", iso()?),
        Header::Rfc3164 => old(&format!("{} ", host.unwrap_or("localhost")))?,
        Header::Usual | Header::Local => old("")?,
        Header::Rfc5424 => format!("<0>1 {} {} - - - - ", iso()?, host.unwrap_or("-")),
    })
}
