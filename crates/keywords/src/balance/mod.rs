//! Balancing algorithms (manual 4.2 "balance"). To add one: a file named after it with a `KEYWORDS` table, and its
//! line in the list. An algorithm chooses among the servers that are usable now and not full; when none is left it says
//! so and the engine queues the stream. One that wants a certain server gives it even when it is full: the stream then
//! waits for that one.

use state::family::Balancer;

mod hash;
mod leastconn;
mod messages;
mod order;
mod places;
mod roundrobin;
mod settings;
mod share;

pub use messages::for_messages;

/// Every algorithm, a file a line.
pub static ALL: &[&[Balancer]] = &[hash::KEYWORDS, leastconn::KEYWORDS, roundrobin::KEYWORDS];

/// The algorithm of this name. `word` may carry arguments in parentheses: `hdr(host)`, `random(2)`.
pub fn find(word: &str) -> Option<(&'static Balancer, Option<&str>)> {
    let (name, inside) = match word.split_once('(') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
        None => (word, None),
    };
    ALL.iter().flat_map(|file| file.iter()).find(|k| k.name == name).map(|k| (k, inside))
}

/// What the files of this family share.
mod prelude {
    pub(super) use state::Backend;
    pub(super) use state::family::{Balance, Balancer, Parse, Pick};

    /// Whether streams wait already for the first free place: who comes later doesn't overtake them.
    pub(super) fn has_line(pick: &Pick<'_>) -> bool {
        pick.backend.live.queued.now() > 0
    }

    /// Whether the server can take a stream now and is not the one to avoid.
    pub(super) fn is_free(pick: &Pick<'_>, position: u32) -> bool {
        let backend = pick.backend;
        pick.avoid != Some(position) && backend.server(position).is_some_and(|s| !s.is_full(backend))
    }
}
