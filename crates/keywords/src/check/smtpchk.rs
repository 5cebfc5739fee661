//! `option smtpchk` (manual 4.2, RFC 5321 section 4.2).

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "smtpchk",
    doc: "Greets an SMTP server with HELO or EHLO and takes leave with QUIT; each answer must be a positive one. Without \
          both words, or with another greeting, it is `HELO localhost`.",
    examples: &["", "EHLO mail.example"],
    make: |words| {
        let (verb, domain) = match words {
            [verb @ ("EHLO" | "HELO"), domain, rest @ ..] => {
                no_words("smtpchk", rest)?;
                (*verb, *domain)
            }
            [_, _, rest @ ..] => {
                no_words("smtpchk", rest)?;
                ("HELO", "localhost")
            }
            _ => ("HELO", "localhost"),
        };
        let bytes = |text: String| Does::Send(Data::Bytes(text.into_bytes().into()));
        Ok(vec![
            Does::Connect(Connect { linger: true, ..Connect::as_server() }),
            answer(banner),
            bytes(format!("{verb} {domain}\r\n")),
            answer(greeting),
            bytes("QUIT\r\n".to_owned()),
            answer(farewell),
        ])
    },
}];

/// The code and the text of the last line of a complete reply; none while more lines must come.
fn reply(input: &[u8], ended: bool) -> Option<(Option<u16>, String)> {
    let mut rest = input;
    loop {
        let line = match rest.iter().position(|b| *b == b'\n') {
            Some(end) => rest.get(..=end).unwrap_or_default(),
            None if ended => rest,
            None => return None,
        };
        let code = line.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let Some(code) = code.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()) else {
            return Some((None, said(line)));
        };
        rest = rest.get(line.len()..).unwrap_or_default();
        // A dash says that more lines follow.
        if line.get(3) != Some(&b'-') || (ended && rest.is_empty()) {
            return Some((Some(code), said(line.get(4..).unwrap_or_default())));
        }
    }
}

fn judged(input: &[u8], ended: bool, good: impl Fn(u16) -> Judged) -> Judged {
    match reply(input, ended) {
        None => Judged::Open,
        Some((None, words)) => wrong(Status::L7Response, 0, words),
        Some((Some(code), _)) if (200..300).contains(&code) => good(code),
        Some((Some(code), words)) => wrong(Status::L7Status, code, words),
    }
}

fn banner(input: &[u8], ended: bool) -> Judged {
    judged(input, ended, |_| Judged::Next)
}

fn greeting(input: &[u8], ended: bool) -> Judged {
    judged(input, ended, |_| Judged::Next)
}

fn farewell(input: &[u8], ended: bool) -> Judged {
    judged(input, ended, |code| {
        let words = reply(input, ended).map(|(_, words)| words).unwrap_or_default();
        Judged::Done { status: Status::L7Ok, code, words }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies() {
        assert_eq!(banner(b"22", false), Judged::Open);
        assert_eq!(banner(b"220 here\r\n", false), Judged::Next);
        assert_eq!(greeting(b"250-a\r\n250-b\r\n", false), Judged::Open);
        assert_eq!(greeting(b"250-a\r\n250 b\r\n", false), Judged::Next);
        assert_eq!(greeting(b"512 DNS error\r\n", false), wrong(Status::L7Status, 512, "DNS error"));
        assert_eq!(banner(b"I'm not\r\n", false), wrong(Status::L7Response, 0, "I'm not"));
        let bye = Judged::Done { status: Status::L7Ok, code: 221, words: "bye".to_owned() };
        assert_eq!(farewell(b"221 bye\r\n", false), bye);
    }
}
