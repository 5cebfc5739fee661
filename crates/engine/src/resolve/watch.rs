//! Names of servers, looked up again and again on the main thread (manual 5.3.1): a task for each question, whose answers
//! are for all servers that it is asked for. What an answer means for them is `assign`'s business.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use net::{TaskId, Time};
use state::resolvers::{Failure, Resolvers};
use state::server::Address;
use state::turn::Seat;
use state::{Server, World};
use wire::dns::{Kind, Name, Service};

use super::ask::{Found, Question, Records, ask, families};
use super::assign;
use crate::health::Monitor;

/// A question: to whom, about what, and what is asked for first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Topic {
    section: Box<str>,
    name: Box<str>,
    first: Kind,
}

/// What is asked for servers.
#[derive(Debug, Default)]
pub(crate) struct Names {
    topics: RefCell<HashMap<Topic, Asking>>,
    /// Servers whose addresses came along with their names.
    told: RefCell<HashSet<u32>>,
    /// How many tasks there were so far.
    started: Cell<u64>,
}

/// A question under way.
#[derive(Debug, Default)]
struct Asking {
    task: Option<TaskId>,
    /// The numbers of the servers that it is asked for, in the order of the configuration.
    servers: Vec<u32>,
}

impl Names {
    /// Goes over all servers: what nobody wants to know any more ends, what is new begins, the rest is asked again.
    pub(crate) fn refresh(&self, monitor: &Rc<Monitor>) {
        let world = monitor.world();
        let mut topics = self.topics.borrow_mut();
        topics.values_mut().for_each(|asking| asking.servers.clear());
        for server in world.backends.iter().flat_map(|backend| &backend.servers) {
            for topic in self.topics_of(&world, server) {
                topics.entry(topic).or_default().servers.push(server.live.uid);
            }
        }
        for (topic, asking) in topics.iter_mut() {
            match asking.task {
                Some(task) => task.notify(),
                None => {
                    let index = self.started.replace(self.started.get() + 1);
                    asking.task = Some(net::spawn(watch(Rc::clone(monitor), topic.clone(), index)));
                }
            }
        }
    }

    /// Has the name of a server looked up now.
    pub(crate) fn renew(&self, server: u32) {
        let topics = self.topics.borrow();
        let of_it = topics.values().filter(|asking| asking.servers.contains(&server));
        of_it.filter_map(|asking| asking.task).for_each(TaskId::notify);
    }

    /// What is asked for a server.
    fn topics_of(&self, world: &World, server: &Server) -> impl Iterator<Item = Topic> + use<> {
        let resolve = server.resolve.as_deref();
        let section = resolve.and_then(|resolve| section_at(world, resolve.resolvers));
        let topic = |name: Box<str>, first| {
            section.map(|section| Topic { section: section.name.clone(), name, first })
        };
        let service = resolve.and_then(|resolve| resolve.service.clone());
        let host = server.fqdn().filter(|_| !self.told.borrow().contains(&server.live.uid));
        let first = if resolve.is_some_and(|resolve| resolve.v4_first) { Kind::A } else { Kind::Aaaa };
        let service = service.and_then(|name| topic(name, Kind::Srv));
        service.into_iter().chain(host.and_then(|name| topic(name, first)))
    }

    /// The servers that a question is asked for; none ends it.
    fn servers(&self, topic: &Topic) -> Option<Vec<u32>> {
        let mut topics = self.topics.borrow_mut();
        let servers = topics.get(topic).map(|asking| asking.servers.clone()).unwrap_or_default();
        if servers.is_empty() {
            topics.remove(topic);
            return None;
        }
        Some(servers)
    }
}

fn section_at(world: &World, position: u32) -> Option<&Arc<Resolvers>> {
    world.resolvers.get(usize::try_from(position).ok()?)
}

/// What was learnt so far.
struct Learnt {
    addresses: Vec<(IpAddr, Time)>,
    services: Vec<(Service, Time)>,
    /// Which addresses which servers were last given, and whether they got one.
    applied: Option<(Vec<IpAddr>, Reached)>,
    /// When the last good answer came; at first, when it began to be asked for.
    valid: Time,
}

type Reached = Vec<(u32, bool)>;

/// Which servers have an address.
fn reached(seats: &[Seat<'_>]) -> Reached {
    let unresolved = |seat: &Seat<'_>| matches!(*seat.server.address(), Address::Unresolved(_));
    seats.iter().map(|seat| (seat.server.live.uid, !unresolved(seat))).collect()
}

/// Asks for as long as somebody wants to know.
async fn watch(monitor: Rc<Monitor>, topic: Topic, index: u64) {
    // Not all names at the same moment.
    net::sleep_until(net::now().plus_millis(index.wrapping_mul(3) % SPREAD_MS)).await;
    let mut learnt = Learnt { addresses: Vec::new(), services: Vec::new(), applied: None, valid: net::now() };
    let name = Name::read(topic.name.as_bytes());
    while monitor.names.servers(&topic).is_some() {
        let world = monitor.world();
        let section = world.resolvers.iter().find(|section| section.name == topic.section);
        let Some(section) = section.map(Arc::clone) else {
            monitor.names.topics.borrow_mut().remove(&topic);
            break;
        };
        let kinds = families(world.global.dns_families, topic.first);
        drop(world);
        let begun = net::now();
        let answer = match &name {
            Some(name) => ask(&Question { resolvers: &section, name, kinds }, random).await,
            // What is no name of a host has no address.
            None => Err(Failure::Nx),
        };
        take(&monitor, &topic, &section, &mut learnt, answer);
        let until = begun.plus_millis(u64::from(section.resolve_ms.max(1))).max(net::now());
        net::wait(|w| {
            w.notified().until(until);
        })
        .await;
    }
}

/// Over how long the first questions are spread, milliseconds.
const SPREAD_MS: u64 = 1000;

/// A number that nobody can guess.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What follows from an answer.
fn take(
    monitor: &Rc<Monitor>,
    topic: &Topic,
    section: &Resolvers,
    learnt: &mut Learnt,
    answer: Result<Found, Failure>,
) {
    let world = monitor.world();
    let Some(servers) = monitor.names.servers(topic) else { return };
    let seats: Vec<Seat<'_>> = servers.iter().filter_map(|uid| seat(&world, *uid)).collect();
    let renamed = match answer {
        Ok(found) => {
            learnt.valid = net::now();
            good(monitor, topic, section, learnt, &seats, found)
        }
        Err(failure) => {
            let until = learnt.valid.plus_millis(u64::from(section.hold.of(failure)));
            let over = net::now() >= until;
            if over {
                learnt.applied = None;
            }
            over && assign::failed(&seats, topic.first == Kind::Srv, failure)
        }
    };
    monitor.follow_up(&world);
    if renamed {
        monitor.names.refresh(monitor);
    }
}

/// A good answer; whether names of servers changed with it.
fn good(
    monitor: &Monitor,
    topic: &Topic,
    section: &Resolvers,
    learnt: &mut Learnt,
    seats: &[Seat<'_>],
    found: Found,
) -> bool {
    let hold_ms = u64::from(section.hold.obsolete);
    let asked = section.servers.get(found.by);
    let by = asked.map(|server| format!("{}/{}", section.name, server.name)).unwrap_or_default();
    let (moved, renamed) = match found.records {
        Records::Addresses(addresses) => {
            merge(&mut learnt.addresses, addresses, hold_ms, |a, b| a == b);
            let addresses: Vec<IpAddr> = learnt.addresses.iter().map(|(address, _)| *address).collect();
            if learnt.applied.as_ref() == Some(&(addresses.clone(), reached(seats))) {
                // What an administrator changed meanwhile stays until there is news.
                return false;
            }
            let moved = assign::addresses(seats, &topic.name, &addresses, &by);
            learnt.applied = Some((addresses, reached(seats)));
            (moved, false)
        }
        Records::Services(services) => {
            merge(&mut learnt.services, services, hold_ms, |a, b| (&a.target, a.port) == (&b.target, b.port));
            let services: Vec<&Service> = learnt.services.iter().map(|(service, _)| service).collect();
            assign::services(seats, &services, &mut monitor.names.told.borrow_mut())
        }
    };
    if moved && let Some(server) = asked {
        state::resolvers::count(&server.asked.update);
    }
    renamed
}

/// Takes new records among those that were known; what is in answers no more stays for a while.
fn merge<T>(known: &mut Vec<(T, Time)>, new: Vec<T>, hold_ms: u64, same: impl Fn(&T, &T) -> bool) {
    let now = net::now();
    for record in new {
        if let Some(before) = known.iter_mut().find(|(before, _)| same(before, &record)) {
            *before = (record, now);
        } else if known.len() < RECORDS_MAX {
            known.push((record, now));
        }
    }
    known.retain(|(_, seen)| *seen == now || seen.plus_millis(hold_ms) > now);
}

/// Records of a name that are kept at most.
const RECORDS_MAX: usize = 1024;

fn seat(world: &World, uid: u32) -> Option<Seat<'_>> {
    let (backend, server) = world.seats.server(uid)?;
    let backend = world.backend(backend)?;
    Some(Seat { world, backend, server: backend.server(server)?, now_ns: net::now().as_nanos() })
}
