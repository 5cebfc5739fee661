//! Health checks and agents.

use std::borrow::Cow;

use state::check::{Outcome, Status};
use state::server::{Check, admin};

use super::prelude::*;
use super::status::check_of;

pub(super) const KEYWORDS: &[Metric] = &[
    metric(
        "chkfail",
        "MCPP",
        Scope::SERVER,
        U64(|row| checked(row).map(|(_, o)| o.failures.load(Relaxed))),
        "Checks that failed",
    ),
    metric(
        "hanafail",
        "MCPP",
        Scope::SERVER,
        U64(observed),
        "How often traffic showed too many errors in a row ('observe')",
    ),
    metric("check_status", "MOPV", Scope::SERVER, Str(|row| name(running(row)?)), "Result of the last check"),
    metric(
        "check_code",
        "MOPV",
        Scope::SERVER,
        U32(|row| code(running(row)?)),
        "Status code of the last check's answer, if it had one",
    ),
    metric(
        "check_duration",
        "MDPV",
        Scope::SERVER,
        U64(|row| duration(running(row)?)),
        "How long the last check took, milliseconds",
    ),
    metric(
        "last_chk",
        "MOPV",
        Scope::SERVER,
        Str(|row| words(running(row)?)),
        "More about the last check: what was wrong, what the server said",
    ),
    metric(
        "check_desc",
        "MOPV",
        Scope::SERVER,
        Str(|row| Some(running(row)?.1.status().words().into())),
        "Result of the last check in words",
    ),
    metric(
        "check_rise",
        "CGSV",
        Scope::SERVER,
        U32(|row| running(row).map(|(c, _)| c.pace.rise)),
        "Successes in a row that bring a server up ('rise')",
    ),
    metric(
        "check_fall",
        "CGSV",
        Scope::SERVER,
        U32(|row| running(row).map(|(c, _)| c.pace.fall)),
        "Failures in a row that take a server down ('fall')",
    ),
    metric(
        "check_health",
        "CGSV",
        Scope::SERVER,
        U32(|row| health(running(row)?)),
        "Health from 0 to rise + fall - 1; below rise it is down",
    ),
    metric(
        "agent_status",
        "MOPV",
        Scope::SERVER,
        Str(|row| name(asked(row)?)),
        "What the agent last came to",
    ),
    metric("agent_code", "MOPV", Scope::SERVER, U32(|row| code(asked(row)?)), "Unused"),
    metric(
        "agent_duration",
        "MDPV",
        Scope::SERVER,
        U64(|row| duration(asked(row)?)),
        "How long the agent last took, milliseconds",
    ),
    metric("last_agt", "MOPV", Scope::SERVER, Str(|row| words(asked(row)?)), "What the agent last said"),
    metric(
        "agent_desc",
        "MOPV",
        Scope::SERVER,
        Str(|row| Some(asked(row)?.1.status().words().into())),
        "What the agent last came to in words",
    ),
    metric("agent_rise", "CGSV", Scope::SERVER, U32(|row| asked(row).map(|(c, _)| c.pace.rise)), "Always 1"),
    metric("agent_fall", "CGSV", Scope::SERVER, U32(|row| asked(row).map(|(c, _)| c.pace.fall)), "Always 1"),
    metric(
        "agent_health",
        "CGSV",
        Scope::SERVER,
        U32(|row| health(asked(row)?)),
        "1 while the agent doesn't say that the server is down",
    ),
];

/// A check, and what it found.
type Pair<'a> = (&'a Check, &'a Outcome);

/// The check of a server that is checked.
fn checked<'a>(row: &Row<'a>) -> Option<Pair<'a>> {
    let server = row.server()?;
    Some((check_of(server)?, &server.live.outcome))
}

/// As [`checked`], unless checks pause for maintenance.
fn running<'a>(row: &Row<'a>) -> Option<Pair<'a>> {
    checked(row).filter(|_| row.server().is_some_and(|s| s.live.admin.load(Relaxed) & admin::ANY_MAINT == 0))
}

/// The agent of a server that is asked.
fn asked<'a>(row: &Row<'a>) -> Option<Pair<'a>> {
    let server = row.server()?;
    let agent = server.agent.as_deref().filter(|_| server.live.agent_asked.load(Relaxed))?;
    Some((agent, &server.live.agent))
}

fn observed(row: &Row<'_>) -> Option<u64> {
    checked(row)?;
    let server = row.server()?;
    server.observe.as_ref()?;
    Some(server.live.error_bursts.load(Relaxed))
}

/// The code, marked while another check is under way.
fn name<'a>((_, outcome): Pair<'a>) -> Option<Cow<'a, str>> {
    let code = outcome.status().code();
    Some(if outcome.running.load(Relaxed) { format!("* {code}").into() } else { code.into() })
}

/// While another check is under way its code isn't known yet.
fn code((_, outcome): Pair<'_>) -> Option<u32> {
    let code = if outcome.running.load(Relaxed) { 0 } else { u32::from(outcome.code.load(Relaxed)) };
    outcome.status().has_code().then_some(code)
}

fn duration((_, outcome): Pair<'_>) -> Option<u64> {
    (outcome.status() > Status::Initializing).then(|| u64::from(outcome.duration_ms.load(Relaxed)))
}

fn words<'a>((_, outcome): Pair<'a>) -> Option<Cow<'a, str>> {
    let words = if outcome.running.load(Relaxed) { Box::default() } else { outcome.words() };
    (!words.is_empty()).then(|| String::from(words).into())
}

fn health((_, outcome): Pair<'_>) -> Option<u32> {
    Some(u32::try_from(outcome.health.load(Relaxed)).unwrap_or(0))
}
