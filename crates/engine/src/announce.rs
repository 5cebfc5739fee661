//! Saying aloud what happened to servers: to the standard error output, and to the log targets of their backends.

use state::administer::{Notice, Weight};
use state::log::Setup;
use state::{Backend, World};

use crate::exchange::Exchange;
use crate::log::{self, Outbox};
use crate::mail;

/// Says what waits to be said.
pub fn speak(world: &World, outbox: &mut Outbox) {
    for notice in world.process.notices.take() {
        if let Some(backend) = world.backends.iter().find(|b| b.id == notice.backend) {
            say(world, backend, &notice, outbox);
        } else if let Some(frontend) = world.frontends.iter().find(|f| f.id == notice.backend) {
            aloud(world, &frontend.log, &notice.text, log::WARNING, outbox);
        }
    }
}

/// Tells the log targets of `global` what waits to be told.
pub fn remark(world: &World, outbox: &mut Outbox) {
    for text in world.process.remarks.take() {
        outbox.text().extend_from_slice(text.as_bytes());
        outbox.send(world, &world.global_logs, None, log::INFO);
    }
}

/// Says one thing.
pub fn say(world: &World, backend: &Backend, notice: &Notice, outbox: &mut Outbox) {
    let pid = world.global.pid;
    let (level, text) = match notice.weight {
        Weight::Notice => (log::NOTICE, notice.text.clone()),
        Weight::Alert => (log::ALERT, notice.text.clone()),
        Weight::NoServer => {
            // The halves of a `listen` section share a number.
            let listen = world.frontends.iter().any(|f| f.id == backend.id);
            let kind = if listen { "proxy" } else { "backend" };
            eprintln!("[ALERT]    ({pid}) : {kind} '{}' has no server available!", backend.name);
            (log::EMERG, format!("{kind} {} has no server available!", backend.name))
        }
    };
    if let (Some(alert), Some(level)) = (&backend.email, notice.mail) {
        mail::send(alert, level, &notice.text, &world.global.hostname);
    }
    if notice.weight == Weight::NoServer {
        outbox.text().extend_from_slice(text.as_bytes());
        outbox.send(world, &backend.log.targets, backend.log.tag.as_deref(), level);
    } else {
        aloud(world, &backend.log, &text, level, outbox);
    }
}

/// Says that a server's response is held back, because a cache might keep its cookies.
pub fn cacheable_cookie(x: &Exchange<'_>, backend: &Backend) {
    let server = x.stream.server.and_then(|at| backend.server(at)).map_or("", |server| &*server.name);
    let mut outbox = x.worker.log.borrow_mut();
    let text =
        format!("Blocking cacheable cookie in response from instance {}, server {server}.", backend.name);
    outbox.text().extend_from_slice(text.as_bytes());
    outbox.send(x.world, &backend.log.targets, backend.log.tag.as_deref(), log::ALERT);
}

fn aloud(world: &World, setup: &Setup, text: &str, level: u8, outbox: &mut Outbox) {
    eprintln!("[WARNING]  ({}) : {text}", world.global.pid);
    outbox.text().extend_from_slice(text.as_bytes());
    outbox.send(world, &setup.targets, setup.tag.as_deref(), level);
}
