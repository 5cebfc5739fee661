//! What lives on when a World takes the place of another (DESIGN 6): counters and states of what has the same name,
//! sockets of what listens alike, tables, caches, rings, variables. [`inherit`] arranges it in a World that nobody has
//! seen yet and changes nothing else; [`commit`] is done when nothing can fail any more.
//!
//! What it deliberately doesn't know: sockets themselves, and how threads are told.

pub mod numbers;

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use state::counters::PerThread;
use state::frontend::{Bind, BindAddress, listening};
use state::server::{Address, Check, admin};
use state::table::Table;
use state::world::Seats;
use state::{Backend, Frontend, Server, World};

/// An address of the new World that no socket is open for yet, by positions of frontend and `bind`.
pub type Unbound = (u32, u32);

/// A backend and a server of it, by their positions.
type At = (u32, u32);

/// What is to be done when a World takes over, found out beforehand: the moment itself looks only at what differs.
#[derive(Debug, Default)]
pub struct Succession {
    /// The addresses that must be opened.
    pub unbound: Vec<Unbound>,
    /// Servers whose lines say otherwise than before, by where they are and where they were.
    changed: Vec<(At, At)>,
    /// Those that were not there.
    new: Vec<At>,
    /// Those that are there no more, by where they were.
    gone: Vec<At>,
    /// Tables that hold something else than before under the same keys: each, and what it may take over from.
    pub tables: Vec<(Arc<Table>, Arc<Table>)>,
}

/// Has a new World take over from the one in force.
pub fn inherit(new: &mut World, old: &World) -> Succession {
    let mut succession = Succession::default();
    new.generation = old.generation + 1;
    new.process = Arc::clone(&old.process);
    succession.unbound = frontends(new, old);
    let by_name: HashMap<&str, (u32, &Backend)> =
        (0u32..).zip(&old.backends).map(|(at, b)| (&*b.name, (at, b))).collect();
    for (at, backend) in (0u32..).zip(&mut new.backends) {
        let before = by_name.get(&*backend.name).copied().filter(|(_, before)| before.mode == backend.mode);
        let process = (&*new.process, new.generation, usize::from(new.global.threads));
        inherit_backend((at, backend), before, process, &mut succession);
    }
    let by_name: HashMap<&str, &Arc<Table>> = old.tables.iter().map(|t| (&*t.name, t)).collect();
    for table in &mut new.tables {
        let Some(before) = by_name.get(&*table.name).copied() else { continue };
        // Nobody else has it yet.
        let goes_on = Arc::get_mut(table).is_some_and(|table| table.go_on_from(before));
        if !goes_on && table.key == before.key {
            succession.tables.push((Arc::clone(table), Arc::clone(before)));
        }
    }
    for cache in &mut new.caches {
        let alike = |before: &&Arc<state::cache::Cache>| {
            before.name == cache.name && before.settings == cache.settings
        };
        if let Some(before) = old.caches.iter().find(alike) {
            *cache = Arc::clone(before);
        }
    }
    for ring in &mut new.rings {
        if let Some(before) = old.rings.iter().find(|before| before.is_like(ring)) {
            ring.store = Arc::clone(&before.store);
        }
    }
    for forward in &mut new.log_forwards {
        if let Some(before) = old.log_forwards.iter().find(|before| before.name == forward.name) {
            forward.open = Arc::clone(&before.open);
        }
    }
    name_servers(new, old);
    new.seats = Seats::of(&new.frontends, &new.backends);
    new.backends.iter().for_each(Backend::take_note);
    for (b, backend) in (0u32..).zip(&old.backends) {
        let servers = (0u32..).zip(&backend.servers);
        let gone = servers.filter(|(_, server)| new.seats.server(server.live.uid).is_none());
        succession.gone.extend(gone.map(|(s, _)| (b, s)));
    }
    succession
}

/// Name servers count on what became of questions to them.
fn name_servers(new: &mut World, old: &World) {
    for resolvers in &mut new.resolvers {
        let before = old.resolvers.iter().find(|before| before.name == resolvers.name);
        let Some(before) = before else { continue };
        for server in &mut Arc::make_mut(resolvers).servers {
            if let Some(known) = before.servers.iter().find(|known| known.name == server.name) {
                server.asked = Arc::clone(&known.asked);
            }
        }
    }
}

fn frontends(new: &mut World, old: &World) -> Vec<Unbound> {
    // One that was shut down for good is there no more.
    let lives = |f: &&Frontend| f.live.listening.load(Relaxed) != listening::ENDED;
    let by_name: HashMap<&str, &Frontend> =
        old.frontends.iter().filter(lives).map(|f| (&*f.name, f)).collect();
    let serving = old.frontends.iter().filter(lives).filter(|f| !f.disabled);
    let mut open: Vec<_> = serving.flat_map(|f| f.binds.iter().zip(&f.listening)).map(Some).collect();
    let mut unbound = Vec::new();
    for (f, frontend) in (0u32..).zip(&mut new.frontends) {
        if let Some(before) = by_name.get(&*frontend.name).filter(|before| before.mode == frontend.mode) {
            frontend.live = Arc::clone(&before.live);
        }
        if frontend.disabled {
            continue;
        }
        for (b, (bind, at)) in (0u32..).zip(frontend.binds.iter().zip(&mut frontend.listening)) {
            let alike = |open: &&mut Option<_>| open.is_some_and(|(before, _)| same_socket(before, bind));
            match open.iter_mut().find(alike).and_then(Option::take) {
                // Where `option socket-stats` came or went it counts on as it did.
                Some((_, before)) => *at = Arc::clone(before),
                None => unbound.push((f, b)),
            }
        }
    }
    unbound
}

/// Whether the socket of one address serves as that of another. What was inherited, and names of which the system has
/// only one, cannot be opened again.
fn same_socket(a: &Bind, b: &Bind) -> bool {
    if matches!(a.address, BindAddress::Fd(_) | BindAddress::Abstract(_)) {
        return a.address == b.address;
    }
    let own = |bind: &Bind| Bind {
        name: None,
        id: 0,
        guid: None,
        maxconn: 0,
        accept_proxy: false,
        netscaler: 0,
        tls: None,
        ..bind.clone()
    };
    own(a) == own(b)
}

fn inherit_backend(
    (b, backend): (u32, &mut Backend),
    before: Option<(u32, &Backend)>,
    (process, generation, threads): (&state::world::Process, u64, usize),
    succession: &mut Succession,
) {
    let (old_b, before) = before.unzip();
    match (before, Arc::get_mut(&mut backend.live)) {
        (Some(before), _) => backend.live = Arc::clone(&before.live),
        // Nobody else has it yet.
        (None, Some(live)) => live.counters = PerThread::new(threads),
        (None, None) => {}
    }
    let old_servers = (0u32..).zip(before.into_iter().flat_map(|b| &b.servers));
    let known: HashMap<&str, (u32, &Server)> = old_servers.map(|(at, s)| (&*s.name, (at, s))).collect();
    for (s, server) in (0u32..).zip(&mut backend.servers) {
        match (known.get(&*server.name), old_b) {
            (Some((old_s, before)), Some(old_b)) => {
                let moved = !reached_alike(server, before);
                server.reach = before.reach + u32::from(moved);
                if let (Some(tls), Some(before)) = (&mut server.tls, &before.tls)
                    && tls.is_like(before)
                {
                    tls.continue_from(before);
                }
                server.live = Arc::clone(&before.live);
                if moved || !said_alike(server, before) {
                    succession.changed.push(((b, s), (old_b, *old_s)));
                }
            }
            // Nobody else has it yet.
            _ => {
                if let Some(live) = Arc::get_mut(&mut server.live) {
                    let number = process.server_numbers.take();
                    live.counters = PerThread::new(threads);
                    live.uid = number.number();
                    live.number = Some(number);
                    live.born = generation.into();
                }
                succession.new.push((b, s));
            }
        }
    }
}

/// Whether two lines say the same of all that [`adjust`] looks at.
fn said_alike(a: &Server, b: &Server) -> bool {
    let pace = |server: &Server| server.check.as_ref().map(|check| (check.rise(), check.full()));
    a.weight == b.weight
        && a.maxconn == b.maxconn
        && a.disabled == b.disabled
        && a.address == b.address
        && (&a.fqdn, &a.resolve, a.port) == (&b.fqdn, &b.resolve, b.port)
        && pace(a) == pace(b)
        && a.track.is_none() == b.track.is_none()
        && a.agent.is_none() == b.agent.is_none()
}

/// Whether connections opened to one serve as connections to the other.
fn reached_alike(a: &Server, b: &Server) -> bool {
    let source = |server: &Server| server.source.as_ref().map(|source| format!("{source:?}"));
    let tls = match (&a.tls, &b.tls) {
        (Some(a), Some(b)) => a.is_like(b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let told = |server: &Server| server.send_proxy.as_ref().map(|told| format!("{told:?}"));
    a.address == b.address
        && a.port == b.port
        && a.multipath == b.multipath
        && a.namespace == b.namespace
        && a.md5 == b.md5
        && told(a) == told(b)
        && tls
        && source(a) == source(b)
}

/// The new World comes into force: what it says otherwise than the old one holds for what lives on, and what it has no
/// more is marked as gone.
pub fn commit(new: &World, old: &World, succession: &Succession, now_ns: u64) {
    for frontend in &old.frontends {
        match new.seats.frontend(frontend.live.uid).and_then(|at| new.frontend(at)) {
            None => frontend.live.gone.store(true, Relaxed),
            Some(next) if next.maxconn != frontend.maxconn => frontend.live.maxconn.clear(),
            Some(_) => {}
        }
    }
    for (at, before) in &succession.changed {
        if let (Some((backend, server)), Some((_, before))) = (find(new, *at), find(old, *before))
            && adjust(server, before)
        {
            backend.live.changes.fetch_add(1, Relaxed);
        }
    }
    for (_, server) in succession.gone.iter().filter_map(|at| find(old, *at)) {
        server.live.gone.store(new.generation, Relaxed);
    }
    for (backend, server) in succession.new.iter().filter_map(|at| find(new, *at)) {
        backend.live.changes.fetch_add(1, Relaxed);
        let _ = server.live.outcome.changed_ns.compare_exchange(0, now_ns, Relaxed, Relaxed);
    }
    variables(new, old);
}

/// What is derived from the states of servers is computed anew where they are otherwise since [`inherit`] looked. For when
/// all threads have turned: until then they may note changes in the World before.
pub fn settle(world: &World, now_ns: u64) {
    world.backends.iter().for_each(|backend| backend.catch_up(now_ns));
}

/// A server by the positions of backend and server.
fn find(world: &World, (backend, server): (u32, u32)) -> Option<(&Backend, &Server)> {
    let backend = world.backend(backend)?;
    Some((backend, backend.server(server)?))
}

/// What was changed while the process ran stays, unless the configuration says something else now. Gives whether anything
/// is otherwise that balancing goes by.
fn adjust(new: &Server, old: &Server) -> bool {
    let live = &new.live;
    let before = (new.is_usable(), new.share());
    if new.weight != old.weight {
        live.weight.store(u32::from(new.weight), Relaxed);
    }
    if new.maxconn != old.maxconn {
        live.maxconn.store(new.maxconn, Relaxed);
    }
    match (old.disabled, new.disabled) {
        (false, true) => {
            live.admin.fetch_or(admin::MAINT, Relaxed);
        }
        (true, false) => {
            live.admin.fetch_and(!admin::MAINT, Relaxed);
        }
        _ => {}
    }
    live.reach.store(new.reach, Relaxed);
    readdress(new, old);
    match (&old.check, &new.check) {
        (None, Some(check)) => {
            live.healthy.store(true, Relaxed);
            live.stopping.store(false, Relaxed);
            live.outcome.health.store(check.rise(), Relaxed);
        }
        (Some(_), None) if old.track.is_none() || new.track.is_none() => {
            live.healthy.store(true, Relaxed);
            live.stopping.store(false, Relaxed);
        }
        (Some(before), Some(check)) => rescale(new, before, check),
        (None, None) | (Some(_), None) => {}
    }
    if let (None, Some(agent)) = (&old.agent, &new.agent) {
        live.agent.health.store(agent.full(), Relaxed);
    }
    before != (new.is_usable(), new.share()) || new.maxconn != old.maxconn || new.reach != old.reach
}

/// What was learnt of its address counts for as long as the configuration says the same of it.
fn readdress(new: &Server, old: &Server) {
    let live = &new.live;
    let alike = (&new.fqdn, &new.resolve, new.port) == (&old.fqdn, &old.resolve, old.port);
    // What the system says of a name that is looked up otherwise is no news.
    let looked_up = new.resolve.is_some() && (new.fqdn.is_some() || new.address == old.address);
    if alike && (looked_up || new.address == old.address) {
        if new.address != old.address && live.moved.whereabouts().is_none() {
            live.moved.set(match old.address {
                Address::Inet(at) => Some(at),
                Address::Unix(_) | Address::Unresolved(_) => None,
            });
        }
        return;
    }
    live.moved.set(None);
    *live.named.lock().unwrap_or_else(PoisonError::into_inner) = None;
    live.admin.fetch_and(!(admin::UNRESOLVED | admin::RENAMED), Relaxed);
    if let Address::Unresolved(_) = new.address {
        live.admin.fetch_or(admin::UNRESOLVED, Relaxed);
    }
}

/// As healthy as it was, by another `rise` and `fall`.
fn rescale(server: &Server, before: &Check, check: &Check) {
    if (before.rise(), before.full()) == (check.rise(), check.full()) {
        return;
    }
    let health = server.live.outcome.health.load(Relaxed);
    let scaled = if health >= before.rise() {
        // As many failures away from being well.
        (check.full() - (before.full() - health)).max(check.rise())
    } else {
        health.min(check.rise() - 1)
    };
    server.live.outcome.health.store(scaled.max(0), Relaxed);
}

/// Variables that `global` sets anew, or to something else, have that value; the others keep theirs.
fn variables(new: &World, old: &World) {
    let Ok(mut vars) = new.process.vars.write() else { return };
    for (id, value) in new.initial_vars.iter() {
        if old.initial_vars.get(id) != Some(value) {
            vars.set(id, value.to_owned());
        }
    }
}
