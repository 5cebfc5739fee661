//! `option ssl-hello-chk` (manual 4.2; RFC 6101 section 5.6.1.2).

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "ssl-hello-chk",
    doc: "Sends the greeting of SSL 3.0; what answers with a handshake or an alert speaks TLS.",
    examples: &[""],
    make: |words| {
        no_words("ssl-hello-chk", words)?;
        let judge = Pattern::Judge(state::check::Judge(judge));
        let expect =
            Expect { error: Some(Status::L6Response), timeout: Status::L6Timeout, ..Expect::plain(judge) };
        Ok(vec![
            Does::Connect(Connect::as_server()),
            Does::Send(Data::Stamped(hello().into(), TIME_AT)),
            Does::Expect(Box::new(expect)),
        ])
    },
}];

/// Where the time of day stands in the greeting: behind the heads of record and handshake, and the version.
const TIME_AT: usize = 5 + 4 + 2;

/// A ClientHello in a record of its own.
fn hello() -> Vec<u8> {
    let mut body = vec![3, 0];
    // The random part: the time, filled in for each check, and 28 bytes that need not be random for a check.
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(b"HAPROXYSSLCHK\nHAPROXYSSLCHK\n");
    // No session; the cipher suites of SSL 3.0 and TLS 1.0; no compression.
    body.push(0);
    let suites: Vec<u8> = (0x01..=0x1b).chain(0x2f..=0x3a).flat_map(|suite| [0, suite]).collect();
    body.extend_from_slice(&u16::try_from(suites.len()).unwrap_or(0).to_be_bytes());
    body.extend_from_slice(&suites);
    body.extend_from_slice(&[1, 0]);
    let length = u16::try_from(body.len()).unwrap_or(0);
    let mut out = vec![0x16, 3, 0];
    out.extend_from_slice(&(length + 4).to_be_bytes());
    out.extend_from_slice(&[1, 0]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&body);
    out
}

fn judge(input: &[u8], ended: bool) -> Judged {
    match input.first() {
        Some(0x15 | 0x16) => Judged::Done { status: Status::L6Ok, code: 0, words: String::new() },
        None if !ended => Judged::Open,
        None => wrong(Status::L6Response, 0, "TCPCHK got an empty response at step 2"),
        Some(_) => wrong(Status::L6Response, 0, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting() {
        let hello = hello();
        assert_eq!(hello.len(), 126);
        assert_eq!(&hello[..11], b"\x16\x03\x00\x00\x79\x01\x00\x00\x75\x03\x00");
    }

    #[test]
    fn answers() {
        assert!(matches!(judge(b"\x15\x03", false), Judged::Done { status: Status::L6Ok, .. }));
        assert!(matches!(judge(b"HTTP", false), Judged::Done { status: Status::L6Response, .. }));
        assert_eq!(judge(b"", false), Judged::Open);
    }
}
