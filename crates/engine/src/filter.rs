//! When filters are asked: each sees a message's head after all rules and before the connection's own headers are
//! added, those of the frontend first; what of them works on the body goes with its pump. Without filters nothing
//! happens here.

use std::sync::Arc;

use http::Known;
use http::h1::Framing;
use state::expr::Side;
use state::filter::{Filter, Shape, Sums};
use state::rule::Act;
use state::termination::{Cause, Phase};

use crate::chain::Chain;
use crate::exchange::{Exchange, Stop};
use crate::failure::Failure;
use crate::pump::Pump;
use crate::serve;

/// Shows the request's head to the filters.
pub fn request(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if !has_any(x, Side::Request) {
        return Ok(());
    }
    let shape = shape(x.framing, &x.up);
    let chain = heads(x, Side::Request, &shape);
    let chunked = x.stream.request.has(Known::TransferEncoding);
    let failed = |_| Failure::new(Cause::INTERNAL, Phase::REQUEST, 500);
    Ok(x.up.filter(chain, chunked).map_err(failed)?)
}

/// Shows the response's head to the filters.
pub fn response(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    if !has_any(x, Side::Response) {
        return Ok(());
    }
    let framing = if x.bodiless() { Framing::None } else { x.response_framing };
    let shape = shape(framing, down);
    let chain = heads(x, Side::Response, &shape);
    let chunked = x.stream.response.has(Known::TransferEncoding);
    let failed = |_| Failure::new(Cause::INTERNAL, Phase::DATA, 500);
    Ok(down.filter(chain, chunked).map_err(failed)?)
}

/// Shows the request's head to the filters where nobody gets its body.
pub fn request_head(x: &mut Exchange<'_>) {
    if has_any(x, Side::Request) {
        let shape = shape(x.framing, &x.up);
        let _ = heads(x, Side::Request, &shape);
    }
}

/// Shows the head of an answer of our own to the filters; what works on its body, if anything does.
pub fn made_head(x: &mut Exchange<'_>, framing: serve::Framing) -> Option<Chain> {
    if !has_any(x, Side::Response) {
        return None;
    }
    let length = match framing {
        serve::Framing::Nothing => Some(0),
        serve::Framing::Length(n) => Some(n),
        serve::Framing::Chunks | serve::Framing::UntilClose => None,
    };
    let shape = Shape { length, delimited: framing != serve::Framing::UntilClose, came: 0, tunnel: false };
    Some(heads(x, Side::Response, &shape)).filter(|chain| length != Some(0) && !chain.is_empty())
}

/// Has the filters work on one direction of a stream of bytes: what comes from the server, or else what the client sends.
pub fn bytes(x: &mut Exchange<'_>, side: Side, down: Option<&mut Pump>) -> Result<(), Stop> {
    if !has_any(x, side) {
        return Ok(());
    }
    let shape = shape(Framing::Tunnel, down.as_deref().unwrap_or(&x.up));
    let chain = heads(x, side, &shape);
    let failed = |_| Failure::silent(Cause::INTERNAL, Phase::DATA);
    Ok(down.unwrap_or(&mut x.up).filter(chain, false).map_err(failed)?)
}

/// Has the filters that want to go on with what the client sends once its connection speaks something else.
pub fn tunnel(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if !has_any(x, Side::Request) {
        return Ok(());
    }
    let shape = shape(Framing::Tunnel, &x.up);
    let chain = heads_of(x, Side::Request, &shape, sees_tunnels);
    let failed = |_| Failure::silent(Cause::INTERNAL, Phase::DATA);
    Ok(x.up.filter(chain, false).map_err(failed)?)
}

fn sees_tunnels(filter: &dyn Filter) -> bool {
    filter.sees_tunnels()
}

/// Counts what compression did.
pub fn settle(x: &Exchange<'_>, sums: Sums) {
    if sums != Sums::default() {
        x.count_for_proxies(|c| {
            c.compression_in.add(sums.taken);
            c.compression_out.add(sums.made);
            c.compression_bypass.add(sums.bypassed);
        });
    }
}

fn has_any(x: &Exchange<'_>, side: Side) -> bool {
    !x.frontend.filters.of(side).is_empty() || !of_backend(x, side).is_empty()
}

/// The backend's, unless the frontend is the other half of it.
fn of_backend<'x>(x: &Exchange<'x>, side: Side) -> &'x [Arc<dyn Filter>] {
    match x.backend.filter(|_| !x.at_home()) {
        Some(backend) => backend.filters.of(side),
        None => &[],
    }
}

/// What is known of a body that is framed so.
fn shape(framing: Framing, pump: &Pump) -> Shape {
    let length = match framing {
        Framing::None => Some(0),
        Framing::Length(n) => Some(n),
        Framing::Chunked | Framing::UntilClose | Framing::Tunnel => None,
    };
    let delimited = !matches!(framing, Framing::UntilClose | Framing::Tunnel);
    Shape { length, delimited, came: pump.content_size(), tunnel: matches!(framing, Framing::Tunnel) }
}

/// Asks each filter in turn.
fn heads(x: &mut Exchange<'_>, side: Side, shape: &Shape) -> Chain {
    heads_of(x, side, shape, |_| true)
}

/// Asks some of the filters.
fn heads_of(x: &mut Exchange<'_>, side: Side, shape: &Shape, which: impl Fn(&dyn Filter) -> bool) -> Chain {
    let mut chain = Chain::default();
    let own = x.frontend.filters.of(side);
    for filter in own.iter().chain(of_backend(x, side)).filter(|filter| which(&***filter)) {
        let mut arena = x.worker.arena.borrow_mut();
        let work = filter.head(
            &mut Act {
                world: x.world,
                session: &mut x.client.session,
                stream: Some(x.stream),
                side,
                arena: &arena,
                now_ns: net::now().as_nanos(),
                wall_us: net::wall(),
                thread: x.worker.number,
            },
            shape,
        );
        arena.reset();
        if let Some(work) = work {
            chain.push(work);
        }
    }
    chain
}
