//! A draft's back half.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use config::{Diagnostic, Place, Span};
use state::backend::Live;
use state::check::Probe;
use state::family::{Balance, Compiler as _, Parse, RuleSet, Words};
use state::options::Mode;
use state::restore::Restored;
use state::{Backend, Rules, Server};

use super::rules::{Sealed, Sets};
use super::{Assembly, Seat, cookie, forwarded, frontend, log, messages, probe, stats, track};
use crate::compile::{Compile, Home, Looking, Site};
use crate::ctx::{Line, Plan, words_from};
use crate::directive::{compression, email_alert};
use crate::draft::Draft;
use crate::{known, server_state};

/// Makes it.
pub(super) fn make<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &mut Draft<'a>,
    seat: Seat,
    sets: &mut Sets,
    rules: &Sealed,
) -> Backend {
    let log = log::setup(assembly, draft, false);
    let probe = probe::make(assembly, draft, seat);
    // Of a backend only its checks have use for it.
    let id_line = draft.settings.unique_id.filter(|_| !draft.settings.check.rules.is_empty());
    let unique_id = id_line.and_then(|line| frontend::unique_id(assembly, draft, seat, line, Site::Check));
    // Of a `listen` section the front half has it.
    let stats = if seat.frontend.is_none() { stats::page(assembly, draft, seat) } else { None };
    let (balance, balance_name) = match draft.settings.mode {
        Mode::Log => messages::balance(assembly, draft, seat),
        _ => balance(assembly, draft, seat),
    };
    let mut servers = std::mem::take(&mut draft.servers);
    servers.shrink_to_fit();
    servers.iter_mut().for_each(|server| finish_server(server, &probe, draft));
    linked(assembly, draft, seat, &mut servers);
    let message_sinks = messages::sinks(assembly, draft, &servers);
    let cookie = cookie::make(assembly.plan, draft, &mut servers);
    let forwarded = forwarded::make(assembly, draft, seat);
    let email = email_alert::make(assembly.plan, draft);
    let settings = &draft.settings;
    let inherited = draft.rules_of_defaults();
    let backend = Backend {
        name: draft.name.into(),
        id: seat.id,
        own_id: draft.id.is_some(),
        guid: draft.guid.map(Into::into),
        mode: settings.mode,
        disabled: settings.disabled,
        description: draft.description.as_deref().map(Into::into),
        servers,
        balance,
        balance_name,
        inspect_delay: draft.inspect_delay.or(inherited.and_then(|d| d.inspect_delay)),
        response_delay: draft.response_delay.or(inherited.and_then(|d| d.response_delay)),
        tcp_content: Rules::clone(&rules.tcp_content),
        tcp_response: Rules::clone(&rules.tcp_response),
        http_request: Rules::clone(&rules.http_request),
        redirects: Rules::clone(&rules.redirects),
        http_response: Rules::clone(&rules.http_response),
        http_after_response: Rules::clone(&rules.http_after_response),
        filters: sets.filters.clone(),
        compression: compression::settled(settings.compression.as_ref()),
        stats,
        use_server: std::mem::take(&mut sets.use_server).into_boxed_slice(),
        cookie,
        forwarded,
        persist_rules: std::mem::take(&mut sets.persist_rules).into_boxed_slice(),
        stick: sets.stick.take(),
        rdp_cookie: settings.rdp_cookie.map(sample::text::boxed),
        timeouts: settings.timeouts,
        options: Arc::clone(&settings.options),
        looks: Looking::of(&assembly.names.looking.backends, seat.backend),
        looks_early: Looking::in_it(&assembly.names.looking.heads[1], seat.backend),
        retries: settings.retries.unwrap_or(3),
        fullconn: settings.fullconn.unwrap_or(0),
        pages: Arc::clone(&settings.pages),
        log,
        message_sinks,
        unique_id,
        email,
        probe,
        live: live(assembly, draft),
        noted: AtomicU32::new(0),
    };
    first_look(assembly.plan, &backend);
    backend
}

/// Has balancing look at the servers. What takes over from another does so when it has their states (`inherit`).
fn first_look(plan: &Plan<'_>, backend: &Backend) {
    if plan.old.is_none() {
        backend.balance.changed(backend);
    }
}

fn live(assembly: &Assembly<'_, '_>, draft: &Draft<'_>) -> Arc<Live> {
    let live = Live::new(assembly.plan.counting_threads());
    live.unpublished.store(draft.unpublished, Relaxed);
    Arc::new(live)
}

/// `fullconn` where none is given: a tenth of the connections that can come (manual 4.2 "fullconn").
pub(super) fn settle_fullconn(backend: &mut Backend, reach: u64) {
    if backend.fullconn == 0 {
        backend.fullconn = u32::try_from(reach.div_ceil(10).max(1)).unwrap_or(u32::MAX);
    }
}

fn finish_server(server: &mut Server, probe: &Arc<Probe>, draft: &Draft<'_>) {
    if server.source.is_none() {
        server.source.clone_from(&draft.settings.source);
    }
    if let Some(check) = &mut server.check {
        check.probe = Arc::clone(probe);
        check.timeout_ms = draft.settings.timeouts.check;
    }
    if let Some(agent) = &mut server.agent {
        agent.timeout_ms = draft.settings.timeouts.check;
    }
}

/// Gives servers what other parts of the configuration say of them.
fn linked<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat, servers: &mut [Server]) {
    checks(assembly, draft, seat, servers);
    checks_over_tls(assembly.plan, draft, servers);
    resolvers(assembly, draft, servers);
    restored(assembly, draft, seat, servers);
    tracks(assembly, draft, seat);
    said(assembly, draft, seat, servers);
    assembly.wants_destination |= servers.iter().any(|s| s.follows_client() || s.send_proxy.is_some());
}

/// Gives servers the checks of `healthcheck` sections, and says of which the port is not known.
fn checks<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat, servers: &mut [Server]) {
    for (position, name, span) in std::mem::take(&mut draft.server_checks) {
        let Some(server) = servers.get_mut(position) else { continue };
        let Some(found) = assembly.plan.healthchecks.get(name).map(Rc::clone) else {
            let place = assembly.plan.place(span);
            let message = format!(
                "[{place}] : 'server {}/{}' : parsing [{place}]: healthcheck section '*healthcheck-{name}' not found for \
                 server '{1}'.",
                draft.name, server.name
            );
            assembly.plan.remarks.alert_bare(message);
            continue;
        };
        if let Some(check) = &mut server.check {
            check.probe = probe::section(assembly, &found, draft.name, seat);
        }
    }
    for server in servers.iter() {
        if let Some(what) = probe::lacking_port(server) {
            let message =
                format!("config: backend '{}': server '{}' has neither {what}.", draft.name, server.name);
            assembly.plan.late.push(message);
        }
    }
}

/// Notes what is known of servers from before.
fn restored(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, seat: Seat, servers: &[Server]) {
    let from = draft.settings.states_from;
    let states = server_state::of(assembly.plan, from, draft.name, draft.state_file);
    let (Some(states), Some(backend)) = (states, seat.backend) else { return };
    for (position, server) in (0u32..).zip(servers) {
        if let Some(row) = states.get(draft.name, &server.name) {
            assembly.restored.push(Restored { server: (backend, position), row: row.clone() });
        }
    }
}

/// Gives servers the `resolvers` sections that they name.
fn resolvers<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, servers: &mut [Server]) {
    for (position, section) in std::mem::take(&mut draft.server_resolvers) {
        let Some(server) = servers.get_mut(position) else { continue };
        match (assembly.names.resolvers.get(section), &mut server.resolve) {
            (Some(found), Some(resolve)) => resolve.resolvers = *found,
            _ => {
                let message = format!(
                    "backend '{}', server '{}': unable to find required resolvers '{section}'",
                    draft.name, server.name
                );
                assembly.plan.late.push(message);
            }
        }
    }
}

/// Has servers know how to speak TLS where only the rules of their checks want it.
fn checks_over_tls<'a>(plan: &mut Plan<'a>, draft: &mut Draft<'a>, servers: &mut [Server]) {
    for (position, mut spec, span) in std::mem::take(&mut draft.bare_servers) {
        let Some(server) = servers.get_mut(position) else { continue };
        let probe = server.check.as_ref().map(|check| &*check.probe);
        if !matches!(probe, Some(Probe::Rules(rules)) if rules.connects_over_tls()) {
            continue;
        }
        spec.has_ssl = true;
        match crate::tls::server::make(plan, &spec, false, span) {
            Ok(made) => server.tls = made.map(Box::new),
            Err(why) => {
                let place = plan.place(span);
                let who = format!("'server {}/{}'", draft.name, server.name);
                plan.remarks.alert_bare(format!("config : [{place}] : {who} : {why}"));
            }
        }
    }
}

/// Notes which servers follow others.
fn tracks<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat) {
    for (position, whom, span) in std::mem::take(&mut draft.server_tracks) {
        if let (Some(backend), Ok(server)) = (seat.backend, u32::try_from(position)) {
            assembly.tracks.push(track::Track { server: (backend, server), whom, span });
        }
    }
}

/// Compiles what servers are told when a connection is opened.
fn said<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat, servers: &mut [Server]) {
    tlvs(assembly, draft, seat, servers);
    names(assembly, draft, seat, servers);
}

/// Compiles what `set-proxy-v2-tlv-fmt` has servers told.
fn tlvs<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat, servers: &mut [Server]) {
    for (position, kind, text, span) in std::mem::take(&mut draft.server_tlvs) {
        let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
        compile.site = Site::UseServer;
        assembly.plan.put_place(span, &mut compile.place);
        let format = match compile.body(text) {
            Ok(format) => (!text.is_empty()).then_some(format),
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => assembly.plan.remarks.unserved(
                        span,
                        &format!("'set-proxy-v2-tlv-fmt' on a 'server' line, which asks for {what},"),
                    ),
                    None => assembly.plan.remarks.alert(span, format!("'set-proxy-v2-tlv-fmt' : {error}")),
                }
                continue;
            }
        };
        if let Some(send) = servers.get_mut(position).and_then(|s| s.send_proxy.as_mut()) {
            send.tlvs.push((kind, format));
        }
    }
}

/// What the server's name is taken from where nothing is said of it.
const OWN_NAME: &str = "req.hdr(host),host_only";

/// Compiles the names that servers are asked for by over TLS, and those that idle connections go by.
fn names<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat, servers: &mut [Server]) {
    for (position, given, auto, span) in std::mem::take(&mut draft.server_names) {
        let auto = (auto && draft.settings.mode == Mode::Http).then_some(OWN_NAME);
        let Some(text) = given.or(auto) else { continue };
        if let Some(expr) = server_expr(assembly, seat.home(draft.name), ("sni", text), span)
            && let Some(tls) = servers.get_mut(position).and_then(|server| server.tls.as_mut())
        {
            tls.sni = Some(expr);
        }
    }
    for (position, text, span) in std::mem::take(&mut draft.pool_names) {
        let expr = server_expr(assembly, seat.home(draft.name), ("pool-conn-name", text), span);
        if let Some(server) = servers.get_mut(position) {
            server.pool_name = expr;
        }
    }
}

/// An expression on a `server` line.
fn server_expr(
    assembly: &mut Assembly<'_, '_>,
    home: Home<'_>,
    (keyword, text): (&str, &str),
    span: Span,
) -> Option<state::Expr> {
    let mut compile = Compile::new(&mut assembly.names, home);
    compile.site = Site::UseServer;
    assembly.plan.put_place(span, &mut compile.place);
    let words = [text];
    let error = match compile.key(&mut Words::new(&words), "during request.") {
        Ok(expr) => return Some(expr),
        Err(error) => error,
    };
    match known::not_run(&error) {
        Some(what) => {
            let what = format!("'{keyword}' on a 'server' line, which asks for {what},");
            assembly.plan.remarks.unserved(span, &what);
        }
        None => {
            let what = "error detected while parsing sni or pool-conn-name expressions";
            let told = Diagnostic::alert(span, format!("{what} : {error}")).at(Place::Bracket);
            assembly.plan.remarks.push(told);
        }
    }
    None
}

pub(super) type Chosen = (Box<dyn Balance>, &'static str);

fn balance<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, seat: Seat) -> Chosen {
    let wanted = draft.settings.balance.filter(|line| !assembly.plan.remarks.is_wrong(line.span()));
    let Some(line) = wanted else { return plain(assembly, draft, seat, "random") };
    let mut words = words_from(line, 1);
    let first = words.first().copied().unwrap_or("roundrobin");
    let name = first.split('(').next().unwrap_or(first);
    if name == "log-hash" {
        let message = format!(
            "Unusable balance algorithm for backend '{}' (needs 'mode log'). Falling back to round robin.",
            draft.name
        );
        assembly.plan.remarks.warn_bare(message);
        return plain(assembly, draft, seat, "roundrobin");
    }
    let Some((kind, inside)) = keywords::balance::find(first) else {
        if config::vocabulary::BALANCE.contains(&name) {
            assembly.plan.remarks.not_run(line.span(), &format!("'balance {name}'"));
        } else {
            let message = "balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', \
                           'url_param', 'hash', 'hdr(name)', 'rdp-cookie(name)', 'log-hash' and 'sticky' options.";
            assembly.plan.remarks.alert(line.span(), message);
        }
        return plain(assembly, draft, seat, "roundrobin");
    };
    let settings = &draft.settings;
    let more = [settings.hash_type, settings.hash_balance_factor, settings.hash_affinity];
    for line in more.into_iter().flatten().filter(|line| !assembly.plan.remarks.is_wrong(line.span())) {
        words.extend(words_from(line, 0));
    }
    let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
    compile.site = Site::UseServer;
    assembly.plan.put_place(line.span(), &mut compile.place);
    let rest = words.get(1..).unwrap_or_default();
    let mut parse = Parse {
        set: RuleSet::HttpRequest,
        word: kind.name,
        inside,
        words: Words::new(rest),
        compiler: &mut compile,
    };
    match (kind.parse)(&mut parse) {
        Ok(_) if draft.settings.mode != Mode::Http && matches!(kind.name, "uri" | "url_param" | "hdr") => {
            let message = format!(
                "Layer 7 hash not possible for backend '{}' (needs 'mode http'). Falling back to round robin.",
                draft.name
            );
            assembly.plan.remarks.warn_bare(message);
            plain(assembly, draft, seat, "roundrobin")
        }
        Ok(balance) => {
            advise_raw(assembly.plan, draft, kind.name, rest.first().copied());
            (balance, kind.name)
        }
        Err(error) => {
            match known::not_run(&error) {
                Some(what) => assembly.plan.remarks.not_run(line.span(), &format!("'balance' with {what}")),
                None => refuse(assembly.plan, draft, line, rest.first().copied(), error),
            }
            plain(assembly, draft, seat, "roundrobin")
        }
    }
}

/// Says that an expression asks for bytes that a backend for HTTP doesn't have.
fn advise_raw(plan: &mut Plan<'_>, draft: &Draft<'_>, algorithm: &str, expression: Option<&str>) {
    let Some(text) = expression.filter(|_| algorithm == "hash" && draft.settings.mode == Mode::Http) else {
        return;
    };
    let name = text.split(['(', ',']).next().unwrap_or_default();
    if keywords::fetch::find(name).is_some_and(|fetch| fetch.needs.is_raw()) {
        let (proxy, place) = (draft.name, plan.place(draft.span));
        plan.remarks.warn_bare(format!(
            "backend '{proxy}' [{place}]: L6 sample fetch <{text}> will be ignored in 'balance hash' expression in HTTP \
             mode."
        ));
    }
}

/// Says what is wrong with an algorithm. What an expression can't have yet is said of the backend.
fn refuse<'a>(
    plan: &mut Plan<'a>,
    draft: &Draft<'a>,
    line: Line<'a>,
    expression: Option<&str>,
    error: String,
) {
    const AWAY: &str = "' extracts information from '";
    let lacking = error.split_once(AWAY).and_then(|(_, rest)| rest.split_once('\''));
    let (Some((lacking, _)), Some(text)) = (lacking, expression) else {
        return plan.remarks.alert(line.span(), error);
    };
    let (proxy, place) = (draft.name, plan.place(draft.span));
    plan.remarks.alert_bare(format!(
        "backend '{proxy}' [{place}]: error detected while parsing 'balance hash' expression '{text}' which requires \
         information from {lacking}, which is not available here."
    ));
}

/// An algorithm without arguments: `random` where a backend says nothing, as HAProxy does since 3.3; `roundrobin` where
/// what it says can't be had.
fn plain<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, seat: Seat, name: &str) -> Chosen {
    let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
    let mut parse = Parse {
        set: RuleSet::HttpRequest,
        word: name,
        inside: None,
        words: Words::new(&[]),
        compiler: &mut compile,
    };
    let kind = keywords::balance::find(name).or_else(|| keywords::balance::find("roundrobin"));
    let made = kind.and_then(|(kind, _)| Some(((kind.parse)(&mut parse).ok()?, kind.name)));
    made.unwrap_or_else(|| (Box::new(Nobody), "unknown"))
}

/// Chooses no server: what stands where no algorithm could be made.
#[derive(Debug)]
pub(super) struct Nobody;

impl Balance for Nobody {
    fn pick(&self, _: &state::family::Pick<'_>) -> Option<u32> {
        None
    }

    fn changed(&self, _: &Backend) {}
}
