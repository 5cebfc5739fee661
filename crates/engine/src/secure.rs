//! TLS on a connection to a server, before anything of a request goes out (manual 5.2 "ssl", "sni").

use net::tls;
use sample::Type;
use sample::cast::cast;
use state::options::RetryOn;
use state::tls::Known;
use state::{Server, Side};

use crate::connect::{Failed, First};
use crate::exchange::{Exchange, Upstream, deadline};

/// The name to ask the server for, if there is one.
pub fn name(x: &Exchange<'_>, server: &Server) -> Option<String> {
    let expr = server.speaks_tls()?.sni.as_ref()?;
    x.look(Side::Request, |cx| {
        let value = expr.eval(cx)?;
        let text = cast(value, Type::Str, cx.arena)?;
        let name = std::str::from_utf8(text.bytes()?).ok()?.to_ascii_lowercase();
        (!name.is_empty()).then_some(name)
    })
}

/// How a connection stands after [`secure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secured {
    /// No handshake was done: what goes in front in the clear has not gone out.
    Not,
    Done,
    /// What is written first goes out as early data; then it is [`finish`]'s turn.
    Ahead,
}

/// Whether the request may go to the server ahead of the handshake: where the client's came so, or where a backend is told
/// to take that on itself (manual 5.2 "allow-0rtt").
fn may_run_ahead(x: &Exchange<'_>, server: &Server) -> bool {
    server.tls.as_ref().is_some_and(|tls| tls.early)
        && !server.may_speak_http2(crate::h2::join::is_websocket(x))
        // A body couldn't be sent again.
        && x.up.is_done()
        && (x.client.session.tls.as_ref().is_some_and(|known| known.runs_ahead())
            || x.backend.is_some_and(|b| b.options.retry_on.has(RetryOn::EARLY_REJECTED)))
}

/// Does the handshake on a new connection to a server that speaks TLS, `preface` in front of it. On one that is used
/// again it only looks at what is known of it.
pub async fn secure(
    x: &mut Exchange<'_>,
    upstream: &Upstream<'_>,
    first: First,
    preface: &[u8],
    name: Option<&str>,
) -> Result<Secured, Failed> {
    x.stream.link.tls = None;
    let Some(server) = upstream.server.speaks_tls() else { return Ok(Secured::Not) };
    let mut known = Box::new(Known { sni: name.map(Into::into), ..Known::default() });
    let outcome = match upstream.served {
        0 => {
            let (config, asked) = server.config(name, crate::h2::join::is_websocket(x));
            match tls::begin(&upstream.sock, config, asked, preface) {
                Ok(())
                    if first == First::Head
                        && may_run_ahead(x, upstream.server)
                        && tls::send_ahead(&upstream.sock) =>
                {
                    x.stream.link.tls = Some(known);
                    return Ok(Secured::Ahead);
                }
                Ok(()) => complete(x, upstream, first).await,
                Err(fault) => Err(failed(&fault, &mut known)),
            }
        }
        _ => Ok(None),
    };
    settle(x, upstream, known, outcome)
}

/// Does the rest of a handshake that the request ran ahead of.
pub async fn finish(x: &mut Exchange<'_>, upstream: &Upstream<'_>) -> Result<(), Failed> {
    let outcome = complete(x, upstream, First::Head).await;
    let known = x.stream.link.tls.take().unwrap_or_default();
    settle(x, upstream, known, outcome).map(|_| ())
}

/// Notes what is known now.
fn settle(
    x: &mut Exchange<'_>,
    upstream: &Upstream<'_>,
    mut known: Box<Known>,
    outcome: Result<Option<tls::Fault>, Failed>,
) -> Result<Secured, Failed> {
    let carrier = upstream.joint.as_ref().map_or(&upstream.sock, |joint| joint.back.sock());
    carrier.with_tls(|connection| known.learn(connection));
    if upstream.served == 0
        && let Some(block) = upstream.server.live.counters.of(x.worker.number)
    {
        crate::handshake::count(block, matches!(outcome, Ok(None)), known.resumed);
    }
    let outcome = match outcome {
        Ok(Some(fault)) => Err(failed(&fault, &mut known)),
        Ok(None) => Ok(Secured::Done),
        Err(failed) => Err(failed),
    };
    x.stream.link.tls = Some(known);
    outcome
}

fn failed(fault: &tls::Fault, known: &mut Known) -> Failed {
    if let tls::Fault::Tls(error) = fault {
        known.error = crate::handshake::reason(error, None).map(|(number, words)| (number, words.into()));
    }
    match fault {
        tls::Fault::Timeout => Failed::TimedOut,
        _ => Failed::Refused,
    }
}

/// Goes on until the handshake is complete, or comes to nothing.
async fn complete(
    x: &mut Exchange<'_>,
    upstream: &Upstream<'_>,
    first: First,
) -> Result<Option<tls::Fault>, Failed> {
    let until = deadline(x.connect_timeout());
    let heeds = first == First::Head && x.heeds_leaving();
    loop {
        match tls::proceed(&upstream.sock) {
            Ok(true) => return Ok(None),
            Ok(false) => {}
            Err(fault) => return Ok(Some(fault)),
        }
        let woken = net::wait(|w| {
            w.read(&upstream.sock).notified().until(until);
            if heeds {
                w.hup(&x.client.sock);
            }
        })
        .await;
        if let Some(cause) = upstream.ticket.doom() {
            return Err(Failed::Killed(cause));
        }
        if woken.ready(1) && !woken.ready(0) {
            x.count(|c| c.client_aborts.add(1));
            return Err(Failed::Left);
        }
        if woken.timed_out() && !woken.any_ready() {
            return Ok(Some(tls::Fault::Timeout));
        }
    }
}
