//! Bodies, both ways at once: the response to the client, what is left of the request to the server. The one loop for
//! every kind of connection; a tunnel is two bodies without an end.

use net::Time;
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::pump::{Broken, Pump, Step};
use crate::spelling;

/// Sends the response's head with what was read of its body, then all the rest.
pub async fn response(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    x.stream.status = x.stream.response.status();
    let sent = {
        let mut out = x.worker.out.borrow_mut();
        out.clear();
        out.append(&mut x.unsent);
        spelling::response(x, &mut out);
        down.send_head(&mut out, &x.client.sock)
    };
    x.answered = true;
    if let Err(broken) = sent {
        return Err(broken_down(x, &broken).into());
    }
    if down.is_done() && x.up.is_done() {
        return Ok(());
    }
    both(x, down, false).await
}

/// Sends the head of a response after which the connection is a tunnel, with what was read behind it.
pub fn response_head(x: &mut Exchange<'_>, down: &mut Pump) -> Result<(), Stop> {
    x.stream.status = x.stream.response.status();
    x.answered = true;
    let mut out = x.worker.out.borrow_mut();
    out.clear();
    out.append(&mut x.unsent);
    spelling::response(x, &mut out);
    let sent = down.send_head(&mut out, &x.client.sock);
    drop(out);
    sent.map_err(|broken| broken_down(x, &broken).into())
}

/// Runs both directions until the response is through; in a tunnel, until both are.
pub async fn both(x: &mut Exchange<'_>, down: &mut Pump, tunnel: bool) -> Result<(), Stop> {
    let mut half = [false; 2];
    let mut pace = Pace::new(x, tunnel, half);
    loop {
        let moved = (x.up.moved, down.moved);
        let heard = (x.up.payload, down.payload);
        let Some(upstream) = &x.upstream else { return Ok(()) };
        let to_client = down.step(&upstream.sock, &x.client.sock);
        let to_client = to_client.map_err(|b| Stop::from(broken_down(x, &b)))?;
        if to_client == Step::Done && !tunnel {
            return Ok(());
        }
        let to_server = up(x)?;
        let Some(upstream) = &x.upstream else { return Ok(()) };
        let mut ended = false;
        if tunnel {
            for (step, sock, done) in
                [(to_client, &x.client.sock, 0usize), (to_server, &upstream.sock, 1usize)]
            {
                if let Some(done) = half.get_mut(done).filter(|d| step == Step::Done && !**d) {
                    *done = true;
                    ended = true;
                    let _ = sock.shutdown_write();
                }
            }
            if half == [true, true] {
                return Ok(());
            }
        }
        if ended || moved != (x.up.moved, down.moved) {
            let before = std::mem::replace(&mut pace, Pace::new(x, tunnel, half));
            if !ended {
                pace.stand_alone(x, &before, (heard.0 != x.up.payload, heard.1 != down.payload));
            }
        }
        pace.wait(x, to_client, to_server).await?;
    }
}

fn up(x: &mut Exchange<'_>) -> Result<Step, Stop> {
    let Some(upstream) = &x.upstream else { return Ok(Step::Done) };
    match x.up.step(&x.client.sock, &upstream.sock) {
        Ok(step) => Ok(step),
        // The response may still be complete; the client's connection can't be used again.
        Err(Broken::Destination(_) | Broken::Invalid) => {
            x.up.cancel();
            x.keep_client = false;
            Ok(Step::Done)
        }
        Err(Broken::Source(_)) => {
            x.count(|c| c.client_aborts.add(1));
            Err(Failure::silent(Cause::CLIENT, Phase::DATA).into())
        }
    }
}

fn broken_down(x: &Exchange<'_>, broken: &Broken) -> Failure {
    match broken {
        Broken::Destination(_) => {
            x.count(|c| c.client_aborts.add(1));
            Failure::silent(Cause::CLIENT, Phase::DATA)
        }
        Broken::Source(_) => {
            x.count(|c| c.server_aborts.add(1));
            Failure::silent(Cause::SERVER, Phase::DATA)
        }
        Broken::Invalid => {
            x.count(|c| c.response_errors.add(1));
            Failure::silent(Cause::PROXY, Phase::DATA)
        }
    }
}

/// Until when something must come from either side, and until when it must take something.
struct Pace {
    client: Time,
    server: Time,
    to_client: Time,
    to_server: Time,
}

impl Pace {
    /// `half`: which directions of a tunnel have ended; `timeout client-fin` and `server-fin` count from the first one.
    fn new(x: &Exchange<'_>, tunnel: bool, half: [bool; 2]) -> Self {
        let tunnelled = x.backend.and_then(|b| b.timeouts.tunnel).filter(|_| tunnel);
        let closing = half != [false, false];
        let client_fin = x.frontend.timeouts.client_fin.filter(|_| closing);
        let server_fin = x.backend.and_then(|b| b.timeouts.server_fin).filter(|_| closing);
        let client = deadline(client_fin.or(tunnelled).or(x.frontend.timeouts.client));
        let server = deadline(server_fin.or(tunnelled).or(x.backend.and_then(|b| b.timeouts.server)));
        Self { client, server, to_client: client, to_server: server }
    }

    /// `option independent-streams`: what was sent to a side says nothing of whether it is still there. `heard`: whether
    /// something came from the client, from the server.
    fn stand_alone(&mut self, x: &Exchange<'_>, before: &Self, heard: (bool, bool)) {
        if x.frontend.options.independent_streams && !heard.0 {
            self.client = before.client;
        }
        if x.backend.is_some_and(|b| b.options.independent_streams) && !heard.1 {
            self.server = before.server;
        }
    }

    async fn wait(&self, x: &mut Exchange<'_>, down: Step, up: Step) -> Result<(), Stop> {
        let Some(upstream) = &x.upstream else { return Ok(()) };
        let (client, server) = (&x.client.sock, &upstream.sock);
        let woken = net::wait(|w| {
            match down {
                Step::Read => w.read(server).until(self.server),
                Step::Write => w.write(client).until(self.to_client),
                Step::Done => w,
            };
            match up {
                Step::Read => w.read(client).until(self.client),
                Step::Write => w.write(server).until(self.to_server),
                Step::Done => w,
            };
            w.notified();
        })
        .await;
        if woken.notified() {
            x.killed()?;
        }
        if !woken.timed_out() || woken.any_ready() || woken.notified() {
            return Ok(());
        }
        let client_late = down == Step::Write || (up == Step::Read && self.client <= self.server);
        let cause = if client_late { Cause::CLIENT_TIMEOUT } else { Cause::SERVER_TIMEOUT };
        Err(Failure::silent(cause, Phase::DATA).into())
    }
}
