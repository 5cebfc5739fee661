//! `mode tcp`: ends, halves and silences of either side, and servers that can't be reached.

use super::{Far, Play, send};
use crate::peer::player::Step::{Close, Deaf, Flood, Pause, Reset, Shut, Take};

/// The rows.
pub(super) const PLAYS: &[Play] = &[
    Play {
        name: "nothing",
        tcp: true,
        client: |_| vec![],
        far: Far::Plays(|_| vec![]),
        ends: &["0 cD"],
        sees: &["0"],
        lasts: 20000,
        ..Play::NORMAL
    },
    Play {
        name: "closes",
        tcp: true,
        client: |_| vec![send(b"hi"), Pause(50), Close],
        far: Far::Plays(|_| vec![]),
        ends: &["0 --"],
        sees: &["0"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "resets",
        tcp: true,
        client: |_| vec![send(b"hi"), Pause(50), Reset],
        far: Far::Plays(|_| vec![]),
        ends: &["0 CD"],
        sees: &["0"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "shuts",
        tcp: true,
        client: |_| vec![send(b"hi"), Pause(50), Shut],
        far: Far::Plays(|_| vec![Pause(30_000), Close]),
        ends: &["0 sD"],
        sees: &["0"],
        lasts: 5050,
        ..Play::NORMAL
    },
    Play {
        name: "shuts and is answered",
        tcp: true,
        client: |_| vec![send(b"hi"), Shut],
        far: Far::Plays(|_| vec![Take(2), Pause(100), send(b"yo"), Close]),
        ends: &["0 --"],
        sees: &["2"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "server closes",
        tcp: true,
        client: |_| vec![send(b"hi")],
        far: Far::Plays(|_| vec![Take(2), send(b"yo"), Close]),
        ends: &["0 --"],
        sees: &["2"],
        ..Play::NORMAL
    },
    Play {
        name: "server shuts",
        tcp: true,
        client: |_| vec![send(b"hi"), Pause(30_000), Close],
        far: Far::Plays(|_| vec![Take(2), send(b"yo"), Shut, Pause(30_000), Close]),
        ends: &["0 cD"],
        sees: &["2"],
        lasts: 3000,
        ..Play::NORMAL
    },
    Play {
        name: "server resets",
        tcp: true,
        client: |_| vec![send(b"hi")],
        far: Far::Plays(|_| vec![Take(2), Pause(50), Reset]),
        ends: &["0 SD"],
        sees: &["0"],
        lasts: 50,
        ..Play::NORMAL
    },
    Play {
        name: "refused",
        tcp: true,
        client: |_| vec![send(b"hi")],
        far: Far::Refuses,
        ends: &["0 SC"],
        sees: &["0"],
        lasts: 1000,
        ..Play::NORMAL
    },
    Play {
        name: "no connection",
        tcp: true,
        client: |_| vec![send(b"hi")],
        far: Far::Silent,
        ends: &["0 sC"],
        sees: &["0"],
        lasts: 2000,
        ..Play::NORMAL
    },
    Play {
        name: "closes during an attempt",
        tcp: true,
        client: |_| vec![send(b"hi"), Pause(100), Close],
        far: Far::Silent,
        ends: &["0 sC"],
        sees: &["0"],
        lasts: 2000,
        ..Play::NORMAL
    },
    Play {
        name: "no descriptors",
        tcp: true,
        client: |_| vec![send(b"hi")],
        far: Far::Plays(|_| vec![]),
        ends: &["0 RC"],
        sees: &["0"],
        no_connect: true,
        ..Play::NORMAL
    },
    Play {
        name: "queue runs out",
        tcp: true,
        server: "maxconn 1",
        client: |_| vec![send(b"hi")],
        far: Far::Plays(|_| vec![]),
        ends: &["0 sQ"],
        sees: &["0"],
        lasts: 2500,
        ..Play::NORMAL
    },
    Play {
        name: "closes in the queue",
        tcp: true,
        server: "maxconn 1",
        client: |_| vec![send(b"hi"), Pause(100), Close],
        far: Far::Plays(|_| vec![]),
        ends: &["0 sQ"],
        sees: &["0"],
        lasts: 2500,
        ..Play::NORMAL
    },
    Play {
        name: "closes in the queue and is heeded",
        tcp: true,
        extra: "option abortonclose",
        server: "maxconn 1",
        client: |_| vec![send(b"hi"), Pause(100), Close],
        far: Far::Plays(|_| vec![]),
        ends: &["0 CQ"],
        sees: &["0"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "never reads",
        tcp: true,
        client: |_| vec![Deaf, send(b"hi"), Pause(40_000), Close],
        far: Far::Plays(|_| vec![Flood(3_000_000)]),
        ends: &["0 cD"],
        sees: &["0"],
        lasts: 20000,
        calm: true,
        ..Play::NORMAL
    },
    Play {
        name: "server never reads",
        tcp: true,
        client: |_| vec![Flood(3_000_000)],
        far: Far::Plays(|_| vec![Deaf, Pause(40_000), Close]),
        ends: &["0 sD"],
        sees: &["0"],
        lasts: 20000,
        calm: true,
        ..Play::NORMAL
    },
];
