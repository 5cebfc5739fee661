//! `show errors`: the last malformed request and response of each proxy (management manual 9.3). What HAProxy tells of its
//! parser's flags is 0 here.

use std::fmt::Write as _;

use state::Endpoint;
use state::malformed::{Malformed, Named};

use super::prelude::*;
use crate::clock::{self, Stamp};

pub(super) const KEYWORDS: &[Command] = &[operator(
    &["show", "errors"],
    "show errors [<px>] [request|response]",
    "report last request and/or response errors for each proxy",
    |query, _, out| match wanted(query) {
        Ok((proxy, response)) => {
            show(query, proxy, response, out);
            Answer::Done
        }
        Err(why) => query.refuse(why, out),
    },
)];

/// How long a line of the dump may be.
const WIDTH: usize = 70;

/// The number of the proxy, if it is to be one, and the direction.
fn wanted(query: &Query<'_>) -> Result<(Option<u32>, Option<bool>), &'static str> {
    let name = query.text(2);
    let proxy = match number(query.word(2)) {
        _ if name.is_empty() => None,
        (-1, true) => None,
        (id, true) => Some(u32::try_from(id).unwrap_or(u32::MAX)),
        _ => {
            let frontend = query.world.frontends.iter().find(|f| *f.name == *name).map(|f| f.id);
            let backend = || backend_named(query.world, &name).map(|b| b.id);
            Some(frontend.or_else(backend).ok_or("No such proxy.")?)
        }
    };
    let response = match query.word(3) {
        b"request" => Some(false),
        b"response" => Some(true),
        _ => None,
    };
    Ok((proxy, response))
}

fn show(query: &Query<'_>, proxy: Option<u32>, response: Option<bool>, out: &mut Vec<u8>) {
    let (count, all) = query.world.process.malformed.all();
    out.extend_from_slice(b"Total events captured on [");
    clock::write_stamp(Stamp::Millis, query.wall_us, out);
    out.extend_from_slice(format!("] : {count}\n").as_bytes());
    let there = |id: u32| {
        query.world.frontends.iter().any(|f| f.id == id) || query.world.backends.iter().any(|b| b.id == id)
    };
    for (id, message) in all {
        if there(id)
            && proxy.is_none_or(|proxy| proxy == id)
            && response.is_none_or(|is| is == message.is_response)
        {
            dump(&message, out);
        }
    }
}

fn dump(message: &Malformed, out: &mut Vec<u8>) {
    out.extend_from_slice(b" \n[");
    clock::write_stamp(Stamp::Millis, message.wall_us, out);
    let named = |of: Option<&Named>| match of {
        Some((name, id)) => format!("{name} (#{id})"),
        None => "<NONE> (#-1)".to_owned(),
    };
    // Writing to a string can't fail.
    let mut text = String::new();
    let _ = if message.is_response {
        write!(
            text,
            "] backend {}: invalid response\n  frontend {}, server {}",
            named(message.backend.as_ref()),
            named(Some(&message.frontend)),
            named(message.server.as_ref()),
        )
    } else {
        write!(
            text,
            "] frontend {}: invalid request\n  backend {}, server {}",
            named(Some(&message.frontend)),
            named(message.backend.as_ref()),
            named(message.server.as_ref()),
        )
    };
    let source = match message.source {
        Endpoint::Inet(at) => format!("{}:{}", at.ip(), at.port()),
        Endpoint::Unix => "unix:1".to_owned(),
    };
    let (state, number) = message.state;
    let length = message.bytes.len();
    let _ = writeln!(
        text,
        ", event #{}, src {source}\n  buffer starts at 0 (including 0 out), {} free,\n  len {length}, wraps at {}, error at \
         position {}\n  H1 connection flags 0x00000000, H1 stream flags 0x00000000\n  H1 msg state {state}({number}), H1 \
         msg flags 0x00000000\n  H1 chunk len 0 bytes, H1 body len {} bytes :\n  ",
        message.number,
        message.room,
        length + message.room,
        message.position,
        message.body,
    );
    bytes(&message.bytes, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// The bytes as text, a line for each of theirs, with the position in front; a longer line goes on in the next.
fn bytes(bytes: &[u8], out: &mut String) {
    let (mut width, mut begun) = (WIDTH, false);
    for (at, byte) in bytes.iter().enumerate() {
        let shown = match byte {
            b'\n' => r"\n".to_owned(),
            b'\r' => r"\r".to_owned(),
            b'\t' => r"\t".to_owned(),
            0x1b => r"\e".to_owned(),
            b'\\' => r"\\".to_owned(),
            b' '..=b'~' => char::from(*byte).to_string(),
            other => format!("\\x{other:02X}"),
        };
        if width + shown.len() > WIDTH || !begun {
            let goes_on = begun;
            if goes_on {
                out.push('\n');
            }
            let mark = if goes_on { '+' } else { ' ' };
            // Writing to a string can't fail.
            let _ = write!(out, "  {at:05}{mark} ");
            (width, begun) = (0, true);
        }
        out.push_str(&shown);
        width += shown.len();
        if *byte == b'\n' {
            out.push('\n');
            begun = false;
        }
    }
    if begun {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_are_shown_by_line() {
        let mut out = String::new();
        super::bytes(b"GET \x01\x80\x1b\t\\\r\nLong: \r\nend", &mut out);
        assert_eq!(out, "  00000  GET \\x01\\x80\\e\\t\\\\\\r\\n\n  00011  Long: \\r\\n\n  00019  end\n");
        out.clear();
        super::bytes(&[b'z'; 150], &mut out);
        let z = "z".repeat(70);
        assert_eq!(out, format!("  00000  {z}\n  00070+ {z}\n  00140+ {}\n", "z".repeat(10)));
        out.clear();
        super::bytes(b"", &mut out);
        assert_eq!(out, "");
    }
}
