//! `maxconn` and `maxsslconn` where `global` leaves them open (manual 3.2 "maxconn"): what the files that may be open allow
//! and, under `-m`, what fits into the memory. Under a memory limit the numbers are HAProxy's, so that a machine's
//! configuration admits as many clients as before; see the constants.

use crate::ctx::Plan;
use crate::draft::Draft;

/// Files each process needs beside those of connections: standard ones, polling, logs.
const OWN_FILES: u32 = 22;

/// What a connection takes beside its two buffers, bytes (seen in HAProxy's own numbers under `-m`).
const STREAM_BYTES: u64 = 4_096;
/// What TLS takes on each side that speaks it, bytes, and what a handshake takes at its peak.
const TLS_SIDE_BYTES: u64 = 17_000;
const HANDSHAKE_BYTES: u64 = 80_000;
/// What a remembered TLS session takes, bytes.
const SESSION_BYTES: u64 = 200;

/// Settles both numbers.
pub(super) fn settle(plan: &mut Plan<'_>, drafts: &[Draft<'_>]) {
    let given = plan.maxconn_set && plan.global.maxconn > 0;
    if !given {
        plan.global.maxconn = by_files(plan, drafts);
    }
    let sides = tls_sides(drafts);
    if plan.env.memory_mb == 0 {
        plan.global.max_tls = plan.max_tls.unwrap_or(0);
        return;
    }
    let memory = Memory::of(plan, sides);
    match (given, plan.max_tls) {
        (true, Some(tls)) => plan.global.max_tls = tls,
        (true, None) => plan.global.max_tls = memory.tls_beside(plan.global.maxconn),
        (false, tls) => {
            plan.global.maxconn = two_digits(plan.global.maxconn.min(memory.connections(tls)));
            plan.global.max_tls = tls.unwrap_or(plan.global.maxconn.saturating_mul(sides));
        }
    }
    plan.global.chosen_by_memory = !given && plan.max_tls.is_none() && sides > 0;
}

/// Half of the files that may be open, one for each side of a connection.
fn by_files(plan: &Plan<'_>, drafts: &[Draft<'_>]) -> u32 {
    let files = plan.global.open_files.unwrap_or(plan.env.open_files).min(1 << 20);
    let listeners = drafts.iter().map(|d| d.binds.len()).sum::<usize>() + plan.global.stats_sockets.len();
    let checks = drafts.iter().flat_map(|d| &d.servers).filter(|s| s.check.is_some()).count();
    let own = OWN_FILES
        .saturating_add(u32::from(plan.global.threads) * 2)
        .saturating_add(u32::try_from(listeners + checks).unwrap_or(u32::MAX));
    (files.saturating_sub(own) / 2).max(100)
}

/// How many of a connection's two sides may speak TLS.
fn tls_sides(drafts: &[Draft<'_>]) -> u32 {
    let front = drafts.iter().any(|draft| !draft.bind_tls.is_empty());
    let back = drafts.iter().flat_map(|draft| &draft.servers).any(|server| server.tls.is_some());
    u32::from(front) + u32::from(back)
}

/// The memory that connections may take, and what each takes, bytes.
struct Memory {
    sides: u32,
    room: u64,
    connection: u64,
}

impl Memory {
    fn of(plan: &Plan<'_>, sides: u32) -> Self {
        let sessions = if sides > 0 { plan.tls.sessions as u64 * SESSION_BYTES } else { 0 };
        Self {
            sides,
            room: (u64::from(plan.env.memory_mb) << 20).saturating_sub(sessions),
            connection: 2 * u64::from(plan.global.buffer_size) + STREAM_BYTES,
        }
    }

    /// How many connections fit, when so many of their sides may speak TLS (all, where nothing is said).
    fn connections(&self, tls: Option<u32>) -> u32 {
        let fit = match tls {
            _ if self.sides == 0 => self.room / self.connection,
            Some(tls) => {
                let taken = u64::from(tls) * (TLS_SIDE_BYTES + HANDSHAKE_BYTES);
                self.room.saturating_sub(taken) / self.connection
            }
            None => {
                let tls = u64::from(self.sides) * TLS_SIDE_BYTES + HANDSHAKE_BYTES;
                self.room / (self.connection + tls)
            }
        };
        u32::try_from(fit).unwrap_or(u32::MAX).max(1)
    }

    /// How many sides may speak TLS beside so many connections.
    fn tls_beside(&self, maxconn: u32) -> u32 {
        let room = self.room.saturating_sub(u64::from(maxconn) * self.connection);
        let fit = two_digits(u32::try_from(room / (TLS_SIDE_BYTES + HANDSHAKE_BYTES)).unwrap_or(u32::MAX));
        fit.min(maxconn.saturating_mul(self.sides))
    }
}

/// 9,986 is 9,900: people compare such numbers.
fn two_digits(n: u32) -> u32 {
    let mut unit = 1;
    while n / unit >= 100 {
        unit *= 10;
    }
    n / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn memory(mb: u64, sides: u32) -> Memory {
        let sessions = if sides > 0 { 20_000 * SESSION_BYTES } else { 0 };
        Memory { sides, room: (mb << 20) - sessions, connection: 2 * 16_384 + STREAM_BYTES }
    }

    /// As HAProxy 3.5 says in `show info`.
    #[test]
    fn as_many_fit_as_haproxy_says() {
        let fit = |mb, sides| two_digits(memory(mb, sides).connections(None));
        assert_eq!([fit(128, 0), fit(256, 0), fit(1024, 0)], [3_600, 7_200, 29_000]);
        assert_eq!(
            [fit(128, 1), fit(256, 1), fit(384, 1), fit(512, 1), fit(1024, 1)],
            [970, 1_900, 2_900, 3_900, 7_900]
        );
        assert_eq!(
            [fit(128, 2), fit(256, 2), fit(384, 2), fit(512, 2), fit(1024, 2)],
            [860, 1_700, 2_600, 3_500, 7_000]
        );
        assert_eq!(two_digits(memory(256, 2).connections(Some(500))), 5_800);
        assert_eq!(two_digits(memory(256, 1).connections(Some(100))), 6_900);
        assert_eq!(memory(256, 1).tls_beside(500), 500);
    }
}
