//! Drafts into the World: numbers, names, compiled rules, and the checks that need to see everything.

mod advice;
mod backend;
mod check;
mod cookie;
mod filters;
mod forwarded;
mod frontend;
mod global;
mod ids;
mod log;
mod maxconn;
mod messages;
mod names;
mod probe;
mod rules;
mod stats;
mod stick;
mod switching;
mod tables;
mod track;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use config::Span;
use state::check::Probe;
use state::log::Setup;
use state::options::Mode;
use state::restore::Restored;
use state::{Backend, Frontend, World};

use crate::compile::{Home, Names};
use crate::ctx::Plan;
use crate::directive::check::CheckSettings;
use crate::directive::log::LogSettings;
use crate::directive::proto;
use crate::draft::Draft;
use crate::section::Read;

/// What is shared while drafts become parts of the World.
pub(crate) struct Assembly<'p, 'a> {
    pub(crate) plan: &'p mut Plan<'a>,
    pub(crate) names: Names,
    /// By backend: what frontends that lead to it must know.
    pub(crate) peers: Vec<Peer<'a>>,
    /// What was compiled from settings that several proxies share; the settings are kept so that their addresses stay
    /// theirs.
    setups: HashMap<SetupKey<'a>, (Rc<LogSettings<'a>>, Arc<Setup>)>,
    probes: HashMap<*const CheckSettings<'a>, (Rc<CheckSettings<'a>>, Arc<Probe>)>,
    /// What is known of servers from before.
    restored: Vec<Restored>,
    /// Servers that follow others.
    tracks: Vec<track::Track<'a>>,
    /// Whether something asks where clients connected to.
    pub(crate) wants_destination: bool,
    /// Something asks for the ends of the server's connection.
    pub(crate) wants_server_ends: bool,
    /// Whether some line asks how many lines were written.
    pub(crate) wants_line_count: bool,
}

/// Settings by their address, for a front half or not, for HTTP or not.
type SetupKey<'a> = (*const LogSettings<'a>, bool, bool);

/// A backend as frontends see it.
#[derive(Debug)]
pub(crate) struct Peer<'a> {
    pub(crate) name: &'a str,
    pub(crate) mode: Mode,
    pub(crate) span: Span,
    /// The sum of `maxconn` over the frontends that lead to it, for the automatic `fullconn`.
    pub(crate) reach: u64,
}

/// A proxy's positions in the World.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seat {
    pub(crate) id: u32,
    pub(crate) frontend: Option<u32>,
    pub(crate) backend: Option<u32>,
}

impl Seat {
    /// That of lines which are judged and belong to no proxy.
    const NOWHERE: Self = Self { id: 0, frontend: Some(u32::MAX), backend: Some(u32::MAX) };

    pub(crate) const fn home<'n>(&self, name: &'n str) -> Home<'n> {
        Home { name, frontend: self.frontend, backend: self.backend }
    }
}

/// Puts everything together.
pub(crate) fn world(read: &mut Read<'_>) -> Option<World> {
    let Read { plan, drafts, defaults } = read;
    check::names(plan, drafts);
    check::inheritance(plan, drafts);
    global::settle(plan, drafts);
    tables::judge(plan);
    let seats = ids::seats(plan, drafts);
    let peers = drafts.iter().filter(|d| d.kind.has_backend()).map(peer).collect();
    let names = names::collect(plan, drafts, &seats);
    let mut assembly = Assembly {
        plan,
        names,
        peers,
        setups: HashMap::new(),
        probes: HashMap::new(),
        restored: Vec::new(),
        tracks: Vec::new(),
        wants_destination: false,
        wants_server_ends: false,
        wants_line_count: false,
    };
    rules::judge_defaults(&mut assembly, defaults);
    probe::judge(&mut assembly, defaults);
    let mut frontends: Vec<Frontend> = Vec::with_capacity(drafts.len());
    let mut backends: Vec<Backend> = Vec::with_capacity(assembly.peers.len());
    for (draft, seat) in std::mem::take(drafts).into_iter().zip(seats) {
        proxy(&mut assembly, draft, seat, &mut frontends, &mut backends);
    }
    let full: Vec<u64> = assembly.peers.iter().map(|p| p.reach).collect();
    for (backend, reach) in backends.iter_mut().zip(full) {
        backend::settle_fullconn(backend, reach);
    }
    let tracks = std::mem::take(&mut assembly.tracks);
    if !tracks.is_empty() {
        track::settle(assembly.plan, &mut backends, &tracks);
    }
    crate::directive::log::find_backends(assembly.plan, &backends);
    let profiles = log::profiles(&mut assembly);
    check::say_late(assembly.plan);
    if assembly.plan.remarks.has_alerts() || assembly.plan.loaded.has_errors() {
        return None;
    }
    Some(global::world(assembly, profiles, frontends, backends))
}

fn peer<'a>(draft: &Draft<'a>) -> Peer<'a> {
    Peer { name: draft.name, mode: draft.settings.mode, span: draft.span, reach: 0 }
}

fn proxy<'a>(
    assembly: &mut Assembly<'_, 'a>,
    mut draft: Draft<'a>,
    seat: Seat,
    frontends: &mut Vec<Frontend>,
    backends: &mut Vec<Backend>,
) {
    proto::judge(assembly.plan, &draft);
    let mut sets = rules::compile(assembly, &mut draft, seat);
    let upgrades = rules::may_upgrade(assembly, &draft);
    let sealed = sets.seal();
    sets.filters = filters::make(assembly, &mut draft, seat);
    check::usable(assembly.plan, &draft, upgrades);
    check::timeouts(assembly.plan, &draft);
    if seat.frontend.is_some() {
        frontends.push(frontend::make(assembly, &mut draft, seat, &mut sets, &sealed));
    }
    if seat.backend.is_some() {
        backends.push(backend::make(assembly, &mut draft, seat, &mut sets, &sealed));
    }
}
