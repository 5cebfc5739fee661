//! `option pgsql-check` (manual 4.2; PostgreSQL's documentation, "Frontend/Backend Protocol").

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "pgsql-check",
    doc: "Sends a PostgreSQL server the start of a session in the name of a user; it must ask for authentication or \
          let the user in.",
    examples: &["user haproxy"],
    make: |words| {
        let (user, rest) = match words {
            [] | ["user"] => {
                return Err("'option pgsql-check' expects 'user <username>' as argument.".to_owned());
            }
            ["user", user, rest @ ..] => (user.as_bytes(), rest),
            _ => return Err("'option pgsql-check' only supports optional values: 'user'.".to_owned()),
        };
        no_words("pgsql-check", rest)?;
        Ok(vec![
            Does::Connect(Connect { linger: true, ..Connect::as_server() }),
            Does::Send(Data::Bytes(startup(user).into())),
            answer(judge),
        ])
    },
}];

/// A startup message of protocol 3.0: its length, the version, name and value, an empty name.
fn startup(user: &[u8]) -> Vec<u8> {
    let length = u32::try_from(4 + 4 + b"user\0".len() + user.len() + 2).unwrap_or(u32::MAX);
    let mut out = length.to_be_bytes().to_vec();
    out.extend_from_slice(b"\x00\x03\x00\x00user\0");
    out.extend_from_slice(user);
    out.extend_from_slice(b"\0\0");
    out
}

fn judge(input: &[u8], ended: bool) -> Judged {
    match input.first() {
        Some(b'R') if input.len() >= 9 => passed("PostgreSQL server is ok"),
        Some(b'E') if input.len() >= 6 => {
            let words = input.get(6..).unwrap_or_default();
            let words = words.split(|b| *b == 0).next().unwrap_or_default();
            wrong(Status::L7Response, 0, String::from_utf8_lossy(words))
        }
        Some(b'R' | b'E') | None if !ended => Judged::Open,
        _ => wrong(Status::L7Status, 0, "PostgreSQL unknown error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        assert_eq!(startup(b"postgres"), b"\x00\x00\x00\x17\x00\x03\x00\x00user\x00postgres\x00\x00");
        assert_eq!(judge(b"R\0\0\0\x08\0\0\0\0", false), passed("PostgreSQL server is ok"));
        assert_eq!(judge(b"R\0\0", false), Judged::Open);
        assert_eq!(judge(b"E\0\0\0\x0bSFATAL\0", false), wrong(Status::L7Response, 0, "FATAL"));
        assert_eq!(judge(b"Not", false), wrong(Status::L7Status, 0, "PostgreSQL unknown error"));
    }
}
