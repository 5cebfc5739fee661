//! Persistence by stick tables (manual 4.2 "stick on"): the entry of a request's key leads to the server that it remembers,
//! and remembers the server that served in the end.

use state::expr::{Ctx, Side};
use state::stick::{StickRule, remember, server_of};
use state::table::Key;

use crate::exchange::Exchange;
use crate::track::now_ms;

/// The rules on requests, after everything that may lead to a server before them.
pub fn request(x: &mut Exchange<'_>) {
    let Some(stick) = x.backend.and_then(|b| b.stick.as_deref()) else { return };
    x.stream.stick.clear();
    for rule in &stick.request {
        // A table that gets an entry is asked no more.
        if !x.stream.stick.has_room(rule.table) {
            continue;
        }
        let seeks = rule.matches && x.persistence.server.is_none();
        if seeks || rule.stores {
            apply(x, rule, seeks);
        }
    }
}

fn apply(x: &mut Exchange<'_>, rule: &StickRule, seeks: bool) {
    let Some(backend) = x.backend else { return };
    let out = &x.worker.out;
    let led = x.look(Side::Request, |cx| {
        with_key(rule, cx, |key| {
            if rule.stores {
                out.borrow_mut().clear();
                out.borrow_mut().extend_from_slice(key.bytes());
            }
            let seen = cx.world.table(rule.table).filter(|_| seeks)?.find(key, cx.now_ms())?;
            seen.touch(cx.now_ms());
            server_of(backend, &seen)
        })
    });
    let Some(led) = led else { return };
    if rule.stores {
        x.stream.stick.push(rule.table, &out.borrow());
    }
    x.persistence.lead(backend, led);
}

/// What becomes of the key of a rule; none where its condition doesn't hold or there is none.
pub(crate) fn with_key<R>(rule: &StickRule, cx: &Ctx<'_>, work: impl FnOnce(&Key<'_>) -> R) -> Option<R> {
    if rule.cond.as_ref().is_some_and(|cond| !cond.holds(cx)) {
        return None;
    }
    let key = cx.world.table(rule.table)?.key.key(rule.key.eval(cx)?, cx.arena)?;
    Some(work(&key))
}

/// The server has answered: everything is stored, with what the rules on responses find.
pub fn store(x: &mut Exchange<'_>) {
    let Some(backend) = x.backend else { return };
    let Some(stick) = backend.stick.as_deref() else { return };
    let Some(server) = x.stream.server.and_then(|at| backend.server(at)).filter(|s| !s.non_stick) else {
        return;
    };
    x.stream.stick.respond();
    for rule in &stick.response {
        if !x.stream.stick.has_room(rule.table) {
            continue;
        }
        let out = &x.worker.out;
        let found = x.look(Side::Response, |cx| {
            with_key(rule, cx, |key| {
                out.borrow_mut().clear();
                out.borrow_mut().extend_from_slice(key.bytes());
            })
        });
        if found.is_some() {
            x.stream.stick.push(rule.table, &out.borrow());
        }
    }
    let now = now_ms();
    for (table, key) in x.stream.stick.iter() {
        let Some(table) = x.world.table(table) else { continue };
        if let Some(seen) = table.find_or_make(&Key::Long(key), now) {
            remember(&seen, server, now);
        }
    }
    x.stream.stick.clear();
}
