//! Health checks. What a result is called is told by who runs the checks ([`state::About::check_result`]).

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
        "check_status",
        "MOPV",
        Scope::SERVER,
        Str(|row| Some(result(row)?.0.into())),
        "Result of the last check",
    ),
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
        "check_desc",
        "MOPV",
        Scope::SERVER,
        Str(|row| Some(result(row)?.1.into())),
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

/// Code and words; before the first result those of HAProxy.
fn result(row: &Row<'_>) -> Option<(&'static str, &'static str)> {
    let (_, outcome) = running(row)?;
    match outcome.result.load(Relaxed) {
        0 => Some(("INI", "Initializing")),
        number => (row.about.check_result)(number),
    }
}

fn code(row: &Row<'_>) -> Option<u32> {
    let (_, outcome) = running(row)?;
    Some(u32::from(outcome.code.load(Relaxed))).filter(|code| *code > 0)
}

fn duration(row: &Row<'_>) -> Option<u64> {
    let (_, outcome) = running(row)?;
    (outcome.result.load(Relaxed) > 0).then(|| u64::from(outcome.duration_ms.load(Relaxed)))
}

fn health(row: &Row<'_>) -> Option<u32> {
    let (_, outcome) = checked(row)?;
    Some(u32::try_from(outcome.health.load(Relaxed)).unwrap_or(0))
}
