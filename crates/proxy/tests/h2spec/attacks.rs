//! Attacks on HTTP/2 that were seen in the wild, each of which has to come to nothing: the connection ends, or is none the
//! worse, and other clients are served.

use crate::peer::*;
use crate::{Case, Outcome};

pub(crate) const CASES: &[Case] = &[
    ("CVE-2023-44487 rapid reset: streams that are reset still count until they are gone", |p| {
        for n in 0..5000 {
            p.get(2 * n + 1).frame(RST_STREAM, 0, 2 * n + 1, &[0, 0, 0, 8]);
        }
        others_are_served(p)
    }),
    ("CVE-2024-27316 a header block without an end", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET));
        for _ in 0..10_000 {
            p.frame(CONTINUATION, 0, 1, &list(&[("x", "y")]));
        }
        p.broken(&[ENHANCE_YOUR_CALM])?;
        others_are_served(p)
    }),
    ("CVE-2019-9518 frames without content: CONTINUATION", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET));
        for _ in 0..10_000 {
            p.frame(CONTINUATION, 0, 1, b"");
        }
        p.broken(&[ENHANCE_YOUR_CALM])?;
        others_are_served(p)
    }),
    ("CVE-2019-9518 frames without content: DATA", |p| {
        p.post(1);
        for _ in 0..10_000 {
            p.frame(DATA, 0, 1, b"");
        }
        p.broken(&[ENHANCE_YOUR_CALM])?;
        others_are_served(p)
    }),
    ("CVE-2016-6581 a header bomb", |p| {
        // An entry of 4,000 bytes, and as many names of it as a frame holds: 60 MB.
        let mut bomb = list(&GET);
        bomb.extend_from_slice(b"\x40\x01x");
        let value = "y".repeat(4000);
        let mut long = Vec::new();
        literal("", &value, &mut long);
        bomb.extend_from_slice(&long[2..]);
        bomb.resize(16_000, 0xbe);
        p.frame(HEADERS, WHOLE, 1, &bomb).broken(&[ENHANCE_YOUR_CALM])?;
        others_are_served(p)
    }),
    ("CVE-2019-9512 a flood of PING whose answers nobody reads", |p| {
        for _ in 0..100_000 {
            p.frame(PING, 0, 0, b"answer!!");
        }
        others_are_served(p)
    }),
    ("CVE-2019-9515 a flood of SETTINGS", |p| {
        for _ in 0..100_000 {
            p.frame(SETTINGS, 0, 0, &setting(4, 65_535));
        }
        others_are_served(p)
    }),
    ("CVE-2019-9517 answers that no window lets through", |p| {
        p.frame(SETTINGS, 0, 0, &setting(4, 0));
        for n in 0..100 {
            p.get(2 * n + 1);
        }
        p.answered(1)?;
        others_are_served(p)
    }),
    ("CVE-2019-9513 a storm of priorities", |p| {
        for n in 0..100_000_u32 {
            p.frame(PRIORITY, 0, 2 * (n % 50) + 1, &[0, 0, 0, 0, n as u8]);
        }
        p.alive()?;
        others_are_served(p)
    }),
    ("CVE-2019-9514 a flood of streams that have to be reset", |p| {
        let odd = with(&[("connection", "close")]);
        for n in 0..1000 {
            p.frame(HEADERS, WHOLE, 2 * n + 1, &odd);
        }
        p.find("the end", |f| (f.kind == GOAWAY).then_some(Ok(())))?;
        others_are_served(p)
    }),
    ("CVE-2021-33193 a request line within a method", |p| {
        refused(p, &changed(0, Some((":method", "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET"))))
    }),
    ("a request line within a path", |p| refused(p, &changed(2, Some((":path", "/ HTTP/1.1\r\nx: y"))))),
    ("a path that is an authority", |p| refused(p, &changed(2, Some((":path", "x.example/"))))),
    ("a scheme that is a URL", |p| refused(p, &changed(1, Some((":scheme", "http://x/?"))))),
    ("an authority with a user", |p| refused(p, &changed(3, Some((":authority", "user@h"))))),
    ("a header within a header", |p| refused(p, &with(&[("x", "a\r\ntransfer-encoding: chunked")]))),
    ("a name that ends early", |p| refused(p, &with(&[("x: y\r\nz", "a")]))),
    ("chunks within HTTP/2", |p| refused(p, &with(&[("transfer-encoding", "chunked")]))),
    ("two lengths", |p| refused(p, &with(&[("content-length", "1"), ("content-length", "2")]))),
    ("a length that isn't there", |p| refused(p, &with(&[("content-length", "10")]))),
];

/// Another client gets its answer.
fn others_are_served(peer: &Peer) -> Outcome {
    let mut other = peer.another();
    other.raw(PREFACE).frame(SETTINGS, 0, 0, b"").frame(SETTINGS, ACK, 0, b"").get(1).answered(1)
}

/// The stream is reset, or its request answered with 400: whatever, nobody serves it.
fn refused(peer: &mut Peer, list: &[u8]) -> Outcome {
    peer.frame(HEADERS, WHOLE, 1, list);
    peer.find("a refusal", |frame| match (frame.kind, frame.stream) {
        (RST_STREAM, 1) => Some(Ok(())),
        // The static table has 400 at 12.
        (HEADERS, 1) if frame.payload.first() == Some(&0x8c) => Some(Ok(())),
        (HEADERS, 1) | (GOAWAY, _) => Some(Err(format!("{frame:?}"))),
        _ => None,
    })?;
    peer.get(3).answered(3)
}
