//! `term_events`: what ended a stream, for debugging (manual 7.3.2). HAProxy's text has seven places, from the client's
//! connection to the server's; Sluice notes such events of the stream alone and writes `-` in the others, as HAProxy does
//! where it doesn't note them. A small letter stands before what the client's side did, a capital one before the server's.

use state::termination::Cause;

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "term_events",
    args: &[],
    gives: Type::Str,
    needs: Needs::Nothing,
    doc: "What ended the stream: `s1S1` its two sides in order, `s2` the client too early, `S5` the server too early, `s7` \
          and `S7` a side that took too long, `s8` the proxy.",
    examples: &[Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "term_events", gives: "{-,-,-,,-,-,-}" }],
    get: |_, cx| {
        let stream = cx.stream?;
        Some(Value::Str(match stream.termination.cause {
            Cause::NONE if stream.times.ended != 0 => b"{-,-,-,s1S1,-,-,-}",
            Cause::NONE => b"{-,-,-,,-,-,-}",
            Cause::CLIENT => b"{-,-,-,s2,-,-,-}",
            Cause::CLIENT_TIMEOUT => b"{-,-,-,s7,-,-,-}",
            Cause::SERVER => b"{-,-,-,S5,-,-,-}",
            Cause::SERVER_TIMEOUT => b"{-,-,-,S7,-,-,-}",
            _ => b"{-,-,-,s8,-,-,-}",
        }))
    },
    each: None,
}];
