//! What follows when a server goes up, down, or is about to stop: who is told, which streams end, and which other servers
//! follow it (manual 5.2 "track", "slowstart", "on-marked-down", "on-marked-up"). Why it happens is the business of
//! health checks (`engine`) and of [`crate::administer`].

use std::sync::atomic::Ordering::Relaxed;

use crate::administer::{Notice, Weight};
use crate::mail::level;
use crate::server::admin;
use crate::termination::Cause;
use crate::{Backend, Server, World};

/// How balancing sees a server by its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Up,
    /// Finishes what it has.
    Stopping,
    Down,
}

impl Health {
    pub fn of(server: &Server) -> Self {
        match (server.live.healthy.load(Relaxed), server.live.stopping.load(Relaxed)) {
            (false, _) => Self::Down,
            (true, true) => Self::Stopping,
            (true, false) => Self::Up,
        }
    }

    fn put(self, server: &Server) {
        server.live.healthy.store(self != Self::Down, Relaxed);
        server.live.stopping.store(self == Self::Stopping, Relaxed);
    }
}

/// A server where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'w> {
    pub world: &'w World,
    pub backend: &'w Backend,
    pub server: &'w Server,
    /// Monotonic nanoseconds.
    pub now_ns: u64,
}

impl<'w> Seat<'w> {
    /// Those that follow this server's state, in the order in which they hear of it.
    pub fn followers(self) -> impl Iterator<Item = Self> {
        self.server.followers.iter().filter_map(move |(backend, server)| {
            let backend = self.world.backend(*backend)?;
            Some(Self { backend, server: backend.server(*server)?, ..self })
        })
    }

    /// The one it follows, if it does.
    pub fn followed(self) -> Option<Self> {
        let (backend, server) = self.server.track?;
        let backend = self.world.backend(backend)?;
        Some(Self { backend, server: backend.server(server)?, ..self })
    }

    /// ` via a/s`, as what is said of a server that follows this one.
    pub fn via(self) -> String {
        format!(" via {}/{}", self.backend.name, self.server.name)
    }

    /// Turns it and all that follow it. `reason` stands behind the new state in what is said.
    pub fn turn(self, to: Health, reason: &str) {
        if Health::of(self.server) != to && self.server.live.admin.load(Relaxed) & admin::ANY_MAINT == 0 {
            let left = self.backend.left();
            // The end of one that took nothing new is no reason for alarm.
            let alarm = if self.server.is_usable() { Weight::Alert } else { Weight::Notice };
            self.go(to);
            let (weight, word) = match to {
                Health::Up => (Weight::Notice, "UP"),
                Health::Stopping => (Weight::Notice, "stopping"),
                Health::Down => (alarm, "DOWN"),
            };
            let rest = remaining(self.backend, self.server, to != Health::Down);
            self.say(weight, &format!("is {word}{reason}. {rest}"));
            self.say_if_last(left);
        }
        for follower in self.followers() {
            follower.turn(to, &self.via());
        }
    }

    /// Takes on this health, without a word.
    pub fn go(self, to: Health) {
        let live = &self.server.live;
        let from = Health::of(self.server);
        to.put(self.server);
        match (from, to) {
            (_, Health::Down) => self.leave(),
            (Health::Down, _) => self.come(),
            _ => live.outcome.changed_ns.store(self.now_ns, Relaxed),
        }
        self.backend.changed(self.now_ns);
        if to == Health::Up {
            self.end_backups();
        }
    }

    /// It serves no more: for lack of health, or by order.
    pub fn leave(self) {
        let live = &self.server.live;
        live.outcome.went_down(self.now_ns);
        live.ramp.store(0, Relaxed);
        if self.server.shutdown_when_down {
            self.world.process.shutdowns.add((live.uid, Cause::DOWN));
        }
    }

    /// It serves again, slowly at first where that is wanted.
    pub fn come(self) {
        let live = &self.server.live;
        live.outcome.went_up(self.now_ns);
        live.ramp.store(self.ramp(0), Relaxed);
    }

    /// How far a server is on its slow start, so many nanoseconds after it came back. Algorithms whose weights are fixed
    /// have it take its full part at once.
    pub fn ramp(self, since_ns: u64) -> u8 {
        match self.server.ramp_after(since_ns) {
            0 => 0,
            step if self.backend.balance.is_dynamic() => step,
            _ => u8::try_from(crate::server::FULL_STEPS).unwrap_or(0),
        }
    }

    /// Goes on with a slow start; whether it is still under way.
    pub fn ramp_on(self) -> bool {
        let live = &self.server.live;
        let before = live.ramp.load(Relaxed);
        if before == 0 {
            return false;
        }
        let step = self.ramp(self.now_ns.saturating_sub(live.outcome.changed_ns.load(Relaxed)));
        if step != before {
            live.ramp.store(step, Relaxed);
            self.backend.changed(self.now_ns);
        }
        step != 0
    }

    /// `on-marked-up shutdown-backup-sessions`.
    pub fn end_backups(self) {
        let server = self.server;
        if server.shutdown_backups_when_up && !server.backup && server.live.weight.load(Relaxed) > 0 {
            for backup in self.backend.servers.iter().filter(|other| other.backup) {
                self.world.process.shutdowns.add((backup.live.uid, Cause::UP));
            }
        }
    }

    /// Says something of the server, for logs.
    pub fn say(self, weight: Weight, text: &str) {
        let text = format!("{} {text}", title(self.backend, self.server));
        let mail = Some(if weight == Weight::Alert { level::ALERT } else { level::NOTICE });
        self.world.process.notices.add(Notice { backend: self.backend.id, weight, mail, text });
    }

    /// Says that the backend has no server any more, where it had some before.
    pub fn say_if_last(self, left_before: (usize, usize)) {
        if left_before != (0, 0) && self.backend.left() == (0, 0) {
            let notice = Notice {
                backend: self.backend.id,
                weight: Weight::NoServer,
                mail: None,
                text: String::new(),
            };
            self.world.process.notices.add(notice);
        }
    }
}

/// `Backup Server app/s1`, as logs name a server.
pub fn title(backend: &Backend, server: &Server) -> String {
    let kind = if server.backup { "Backup Server" } else { "Server" };
    format!("{kind} {}/{}", backend.name, server.name)
}

/// How the backend is left, at the end of what is said of a server that can be used (`up`) or can't.
pub fn remaining(backend: &Backend, server: &Server, up: bool) -> String {
    let (active, backup) = backend.left();
    let on_backup = if active == 0 && backup > 0 { " Running on backup." } else { "" };
    let queued = backend.live.queued.now();
    if up {
        format!(
            "{active} active and {backup} backup servers online.{on_backup} 0 sessions requeued, {queued} total in queue."
        )
    } else {
        let sessions = server.live.sessions.now();
        format!(
            "{active} active and {backup} backup servers left.{on_backup} {sessions} sessions active, 0 requeued, \
             {queued} remaining in queue."
        )
    }
}
