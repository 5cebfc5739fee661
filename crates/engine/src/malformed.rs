//! Keeping messages that could not be understood (`show errors`).

use http::h1::{Error, ErrorKind};
use state::expr::Side;
use state::malformed::{KEPT_MAX, Malformed};

use crate::exchange::Exchange;
use crate::pump::{Broken, Pump};

/// Keeps what came, which goes wrong there. `room`: how many more bytes would have found room.
#[cold]
pub fn keep(x: &Exchange<'_>, side: Side, error: Error, came: &[u8], room: usize) {
    keep_at(x, side, error, (came, room), 0);
}

/// `body`: how much of the body came before.
fn keep_at(x: &Exchange<'_>, side: Side, error: Error, (came, room): (&[u8], usize), body: u64) {
    let is_response = side == Side::Response;
    let named = |name: &str, id: u32| (Box::from(name), id);
    let server = x.stream.server.and_then(|at| x.backend?.server(at));
    let frontend = named(&x.frontend.name, x.frontend.id);
    let proxy = x.backend.filter(|_| is_response).map_or(x.frontend.id, |backend| backend.id);
    x.world.process.malformed.keep(
        proxy,
        Malformed {
            number: 0,
            wall_us: net::wall(),
            is_response,
            frontend,
            backend: x.backend.map(|backend| named(&backend.name, backend.id)),
            server: server.filter(|_| is_response).map(|server| named(&server.name, server.id)),
            source: x.client.session.source,
            position: error.offset,
            state: state(error.kind, side),
            bytes: came.get(..KEPT_MAX).unwrap_or(came).into(),
            room,
            body,
        },
    );
}

/// As [`keep`], where it is the body that can't be understood.
#[cold]
pub fn keep_broken(x: &Exchange<'_>, side: Side, broken: &Broken, pump: &Pump) {
    if let Broken::Invalid(Some(error)) = *broken {
        let (came, room) = pump.unsent();
        keep_at(x, side, error, (came, room), pump.payload);
    }
}

/// What was being read, in the words of the dump.
fn state(kind: ErrorKind, side: Side) -> (&'static str, u8) {
    match (kind, side) {
        (ErrorKind::Method, _) => ("MSG_RQMETH", 2),
        (ErrorKind::Target | ErrorKind::TargetTooLong, _) => ("MSG_RQURI", 4),
        (ErrorKind::Version, Side::Request) => ("MSG_RQVER", 6),
        (ErrorKind::Version, Side::Response) => ("MSG_RPVER", 10),
        (ErrorKind::Status, _) => ("MSG_RPCODE", 12),
        (ErrorKind::Name | ErrorKind::LineEnd, _) => ("MSG_HDR_NAME", 17),
        (ErrorKind::ChunkSize, _) => ("MSG_CHUNK_SIZE", 26),
        (ErrorKind::ChunkEnd, _) => ("MSG_CHUNK_CRLF", 28),
        (ErrorKind::TransferEncoding, _) => ("MSG_DATA", 27),
        _ => ("MSG_HDR_L2_LWS", 24),
    }
}
