//! `mode tcp`: content rules, a backend, a server, then bytes both ways until both ends are done.

use http::h1::Framing;
use state::expr::Side;
use state::frontend::Proto;
use state::log::Origin;
use state::options::Mode;
use state::session::Carried;
use state::termination::{Cause, Phase};
use state::{Farewell, World};

use crate::exchange::{Exchange, Stop};
use crate::pump::Pump;
use crate::session::Client;
use crate::worker::Worker;
use crate::{connect, content, filter, finish, forward, log, persist, route, stick, track};

/// Serves a connection from end to end; gives it back if it turns out to be one for HTTP.
pub async fn serve(worker: &Worker, world: &World, mut client: Client) -> Option<Client> {
    let frontend = world.frontend(client.session.frontend)?;
    let mut stream = worker.stream();
    let mut x = Exchange::begin(worker, world, &mut client, &mut stream, frontend);
    x.stream.times.request = x.stream.times.begun;
    (x.framing, x.response_framing, x.answered) = (Framing::Tunnel, Framing::Tunnel, true);
    let mut down = Pump::idle();
    let ended = phases(&mut x, &mut down).await;
    content::forget_head(&mut x);
    if ended == Err(Stop::Upgrade) && x.client.session.spoken != Proto::Raw {
        drop(x);
        client.session.upgraded = true;
        client.session.inspected = true;
        client.session.handshake_ns = stream.times.handshake;
        client.session.carried = Some(Box::new(Carried::of(&mut stream)));
        worker.give_back(stream);
        return Some(client);
    }
    match ended {
        Ok(()) | Err(Stop::Idle(_) | Stop::Retry | Stop::Http2) => {}
        Err(Stop::Failure(failure)) => {
            x.stream.termination.set(failure.cause, failure.phase);
            x.client.leave_by(Farewell::Close);
        }
        Err(Stop::Drop(farewell)) => x.client.leave_by(farewell),
        Err(Stop::Reply | Stop::Serve | Stop::Page(_) | Stop::Tarpit(_) | Stop::Upgrade) => {
            x.stream.termination.set(Cause::PROXY, Phase::REQUEST);
        }
    }
    // What was looked at and went nowhere came in all the same.
    let most = content::most(&x);
    x.stream.bytes_in += x.client.buffer.as_ref().map_or(0, |bytes| bytes.len().min(most) as u64);
    x.stream.bytes_out += down.payload;
    x.stream.delivered.client += down.payload;
    x.settle(Side::Response, down.take_traffic());
    x.answered = false;
    finish::server(&mut x, &mut down);
    finish::finish(&mut x).await;
    drop(x);
    stream.counters.end(track::now_ms());
    client.session.counters.end(track::now_ms());
    worker.give_back(stream);
    None
}

async fn phases(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    x.enroll();
    log::moment(x, Origin::Accept);
    content::request_bytes(x, &x.frontend.tcp_content, x.frontend.inspect_delay).await?;
    route::choose(x)?;
    if x.backend.is_some_and(|b| b.mode == Mode::Http) {
        return Err(Stop::Upgrade);
    }
    persist::rules(x);
    if let Some(backend) = x.backend.filter(|_| !x.at_home()) {
        content::request_bytes(x, &backend.tcp_content, backend.inspect_delay).await?;
    }
    persist::use_server(x);
    persist::rdp_cookie(x);
    stick::request(x);
    content::forget_head(x);
    // What the client has sent already goes with the first write.
    x.up = Pump::new(Framing::Tunnel, x.client.buffer.take(), x.splices(Side::Request));
    if x.up.prepare().is_err() {
        return Err(crate::failure::Failure::silent(Cause::INTERNAL, Phase::REQUEST).into());
    }
    x.stream.begin_response();
    filter::bytes(x, Side::Request, None)?;
    connect::open(x, connect::First::Bytes).await?;
    stick::store(x);
    log::moment(x, Origin::Connect);
    *down = Pump::new(Framing::Tunnel, None, x.splices(Side::Response));
    content::response_bytes(x, down).await?;
    filter::bytes(x, Side::Response, Some(down))?;
    forward::both(x, down, true).await
}
