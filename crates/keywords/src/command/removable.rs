//! Whether a server or a backend may be deleted now (management manual 9.3 "del server", "del backend").

use std::sync::atomic::Ordering::Relaxed;

use state::backend::{Target, UseServer};
use state::turn::Seat;
use state::{Backend, Server, World};

use super::prelude::*;

/// What keeps something from being deleted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Blocked {
    /// It won't go away by itself.
    Always(&'static str),
    /// It does in time.
    For(&'static str),
}

pub(super) const REFERENCED: &str =
    "This server cannot be removed at runtime due to other configuration elements pointing to it.";

pub(super) const RUNNING: &str = "Only servers in maintenance mode can be deleted.";

pub(super) const PROXY_REFERENCED: &str =
    "This proxy cannot be removed at runtime due to other configuration elements pointing to it.";

/// The server of this name (`backend/server`), if it may be deleted. What else points to it than a look at the World tells
/// shows when it is tried.
pub(super) fn server<'a>(query: &Query<'a>, name: &str) -> Result<Seat<'a>, Blocked> {
    let seat = seat_named(query, name).map_err(Blocked::Always)?;
    let Seat { backend, server, .. } = seat;
    if is_named(backend, server) {
        return Err(Blocked::Always(REFERENCED));
    }
    if !server.in_maintenance() {
        return Err(Blocked::Always(RUNNING));
    }
    let live = &server.live;
    if live.sessions.now() > 0 || live.queued.now() > 0 {
        return Err(Blocked::For("Server still has connections attached to it, cannot remove it."));
    }
    Ok(seat)
}

/// Whether a `use-server` rule or another server names it.
pub(super) fn is_named(backend: &Backend, server: &Server) -> bool {
    let position = backend.servers.iter().position(|s| std::ptr::eq(s, server));
    let here = |at: &u32| usize::try_from(*at).ok() == position;
    let by_rule = |rule: &UseServer| matches!(&rule.target, Target::Server(at) if here(at));
    !server.followers.is_empty() || backend.use_server.iter().any(by_rule)
}

/// The backend of this name, if it may be deleted.
pub(super) fn backend<'a>(query: &Query<'a>, name: &str) -> Result<&'a Backend, Blocked> {
    let always = |why| Err(Blocked::Always(why));
    let Some(backend) = backend_named(query.world, name) else { return always("No such backend.") };
    if is_listen(query.world, backend) {
        return always("Cannot delete a listen section.");
    }
    if referenced(query.world, backend) {
        return always(PROXY_REFERENCED);
    }
    if !backend.live.unpublished.load(Relaxed) {
        return always("Backend must be unpublished prior to its deletion.");
    }
    if !backend.servers.is_empty() {
        return always("Only a backend without server can be deleted.");
    }
    if backend.live.sessions.now() > 0 {
        return Err(Blocked::For("Backend still has attached streams on it."));
    }
    Ok(backend)
}

/// Whether rules of a frontend lead to it by name. What else points to it shows when its deletion is tried.
fn referenced(world: &World, backend: &Backend) -> bool {
    let position = world.backends.iter().position(|b| std::ptr::eq(b, backend));
    let Some(position) = position.and_then(|at| u32::try_from(at).ok()) else { return false };
    world.frontends.iter().any(|frontend| frontend.switching.leads_to(position))
}

/// Whether it is the back half of a `listen` section.
fn is_listen(world: &World, backend: &Backend) -> bool {
    world.frontends.iter().any(|frontend| frontend.id == backend.id)
}
