//! `option ldap-check` (manual 4.2, RFC 4511 section 4.2).

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "ldap-check",
    doc: "Binds to an LDAPv3 server anonymously, which must succeed.",
    examples: &[""],
    make: |words| {
        no_words("ldap-check", words)?;
        // LDAPMessage { messageID 1, bindRequest { version 3, name "", simple "" } }
        let bind = Data::Bytes((*b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00").into());
        Ok(vec![Does::Connect(Connect::as_server()), Does::Send(bind), answer(judge)])
    },
}];

const FOREIGN: &str = "Not LDAPv3 protocol";

fn judge(input: &[u8], ended: bool) -> Judged {
    match result_code(input) {
        Ok(0) => passed("Success"),
        Ok(code) => wrong(
            Status::L7Status,
            u16::from(code),
            "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9",
        ),
        Err(Fault::Short) if !ended => Judged::Open,
        Err(_) => wrong(Status::L7Response, 0, FOREIGN),
    }
}

/// Why bytes are no bind response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Some are missing yet.
    Short,
    /// They are something else.
    Foreign,
}

/// The result code of a bind response.
fn result_code(input: &[u8]) -> Result<u8, Fault> {
    let (message, _) = element(input, 0x30)?;
    let (id, rest) = element(message, 0x02)?;
    if id != [1] {
        return Err(Fault::Foreign);
    }
    let (response, _) = element(rest, 0x61)?;
    match element(response, 0x0a)?.0 {
        [code] => Ok(*code),
        [] => Err(Fault::Short),
        _ => Err(Fault::Foreign),
    }
}

/// The content of the element with this tag at the front, as much of it as there is, and what follows it.
fn element(input: &[u8], tag: u8) -> Result<(&[u8], &[u8]), Fault> {
    let (first, rest) = input.split_first().ok_or(Fault::Short)?;
    if *first != tag {
        return Err(Fault::Foreign);
    }
    let (length, rest) = rest.split_first().ok_or(Fault::Short)?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(*length & 0x7f)).ok_or(Fault::Short)?;
            (digits.iter().fold(0usize, |n, d| n.saturating_mul(256).saturating_add(usize::from(*d))), rest)
        }
        _ => return Err(Fault::Foreign),
    };
    Ok(rest.split_at_checked(length).unwrap_or((rest, &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let long =
            b"\x30\x84\x00\x00\x00\x10\x02\x01\x01\x61\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00";
        assert_eq!(judge(long, false), passed("Success"));
        assert_eq!(judge(&long[..12], false), Judged::Open);
        assert_eq!(judge(&long[..17], false), Judged::Open);
        assert!(matches!(
            judge(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00", false),
            Judged::Done { status: Status::L7Status, code: 0x31, .. }
        ));
        assert_eq!(judge(b"HTTP/1.1 200 OK", false), wrong(Status::L7Response, 0, FOREIGN));
        for length in 0..long.len() {
            judge(&long[..length], true);
        }
    }
}
