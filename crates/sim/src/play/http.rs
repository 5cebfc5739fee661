//! What may go wrong before a response begins: heads, queues, connections, answers that don't come (manual 4.2 "timeout ...", "retries",
//! "option abortonclose", 8.5).

use super::{ANY, Far, GET, OK, Play, get, part, send, serve};
use crate::peer::player::Step::{Close, Head, Pause, Reset, Shut, Take};
use crate::rng::Rng;

const REQUESTS: &[u8] =
    b"GET /r HTTP/1.1\r\nhost: sim\r\n\r\nGET /r HTTP/1.1\r\nhost: sim\r\n\r\nGET /r HTTP/1.1\r\nhost: sim\r\n\r\n";
const POST: &[u8] = b"POST /r HTTP/1.1\r\nhost: sim\r\ncontent-length: 2\r\n\r\nhi";
const EARLY: &[u8] = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const GARBAGE: &[u8] = b"\x16\x03\x01 what?\r\n\r\n";

/// A true prefix of the head of an answer.
fn part_of_head(rng: &mut Rng) -> crate::peer::player::Step {
    part(OK.get(..OK.len() - 5).unwrap_or_default(), rng)
}

/// The rows.
pub(super) const PLAYS: &[Play] = &[
    Play { name: "good", ..Play::NORMAL },
    Play {
        name: "silent client",
        client: |_| vec![],
        ends: &["408 cR"],
        sees: &["408"],
        lasts: 4000,
        over: 4000,
        ..Play::NORMAL
    },
    Play {
        name: "client closes at once",
        client: |_| vec![Close],
        ends: &["400 CR"],
        sees: &[""],
        ..Play::NORMAL
    },
    Play {
        name: "client resets at once",
        client: |_| vec![Pause(50), Reset],
        ends: &["400 CR"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts at once",
        client: |_| vec![Shut],
        ends: &["400 CR"],
        sees: &["400"],
        ..Play::NORMAL
    },
    Play {
        name: "head stalls",
        client: |rng| vec![part(GET, rng)],
        ends: &["408 cR"],
        sees: &["408"],
        lasts: 4000,
        ..Play::NORMAL
    },
    Play {
        name: "head, then a close",
        client: |rng| vec![part(GET, rng), Pause(100), Close],
        ends: &["400 CR"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "head, then a shutdown",
        client: |rng| vec![part(GET, rng), Shut],
        ends: &["400 CR"],
        sees: &["400"],
        ..Play::NORMAL
    },
    Play {
        name: "head, then a reset",
        client: |rng| vec![part(GET, rng), Pause(100), Reset],
        ends: &["400 CR"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "garbage",
        client: |_| vec![send(GARBAGE)],
        ends: &["400 PR"],
        sees: &["400"],
        ..Play::NORMAL
    },
    Play { name: "keep-alive runs out", client: |_| vec![send(GET)], over: 1500, ..Play::NORMAL },
    Play {
        name: "client closes between requests",
        client: |_| vec![send(GET), Head, Take(5), Pause(100), Close],
        over: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client resets between requests",
        client: |_| vec![send(GET), Head, Take(5), Pause(100), Reset],
        over: 100,
        ..Play::NORMAL
    },
    Play {
        name: "second head stalls",
        client: |rng| vec![send(GET), Head, Take(5), Pause(100), part(GET, rng)],
        ends: &["200 --", "408 cR"],
        sees: &["200 408"],
        lasts: 4000,
        ..Play::NORMAL
    },
    Play {
        name: "second head, then a close",
        client: |rng| vec![send(GET), Head, Take(5), Pause(100), part(GET, rng), Pause(50), Close],
        ends: &["200 --", "400 CR"],
        sees: &["200"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "second head, then a shutdown",
        client: |rng| vec![send(GET), Head, Take(5), Pause(100), part(GET, rng), Shut],
        ends: &["200 --", "400 CR"],
        sees: &["200 400"],
        ..Play::NORMAL
    },
    Play {
        name: "second head, then a reset",
        client: |rng| vec![send(GET), Head, Take(5), Pause(100), part(GET, rng), Pause(50), Reset],
        ends: &["200 --", "400 CR"],
        sees: &["200"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "pipelining",
        client: |_| vec![send(REQUESTS)],
        far: Far::Plays(|_| vec![Head, send(OK), Head, send(OK), Head, send(OK)]),
        ends: &["200 --", "200 --", "200 --"],
        sees: &["200 200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "pipelining, then a shutdown",
        extra: "no option abortonclose",
        client: |_| vec![send(REQUESTS), Shut],
        far: Far::Plays(|_| vec![Head, send(OK), Head, send(OK), Head, send(OK)]),
        ends: &["200 --", "200 --", "200 --"],
        sees: &["200 200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "tarpit",
        extra: "http-request tarpit",
        client: get,
        ends: &["500 PT"],
        sees: &["500"],
        lasts: 700,
        ..Play::NORMAL
    },
    Play {
        name: "client closes in the tarpit",
        extra: "http-request tarpit",
        client: |_| vec![send(GET), Pause(100), Close],
        ends: &["500 PT"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client resets in the tarpit",
        extra: "http-request tarpit",
        client: |_| vec![send(GET), Pause(100), Reset],
        ends: &["500 PT"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "deny",
        extra: "http-request deny",
        client: get,
        ends: &["403 PR"],
        sees: &["403"],
        ..Play::NORMAL
    },
    Play {
        name: "client shuts and waits",
        client: |_| vec![send(GET), Shut],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        ends: &["400 CH|-1 CC"],
        sees: &["400", ""],
        ..Play::NORMAL
    },
    Play {
        name: "client shuts and is served",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Shut],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        lasts: 400,
        ..Play::NORMAL
    },
    Play {
        name: "client closes before the answer",
        client: |_| vec![send(GET), Pause(50), Close],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        ends: &["400 CH"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client resets before the answer",
        client: |_| vec![send(GET), Pause(50), Reset],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        ends: &["400 CD"],
        sees: &[""],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "client closes unheeded",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Pause(50), Close],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        ends: &["200 --|200 CD"],
        sees: &[""],
        lasts: 400,
        ..Play::NORMAL
    },
    Play {
        name: "client resets unheeded",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Pause(50), Reset],
        far: Far::Plays(|_| vec![Head, Pause(400), send(OK)]),
        ends: &["200 CD"],
        sees: &[""],
        lasts: 400,
        ..Play::NORMAL
    },
    Play {
        name: "queue",
        server: "maxconn 1",
        client: get,
        far: Far::Plays(|_| vec![Head, Pause(1000), send(OK)]),
        lasts: 1800,
        ..Play::NORMAL
    },
    Play {
        name: "queue runs out",
        server: "maxconn 1",
        client: get,
        far: Far::Plays(|_| vec![Head]),
        ends: &["503 sQ"],
        sees: &["503"],
        lasts: 2500,
        ..Play::NORMAL
    },
    Play {
        name: "client closes in the queue",
        server: "maxconn 1",
        client: |_| vec![send(GET), Pause(100), Close],
        far: Far::Plays(|_| vec![Head]),
        ends: &["-1 CQ"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client resets in the queue",
        server: "maxconn 1",
        client: |_| vec![send(GET), Pause(100), Reset],
        far: Far::Plays(|_| vec![Head]),
        ends: &["-1 CQ"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts in the queue",
        server: "maxconn 1",
        client: |_| vec![send(GET), Pause(100), Shut],
        far: Far::Plays(|_| vec![Head]),
        ends: &["-1 CQ"],
        sees: &[""],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts in the queue unheeded",
        extra: "no option abortonclose",
        server: "maxconn 1",
        client: |_| vec![send(GET), Pause(100), Shut],
        far: Far::Plays(|_| vec![Head]),
        ends: &["503 sQ"],
        sees: &["503"],
        lasts: 2500,
        ..Play::NORMAL
    },
    Play {
        name: "refused",
        client: get,
        far: Far::Refuses,
        ends: &["503 SC"],
        sees: &["503"],
        lasts: 1000,
        ..Play::NORMAL
    },
    Play {
        name: "refused once",
        extra: "retries 0",
        client: get,
        far: Far::Refuses,
        ends: &["503 SC"],
        sees: &["503"],
        ..Play::NORMAL
    },
    Play {
        name: "client closes between attempts",
        client: |_| vec![send(GET), Pause(300), Close],
        far: Far::Refuses,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client closes during an attempt",
        client: |_| vec![send(GET), Pause(300), Close],
        far: Far::Silent,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client resets between attempts",
        client: |_| vec![send(GET), Pause(300), Reset],
        far: Far::Refuses,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client resets during an attempt",
        client: |_| vec![send(GET), Pause(300), Reset],
        far: Far::Silent,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts between attempts",
        client: |_| vec![send(GET), Pause(300), Shut],
        far: Far::Refuses,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts during an attempt",
        client: |_| vec![send(GET), Pause(300), Shut],
        far: Far::Silent,
        ends: &["-1 CC"],
        sees: &[""],
        lasts: 300,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts between attempts unheeded",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Pause(300), Shut],
        far: Far::Refuses,
        ends: &["503 SC"],
        sees: &["503"],
        lasts: 1000,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts during an attempt unheeded",
        extra: "no option abortonclose",
        client: |_| vec![send(GET), Pause(300), Shut],
        far: Far::Silent,
        ends: &["503 sC"],
        sees: &["503"],
        lasts: 2000,
        ..Play::NORMAL
    },
    Play {
        name: "no connection",
        client: get,
        far: Far::Silent,
        ends: &["503 sC"],
        sees: &["503"],
        lasts: 2000,
        ..Play::NORMAL
    },
    Play {
        name: "no descriptors",
        client: get,
        far: Far::Plays(serve),
        ends: &["503 RC"],
        sees: &["503"],
        no_connect: true,
        ..Play::NORMAL
    },
    Play {
        name: "server resets at once",
        client: get,
        far: Far::Plays(|_| vec![Reset]),
        ends: &["502 SH|503 SC"],
        sees: &["502", "503"],
        lasts: ANY,
        ..Play::NORMAL
    },
    Play {
        name: "no answer",
        client: get,
        far: Far::Plays(|_| vec![Head]),
        ends: &["504 sH"],
        sees: &["504"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "server closes instead",
        client: get,
        far: Far::Plays(|_| vec![Head, Close]),
        ends: &["502 SH"],
        sees: &["502"],
        ..Play::NORMAL
    },
    Play {
        name: "server resets instead",
        client: get,
        far: Far::Plays(|_| vec![Head, Reset]),
        ends: &["502 SH"],
        sees: &["502"],
        ..Play::NORMAL
    },
    Play {
        name: "half an answer, then a close",
        client: get,
        far: Far::Plays(|rng| vec![Head, part_of_head(rng), Pause(50), Close]),
        ends: &["502 PH"],
        sees: &["502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "half an answer, then a reset",
        client: get,
        far: Far::Plays(|rng| vec![Head, part_of_head(rng), Pause(50), Reset]),
        ends: &["502 PH"],
        sees: &["502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "half an answer stalls",
        client: get,
        far: Far::Plays(|rng| vec![Head, part_of_head(rng), Pause(50)]),
        ends: &["504 sH"],
        sees: &["504"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "garbage for an answer",
        client: get,
        far: Far::Plays(|_| vec![Head, send(GARBAGE)]),
        ends: &["502 PH"],
        sees: &["502"],
        ..Play::NORMAL
    },
    Play {
        name: "interim",
        client: get,
        far: Far::Plays(|_| vec![Head, send(EARLY), Pause(50), send(EARLY), send(OK)]),
        sees: &["103 103 200", "103 200", "200"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "interim, then a close",
        client: get,
        far: Far::Plays(|_| vec![Head, send(EARLY), Pause(50), Close]),
        ends: &["502 SH"],
        sees: &["103 502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "interim, then silence",
        client: get,
        far: Far::Plays(|_| vec![Head, send(EARLY)]),
        ends: &["504 sH"],
        sees: &["103 504"],
        lasts: 11000,
        ..Play::NORMAL
    },
    Play {
        name: "interim, then garbage",
        client: get,
        far: Far::Plays(|_| vec![Head, send(EARLY), Pause(50), send(GARBAGE)]),
        ends: &["502 PH"],
        sees: &["103 502"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "idle server closes",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(GET), Head, Take(5), Close],
        far: Far::Plays(|_| vec![Head, send(OK), Pause(200), Close]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "idle server resets",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(GET), Head, Take(5), Close],
        far: Far::Plays(|_| vec![Head, send(OK), Pause(200), Reset]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "idle server closes about then",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(GET), Head, Take(5), Close],
        far: Far::Plays(|rng| vec![Head, send(OK), Pause(rng.range(480, 520)), Close]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "idle server resets when asked",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(GET), Head, Take(5), Close],
        far: Far::Plays(|_| vec![Head, send(OK), Head, Reset]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "idle server closes when asked",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(GET), Head, Take(5), Close],
        far: Far::Plays(|_| vec![Head, send(OK), Head, Close]),
        ends: &["200 --", "200 --"],
        sees: &["200 200"],
        ..Play::NORMAL
    },
    Play {
        name: "idle server resets when asked for more",
        client: |_| vec![send(GET), Head, Take(5), Pause(500), send(POST)],
        far: Far::Plays(|_| vec![Head, send(OK), Head, Reset]),
        ends: &["200 --"],
        sees: &["200"],
        calm: true,
        ..Play::NORMAL
    },
];
