//! Single changes while a process runs: what was there before keeps the numbers that it was given by its position, and what
//! is new takes one that is free.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use state::frontend::listening;
use state::server::admin;
use state::world::Seats;
use state::{Backend, Frontend, Server, World};

/// Has proxies and servers of a new World keep their numbers. To be done before it inherits.
pub fn keep(new: &mut World, old: &World) {
    let before = |name: &str| {
        let of_frontend = old.frontends.iter().find(|f| *f.name == *name).map(|f| f.id);
        of_frontend.or_else(|| old.backends.iter().find(|b| *b.name == *name).map(|b| b.id))
    };
    let own = |new: &World, name: &str| new.backends.iter().any(|b| *b.name == *name && b.own_id);
    let kept: Vec<Option<u32>> = names(new).map(|name| before(name).filter(|_| !own(new, name))).collect();
    let mut taken: HashSet<u32> = kept.iter().flatten().copied().collect();
    taken.extend(new.backends.iter().filter(|b| b.own_id).map(|b| b.id));
    let proxies: Vec<(Box<str>, Option<u32>)> = names(new).map(Box::from).zip(kept).collect();
    for (name, kept) in proxies {
        let has = new.frontends.iter().find(|f| f.name == name).map(|f| f.id);
        let has = has.or_else(|| new.backends.iter().find(|b| b.name == name).map(|b| b.id)).unwrap_or(0);
        let id = match kept {
            Some(id) => id,
            None if own(new, &name) || taken.insert(has) => has,
            None => free(&mut taken),
        };
        let fronts = new.frontends.iter_mut().filter(|f| f.name == name);
        fronts.for_each(|f: &mut Frontend| f.id = id);
        new.backends.iter_mut().filter(|b| b.name == name).for_each(|b| b.id = id);
    }
    // What was shut down for good stays so.
    let ended = old.frontends.iter().filter(|f| f.live.listening.load(Relaxed) == listening::ENDED);
    for name in ended.map(|f| &f.name) {
        new.frontends.iter_mut().filter(|f| f.name == *name).for_each(|f| f.disabled = true);
    }
    for backend in &mut new.backends {
        let before = old.backends.iter().find(|b| b.name == backend.name);
        keep_servers(backend, before.map_or(&[], |b| &b.servers));
    }
}

/// Each proxy's name once; the halves of a `listen` section share theirs.
fn names(world: &World) -> impl Iterator<Item = &str> {
    let fronts = world.frontends.iter().map(|f| &*f.name);
    let listens = |b: &&Backend| world.frontends.iter().any(|f| f.name == b.name);
    fronts.chain(world.backends.iter().filter(move |b| !listens(b)).map(|b| &*b.name))
}

fn keep_servers(backend: &mut Backend, before: &[Server]) {
    let mut taken: HashSet<u32> = backend.servers.iter().filter(|s| s.own_id).map(|s| s.id).collect();
    let mut fresh = Vec::new();
    for (position, server) in backend.servers.iter_mut().enumerate().filter(|(_, s)| !s.own_id) {
        match before.iter().find(|b| b.name == server.name && !b.own_id) {
            Some(before) => {
                server.id = before.id;
                taken.insert(server.id);
            }
            None => fresh.push(position),
        }
    }
    for position in fresh {
        if let Some(server) = backend.servers.get_mut(position) {
            server.id = free(&mut taken);
        }
    }
}

/// The lowest number that nobody has, which is taken with that.
fn free(taken: &mut HashSet<u32>) -> u32 {
    let id = (1..u32::MAX).find(|id| !taken.contains(id)).unwrap_or(u32::MAX);
    taken.insert(id);
    id
}

/// A server that was added begins in maintenance, and nobody checks it until that is ordered.
pub fn begin(new: &World, backend: &str, name: &str) {
    let backend = new.backends.iter().find(|b| *b.name == *backend);
    let Some(server) = backend.and_then(|b| b.servers.iter().find(|s| *s.name == *name)) else { return };
    server.live.admin.fetch_or(admin::MAINT, Relaxed);
    server.live.checks.store(false, Relaxed);
    server.live.agent_asked.store(false, Relaxed);
    // What isn't there yet did not go down either.
    server.live.healthy.store(true, Relaxed);
}

/// A server has another name, and is the same all the same. To be done after the World inherited.
pub fn rename(new: &mut World, old: &World, (backend, name, to): (&str, &str, &str)) {
    let before = old.backends.iter().find(|b| *b.name == *backend);
    let Some(before) = before.and_then(|b| b.servers.iter().find(|s| *s.name == *name)) else { return };
    let now = new.backends.iter_mut().find(|b| *b.name == *backend);
    if let Some(server) = now.and_then(|b| b.servers.iter_mut().find(|s| *s.name == *to)) {
        server.live = Arc::clone(&before.live);
        server.reach = before.reach;
        server.id = before.id;
    }
    new.seats = Seats::of(&new.frontends, &new.backends);
}
