//! Health checks.

use std::borrow::Cow;

use state::check::Status;
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
    metric("check_status", "MOPV", Scope::SERVER, Str(code_name), "Result of the last check"),
    metric(
        "check_code",
        "MOPV",
        Scope::SERVER,
        U32(code),
        "Status code of the last check's answer, if it had one",
    ),
    metric(
        "check_duration",
        "MDPV",
        Scope::SERVER,
        U64(duration),
        "How long the last check took, milliseconds",
    ),
    metric(
        "last_chk",
        "MOPV",
        Scope::SERVER,
        Str(words),
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
        U32(|row| checked(row).map(|(c, _)| c.pace.rise)),
        "Successes in a row that bring a server up ('rise')",
    ),
    metric(
        "check_fall",
        "CGSV",
        Scope::SERVER,
        U32(|row| checked(row).map(|(c, _)| c.pace.fall)),
        "Failures in a row that take a server down ('fall')",
    ),
    metric(
        "check_health",
        "CGSV",
        Scope::SERVER,
        U32(health),
        "Health from 0 to rise + fall - 1; below rise it is down",
    ),
];

/// The check and what it found, of a server that is checked.
fn checked<'a>(row: &Row<'a>) -> Option<(&'a Check, &'a state::check::Outcome)> {
    let server = row.server()?;
    Some((check_of(server)?, &server.live.outcome))
}

/// As [`checked`], unless checks pause for maintenance.
fn running<'a>(row: &Row<'a>) -> Option<(&'a Check, &'a state::check::Outcome)> {
    checked(row).filter(|_| row.server().is_some_and(|s| s.live.admin.load(Relaxed) & admin::MAINT == 0))
}

/// The code, marked while another check is under way.
fn code_name<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let (_, outcome) = running(row)?;
    let code = outcome.status().code();
    Some(if outcome.running.load(Relaxed) { format!("* {code}").into() } else { code.into() })
}

/// While another check is under way its code isn't known yet.
fn code(row: &Row<'_>) -> Option<u32> {
    let (_, outcome) = running(row)?;
    let code = if outcome.running.load(Relaxed) { 0 } else { u32::from(outcome.code.load(Relaxed)) };
    outcome.status().has_code().then_some(code)
}

fn duration(row: &Row<'_>) -> Option<u64> {
    let (_, outcome) = running(row)?;
    (outcome.status() > Status::Initializing).then(|| u64::from(outcome.duration_ms.load(Relaxed)))
}

fn words<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let (_, outcome) = running(row)?;
    let words = if outcome.running.load(Relaxed) { Box::default() } else { outcome.words() };
    (!words.is_empty()).then(|| String::from(words).into())
}

fn health(row: &Row<'_>) -> Option<u32> {
    let (_, outcome) = checked(row)?;
    Some(u32::try_from(outcome.health.load(Relaxed)).unwrap_or(0))
}
