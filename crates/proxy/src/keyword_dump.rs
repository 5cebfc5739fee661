//! `-dK`: the words that this program runs, class by class, in HAProxy's form (management manual 3).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use config::SectionKind;
use config::vocabulary::{BIND, CRT_LIST, OPTIONS, SERVER};
use plan::compile::{COLUMNS, places};

use crate::inventory::{self, Class};
use crate::master;

const CLASSES: &[(&str, &str)] = &[
    ("acl", "ACL keywords"),
    ("cfg", "configuration keywords"),
    ("cli", "CLI keywords"),
    ("cnv", "sample converter keywords"),
    ("flt", "filter names"),
    ("smp", "sample fetch functions"),
    ("svc", "service names"),
];

/// The lists of these classes, whose names are separated by commas: `all`, `help`, or [`CLASSES`]. Names that
/// are none of them are passed over, as HAProxy does.
pub(crate) fn dump(asked: &str) -> String {
    let mut out = String::new();
    for name in asked.split(',') {
        match name {
            "help" => help(&mut out),
            "all" => CLASSES.iter().for_each(|(class, _)| one(&mut out, class)),
            class => one(&mut out, class),
        }
    }
    out
}

fn help(out: &mut String) {
    out.push_str("# List of supported keyword classes:\nall: list all keywords\n");
    for (name, what) in CLASSES {
        let _ = writeln!(out, "{name}: {what}");
    }
}

fn one(out: &mut String, class: &str) {
    match class {
        "acl" => {
            out.push_str("# List of registered ACL keywords:\n");
            for name in inventory::criteria().run() {
                if let Some((fetch, matching)) = keywords::criterion::find(name) {
                    let method = format!("{matching:?}").to_lowercase();
                    let _ = writeln!(out, "{name} = {fetch} -m {method}");
                }
            }
        }
        "cfg" => configuration(out),
        "cli" => {
            out.push_str("# List of registered CLI keywords:\n");
            let all = keywords::command::ALL.iter().flat_map(|file| file.iter());
            let workers = all.map(|command| (command.words.join(" "), "WORKER"));
            let masters = master::COMMANDS.iter().map(|words| ((*words).to_owned(), "MASTER"));
            let words: BTreeSet<(String, &str)> = workers.chain(masters).collect();
            words.iter().for_each(|(words, whose)| out.push_str(&format!("{words} [{whose}] \n")));
        }
        "cnv" => {
            out.push_str("# List of registered sample converter functions:\n");
            let all = keywords::convert::ALL.iter().flat_map(|file| file.iter());
            let lines: BTreeMap<&str, String> = all
                .map(|k| {
                    let (takes, gives) = (k.takes.name(), k.gives.name());
                    (
                        k.name,
                        format!(
                            "{}{}: {takes} => {gives}",
                            k.name,
                            arguments(k.args.iter().map(|a| (a.kind.name(), a.required)))
                        ),
                    )
                })
                .collect();
            lines.values().for_each(|line| out.push_str(&format!("{line}\n")));
        }
        "flt" => {
            out.push_str("# List of registered filter names:\n");
            for kind in keywords::filter::sorted() {
                let _ = writeln!(out, "{} [{}]", kind.name, kind.tag);
            }
        }
        "smp" => fetches(out),
        "svc" => {
            out.push_str("# List of registered service names:\n");
            services().iter().for_each(|name| out.push_str(&format!("{name}\n")));
        }
        _ => {}
    }
}

/// The names of the services that rules can use.
pub(crate) fn services() -> Vec<&'static str> {
    keywords::service::ALL.iter().flat_map(|file| file.iter()).map(|service| service.name).collect()
}

fn configuration(out: &mut String) {
    out.push_str("# List of registered configuration keywords:\nglobal\n");
    let list = |out: &mut String, class: &Class, before: &str, after: &dyn Fn(&str) -> String| {
        for word in class.run() {
            let _ = writeln!(out, "\t{before}{word}{}", after(word));
        }
    };
    let binds = inventory::binds();
    list(out, &inventory::globals(), "", &|_| String::new());
    out.push_str("listen\n");
    list(out, &inventory::proxies(), "", &|_| String::new());
    let arity = |table: &'static [config::vocabulary::Param]| {
        move |word: &str| table.iter().find(|p| p.name == word).map_or("", |p| p.arity.suffix()).to_owned()
    };
    for word in binds.run() {
        let tls = if is_tls(word) { "ssl " } else { "" };
        let _ = writeln!(out, "\tbind <addr> {tls}{word}{}", arity(BIND)(word));
    }
    list(out, &inventory::servers(), "server <name> <addr> ", &arity(SERVER));
    let ends = |word: &str| {
        OPTIONS
            .iter()
            .find(|row| row.name == word)
            .map_or(String::new(), |row| format!(" [ {} ]", row.ends().trim_end()))
    };
    list(out, &inventory::options(), "option ", &ends);
    list(out, &inventory::actions(), "", &|_| String::new());
    for kind in [SectionKind::Userlist, SectionKind::CrtStore] {
        let _ = writeln!(out, "{kind}");
        list(out, &inventory::section(kind), "", &|_| String::new());
    }
    out.push_str("crt-list\n");
    for param in CRT_LIST.iter().filter(|param| binds.words.get(param.name) == Some(&true)) {
        let _ = writeln!(out, "\t{}{}", param.name, param.arity.suffix());
    }
}

/// Whether a parameter of `bind` is one of TLS: those that a line of a `crt-list` may have, and those about the list.
fn is_tls(word: &str) -> bool {
    const OTHERS: &[&str] = &[
        "ca-ignore-err",
        "ca-sign-file",
        "ca-sign-pass",
        "crt",
        "crt-ignore-err",
        "crt-list",
        "default-crt",
        "generate-certificates",
        "no-strict-sni",
        "prefer-client-ciphers",
        "strict-sni",
    ];
    let version = ["force-", "no-"].iter().any(|head| {
        word.strip_prefix(head).is_some_and(|rest| rest.starts_with("sslv") || rest.starts_with("tls"))
    });
    version
        || word.starts_with("tls-ticket")
        || OTHERS.contains(&word)
        || CRT_LIST.iter().any(|param| param.name == word)
}

fn fetches(out: &mut String) {
    out.push_str("# List of registered sample fetch functions:\n");
    let count = COLUMNS.len();
    for (row, place) in COLUMNS.iter().enumerate() {
        // A stair of slashes that leads each column up to its name.
        let indent = " ".repeat(count + 1 - row);
        let rails = "/ ".repeat(row);
        let dashes = "-".repeat(count - row);
        let _ = writeln!(out, "#{indent}{rails}_.{dashes} {place}");
    }
    let _ = writeln!(out, "# {} ", "/ ".repeat(count));
    let _ = writeln!(out, "# {}", "| ".repeat(count));
    let all = keywords::fetch::ALL.iter().flat_map(|file| file.iter());
    let lines: BTreeMap<&str, String> = all
        .map(|fetch| {
            let places = places(fetch.needs);
            let cell = |column| if places >> column & 1 == 1 { "Y" } else { "." };
            let cells: Vec<&str> = (0..count).map(cell).collect();
            let (name, args, gives) = (
                fetch.name,
                arguments(fetch.args.iter().map(|a| (a.kind.name(), a.required))),
                fetch.gives.name(),
            );
            (name, format!("[ {} ] {name}{args}: {gives}", cells.join(" ")))
        })
        .collect();
    lines.values().for_each(|line| out.push_str(&format!("{line}\n")));
}

/// `(string,integer[,table])`, from each argument's name and whether it must be given; nothing without
/// arguments.
fn arguments(specs: impl Iterator<Item = (&'static str, bool)>) -> String {
    let mut out = String::new();
    let mut open = false;
    for (position, (name, required)) in specs.enumerate() {
        if !required && !open {
            out.push('[');
            open = true;
        }
        if position > 0 {
            out.push(',');
        }
        out.push_str(name);
    }
    if open {
        out.push(']');
    }
    if out.is_empty() { out } else { format!("({out})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_headed_and_chosen() {
        let headings = |text: &str| text.lines().filter(|l| l.starts_with("# List")).count();
        assert_eq!(headings(&dump("all")), CLASSES.len());
        assert_eq!(headings(&dump("cnv,nonsense,flt")), 2);
        assert!(dump("nonsense").is_empty());
        assert!(dump("help").lines().any(|line| line == "smp: sample fetch functions"));
    }

    #[test]
    fn a_line_tells_name_arguments_and_places() {
        let text = dump("smp,cnv,acl,cfg");
        for line in [
            "[ Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y . . ] src: addr",
            "lower: str => str",
            "path_beg = path -m beg",
            "\tbind <addr> backlog +1",
            "\tbind <addr> ssl alpn +1",
            "\tbind <addr> ssl",
            "\tuser",
            "\tmaxconn",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}");
        }
        assert!(!text.contains("bind <addr> quic-socket +1\n"));
    }

    #[test]
    fn optional_arguments_stand_in_brackets() {
        let shown = |specs: &[(&'static str, bool)]| arguments(specs.iter().copied());
        assert_eq!(
            shown(&[("string", true), ("integer", false), ("table", false)]),
            "(string[,integer,table])"
        );
        assert_eq!(shown(&[("integer", false)]), "([integer])");
        assert_eq!(shown(&[]), "");
    }
}
