//! `mode tcp`: content rules, a backend, a server, then bytes both ways until both ends are done.

use http::h1::Framing;
use state::expr::Side;
use state::log::Origin;
use state::options::Mode;
use state::termination::{Cause, Phase};
use state::{Verdict, World};

use crate::exchange::{Exchange, Places, Stop};
use crate::persist::Persistence;
use crate::pump::Pump;
use crate::session::Client;
use crate::worker::Worker;
use crate::{connect, filter, finish, forward, inspect, log, persist, route};

/// Serves a connection from end to end; gives it back if it turns out to be one for HTTP.
pub async fn serve(worker: &Worker, world: &World, mut client: Client) -> Option<Client> {
    let frontend = world.frontend(client.session.frontend)?;
    let mut stream = worker.stream();
    stream.reset(client.session.frontend, client.session.begun_ns, client.session.begun_wall_us);
    stream.times.handshake = std::mem::take(&mut client.session.handshake_ns);
    stream.times.request = stream.times.begun;
    let mut x = Exchange {
        worker,
        world,
        client: &mut client,
        stream: &mut stream,
        frontend,
        backend: None,
        upstream: None,
        up: Pump::idle(),
        framing: Framing::Tunnel,
        response_framing: Framing::Tunnel,
        server_status: 0,
        upgrades: false,
        drains: false,
        server_broke: false,
        method: http::Method::Other,
        persistence: Persistence::default(),
        resent: false,
        keep_client: false,
        aborted: false,
        client_ends: false,
        answered: true,
        unsent: Vec::new(),
        places: Places::default(),
    };
    let mut down = Pump::idle();
    let ended = phases(&mut x, &mut down).await;
    if ended == Err(Stop::Upgrade) {
        drop(x);
        client.session.upgraded = true;
        client.session.inspected = true;
        client.session.handshake_ns = stream.times.handshake;
        worker.give_back(stream);
        return Some(client);
    }
    if x.upstream.is_none() {
        // Closing with unread input would be a reset.
        let _ = x.up.fill(&x.client.sock, u64::MAX);
    }
    match ended {
        Ok(()) | Err(Stop::Idle(_) | Stop::Retry) => {}
        Err(Stop::Failure(failure)) => x.stream.termination.set(failure.cause, failure.phase),
        Err(Stop::Drop(farewell)) => x.client.leave_by(farewell),
        Err(Stop::Reply | Stop::Serve | Stop::Page(_) | Stop::Tarpit(_) | Stop::Upgrade) => {
            x.stream.termination.set(Cause::PROXY, Phase::REQUEST);
        }
    }
    x.stream.bytes_out += down.payload;
    x.answered = false;
    finish::server(&mut x, &mut down);
    finish::finish(&mut x).await;
    drop(x);
    worker.give_back(stream);
    None
}

async fn phases(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    log::moment(x, Origin::Accept);
    content_rules(x, false).await?;
    route::choose(x)?;
    if x.backend.is_some_and(|b| b.mode == Mode::Http) {
        return Err(Stop::Upgrade);
    }
    persist::rules(x);
    if !x.at_home() {
        content_rules(x, true).await?;
    }
    persist::use_server(x);
    persist::rdp_cookie(x);
    // What the client has sent already goes with the first write.
    x.up = Pump::new(Framing::Tunnel, x.client.buffer.take(), x.splices(Side::Request));
    if x.up.prepare().is_err() {
        return Err(crate::failure::Failure::silent(Cause::INTERNAL, Phase::REQUEST).into());
    }
    connect::open(x, connect::First::Bytes).await?;
    log::moment(x, Origin::Connect);
    response_rules(x)?;
    *down = Pump::new(Framing::Tunnel, None, x.splices(Side::Response));
    filter::bytes(x, down)?;
    forward::both(x, down, true).await
}

/// The `tcp-response content` rules. No sample looks into the server's bytes, so they can be judged before any come.
fn response_rules(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let Some(backend) = x.backend else { return Ok(()) };
    let rules = &backend.tcp_response;
    let verdict = x.judge(Side::Response, rules);
    if verdict == Verdict::Next {
        return Ok(());
    }
    x.count(|c| c.denied_responses.add(1));
    x.obey(verdict, Phase::DATA)
}

/// The `tcp-request content` rules of the frontend, or of the backend. Where they look into the client's bytes they wait
/// for them, `tcp-request inspect-delay` long.
async fn content_rules(x: &mut Exchange<'_>, of_backend: bool) -> Result<(), Stop> {
    let set = match x.backend {
        Some(backend) if of_backend => &backend.tcp_content,
        _ => &x.frontend.tcp_content,
    };
    let (mut at, mut over) = (0, false);
    loop {
        inspect::show_bytes(x, over);
        match x.judge_from(Side::Request, set, &mut at) {
            Verdict::Next => return Ok(()),
            Verdict::More => over = inspect::more_bytes(x).await,
            verdict => {
                x.turned_away(verdict);
                return x.obey(verdict, Phase::REQUEST);
            }
        }
    }
}
