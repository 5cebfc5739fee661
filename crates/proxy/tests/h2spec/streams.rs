//! h2spec's group "http2", sections 3 to 5: the connection's beginning, frames in general, the states of streams.

use crate::Case;
use crate::peer::*;

pub(crate) const CASES: &[Case] = &[
    ("http2/3.5/1 settings come first", |p| {
        let mut other = p.another();
        other.raw(PREFACE).frame(SETTINGS, 0, 0, b"");
        other.find("settings", |f| Some(if f.kind == SETTINGS { Ok(()) } else { Err(format!("{f:?}")) }))
    }),
    ("http2/3.5/2 a preface that is none", |p| {
        p.another().raw(b"INVALID CONNECTION PREFACE\r\n\r\n").broken(&[PROTOCOL_ERROR])
    }),
    ("http2/4.1/1 a frame of a type that nobody knows", |p| p.frame(0xff, 0, 0, &[0; 8]).alive()),
    ("http2/4.1/2 flags that nobody knows", |p| p.frame(PING, 0x16, 0, b"12345678").alive()),
    ("http2/4.1/3 the reserved bit", |p| p.frame(PING, 0, 0x8000_0000, b"12345678").alive()),
    ("http2/4.2/1 DATA of 2^14 bytes", |p| p.post(1).frame(DATA, END_STREAM, 1, &[b'x'; 16384]).answered(1)),
    ("http2/4.2/2 DATA that is too long", |p| {
        p.post(1).frame(DATA, END_STREAM, 1, &[b'x'; 16385]).reset(1, &[FRAME_SIZE_ERROR])
    }),
    ("http2/4.2/3 HEADERS that are too long", |p| {
        let long = with(&[("x", &"y".repeat(20000))]);
        p.frame(HEADERS, WHOLE, 1, &long).broken(&[FRAME_SIZE_ERROR])
    }),
    ("http2/4.3/1 a header block that is none", |p| {
        p.frame(HEADERS, WHOLE, 1, &[0x40]).broken(&[COMPRESSION_ERROR])
    }),
    ("http2/4.3/2 PRIORITY within a header block", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET))
            .frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255])
            .broken(&[PROTOCOL_ERROR])
    }),
    ("http2/4.3/3 HEADERS of another stream within a header block", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET)).get(3).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/5.1/1 idle: DATA", |p| p.frame(DATA, END_STREAM, 1, b"test").broken(&[PROTOCOL_ERROR])),
    ("http2/5.1/2 idle: RST_STREAM", |p| p.frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).broken(&[PROTOCOL_ERROR])),
    ("http2/5.1/3 idle: WINDOW_UPDATE", |p| p.window(1, 100).broken(&[PROTOCOL_ERROR])),
    ("http2/5.1/4 idle: CONTINUATION", |p| {
        p.frame(CONTINUATION, END_HEADERS, 1, &list(&GET)).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/5.1/5 half closed: DATA", |p| {
        p.get(1).frame(DATA, END_STREAM, 1, b"test").reset(1, &[STREAM_CLOSED])
    }),
    ("http2/5.1/6 half closed: HEADERS", |p| p.get(1).get(1).reset(1, &[STREAM_CLOSED])),
    ("http2/5.1/7 half closed: CONTINUATION", |p| {
        p.get(1).frame(CONTINUATION, END_HEADERS, 1, &list(&GET)).reset(1, &[STREAM_CLOSED, PROTOCOL_ERROR])
    }),
    ("http2/5.1/8 closed by a reset: DATA", |p| {
        p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).frame(DATA, END_STREAM, 1, b"test");
        p.reset(1, &[STREAM_CLOSED])
    }),
    ("http2/5.1/9 closed by a reset: HEADERS", |p| {
        p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).get(1).reset(1, &[STREAM_CLOSED])
    }),
    ("http2/5.1/10 closed by a reset: CONTINUATION", |p| {
        p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).frame(CONTINUATION, END_HEADERS, 1, &list(&GET));
        p.reset(1, &[STREAM_CLOSED, PROTOCOL_ERROR])
    }),
    ("http2/5.1/11 closed: DATA", |p| {
        p.get(1).answered(1)?;
        p.frame(DATA, END_STREAM, 1, b"test").reset(1, &[STREAM_CLOSED])
    }),
    ("http2/5.1/12 closed: HEADERS", |p| {
        p.get(1).answered(1)?;
        p.get(1).broken(&[STREAM_CLOSED, PROTOCOL_ERROR])
    }),
    ("http2/5.1/13 closed: CONTINUATION", |p| {
        p.get(1).answered(1)?;
        p.frame(CONTINUATION, END_HEADERS, 1, &list(&GET)).broken(&[STREAM_CLOSED, PROTOCOL_ERROR])
    }),
    ("http2/5.1.1/1 a stream with an even number", |p| p.get(2).broken(&[PROTOCOL_ERROR])),
    ("http2/5.1.1/2 a number lower than one before", |p| {
        p.get(5).get(3).broken(&[PROTOCOL_ERROR, STREAM_CLOSED])
    }),
    ("http2/5.1.2/1 more streams than there may be", |p| {
        for n in 0..101 {
            p.post(2 * n + 1);
        }
        p.reset(201, &[PROTOCOL_ERROR, REFUSED_STREAM])
    }),
    ("http2/5.3.1/1 HEADERS that depend on themselves", |p| {
        let prior = [&[0, 0, 0, 1, 255], &list(&GET)[..]].concat();
        p.frame(HEADERS, WHOLE | WITH_PRIORITY, 1, &prior).reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/5.3.1/2 PRIORITY that depends on itself", |p| {
        p.frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 255]).reset(1, &[PROTOCOL_ERROR])
    }),
    ("http2/5.4.1/1 an error ends the connection", |p| {
        p.frame(PING, 0, 0, b"1234567").broken(&[FRAME_SIZE_ERROR])?;
        while p.next().is_some() {}
        Ok(())
    }),
    ("http2/5.4.1/2 an error is told of", |p| {
        p.frame(PING, 0, 0, b"1234567");
        p.find("GOAWAY", |f| (f.kind == GOAWAY).then_some(Ok(())))
    }),
    ("http2/5.5/1 an extension that nobody knows", |p| p.frame(0xff, 0, 0, b"12345678").alive()),
    ("http2/5.5/2 an extension within a header block", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET)).frame(0xff, 0, 0, b"12345678").broken(&[PROTOCOL_ERROR])
    }),
];
