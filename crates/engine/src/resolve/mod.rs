//! Addresses of names for rules (`do-resolve`): what a thread learnt from the name servers of a `resolvers` section, for
//! as long as it holds (manual 5.3.2). Each thread asks for itself; how is `ask`'s business. Names of servers are looked up
//! by `watch`, on the main thread; which server gets which address is `assign`'s business.

mod ask;
mod assign;
mod watch;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use keywords::action::Resolved;
use state::expr::Side;
use state::resolvers::Lookup;
use wire::dns::{Kind, Name};

use crate::exchange::Exchange;
use crate::rules;

pub(crate) use watch::Names;

use ask::{Question, Records, ask};

/// Names that a thread remembers at most.
const NAMES_MAX: usize = 4096;
/// The longest that an answer holds, whatever is configured.
const HOLD_MAX_MS: u64 = 24 * 3_600_000;

/// What a thread has learnt.
#[derive(Debug, Default)]
pub struct Known(RefCell<HashMap<Asked, Held>>);

/// A question: to whom, about what, and what is asked for first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    resolvers: Box<str>,
    name: Name,
    first: Kind,
}

#[derive(Debug)]
struct Held {
    addresses: Vec<IpAddr>,
    /// The one that goes out next.
    next: usize,
    until_ns: u64,
}

/// Looks up what the rule that waits wants, and sets its variable.
pub async fn lookup(x: &mut Exchange<'_>) {
    let Some(lookup) = x.stream.trail.lookup.take() else { return };
    let Some(address) = find(x, &lookup).await else { return };
    let found = Resolved { var: lookup.var, address };
    rules::act(x.worker, x.world, &mut x.client.session, x.stream, Side::Request, &found);
}

async fn find(x: &Exchange<'_>, lookup: &Lookup) -> Option<IpAddr> {
    let resolvers = Arc::clone(x.world.resolvers.get(usize::try_from(lookup.resolvers).ok()?)?);
    let first = if lookup.v4_first { Kind::A } else { Kind::Aaaa };
    let asked = Asked { resolvers: resolvers.name.clone(), name: Name::read(&lookup.name)?, first };
    if let Some(address) = x.worker.known.get(&asked) {
        return Some(address);
    }
    let kinds = ask::families(x.world.global.dns_families, first);
    let question = Question { resolvers: &resolvers, name: &asked.name, kinds };
    let Records::Addresses(addresses) = ask(&question, || x.worker.random()).await.ok()?.records else {
        return None;
    };
    x.worker.known.put(asked.clone(), addresses, u64::from(resolvers.hold.valid));
    x.worker.known.get(&asked)
}

impl Known {
    /// An address that still holds; another one each time if there are several.
    fn get(&self, asked: &Asked) -> Option<IpAddr> {
        let mut known = self.0.borrow_mut();
        let held = known.get_mut(asked).filter(|held| net::now().as_nanos() < held.until_ns)?;
        let address = held.addresses.get(held.next % held.addresses.len().max(1)).copied();
        held.next = held.next.wrapping_add(1);
        address
    }

    fn put(&self, asked: Asked, addresses: Vec<IpAddr>, hold_ms: u64) {
        let now = net::now().as_nanos();
        let mut known = self.0.borrow_mut();
        if known.len() >= NAMES_MAX {
            known.retain(|_, held| now < held.until_ns);
        }
        if known.len() >= NAMES_MAX {
            known.clear();
        }
        // Whoever waits for it gets it even where nothing is to be kept.
        let until_ns = now.saturating_add(hold_ms.min(HOLD_MAX_MS) * 1_000_000).max(now + 1);
        known.insert(asked, Held { addresses, next: 0, until_ns });
    }
}
