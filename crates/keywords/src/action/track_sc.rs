//! `track-sc0`, `track-sc1`, ...: counting what a client does in an entry of a stick table (manual 4.4).

use std::sync::Arc;

use sample::cast::castable;
use state::table::{Kind, Tracked};
use state::tracking::{CONNECTIONS, REQUESTS};

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "track-sc",
    parenthesised: true,
    sets: &[
        RuleSet::TcpRequestConnection,
        RuleSet::TcpRequestSession,
        RuleSet::TcpRequestContent,
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
    ],
    doc: "Tracks the entry of a key in the proxy's own stick table or in the one named after `table`, under the number in \
          the name, unless that number tracks something already: rules on connections do so for the whole session, others \
          for their request. What happens from then on is counted in the entry, and it does not expire meanwhile.",
    examples: &["track-sc0 src", "track-sc1 hdr(x-key),lower table arrays if { hdr(x-key) -m found }"],
    parse: |p| {
        let given = p.inside.unwrap_or_default();
        let number: u32 = given.parse().map_err(|_| format!("Wrong track-sc number '{given}'"))?;
        let limit = p.compiler.stick_counters();
        if number >= limit {
            let most = limit.saturating_sub(1);
            return Err(format!("{number} track-sc number exceeding {most} (tune.stick-counters-1) value"));
        }
        if p.words.at_end() {
            return Err("missing fetch method".into());
        }
        let of_connection = matches!(p.set.words().split_once(' '), Some(("tcp-request", _)));
        let key = p.compiler.key(&mut p.words, "here").map_err(|error| match of_connection {
            true => format!("'{} track-sc{number}' : {error}", p.set.words()),
            false => error,
        })?;
        let name = if p.words.accept("table") {
            Some(
                p.words
                    .next()
                    .filter(|word| !matches!(*word, "if" | "unless"))
                    .ok_or("missing table name")?,
            )
        } else {
            None
        };
        let (table, kind) = p.compiler.table(name)?;
        if !castable(key.gives(), kind.takes()) {
            let name = name.unwrap_or_else(|| p.compiler.proxy());
            return Err(format!(
                "stick-table '{name}' uses a type incompatible with the 'track-sc{number}' rule."
            ));
        }
        let of_session = matches!(p.set, RuleSet::TcpRequestConnection | RuleSet::TcpRequestSession);
        let of_bytes = p.set == RuleSet::TcpRequestContent;
        Ok(Box::new(Track { number, key, table, of_session, of_bytes }))
    },
}];

#[derive(Debug)]
struct Track {
    number: u32,
    key: Expr,
    /// Position in the World.
    table: u32,
    /// Whether it lasts as long as the session.
    of_session: bool,
    /// Whether the request is still to be let pass, and counts then.
    of_bytes: bool,
}

impl Action for Track {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(entry) = self.entry(act) else { return Verdict::Next };
        let now = act.now_ns / 1_000_000;
        entry.touch(now);
        let [total, rate] = CONNECTIONS;
        for kind in [total, rate, Kind::ConnCur] {
            entry.add(kind, 0, 1, now);
        }
        if self.of_session {
            act.session.counters.set(self.number, entry);
            return Verdict::Next;
        }
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        if self.of_bytes {
            stream.counters.set_uncounted(self.number, entry);
            return Verdict::Next;
        }
        // What is known already of the exchange counts.
        let request = stream.has_request.then_some(REQUESTS);
        let status = if stream.has_response { stream.response.status() } else { 0 };
        for kind in request.into_iter().chain(act.world.global.faults.of(status)).flatten() {
            entry.add(kind, 0, 1, now);
        }
        stream.counters.set(self.number, entry);
        Verdict::Next
    }
}

impl Track {
    /// The entry, held for tracking; none if the number is taken, the key is none, or the table is full.
    fn entry(&self, act: &Act<'_>) -> Option<Tracked> {
        let cx = act.ctx();
        if cx.tracked(self.number).is_some() {
            return None;
        }
        let table: &Arc<_> = act.world.table(self.table)?;
        let key = table.key.key(self.key.eval(&cx)?, cx.arena)?;
        if act.session.rehearsal {
            let table = table.sketch(&key, cx.now_ms());
            return Some(Tracked::track(&table, &table.find_or_make(&key, cx.now_ms())?));
        }
        Some(Tracked::track(table, &table.find_or_make(&key, cx.now_ms())?))
    }
}
