//! Bodies, both ways at once: the response to the client, what is left of the request to the server. The one loop for
//! every kind of connection; a tunnel is two bodies without an end.

use http::h1::Framing;
use net::Time;
use state::expr::Side;
use state::fault::Fault;
use state::termination::{Cause, Phase};

use crate::exchange::{Exchange, Stop, deadline};
use crate::failure::Failure;
use crate::pump::{Broken, Pump, Step};
use crate::{finish, malformed, spelling};

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
        return Err(broken_down(x, down, &broken).into());
    }
    if down.is_done() && x.up.is_done() {
        return Ok(());
    }
    both(x, down, false).await?;
    last(x).await
}

/// The response is through before the request is: passes on the rest of it, as long as the server takes it.
async fn last(x: &mut Exchange<'_>) -> Result<(), Stop> {
    let late = |cause| Stop::from(Failure::silent(cause, Phase::LAST));
    let mut pace = Pace::new(x, false, [false; 2]);
    loop {
        let moved = x.up.moved;
        let step = up(x).map_err(|_| late(Cause::CLIENT))?;
        if moved != x.up.moved {
            pace = Pace::new(x, false, [false; 2]);
        }
        let Some(upstream) = x.upstream.as_ref().filter(|_| step != Step::Done) else { return Ok(()) };
        let woken = net::wait(|w| {
            match step {
                Step::Write => w.write(&upstream.sock).until(pace.to_server),
                Step::Read | Step::Done => w.read(&x.client.sock).until(pace.client),
                Step::Later(until) => w.until(until),
            };
            w.notified();
        })
        .await;
        if woken.notified() {
            x.killed()?;
        }
        if woken.timed_out() && !woken.any_ready() && !woken.notified() && !step.is_due() {
            return Err(late(if step == Step::Read { Cause::CLIENT_TIMEOUT } else { Cause::SERVER_TIMEOUT }));
        }
    }
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
    sent.map_err(|broken| broken_down(x, down, &broken).into())
}

/// Runs both directions until the response is through; in a tunnel, until both are.
pub async fn both(x: &mut Exchange<'_>, down: &mut Pump, tunnel: bool) -> Result<(), Stop> {
    let mut half = [false; 2];
    let mut left = false;
    let mut pace = Pace::new(x, tunnel, half);
    loop {
        let moved = (x.up.moved, down.moved);
        let heard = (x.up.payload, down.payload);
        let Some(upstream) = &x.upstream else { return Ok(()) };
        let to_client = down.step(&upstream.sock, &x.client.sock);
        let to_client = to_client.map_err(|b| Stop::from(broken_down(x, down, &b)))?;
        if to_client == Step::Done && !tunnel {
            return unless_broken(x);
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
            if half == [true, true] || parts(x, half[1]) {
                return unless_broken(x);
            }
        }
        if ended || moved != (x.up.moved, down.moved) {
            finish::count_so_far(x, down);
            let before = std::mem::replace(&mut pace, Pace::new(x, tunnel, half));
            if !ended {
                pace.stand_alone(x, &before, (heard.0 != x.up.payload, heard.1 != down.payload));
            }
            if left {
                pace.client = x.timeouts_fin();
            }
        }
        let heeds = !tunnel && to_server == Step::Done && x.heeds_leaving();
        if left && heeds {
            pace.await_last(x, to_client).await?;
        } else if pace.wait(x, to_client, to_server, heeds).await? == Stir::Left {
            left = true;
            pace.client = x.timeouts_fin();
        }
    }
}

/// `option nolinger` of a backend: a client's end isn't passed on, it ends the server's connection.
fn parts(x: &Exchange<'_>, client_ended: bool) -> bool {
    client_ended && x.backend.is_some_and(|b| b.options.no_linger)
}

/// Whether the connection was reset before the peer had ended its direction. The system tells that once, to whoever reads or
/// writes first; then the connection reads as if it had come to its end.
fn is_reset(broken: &Broken) -> bool {
    matches!(broken, Broken::Destination(e) if e.kind() == std::io::ErrorKind::ConnectionReset)
}

/// Notes what the system said of the server's connection; `broken` is what became of sending on it.
pub fn note_fault(x: &mut Exchange<'_>, broken: &Broken) {
    if let Broken::Destination(error) = broken {
        x.stream.server_fault = error.raw_os_error().map(Fault::System);
        x.server_broke |= is_reset(broken);
    }
}

/// All came that was sent; a body that lasts until the end isn't complete if that end was a reset.
fn unless_broken(x: &Exchange<'_>) -> Result<(), Stop> {
    if !x.server_broke || !matches!(x.response_framing, Framing::UntilClose | Framing::Tunnel) {
        return Ok(());
    }
    x.count(|c| c.server_aborts.add(1));
    Err(Failure::silent(Cause::SERVER, Phase::DATA).into())
}

fn up(x: &mut Exchange<'_>) -> Result<Step, Stop> {
    let Some(upstream) = &x.upstream else { return Ok(Step::Done) };
    match x.up.step(&x.client.sock, &upstream.sock) {
        Ok(step) => Ok(step),
        // The response may still be complete; the client's connection can't be used again.
        Err(broken @ (Broken::Destination(_) | Broken::Invalid(_))) => {
            malformed::keep_broken(x, Side::Request, &broken, &x.up);
            note_fault(x, &broken);
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

fn broken_down(x: &mut Exchange<'_>, down: &Pump, broken: &Broken) -> Failure {
    match broken {
        Broken::Destination(_) => {
            x.count(|c| c.client_aborts.add(1));
            Failure::silent(Cause::CLIENT, Phase::DATA)
        }
        Broken::Source(error) => {
            x.stream.server_fault = error.raw_os_error().map(Fault::System);
            x.count(|c| c.server_aborts.add(1));
            Failure::silent(Cause::SERVER, Phase::DATA)
        }
        Broken::Invalid(_) => {
            malformed::keep_broken(x, Side::Response, broken, down);
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

/// What happened while a direction was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stir {
    /// Something can go on.
    Bytes,
    /// The client ended its direction.
    Left,
}

impl Pace {
    /// `half`: which directions of a tunnel have ended; `timeout client-fin` and `server-fin` count from the first one.
    fn new(x: &Exchange<'_>, tunnel: bool, half: [bool; 2]) -> Self {
        let tunnelled = x.tunnel_timeout().filter(|_| tunnel);
        let closing = half != [false, false];
        let client_fin = x.frontend.timeouts.client_fin.filter(|_| closing);
        let server_fin = x.backend.and_then(|b| b.timeouts.server_fin).filter(|_| closing);
        let client = deadline(client_fin.or(tunnelled).or(x.client_timeout()));
        let server = deadline(server_fin.or(tunnelled).or(x.server_timeout()));
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

    /// Waits for either direction to go on; with `heeds` also for the client to end its direction.
    async fn wait(&self, x: &mut Exchange<'_>, down: Step, up: Step, heeds: bool) -> Result<Stir, Stop> {
        let Some(upstream) = &x.upstream else { return Ok(Stir::Bytes) };
        let (client, server) = (&x.client.sock, &upstream.sock);
        let watches = heeds && down == Step::Read;
        let woken = net::wait(|w| {
            match down {
                Step::Read => w.read(server).until(self.server),
                Step::Write => w.write(client).until(self.to_client),
                Step::Later(until) => w.until(until),
                Step::Done => w,
            };
            match up {
                Step::Read => w.read(client).until(self.client),
                Step::Write => w.write(server).until(self.to_server),
                Step::Later(until) => w.until(until),
                Step::Done if watches => w.hup(client),
                Step::Done => w,
            };
            w.notified();
        })
        .await;
        if woken.notified() {
            x.killed()?;
        }
        if watches && woken.ready(1) {
            return Ok(Stir::Left);
        }
        if !woken.timed_out() || woken.any_ready() || woken.notified() || down.is_due() || up.is_due() {
            return Ok(Stir::Bytes);
        }
        let client_late = down == Step::Write || (up == Step::Read && self.client <= self.server);
        let cause = if client_late { Cause::CLIENT_TIMEOUT } else { Cause::SERVER_TIMEOUT };
        Err(Failure::silent(cause, Phase::DATA).into())
    }

    /// Waits for the rest of a response whose client has ended its direction: not for long.
    async fn await_last(&self, x: &mut Exchange<'_>, down: Step) -> Result<(), Stop> {
        let Some(upstream) = &x.upstream else { return Ok(()) };
        let woken = net::wait(|w| {
            match down {
                Step::Read => w.read(&upstream.sock).until(self.client.min(self.server)),
                Step::Write => w.write(&x.client.sock).until(self.client),
                Step::Later(until) => w.until(until),
                Step::Done => w,
            };
            w.notified();
        })
        .await;
        if woken.notified() {
            x.killed()?;
        }
        if !woken.timed_out() || woken.any_ready() || woken.notified() || down.is_due() {
            return Ok(());
        }
        if down == Step::Read && self.server < self.client {
            return Err(Failure::silent(Cause::SERVER_TIMEOUT, Phase::DATA).into());
        }
        x.count(|c| c.client_aborts.add(1));
        Err(Failure::silent(Cause::CLIENT, Phase::DATA).into())
    }
}
