//! h2spec's group "http2", sections 7 and 8: reasons nobody knows, and what makes messages malformed.

use crate::Case;
use crate::peer::*;

pub(crate) const CASES: &[Case] = &[
    ("http2/7/1 GOAWAY for a reason that nobody knows", |p| {
        p.frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0xff]).closed()
    }),
    ("http2/7/2 RST_STREAM for a reason that nobody knows", |p| {
        p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 0xff]).alive()
    }),
    ("http2/8.1/1 a second HEADERS that doesn't end the stream", |p| {
        p.post(1).frame(HEADERS, END_HEADERS, 1, &list(&[("x-test", "ok")])).reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/8.1.2/1 a name in upper case", |p| malformed(p, &with(&[("X-TEST", "ok")]))),
    ("http2/8.1.2.1/1 a pseudo-header that nobody knows", |p| {
        malformed(p, &list(&[&[(":test", "ok")], &GET[..]].concat()))
    }),
    ("http2/8.1.2.1/2 a pseudo-header of responses", |p| {
        malformed(p, &list(&[&[(":status", "200")], &GET[..]].concat()))
    }),
    ("http2/8.1.2.1/3 a pseudo-header among trailers", |p| {
        p.post(1).frame(DATA, 0, 1, b"test").frame(HEADERS, WHOLE, 1, &list(&[(":method", "GET")]));
        p.reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/8.1.2.1/4 a pseudo-header behind others", |p| {
        malformed(p, &list(&[&[("x-test", "ok")], &GET[..]].concat()))
    }),
    ("http2/8.1.2.2/1 a header of the connection", |p| malformed(p, &with(&[("connection", "keep-alive")]))),
    ("http2/8.1.2.2/2 te that is no trailers", |p| malformed(p, &with(&[("te", "trailers, deflate")]))),
    ("http2/8.1.2.3/1 an empty path", |p| malformed(p, &changed(2, Some((":path", ""))))),
    ("http2/8.1.2.3/2 no method", |p| malformed(p, &changed(0, None))),
    ("http2/8.1.2.3/3 no scheme", |p| malformed(p, &changed(1, None))),
    ("http2/8.1.2.3/4 no path", |p| malformed(p, &changed(2, None))),
    ("http2/8.1.2.3/5 two methods", |p| malformed(p, &list(&[&[(":method", "GET")], &GET[..]].concat()))),
    ("http2/8.1.2.3/6 two schemes", |p| malformed(p, &list(&[&[(":scheme", "http")], &GET[..]].concat()))),
    ("http2/8.1.2.3/7 two paths", |p| malformed(p, &list(&[&[(":path", "/")], &GET[..]].concat()))),
    ("http2/8.1.2.6/1 a length that isn't the body's", |p| {
        p.frame(HEADERS, END_HEADERS, 1, &list(&[&POST[..], &[("content-length", "1")]].concat()));
        p.frame(DATA, END_STREAM, 1, b"test").reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/8.1.2.6/2 a length that isn't the sum of all DATA", |p| {
        p.frame(HEADERS, END_HEADERS, 1, &list(&[&POST[..], &[("content-length", "7")]].concat()));
        p.frame(DATA, 0, 1, b"test").frame(DATA, END_STREAM, 1, b"test").reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/8.2/1 PUSH_PROMISE of a client", |p| {
        let promise = [&[0, 0, 0, 2], &list(&GET)[..]].concat();
        p.post(1).frame(PUSH_PROMISE, END_HEADERS, 1, &promise).broken(&[PROTOCOL_ERROR])
    }),
];

fn malformed(peer: &mut Peer, list: &[u8]) -> crate::Outcome {
    peer.frame(HEADERS, WHOLE, 1, list).reset(1, &[PROTOCOL_ERROR])?;
    // It is that stream's fault alone.
    peer.get(3).answered(3)
}
