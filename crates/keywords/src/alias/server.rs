//! `%bi`, `%bp`, `%si`, `%sp`, `%s`, `%b`: the backend, the server and both ends of its connection.

use state::{Endpoint, Server};

use super::prelude::*;

pub(super) const KEYWORDS: &[Alias] = &[
    Alias {
        name: "b",
        doc: "The backend's name; the frontend's while no backend was chosen.",
        known: Known::Response,
        write: |cx, _, out| {
            let backend = cx.stream.and_then(|s| cx.world.backend(s.backend?)).map(|b| &*b.name);
            let name = backend.or_else(|| cx.world.frontend(cx.session.frontend).map(|f| &*f.name));
            text(name.unwrap_or_default().as_bytes(), out)
        },
    },
    Alias {
        name: "bi",
        doc: "The address from which the server was connected to.",
        known: Known::Response,
        write: |cx, flags, out| address(cx.stream.and_then(|s| s.server_source), flags, out),
    },
    Alias {
        name: "bp",
        doc: "The port from which the server was connected to.",
        known: Known::Response,
        write: |cx, flags, out| port(cx.stream.and_then(|s| s.server_source), flags, out),
    },
    Alias {
        name: "s",
        doc: "The server's name; `<NOSRV>` if the stream went to none, or the service's: `<STATS>`.",
        known: Known::Response,
        write: |cx, _, out| {
            let service = || cx.stream.and_then(|s| s.service_name).unwrap_or("<NOSRV>");
            let name = server(cx).map_or_else(service, |s| &s.name);
            text(name.as_bytes(), out)
        },
    },
    Alias {
        name: "si",
        doc: "The address that was connected to.",
        known: Known::Response,
        write: |cx, flags, out| address(target(cx), flags, out),
    },
    Alias {
        name: "sp",
        doc: "The port that was connected to.",
        known: Known::Response,
        write: |cx, flags, out| port(target(cx), flags, out),
    },
];

fn server<'a>(cx: &Ctx<'a>) -> Option<&'a Server> {
    let stream = cx.stream?;
    cx.world.backend(stream.backend?)?.server(stream.server?)
}

/// Where the last attempt went, whatever came of it.
fn target(cx: &Ctx<'_>) -> Option<Endpoint> {
    cx.stream?.server_destination
}
