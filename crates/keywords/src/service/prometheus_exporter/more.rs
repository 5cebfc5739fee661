//! Figures of what is no proxy: stick tables, name servers.

use std::io::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use state::resolvers::Asked;
use state::{Table, World};

use super::escaped;

/// A series: of which kind of object, its name, its text, its value.
pub(super) struct More {
    /// How its name begins.
    pub(super) kind: &'static str,
    /// The scope that asks for it.
    pub(super) scope: &'static str,
    pub(super) name: &'static str,
    doc: &'static str,
    read: Read,
}

enum Read {
    Table(fn(&Table) -> u64),
    NameServer(fn(&Asked) -> u64),
}

const fn table(name: &'static str, doc: &'static str, read: fn(&Table) -> u64) -> More {
    More { kind: "sticktable", scope: "sticktable", name, doc, read: Read::Table(read) }
}

const fn server(name: &'static str, doc: &'static str, read: fn(&Asked) -> u64) -> More {
    More { kind: "resolver", scope: "resolver", name, doc, read: Read::NameServer(read) }
}

pub(super) const ALL: &[More] = &[
    table("size", "Entries that the table may hold", |table| u64::from(table.size)),
    table("used", "Entries that the table holds", |table| u64::from(table.used())),
    // No peer is told of any.
    table("local_updates", "Changes that peers were told of", |_| 0),
    server("sent", "Questions that were sent", |asked| asked.sent.load(Relaxed)),
    server("send_error", "Questions that could not be sent", |asked| asked.send_error.load(Relaxed)),
    server("valid", "Good answers", |asked| asked.valid.load(Relaxed)),
    server("update", "Answers that moved a server", |asked| asked.update.load(Relaxed)),
    // Other names of a host are followed; they are no answers of their own.
    server("cname", "Answers that were another name", |_| 0),
    server("cname_error", "Other names that could not be followed", |_| 0),
    server("any_err", "Answers without what was asked for", |asked| asked.empty.load(Relaxed)),
    server("nx", "Answers that there is no such name", |asked| asked.nx.load(Relaxed)),
    server("timeout", "Questions that were not answered in time", |asked| asked.timeout.load(Relaxed)),
    server("refused", "Questions that were refused", |asked| asked.refused.load(Relaxed)),
    server("other", "Other errors", |asked| asked.other.load(Relaxed)),
    server("invalid", "Answers that made no sense", |asked| asked.invalid.load(Relaxed)),
    // What is too big for the room comes truncated.
    server("too_big", "Answers that were too big", |_| 0),
    server("truncated", "Answers that were cut off", |asked| asked.truncated.load(Relaxed)),
    // Nobody listens for answers any more once there is one.
    server("outdated", "Answers after another one", |_| 0),
];

impl More {
    /// Writes the series; nothing where there is no such object.
    pub(super) fn write(&self, world: &World, out: &mut Vec<u8>) {
        let Self { kind, name, doc, .. } = self;
        let start = out.len();
        // Writing to a vector cannot fail.
        let _ = writeln!(out, "# HELP haproxy_{kind}_{name} {doc}\n# TYPE haproxy_{kind}_{name} gauge");
        let titled = out.len();
        match self.read {
            Read::Table(read) => {
                for table in &world.tables {
                    let (label, of) = (escaped(&table.name), table.key.name());
                    let value = read(table);
                    let _ = writeln!(out, "haproxy_{kind}_{name}{{name=\"{label}\",type=\"{of}\"}} {value}");
                }
            }
            Read::NameServer(read) => {
                for section in &world.resolvers {
                    for server in &section.servers {
                        let (label, of, value) =
                            (escaped(&section.name), escaped(&server.name), read(&server.asked));
                        let _ = writeln!(
                            out,
                            "haproxy_{kind}_{name}{{resolver=\"{label}\",nameserver=\"{of}\"}} {value}"
                        );
                    }
                }
            }
        }
        if out.len() == titled {
            out.truncate(start);
        }
    }
}
