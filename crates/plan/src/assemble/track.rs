//! Servers that have the state of others, once all are known (manual 5.2 "track"), and what else is wrong with how servers
//! are watched.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use config::Span;
use state::Backend;
use state::check::Probe;
use state::server::admin;

use crate::ctx::Plan;

/// A server that follows another, by positions, with the words of its line and the place.
pub(crate) struct Track<'a> {
    pub(crate) server: (u32, u32),
    pub(crate) whom: &'a str,
    pub(crate) span: Span,
}

/// Settles whom servers follow.
pub(super) fn settle(plan: &mut Plan<'_>, backends: &mut [Backend], tracks: &[Track<'_>]) {
    let names: HashMap<Box<str>, u32> = (0u32..).zip(&*backends).map(|(i, b)| (b.name.clone(), i)).collect();
    let mut followers: HashMap<(u32, u32), Vec<(u32, u32)>> = HashMap::new();
    // Proxies are looked at from the last to the first.
    for track in tracks {
        match find(backends, &names, track) {
            Ok(whom) => {
                if let Some(server) = server(backends, track.server) {
                    server.track = Some(whom);
                }
            }
            Err(message) => say(plan, backends, track, &message),
        }
    }
    for track in tracks {
        let Some(whom) = server(backends, track.server).and_then(|server| server.track) else { continue };
        match judge(backends, track.server, whom) {
            Ok(()) => followers.entry(whom).or_default().push(track.server),
            Err(message) => say(plan, backends, track, &message),
        }
    }
    for (whom, mut list) in followers {
        // The one that was declared last hears of it first.
        list.reverse();
        if let Some(server) = server(backends, whom) {
            server.followers = list.into_boxed_slice();
        }
    }
    inherit(backends, tracks);
}

type At = (u32, u32);

fn server(backends: &mut [Backend], (backend, server): At) -> Option<&mut state::Server> {
    backends.get_mut(usize::try_from(backend).ok()?)?.servers.get_mut(usize::try_from(server).ok()?)
}

fn look((backends, at): (&[Backend], At)) -> Option<(&Backend, &state::Server)> {
    let backend = backends.get(usize::try_from(at.0).ok()?)?;
    Some((backend, backend.server(at.1)?))
}

fn say(plan: &mut Plan<'_>, backends: &[Backend], track: &Track<'_>, message: &str) {
    let Some((backend, server)) = look((backends, track.server)) else { return };
    let place = plan.place(track.span);
    plan.remarks.alert_bare(format!("[{place}] : 'server {}/{}' : {message}", backend.name, server.name));
}

fn find(backends: &[Backend], names: &HashMap<Box<str>, u32>, track: &Track<'_>) -> Result<At, String> {
    let (proxy, name) = match track.whom.split_once('/') {
        Some((proxy, name)) => (Some(proxy), name),
        None => (None, track.whom),
    };
    let backend = match proxy {
        None => track.server.0,
        Some(proxy) => *names
            .get(proxy)
            .ok_or_else(|| format!("unable to find required proxy '{proxy}' for tracking."))?,
    };
    let servers = usize::try_from(backend).ok().and_then(|at| backends.get(at)).map(|b| &b.servers);
    let found = servers.and_then(|servers| servers.iter().position(|s| *s.name == *name));
    let position = found.and_then(|at| u32::try_from(at).ok());
    position
        .map(|position| (backend, position))
        .ok_or_else(|| format!("unable to find required server '{name}' for tracking."))
}

/// Whether at the end of the chain somebody is checked, in the same way as to 404.
fn judge(backends: &[Backend], own: At, whom: At) -> Result<(), String> {
    let Some((backend, server)) = look((backends, own)) else { return Ok(()) };
    let Some((first_backend, first)) = look((backends, whom)) else { return Ok(()) };
    let named = format!("{}/{}", first_backend.name, first.name);
    let mut end = whom;
    let mut seen = vec![own];
    while let Some((_, next)) = look((backends, end)) {
        if seen.contains(&end) {
            return Err(format!(
                "unable to track {named} as it belongs to a tracking chain looping back to {}/{}.",
                backend.name, server.name
            ));
        }
        seen.push(end);
        let Some(further) = next.track else { break };
        end = further;
    }
    let Some((_, last)) = look((backends, end)) else { return Ok(()) };
    if last.check.is_none() && last.agent.is_none() {
        return Err(format!(
            "unable to use {named} for tracking as it does not have any check nor agent enabled."
        ));
    }
    if soft(backend) != soft(first_backend) {
        return Err(format!("unable to use {named} fortracking: disable-on-404 option inconsistency."));
    }
    Ok(())
}

fn soft(backend: &Backend) -> bool {
    matches!(&*backend.probe, Probe::Rules(rules) if rules.disable_on_404)
}

/// Those that follow a server in maintenance begin so.
fn inherit(backends: &mut [Backend], tracks: &[Track<'_>]) {
    for _ in tracks {
        for track in tracks {
            let in_maintenance = |at: At| {
                look((&*backends, at))
                    .is_some_and(|(_, s)| s.live.admin.load(Relaxed) & admin::ANY_MAINT != 0)
            };
            let Some((_, server)) = look((&*backends, track.server)) else { continue };
            if server.track.is_some_and(in_maintenance) {
                server.live.admin.fetch_or(admin::VIA_MAINT, Relaxed);
            }
        }
    }
    for backend in backends {
        backend.balance.changed(backend);
    }
}
