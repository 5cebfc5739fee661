//! `show resolvers`: what name servers were asked and what they said (management manual 9.3).

use std::io::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use state::resolvers::{NameServer, Resolvers};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[Command {
    words: &["show", "resolvers"],
    usage: "show resolvers [id]",
    doc: "dumps counters from all resolvers section and associated name servers",
    level: Level::User,
    gate: Gate::Open,
    run,
}];

fn run(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    let wanted = query.text(2);
    let mut sections =
        query.world.resolvers.iter().filter(|section| wanted.is_empty() || *section.name == wanted);
    let Some(first) = sections.next() else {
        if wanted.is_empty() {
            return Answer::Done;
        }
        return query.refuse("Can't find that resolvers section", out);
    };
    section(first, out);
    sections.for_each(|next| section(next, out));
    Answer::Done
}

fn section(section: &Resolvers, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = writeln!(out, "Resolvers section {}", section.name);
    section.servers.iter().for_each(|server| name_server(server, out));
}

fn name_server(server: &NameServer, out: &mut Vec<u8>) {
    let asked = &server.asked;
    let none = std::sync::atomic::AtomicU64::new(0);
    let rows = [
        ("sent:", &asked.sent),
        ("snd_error:", &asked.send_error),
        ("valid:", &asked.valid),
        ("update:", &asked.update),
        // Other names of a host are followed; they are no answers of their own.
        ("cname:", &none),
        ("cname_error:", &none),
        ("any_err:", &asked.empty),
        ("nx:", &asked.nx),
        ("timeout:", &asked.timeout),
        ("refused:", &asked.refused),
        ("other:", &asked.other),
        ("invalid:", &asked.invalid),
        // What is too big for the room comes truncated.
        ("too_big:", &none),
        ("truncated:", &asked.truncated),
        // Nobody listens for answers any more once there is one.
        ("outdated:", &none),
    ];
    let _ = writeln!(out, " nameserver {}:", server.name);
    for (name, value) in rows {
        let _ = writeln!(out, "  {name:<13}{}", value.load(Relaxed));
    }
}
