//! Sections in the order of the file: which lines go to which table, and what is said of those no table has.

mod cache;
mod crt_store;
mod defaults;
mod global;
mod healthcheck;
mod http_errors;
mod log_forward;
pub(crate) mod log_profile;
mod mailers;
mod other;
mod peers;
mod proxy;
mod resolvers;
pub(crate) mod ring;
mod userlist;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use config::{Loaded, SectionKind};

use crate::Before;
use crate::Environment;
use crate::ctx::{Ctx, Line, Plan, at};
use crate::directive;
use crate::draft::Draft;
use crate::remarks::Remarks;
use crate::tls::TlsPlan;

/// Everything after reading, before it is put together.
pub(crate) struct Read<'a> {
    pub(crate) plan: Plan<'a>,
    /// Proxies in the order of the file.
    pub(crate) drafts: Vec<Draft<'a>>,
    /// `defaults` sections in the order of the file.
    pub(crate) defaults: Vec<Rc<Draft<'a>>>,
}

/// `defaults` sections seen so far.
#[derive(Default)]
struct Inheritance<'a> {
    named: HashMap<&'a str, Rc<Draft<'a>>>,
    all: Vec<Rc<Draft<'a>>>,
}

/// Reads all sections.
pub(crate) fn read<'a>(loaded: &'a Loaded, env: &'a Environment, before: Option<Before<'a>>) -> Read<'a> {
    let mut plan = Plan {
        loaded,
        env,
        old: before.map(|before| before.world),
        remarks: Remarks::new(loaded),
        global: global::initial(env),
        maxconn_set: false,
        max_tls: None,
        base: None,
        log_targets: Vec::new(),
        log_backends: Vec::new(),
        global_logs: Vec::new(),
        rings: vec![ring::usual()],
        log_forwards: Vec::new(),
        log_profiles: Vec::new(),
        pages: HashMap::new(),
        caches: Vec::new(),
        resolvers: Vec::new(),
        mailers: Vec::new(),
        userlists: Vec::new(),
        set_vars: Vec::new(),
        next_uid: 1,
        no_probe: Arc::default(),
        healthchecks: HashMap::new(),
        external_check: Default::default(),
        resolved: HashMap::new(),
        unresolved: Vec::new(),
        tables: Vec::new(),
        peers: Vec::new(),
        late: Vec::new(),
        tls: TlsPlan::after(before),
        states: Default::default(),
        guids: HashMap::new(),
        stats_file: None,
    };
    referred(&mut plan);
    let (drafts, defaults) = in_order(&mut plan);
    Read { plan, drafts, defaults }
}

/// Reads the sections whose order counts: the proxies, and the `defaults` of each.
fn in_order<'a>(plan: &mut Plan<'a>) -> (Vec<Draft<'a>>, Vec<Rc<Draft<'a>>>) {
    // They are large: growing moves them about.
    let mut drafts = Vec::with_capacity(plan.loaded.sections().filter(|s| s.kind().is_proxy()).count());
    let mut inheritance = Inheritance::default();
    for section in plan.loaded.sections() {
        match section.kind() {
            SectionKind::Global
            | SectionKind::Healthcheck
            | SectionKind::HttpErrors
            | SectionKind::LogProfile
            | SectionKind::Ring
            | SectionKind::Cache
            | SectionKind::Resolvers
            | SectionKind::Mailers
            | SectionKind::Userlist => {}
            SectionKind::CrtStore => crt_store::read(plan, section),
            SectionKind::Peers => peers::read(plan, section),
            SectionKind::LogForward => log_forward::read(plan, section),
            SectionKind::Defaults => defaults::read(plan, section, &mut inheritance),
            kind if kind.is_proxy() => drafts.push(proxy::read(plan, section, &inheritance)),
            _ => other::read(plan, section),
        }
    }
    (drafts, inheritance.all)
}

/// Reads first what lines refer to, wherever in the files it stands.
fn referred(plan: &mut Plan<'_>) {
    for section in plan.loaded.sections() {
        match section.kind() {
            SectionKind::LogProfile => log_profile::read(plan, section),
            SectionKind::Healthcheck => healthcheck::read(plan, section),
            SectionKind::Ring => ring::read(plan, section),
            SectionKind::Cache => cache::read(plan, section),
            SectionKind::Resolvers => resolvers::read(plan, section),
            SectionKind::Mailers => mailers::read(plan, section),
            _ => {}
        }
    }
    resolvers::add_default(plan);
    for section in plan.loaded.sections() {
        match section.kind() {
            SectionKind::Global => global::read(plan, section),
            SectionKind::HttpErrors => http_errors::read(plan, section),
            SectionKind::Userlist => userlist::read(plan, section),
            _ => {}
        }
    }
}

/// Gives one line to its directive.
fn apply<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) {
    if cx.plan.remarks.is_wrong(line.span()) {
        return;
    }
    let here = at::bit(cx.draft.kind);
    let Some(found) = directive::find(line.keyword(), here) else {
        cx.not_run(line, &format!("'{}'", line.keyword()));
        return;
    };
    if let Err(message) = (found.apply)(cx, line) {
        cx.alert(line, message);
    }
}
