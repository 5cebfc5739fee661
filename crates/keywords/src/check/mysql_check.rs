//! `option mysql-check` (manual 4.2; MySQL's documentation, "Connection Phase").

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "mysql-check",
    doc: "Reads the greeting of a MySQL server; with a user (who has no password) it also logs in and leaves. `pre-41`, \
          `post-41` (the default) and `post-80` say which form of login the server understands.",
    examples: &["", "user haproxy", "user haproxy post-80"],
    make: |words| {
        let mut steps = vec![Does::Connect(Connect { linger: true, ..Connect::as_server() })];
        let login = match words {
            [] => None,
            ["user"] => return Err("'option mysql-check user' expects <username> as argument.".to_owned()),
            ["user", user, rest @ ..] => {
                Some(login(user.as_bytes(), rest.first().copied().unwrap_or("post-41"))?)
            }
            [other, ..] => {
                return Err(format!(
                    "'option mysql-check' only supports optional values: 'user' (got '{other}')."
                ));
            }
        };
        let Some(login) = login else {
            steps.push(answer(greeting_only));
            return Ok(steps);
        };
        steps.push(Does::Send(Data::Bytes(login.into())));
        steps.push(answer(greeting_and_login));
        Ok(steps)
    },
}];

/// Capabilities of a client.
mod capability {
    /// Speaks the protocol of 4.1.
    pub(super) const PROTOCOL_41: u32 = 0x0200;
    pub(super) const SECURE_CONNECTION: u32 = 0x8000;
    pub(super) const PLUGIN_AUTH: u32 = 0x0008_0000;
}

/// A login packet and one that leaves.
fn login(user: &[u8], form: &str) -> Result<Vec<u8>, String> {
    use capability::{PLUGIN_AUTH, PROTOCOL_41, SECURE_CONNECTION};
    let mut body = Vec::new();
    let modern = |body: &mut Vec<u8>, extra: u32| {
        body.extend_from_slice(&(PROTOCOL_41 | SECURE_CONNECTION | extra).to_le_bytes());
        // The longest packet, the character set (utf8), 23 reserved bytes.
        body.extend_from_slice(&[0x00, 0x80, 0x00, 0x01, 0x21]);
        body.resize(body.len() + 23, 0);
        body.extend_from_slice(user);
        // No password.
        body.extend_from_slice(&[0, 0]);
    };
    match form {
        "pre-41" => {
            body.extend_from_slice(&[0x00, 0x80]);
            body.extend_from_slice(&[0x00, 0x00, 0x01]);
            body.extend_from_slice(user);
            body.extend_from_slice(&[0, 0]);
        }
        "post-41" => modern(&mut body, 0),
        "post-80" => {
            modern(&mut body, PLUGIN_AUTH);
            body.extend_from_slice(b"mysql_native_password\0");
        }
        other => {
            return Err(format!(
                "keyword 'user' only supports 'post-41', 'pre-41' and 'post-80' (got '{other}')."
            ));
        }
    }
    let mut out = u32::try_from(body.len()).unwrap_or(0).to_le_bytes()[..3].to_vec();
    out.push(1);
    out.extend_from_slice(&body);
    // COM_QUIT.
    out.extend_from_slice(&[1, 0, 0, 0, 1]);
    Ok(out)
}

/// The body of the packet at the front and what follows it; none while it isn't complete.
fn packet(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = input.split_at_checked(4)?;
    let &[a, b, c, _] = head else { return None };
    let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
    rest.split_at_checked(length)
}

/// The error a packet tells of.
fn error(body: &[u8]) -> Option<Judged> {
    let (0xff, rest) = body.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let (code, text) = rest.split_at_checked(2)?;
    let code = u16::from_le_bytes(code.try_into().ok()?);
    // Servers of 4.1 and later put the SQL state in front.
    let text = if text.first() == Some(&b'#') { text.get(6..).unwrap_or_default() } else { text };
    Some(wrong(Status::L7Status, code, String::from_utf8_lossy(text)))
}

/// The version that a greeting tells.
fn version(body: &[u8]) -> Option<String> {
    let rest = body.get(1..)?;
    let end = rest.iter().position(|b| *b == 0)?;
    Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
}

fn greeting(input: &[u8], ended: bool) -> Result<(String, &[u8]), Judged> {
    let Some((body, rest)) = packet(input) else {
        let open = if ended { wrong(Status::L7Response, 0, "truncated packet") } else { Judged::Open };
        return Err(open);
    };
    if let Some(error) = error(body) {
        return Err(error);
    }
    match version(body) {
        Some(version) => Ok((version, rest)),
        None => Err(wrong(Status::L7Response, 0, "invalid greeting")),
    }
}

fn greeting_only(input: &[u8], ended: bool) -> Judged {
    match greeting(input, ended) {
        Ok((version, _)) => passed(version),
        Err(judged) => judged,
    }
}

fn greeting_and_login(input: &[u8], ended: bool) -> Judged {
    let (version, rest) = match greeting(input, ended) {
        Ok(found) => found,
        Err(judged) => return judged,
    };
    match packet(rest) {
        None if ended => wrong(Status::L7Response, 0, "truncated packet"),
        None => Judged::Open,
        Some((body, _)) => error(body).unwrap_or_else(|| passed(version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &[u8] = b"\x0b\x00\x00\x00\x0a8.0.19\x00\x01\x02\x03";

    #[test]
    fn logins() {
        let old = b"\x0b\x00\x00\x01\x00\x80\x00\x00\x01user\x00\x00\x01\x00\x00\x00\x01";
        assert_eq!(login(b"user", "pre-41").unwrap(), old);
        let modern = login(b"user", "post-41").unwrap();
        assert_eq!((modern.len(), &modern[..9]), (47, &b"\x26\x00\x00\x01\x00\x82\x00\x00\x00"[..]));
    }

    #[test]
    fn answers() {
        assert_eq!(greeting_only(GREETING, false), passed("8.0.19"));
        assert_eq!(greeting_only(&GREETING[..8], false), Judged::Open);
        let mut input = GREETING.to_vec();
        assert_eq!(greeting_and_login(&input, false), Judged::Open);
        input.extend_from_slice(b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00");
        assert_eq!(greeting_and_login(&input, false), passed("8.0.19"));
        let refused = b"\x09\x00\x00\x00\xff\xe3\x04Client";
        assert_eq!(greeting_only(refused, false), wrong(Status::L7Status, 1251, "Client"));
        for length in 0..input.len() {
            greeting_and_login(&input[..length], true);
        }
    }
}
