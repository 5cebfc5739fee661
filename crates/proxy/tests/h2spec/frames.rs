//! h2spec's group "http2", section 6: every type of frame.

use crate::Case;
use crate::peer::*;

/// The largest window.
const MOST: u32 = 0x7fff_ffff;

pub(crate) const CASES: &[Case] = &[
    ("http2/6.1/1 DATA on stream 0", |p| p.frame(DATA, END_STREAM, 0, b"test").broken(&[PROTOCOL_ERROR])),
    ("http2/6.1/2 DATA on a stream that isn't open", |p| {
        p.get(1).frame(DATA, END_STREAM, 1, b"test").reset(1, &[STREAM_CLOSED])
    }),
    ("http2/6.1/3 DATA with more padding than there is", |p| {
        p.post(1).frame(DATA, END_STREAM | PADDED, 1, b"\x06test").broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.2/1 HEADERS without an end, then PRIORITY", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET))
            .frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 255])
            .broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.2/2 HEADERS without an end, then those of another stream", |p| {
        p.frame(HEADERS, END_STREAM, 1, &list(&GET)).get(3).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.2/3 HEADERS on stream 0", |p| p.get(0).broken(&[PROTOCOL_ERROR])),
    ("http2/6.2/4 HEADERS with more padding than there is", |p| {
        let padded = [&[200], &list(&GET)[..]].concat();
        p.frame(HEADERS, WHOLE | PADDED, 1, &padded).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.3/1 PRIORITY on stream 0", |p| {
        p.frame(PRIORITY, 0, 0, &[0, 0, 0, 0, 255]).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.3/2 PRIORITY of another length", |p| {
        p.frame(PRIORITY, 0, 1, &[0; 4]).reset(1, &[FRAME_SIZE_ERROR])
    }),
    ("http2/6.4/1 RST_STREAM on stream 0", |p| {
        p.frame(RST_STREAM, 0, 0, &[0, 0, 0, 8]).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.4/2 RST_STREAM on an idle stream", |p| {
        p.frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.4/3 RST_STREAM of another length", |p| {
        p.post(1).frame(RST_STREAM, 0, 1, &[0, 0, 0]).broken(&[FRAME_SIZE_ERROR])
    }),
    ("http2/6.5/1 an acknowledgement that says more", |p| {
        p.frame(SETTINGS, ACK, 0, &[0]).broken(&[FRAME_SIZE_ERROR])
    }),
    ("http2/6.5/2 SETTINGS of a stream", |p| {
        p.frame(SETTINGS, 0, 1, &setting(3, 100)).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.5/3 SETTINGS of another length", |p| {
        p.frame(SETTINGS, 0, 0, &[0, 3, 0]).broken(&[FRAME_SIZE_ERROR])
    }),
    ("http2/6.5.2/1 ENABLE_PUSH of 2", |p| p.frame(SETTINGS, 0, 0, &setting(2, 2)).broken(&[PROTOCOL_ERROR])),
    ("http2/6.5.2/2 INITIAL_WINDOW_SIZE above the largest", |p| {
        p.frame(SETTINGS, 0, 0, &setting(4, MOST + 1)).broken(&[FLOW_CONTROL_ERROR])
    }),
    ("http2/6.5.2/3 MAX_FRAME_SIZE below the least", |p| {
        p.frame(SETTINGS, 0, 0, &setting(5, 16383)).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.5.2/4 MAX_FRAME_SIZE above the largest", |p| {
        p.frame(SETTINGS, 0, 0, &setting(5, 1 << 24)).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.5.2/5 a setting that nobody knows", |p| p.frame(SETTINGS, 0, 0, &setting(0xff, 1)).alive()),
    ("http2/6.5.3/1 several values of a setting", |p| {
        let both = [setting(4, 100), setting(4, 1)].concat();
        p.frame(SETTINGS, 0, 0, &both).get(1);
        p.find("DATA of one byte", |f| {
            (f.kind == DATA).then(|| if f.payload.len() == 1 { Ok(()) } else { Err(format!("{f:?}")) })
        })
    }),
    ("http2/6.5.3/2 SETTINGS are acknowledged", |p| {
        p.frame(SETTINGS, 0, 0, b"");
        p.find("an acknowledgement", |f| (f.kind == SETTINGS && f.flags == ACK).then_some(Ok(())))
    }),
    ("http2/6.7/1 PING is answered", |p| p.alive()),
    ("http2/6.7/2 an answer to PING isn't", |p| {
        p.frame(PING, ACK, 0, b"invalid!").frame(PING, 0, 0, b"are you?");
        p.find("one answer", |f| {
            (f.kind == PING).then(|| if f.payload == b"are you?" { Ok(()) } else { Err(format!("{f:?}")) })
        })
    }),
    ("http2/6.7/3 PING of a stream", |p| p.frame(PING, 0, 1, b"12345678").broken(&[PROTOCOL_ERROR])),
    ("http2/6.7/4 PING of another length", |p| p.frame(PING, 0, 0, b"123456").broken(&[FRAME_SIZE_ERROR])),
    ("http2/6.8/1 GOAWAY of a stream", |p| p.frame(GOAWAY, 0, 1, &[0; 8]).broken(&[PROTOCOL_ERROR])),
    ("http2/6.9/1 WINDOW_UPDATE of the connection by 0", |p| p.window(0, 0).broken(&[PROTOCOL_ERROR])),
    ("http2/6.9/2 WINDOW_UPDATE of a stream by 0", |p| p.post(1).window(1, 0).reset(1, &[PROTOCOL_ERROR])),
    ("http2/6.9/3 WINDOW_UPDATE of another length", |p| {
        p.frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1]).broken(&[FRAME_SIZE_ERROR])
    }),
    ("http2/6.9.1/1 no more is sent than the window lets", |p| {
        p.frame(SETTINGS, 0, 0, &setting(4, 1)).get(1);
        p.find("DATA of one byte", |f| {
            (f.kind == DATA).then(|| if f.payload.len() == 1 { Ok(()) } else { Err(format!("{f:?}")) })
        })
    }),
    ("http2/6.9.1/2 the connection's window grows too large", |p| {
        p.window(0, MOST).window(0, MOST).broken(&[FLOW_CONTROL_ERROR])
    }),
    ("http2/6.9.1/3 a stream's window grows too large", |p| {
        p.post(1).window(1, MOST).window(1, MOST).reset(1, &[FLOW_CONTROL_ERROR])
    }),
    ("http2/6.9.2/1 the initial window changes behind HEADERS", |p| {
        p.frame(SETTINGS, 0, 0, &setting(4, 0)).get(1).answered(1)?;
        p.frame(SETTINGS, 0, 0, &setting(4, 1));
        p.find("DATA of one byte", |f| {
            (f.kind == DATA).then(|| if f.payload.len() == 1 { Ok(()) } else { Err(format!("{f:?}")) })
        })
    }),
    ("http2/6.9.2/2 a window below 0", |p| {
        let data = |p: &mut Peer| p.find("DATA", |f| (f.kind == DATA).then_some(Ok(f.payload.len())));
        p.frame(SETTINGS, 0, 0, &setting(4, 3)).get(1);
        let first = data(p)?;
        p.frame(SETTINGS, 0, 0, &setting(4, 2)).window(1, 2);
        match (first, data(p)?) {
            (3, 1) => Ok(()),
            other => Err(format!("{other:?} bytes")),
        }
    }),
    ("http2/6.9.2/3 SETTINGS make a window too large", |p| {
        p.frame(SETTINGS, 0, 0, &setting(4, 0x8000_0000)).broken(&[FLOW_CONTROL_ERROR])
    }),
    ("http2/6.10/1 several CONTINUATION", |p| {
        let list = list(&GET);
        p.frame(HEADERS, END_STREAM, 1, &list[..5])
            .frame(CONTINUATION, 0, 1, &list[5..9])
            .frame(CONTINUATION, END_HEADERS, 1, &list[9..])
            .answered(1)
    }),
    ("http2/6.10/2 CONTINUATION without an end, then DATA", |p| {
        let list = list(&POST);
        p.frame(HEADERS, 0, 1, &list[..5])
            .frame(CONTINUATION, 0, 1, &list[5..])
            .frame(DATA, END_STREAM, 1, b"test");
        p.broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.10/3 CONTINUATION on stream 0", |p| {
        let list = list(&GET);
        p.frame(HEADERS, END_STREAM, 1, &list[..5])
            .frame(CONTINUATION, END_HEADERS, 0, &list[5..])
            .broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.10/4 CONTINUATION behind HEADERS that were whole", |p| {
        p.post(1).frame(CONTINUATION, END_HEADERS, 1, &list(&[("x", "y")])).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.10/5 CONTINUATION behind the last of them", |p| {
        let list = list(&POST);
        p.frame(HEADERS, 0, 1, &list[..5]).frame(CONTINUATION, END_HEADERS, 1, &list[5..]);
        p.frame(CONTINUATION, END_HEADERS, 1, &list[5..]).broken(&[PROTOCOL_ERROR])
    }),
    ("http2/6.10/6 CONTINUATION behind DATA", |p| {
        p.post(1).frame(DATA, 0, 1, b"test").frame(CONTINUATION, END_HEADERS, 1, &list(&[("x", "y")]));
        p.broken(&[PROTOCOL_ERROR])
    }),
];
