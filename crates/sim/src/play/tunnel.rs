//! Tunnels that begin with a request: upgrades, CONNECT, and how they end (RFC 9110 sections 7.8 and 9.3.6).

use super::{Far, OK, Play, send};
use crate::peer::player::Step::{Close, Head, Pause, Reset, Shut, Take};

const UPGRADE: &[u8] = b"GET /r HTTP/1.1\r\nhost: sim\r\nconnection: upgrade\r\nupgrade: sim\r\n\r\n";
const SWITCHED: &[u8] = b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: sim\r\n\r\n";
const CONNECT: &[u8] = b"CONNECT sim:1 HTTP/1.1\r\nhost: sim:1\r\n\r\n";

/// The rows.
pub(super) const PLAYS: &[Play] = &[
    Play {
        name: "client closes a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping"), Take(4), Pause(100), Close],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong")]),
        ends: &["101 --"],
        sees: &["101"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "client resets a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping"), Take(4), Pause(100), Reset],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong")]),
        ends: &["101 CD"],
        sees: &["101"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "server closes a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping")],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong"), Pause(100), Close]),
        ends: &["101 --"],
        sees: &["101"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "server resets a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping")],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong"), Pause(100), Reset]),
        ends: &["101 SD"],
        sees: &["101"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "tunnel idles",
        client: |_| vec![send(UPGRADE), Head, send(b"ping")],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong")]),
        ends: &["101 cD"],
        sees: &["101"],
        lasts: 20000,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping"), Shut],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong"), Pause(30_000), Close]),
        ends: &["101 sD"],
        sees: &["101"],
        lasts: 5000,
        ..Play::NORMAL
    },
    Play {
        name: "client shuts a tunnel, then the server",
        client: |_| vec![send(UPGRADE), Head, send(b"ping"), Shut],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), Pause(100), send(b"pong"), Close]),
        ends: &["101 --"],
        sees: &["101"],
        lasts: 100,
        ..Play::NORMAL
    },
    Play {
        name: "server shuts a tunnel",
        client: |_| vec![send(UPGRADE), Head, send(b"ping"), Pause(30_000), Close],
        far: Far::Plays(|_| vec![Head, send(SWITCHED), Take(4), send(b"pong"), Shut, Pause(30_000), Close]),
        ends: &["101 cD"],
        sees: &["101"],
        lasts: 3000,
        ..Play::NORMAL
    },
    Play {
        name: "server answers an upgrade",
        client: |_| vec![send(UPGRADE)],
        far: Far::Plays(|_| vec![Head, send(OK)]),
        over: 1500,
        ..Play::NORMAL
    },
    Play {
        name: "tunnel by CONNECT",
        client: |_| vec![send(CONNECT), Head, send(b"ping"), Take(4), Close],
        far: Far::Plays(|_| vec![Head, send(b"HTTP/1.1 200 OK\r\n\r\n"), Take(4), send(b"pong")]),
        ends: &["200 --"],
        sees: &["200"],
        ..Play::NORMAL
    },
    Play {
        name: "server resets instead of a tunnel",
        client: |_| vec![send(UPGRADE)],
        far: Far::Plays(|_| vec![Head, Reset]),
        ends: &["502 SH"],
        sees: &["502"],
        ..Play::NORMAL
    },
    Play {
        name: "no tunnel",
        client: |_| vec![send(UPGRADE)],
        far: Far::Plays(|_| vec![Head]),
        ends: &["504 sH"],
        sees: &["504"],
        lasts: 11000,
        ..Play::NORMAL
    },
];
