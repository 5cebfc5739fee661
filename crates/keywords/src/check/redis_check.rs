//! `option redis-check` (manual 4.2).

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "redis-check",
    doc: "Sends PING to a Redis server, which must answer +PONG.",
    examples: &[""],
    make: |words| {
        no_words("redis-check", words)?;
        let ping = Data::Bytes((*b"*1\r\n$4\r\nPING\r\n").into());
        Ok(vec![Does::Connect(Connect::as_server()), Does::Send(ping), answer(judge)])
    },
}];

const PONG: &[u8] = b"+PONG\r\n";

fn judge(input: &[u8], ended: bool) -> Judged {
    if input.starts_with(PONG) {
        return passed("Redis server is ok");
    }
    if ended { wrong(Status::L7Status, 0, said(input)) } else { Judged::Open }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert_eq!(judge(b"+PO", false), Judged::Open);
        assert_eq!(judge(b"+PONG\r\n", false), passed("Redis server is ok"));
        let failed = wrong(Status::L7Status, 0, "-NOAUTH Authentication required.");
        assert_eq!(judge(b"-NOAUTH Authentication required.\r\n", true), failed);
    }
}
