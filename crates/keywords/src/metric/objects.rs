//! The objects that statistics show, in their order: proxies as users know them, and what belongs to each. Holds no
//! metric itself.

use std::collections::HashSet;

use state::family::Object;
use state::turn::Health;
use state::{Backend, Frontend, World};

/// One proxy as users know it: a `listen` section is both.
#[derive(Clone, Copy)]
pub(crate) struct Proxy<'w> {
    pub(crate) front: Option<&'w Frontend>,
    pub(crate) back: Option<&'w Backend>,
}

impl<'w> Proxy<'w> {
    /// The rows of a proxy in their order.
    pub(crate) fn objects(self) -> impl Iterator<Item = Object<'w>> {
        let front = self.front.into_iter();
        let listeners = self.front.filter(|f| f.options.socket_stats);
        let back = self.back.into_iter();
        front
            .map(Object::Frontend)
            .chain(
                listeners.into_iter().flat_map(|f| f.binds.iter().map(move |bind| Object::Listener(f, bind))),
            )
            .chain(back.clone().flat_map(|b| b.servers.iter().map(move |server| Object::Server(b, server))))
            .chain(back.map(Object::Backend))
    }

    pub(crate) fn name(self) -> &'w str {
        self.front.map(|f| &*f.name).or_else(|| self.back.map(|b| &*b.name)).unwrap_or_default()
    }
}

/// Enabled proxies in the order of the configuration: frontends and backends are in order among themselves, and the
/// halves of a `listen` meet.
pub(crate) fn proxies(world: &World) -> Vec<Proxy<'_>> {
    let fronts: HashSet<u32> = world.frontends.iter().map(|f| f.id).collect();
    let halves: HashSet<u32> = world.backends.iter().map(|b| b.id).filter(|id| fronts.contains(id)).collect();
    let mut all = Vec::with_capacity(world.frontends.len() + world.backends.len());
    let mut backs = world.backends.iter().peekable();
    for front in &world.frontends {
        let is_listen = halves.contains(&front.id);
        let before = |back: &Backend| !halves.contains(&back.id) && (is_listen || back.id < front.id);
        while let Some(back) = backs.next_if(|back| before(back)) {
            all.push(Proxy { front: None, back: Some(back) });
        }
        let back = backs.next_if(|back| back.id == front.id);
        all.push(Proxy { front: Some(front), back });
    }
    all.extend(backs.map(|back| Proxy { front: None, back: Some(back) }));
    all.retain(|proxy| !proxy.front.is_some_and(|f| f.disabled) && !proxy.back.is_some_and(|b| b.disabled));
    all
}

/// Whether an object is to be shown when only servers that are `up` (or not checked), or none in maintenance, are.
pub(crate) fn wants_status(object: Object<'_>, up: bool, no_maintenance: bool) -> bool {
    let Object::Server(_, server) = object else { return true };
    match (server.in_maintenance(), Health::of(server)) {
        (true, _) => !up && !no_maintenance,
        (false, Health::Down) => !up,
        (false, Health::Up | Health::Stopping) => true,
    }
}
