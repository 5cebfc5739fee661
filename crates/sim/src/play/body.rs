//! What may go wrong while bodies are on their way, and answers that come before all of the request (manual 8.5).

use super::{ANY, Far, GET, OK, Play, get, half, send, serve, upload};
use crate::peer::player::Step::{Close, Deaf, Flood, Head, Pause, Reset, Shut, Take};

const BEGUN: &[u8] = b"PUT /r HTTP/1.1\r\nhost: sim\r\ncontent-length: 4\r\n\r\nab";
const CHUNKED: &[u8] = b"PUT /r HTTP/1.1\r\nhost: sim\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n";
const LARGE: &[u8] = b"PUT /r HTTP/1.1\r\nhost: sim\r\ncontent-length: 3000000\r\n\r\n";
const LAST: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel";
const FLOOD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n";
const CHUNKS: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
const UNTIL_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nhello";

/// The rows.
pub(super) const PLAYS: &[Play] = &[
    Play {
        name: "upload stalls",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|_| vec![Head]),
        ends: &["400 cH"],
        sees: &["400"],
        lasts: 8000,
        ..Play::NORMAL
    },
    Play {
        name: "client closes in the upload",
        client: |rng| vec![upload(rng), Pause(50), Close],
        far: Far::Plays(|_| vec![Head]),
        ends: &["400 CH"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client resets in the upload",
        client: |rng| vec![upload(rng), Pause(50), Reset],
        far: Far::Plays(|_| vec![Head]),
        ends: &["400 CH"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts in the upload",
        client: |rng| vec![upload(rng), Pause(50), Shut],
        far: Far::Plays(|_| vec![Head]),
        ends: &["400 CH"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "server takes nothing",
        client: |_| vec![send(LARGE), Flood(3_000_000)],
        far: Far::Plays(|_| vec![Deaf, Pause(40_000), Close]),
        ends: &["504 sH"],
        sees: &["504", ""],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "upload turns to garbage",
        client: |_| vec![send(CHUNKED), Pause(100), send(b"zz\r\n")],
        far: Far::Plays(|_| vec![Head]),
        ends: &["400 PH"],
        sees: &["400"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "server resets in the upload",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|_| vec![Head, Pause(50), Reset]),
        ends: &["502 SH"],
        sees: &["502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "server closes in the upload",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|_| vec![Head, Pause(50), Close]),
        ends: &["502 SH"],
        sees: &["502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "early answer, upload stalls",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|_| vec![Head, Pause(50), send(OK)]),
        ends: &["200 cL"],
        lasts: 8050,
        ..Play::NORMAL
    },
    Play {
        name: "early answer, then a close, upload stalls",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|_| vec![Head, Pause(50), send(LAST), Close]),
        ends: &["200 cL"],
        lasts: 8050,
        ..Play::NORMAL
    },
    Play {
        name: "early answer",
        client: |_| {
            vec![send(BEGUN), Pause(200), send(b"cd"), send(GET), Head, Take(5), Head, Take(5), Close]
        },
        far: Far::Plays(|_| vec![Head, Pause(50), send(OK), Take(4), Head, send(OK)]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "early answer, client closes",
        client: |rng| vec![upload(rng), Head, Take(5), Pause(100), Close],
        far: Far::Plays(|_| vec![Head, Pause(50), send(OK)]),
        ends: &["200 CL"],
        sees: &["200"],
        lasts: 150,
        ..Play::NORMAL
    },
    Play {
        name: "early answer, client resets",
        client: |rng| vec![upload(rng), Head, Take(5), Pause(100), Reset],
        far: Far::Plays(|_| vec![Head, Pause(50), send(OK)]),
        ends: &["200 CL"],
        sees: &["200"],
        lasts: 150,
        ..Play::NORMAL
    },
    Play {
        name: "half an early answer, client closes",
        client: |rng| vec![upload(rng), Pause(300), Close],
        far: Far::Plays(|rng| vec![Head, Pause(50), half(rng)]),
        ends: &["200 CD"],
        sees: &["200!"],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "half an early answer, upload stalls",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(|rng| vec![Head, Pause(50), half(rng)]),
        ends: &["200 cD"],
        sees: &["200!"],
        lasts: 8050,
        ..Play::NORMAL
    },
    Play {
        name: "waiting for the body",
        extra: "option http-buffer-request",
        client: |_| vec![send(BEGUN), Pause(200), send(b"cd")],
        far: Far::Plays(|_| vec![Head, Take(4), send(OK)]),
        lasts: 200,
        ..Play::NORMAL
    },
    Play {
        name: "waiting for the body stalls",
        extra: "option http-buffer-request",
        client: |rng| vec![upload(rng)],
        far: Far::Plays(serve),
        ends: &["408 cR"],
        sees: &["408"],
        lasts: 4000,
        ..Play::NORMAL
    },
    Play {
        name: "client closes while the body is waited for",
        extra: "option http-buffer-request",
        client: |rng| vec![upload(rng), Pause(50), Close],
        far: Far::Plays(serve),
        ends: &["400 CR"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client resets while the body is waited for",
        extra: "option http-buffer-request",
        client: |rng| vec![upload(rng), Pause(50), Reset],
        far: Far::Plays(serve),
        ends: &["400 CR"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts while the body is waited for",
        extra: "option http-buffer-request",
        client: |rng| vec![upload(rng), Pause(50), Shut],
        far: Far::Plays(serve),
        ends: &["400 CR"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "the body waited for is garbage",
        extra: "option http-buffer-request",
        client: |_| vec![send(CHUNKED), Pause(100), send(b"zz\r\n")],
        far: Far::Plays(serve),
        ends: &["400 PR"],
        sees: &["400", ""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "answer, then a close",
        client: get,
        far: Far::Plays(|rng| vec![Head, half(rng), Pause(50), Close]),
        ends: &["200 SD"],
        sees: &["200!"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "answer, then a reset",
        client: get,
        far: Far::Plays(|rng| vec![Head, half(rng), Pause(50), Reset]),
        ends: &["200 SD"],
        sees: &["200!"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "answer stalls",
        client: get,
        far: Far::Plays(|rng| vec![Head, half(rng), Pause(50)]),
        ends: &["200 sD"],
        sees: &["200!"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "answer turns to garbage",
        client: get,
        far: Far::Plays(|_| vec![Head, send(CHUNKS), Pause(50), send(b"zz\r\n")]),
        ends: &["200 PD"],
        sees: &["200!"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "trailers",
        client: get,
        far: Far::Plays(|_| {
            vec![Head, send(CHUNKS), send(b"0\r\nx-tra"), Pause(50), send(b"iler: yes\r\n\r\n")]
        }),
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "trailers, then a close",
        client: get,
        far: Far::Plays(|_| vec![Head, send(CHUNKS), send(b"0\r\nx-tra"), Pause(50), Close]),
        ends: &["200 SD"],
        sees: &["200!"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "trailers stall",
        client: get,
        far: Far::Plays(|_| vec![Head, send(CHUNKS), send(b"0\r\nx-tra"), Pause(50)]),
        ends: &["200 sD"],
        sees: &["200!"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "answer until the close",
        client: get,
        far: Far::Plays(|_| vec![Head, send(UNTIL_CLOSE), Pause(50), Close]),
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "answer until the close, then a reset",
        client: get,
        far: Far::Plays(|_| vec![Head, send(UNTIL_CLOSE), Pause(50), Reset]),
        ends: &["200 SD"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "answer until the close stalls",
        client: get,
        far: Far::Plays(|_| vec![Head, send(UNTIL_CLOSE), Pause(50)]),
        ends: &["200 sD"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "client never reads",
        client: |_| vec![Deaf, send(GET), Pause(40_000), Close],
        far: Far::Plays(|_| vec![Head, send(FLOOD), Flood(3_000_000)]),
        ends: &["200 cD"],
        sees: &[""],
        lasts: 8000,
        calm: true,
        ..Play::NORMAL
    },
    Play {
        name: "client closes in a flood",
        client: |_| vec![send(GET), Head, Take(100), Pause(20), Close],
        far: Far::Plays(|_| vec![Head, send(FLOOD), Flood(3_000_000)]),
        ends: &["200 CD|200 --"],
        sees: &["200!", "200"],
        lasts: ANY,
        ..Play::NORMAL
    },
    Play {
        name: "client closes in a pause",
        client: |_| vec![send(GET), Head, Pause(50), Close],
        far: Far::Plays(|rng| vec![Head, half(rng)]),
        ends: &["200 CD"],
        sees: &["200!"],
        lasts: 3050,
        ..Play::NORMAL
    },
    Play {
        name: "client resets in a flood",
        client: |_| vec![send(GET), Head, Take(100), Pause(20), Reset],
        far: Far::Plays(|_| vec![Head, send(FLOOD), Flood(3_000_000)]),
        ends: &["200 CD|200 --"],
        sees: &["200!", "200"],
        lasts: ANY,
        ..Play::NORMAL
    },
    Play {
        name: "client resets in a pause",
        client: |_| vec![send(GET), Head, Pause(50), Reset],
        far: Far::Plays(|rng| vec![Head, half(rng)]),
        ends: &["200 CD"],
        sees: &["200!"],
        lasts: 3050,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts in a pause",
        client: |_| vec![send(GET), Head, Pause(50), Shut],
        far: Far::Plays(|_| vec![Head, send(SHORT), Pause(500), send(b"lo")]),
        lasts: 500,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts in a pause unheeded",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Head, Pause(50), Shut],
        far: Far::Plays(|_| vec![Head, send(SHORT), Pause(5000), send(b"lo")]),
        lasts: 5000,
        ..Play::NORMAL
    },
];
