//! What an agent is told and how its answer is delimited (manual 5.2 "agent-check"). What its words mean is `engine`'s.

use std::net::IpAddr;

use state::check::{Port, Protocol, Ruleset, Step};

use super::prelude::*;

/// The steps of an agent check: the text to send, if any, and one line of an answer.
pub fn agent(address: Option<IpAddr>, port: u16, send: Option<&str>) -> Ruleset {
    let connect = Connect { address, port: Some(Port::Fixed(port)), linger: true, ..Connect::default() };
    let send = send.map(|text| Does::Send(Data::Bytes(text.as_bytes().into())));
    // Steps count as if something were always sent.
    let number = |does: &Does| match does {
        Does::Connect(_) => 0,
        Does::Send(_) => 1,
        _ => 2,
    };
    let steps = [Some(Does::Connect(connect)), send, Some(answer(line))];
    let step = |does| Step { number: number(&does), comment: None, does };
    Ruleset {
        protocol: Protocol::Other,
        explicit: true,
        steps: steps.into_iter().flatten().map(step).collect(),
        ..Ruleset::default()
    }
}

/// The first line, once it is complete.
fn line(input: &[u8], ended: bool) -> Judged {
    let complete = input.iter().any(|b| matches!(b, b'\r' | b'\n'));
    match (complete || ended, input.is_empty()) {
        (false, _) => Judged::Open,
        (true, true) => wrong(Status::L7Response, 0, "TCPCHK got an empty response at step 2"),
        (true, false) => wrong(Status::Checked, 0, said(input)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(line(b"up", false), Judged::Open);
        assert_eq!(line(b"up", true), wrong(Status::Checked, 0, "up"));
        assert_eq!(line(b"up 50%\r\nmore", false), wrong(Status::Checked, 0, "up 50%"));
    }
}
