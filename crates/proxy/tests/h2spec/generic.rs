//! h2spec's group "generic": what every client expects to work.

use crate::Case;
use crate::peer::*;

pub(crate) const CASES: &[Case] = &[
    ("generic/1/1 the preface of a client", |p| p.get(1).answered(1)),
    ("generic/2/1 PRIORITY on an idle stream", |p| {
        p.frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255]).get(1).answered(1)
    }),
    ("generic/2/2 WINDOW_UPDATE on a half-closed stream", |p| p.get(1).window(1, 100).answered(1)),
    ("generic/2/3 PRIORITY on a half-closed stream", |p| {
        p.get(1).frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255]).answered(1)
    }),
    ("generic/2/4 RST_STREAM on a half-closed stream", |p| {
        p.get(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).alive()
    }),
    ("generic/2/5 PRIORITY on a closed stream", |p| {
        p.get(1).answered(1)?;
        p.frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255]).alive()
    }),
    ("generic/3.1/1 DATA", |p| p.post(1).frame(DATA, END_STREAM, 1, b"test").answered(1)),
    ("generic/3.1/2 several DATA", |p| {
        p.post(1).frame(DATA, 0, 1, b"test").frame(DATA, END_STREAM, 1, b"test").answered(1)
    }),
    ("generic/3.1/3 DATA with padding", |p| {
        p.post(1).frame(DATA, END_STREAM | PADDED, 1, b"\x03test\0\0\0").answered(1)
    }),
    ("generic/3.2/1 HEADERS", |p| p.get(1).answered(1)),
    ("generic/3.2/2 HEADERS with padding", |p| {
        let padded = [&[4], &list(&GET)[..], &[0; 4]].concat();
        p.frame(HEADERS, WHOLE | PADDED, 1, &padded).answered(1)
    }),
    ("generic/3.2/3 HEADERS with a priority", |p| {
        let prior = [&[0, 0, 0, 0, 255], &list(&GET)[..]].concat();
        p.frame(HEADERS, WHOLE | WITH_PRIORITY, 1, &prior).answered(1)
    }),
    ("generic/3.3/1 PRIORITY of 1", |p| p.frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 0]).get(1).answered(1)),
    ("generic/3.3/2 PRIORITY of 256", |p| p.frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255]).get(1).answered(1)),
    ("generic/3.3/3 PRIORITY with a dependency", |p| {
        p.frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 255]).get(3).answered(3)
    }),
    ("generic/3.3/4 PRIORITY that is exclusive", |p| {
        p.frame(PRIORITY, 0, 3, &[128, 0, 0, 1, 255]).get(3).answered(3)
    }),
    ("generic/3.3/5 PRIORITY on an idle stream, a lower one begins", |p| {
        p.frame(PRIORITY, 0, 5, &[0, 0, 0, 0, 255]).get(3).answered(3)
    }),
    ("generic/3.4/1 RST_STREAM", |p| p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).get(3).answered(3)),
    ("generic/3.5/1 SETTINGS", |p| {
        p.frame(SETTINGS, 0, 0, &setting(3, 100));
        p.find("an acknowledgement", |f| (f.kind == SETTINGS && f.flags == ACK).then_some(Ok(())))
    }),
    ("generic/3.7/1 PING", |p| p.alive()),
    ("generic/3.8/1 GOAWAY", |p| p.frame(GOAWAY, 0, 0, &[0; 8]).closed()),
    ("generic/3.9/1 WINDOW_UPDATE of the connection", |p| p.window(0, 1).get(1).answered(1)),
    ("generic/3.9/2 WINDOW_UPDATE of a stream", |p| p.get(1).window(1, 1).answered(1)),
    ("generic/3.10/1 CONTINUATION", |p| {
        let list = list(&GET);
        p.frame(HEADERS, END_STREAM, 1, &list[..9])
            .frame(CONTINUATION, END_HEADERS, 1, &list[9..])
            .answered(1)
    }),
    ("generic/3.10/2 several CONTINUATION", |p| {
        let list = list(&GET);
        p.frame(HEADERS, END_STREAM, 1, &list[..9])
            .frame(CONTINUATION, 0, 1, &list[9..20])
            .frame(CONTINUATION, END_HEADERS, 1, &list[20..])
            .answered(1)
    }),
    ("generic/4/1 GET", |p| p.get(1).answered(1)),
    ("generic/4/2 HEAD", |p| p.frame(HEADERS, WHOLE, 1, &changed(0, Some((":method", "HEAD")))).answered(1)),
    ("generic/4/3 POST", |p| p.post(1).frame(DATA, END_STREAM, 1, b"test").answered(1)),
    ("generic/4/4 POST with trailers", |p| {
        p.post(1).frame(DATA, 0, 1, b"test").frame(HEADERS, WHOLE, 1, &list(&[("x-test", "ok")])).answered(1)
    }),
    ("generic/5/1 an indexed field", |p| p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x01\x01h").answered(1)),
    ("generic/5/2 a literal with indexing, its name indexed", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x7a\x01a").answered(1)
    }),
    ("generic/5/3 a literal with indexing, its name new", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x40\x01x\x01a").answered(1)
    }),
    ("generic/5/4 a literal without indexing, its name indexed", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x0f\x2b\x01a").answered(1)
    }),
    ("generic/5/5 a literal without indexing, its name new", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x00\x01x\x01a").answered(1)
    }),
    ("generic/5/6 a literal never indexed, its name indexed", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x1f\x2b\x01a").answered(1)
    }),
    ("generic/5/7 a literal never indexed, its name new", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x10\x01x\x01a").answered(1)
    }),
    ("generic/5/8 an update of the table's size", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x20\x82\x86\x84\x01\x01h").answered(1)
    }),
    ("generic/5/9 two updates of the table's size", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x20\x3f\xe1\x1f\x82\x86\x84\x01\x01h").answered(1)
    }),
    ("generic/5/10 Huffman codes", |p| {
        // "www.example.com", of RFC 7541 appendix C.4.1.
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff")
            .answered(1)
    }),
    ("generic/5/11 an indexed field of the dynamic table", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h").answered(1)?;
        p.frame(HEADERS, WHOLE, 3, b"\x82\x86\x84\xbe").answered(3)
    }),
    ("generic/5/12 names of the dynamic table, with indexing", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x40\x01x\x01a").answered(1)?;
        p.frame(HEADERS, WHOLE, 3, b"\x82\x86\x84\xbf\x7e\x01b").answered(3)
    }),
    ("generic/5/13 names of the dynamic table, without indexing", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x40\x01x\x01a").answered(1)?;
        p.frame(HEADERS, WHOLE, 3, b"\x82\x86\x84\xbf\x0f\x2f\x01b").answered(3)
    }),
    ("generic/5/14 names of the dynamic table, never indexed", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x40\x01x\x01a").answered(1)?;
        p.frame(HEADERS, WHOLE, 3, b"\x82\x86\x84\xbf\x1f\x2f\x01b").answered(3)
    }),
    ("generic/5/15 several indexed fields", |p| {
        p.frame(HEADERS, WHOLE, 1, b"\x82\x86\x84\x41\x01h\x40\x01x\x01a").answered(1)?;
        p.frame(HEADERS, WHOLE, 3, b"\x82\x86\x84\xbf\xbe\xbe").answered(3)
    }),
];
