//! `show events`: what rings hold, and what comes into them (management manual 9.3).

use state::ring::Ring;

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[user(
    &["show", "events"],
    "show events [<sink>] [-w] [-n] [-0]",
    "show event sink state",
    |query, from, out| {
        let name = query.text(2);
        if name.is_empty() {
            list(query, out);
            return Answer::Done;
        }
        let Some(ring) = query.world.rings.iter().find(|ring| *ring.name == *name) else {
            let said = if FDS.iter().any(|(known, _)| *known == name) {
                "Nothing to report for this sink"
            } else {
                "No such event sink"
            };
            return query.refuse(said, out);
        };
        match options(query) {
            Some(options) => dump(ring, &options, from, out),
            None => query.refuse("unknown option", out),
        }
    },
)];

/// Where messages may go that are kept nowhere.
const FDS: [(&str, &str); 2] = [("stdout", "standard output (fd#1)"), ("stderr", "standard output (fd#2)")];

/// How often a ring is looked at for a client that waits, milliseconds.
const LOOK_MS: u32 = 50;
/// How much is told before the answer is sent on.
const PART: usize = 32 * 1024;
/// In front of a position: what comes from there on is waited for.
const WAITS: u64 = 1 << 63;

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    wait: bool,
    new: bool,
    zero: bool,
}

fn options(query: &Query<'_>) -> Option<Options> {
    let mut options = Options::default();
    for word in query.words.iter().skip(3) {
        for letter in word.strip_prefix(b"-")? {
            match letter {
                b'w' => options.wait = true,
                b'n' => options.new = true,
                b'0' => options.zero = true,
                _ => return None,
            }
        }
    }
    Some(options)
}

fn list(query: &Query<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"Supported events sinks are listed below. Add -0(zero), -w(wait), -n(new). Any key to stop.\n",
    );
    for (name, what) in FDS {
        out.extend_from_slice(format!("    {name:<10} : type=fd, 0 dropped, {what}\n").as_bytes());
    }
    for ring in query.world.rings.iter().filter(|ring| !ring.name.is_empty()) {
        let about = if ring.description.is_empty() { &ring.name } else { &ring.description };
        let line =
            format!("    {:<10} : type=buffer, {} dropped, {about}\n", ring.name, ring.store.dropped());
        out.extend_from_slice(line.as_bytes());
    }
}

/// `from`: how far the ring has been told, from the second time on.
fn dump(ring: &Ring, options: &Options, from: u64, out: &mut Vec<u8>) -> Answer {
    let mut at = match from {
        0 if options.new => ring.store.end(),
        from => from & !WAITS,
    };
    let end = if options.zero { b'\0' } else { b'\n' };
    while out.len() < PART {
        let Some(next) = ring.store.read(at, out) else {
            // A position is never 0 once something was told, and the wait goes on from there.
            return if options.wait { Answer::Watch(at | WAITS, LOOK_MS) } else { Answer::Done };
        };
        out.push(end);
        at = next;
    }
    Answer::More(at | WAITS)
}
