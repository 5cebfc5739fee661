//! What the Runtime API's `config` commands do: reads what was given, has `apply` and `differ` do the work, and puts what
//! came of it into words.

use std::rc::Rc;

use config::Source;
use state::family::Owned;
use state::family::{Changes, DefaultServers, Defaults, Edit, Report, Wanted};

use crate::apply::Stage;
use crate::sockets::reason;
use crate::{differ, edit};

/// The stage as commands see it.
pub(crate) struct Desk(pub(crate) Rc<Stage>);

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

/// What the answer to an apply holds that was done.
pub(crate) const APPLIED: &str = "Applied:";

/// The name of what was given as a payload, in messages.
const PAYLOAD: &str = "<payload>";

impl Desk {
    /// The texts meant: those given, or those of the process's own files as they are now.
    fn sources(&self, wanted: Option<&Wanted<'_>>) -> Result<Vec<Source>, Report> {
        match wanted {
            Some(Wanted::Text(text)) => {
                let mut text = text.to_vec();
                // A payload comes without the end of its last line.
                text.push(b'\n');
                Ok(vec![Source::new(PAYLOAD, text)])
            }
            Some(Wanted::File(path)) => match std::fs::read(path) {
                Ok(text) => Ok(vec![Source::new(*path, text)]),
                Err(error) => Err(Report::fault(format!("Cannot read '{path}': {}.", reason(&error)))),
            },
            None => {
                config::read_sources(&self.0.args.files).map_err(|error| Report::fault(error.to_string()))
            }
        }
    }

    fn with(
        &self,
        wanted: Option<&Wanted<'_>>,
        act: impl FnOnce(Vec<Source>) -> Result<String, Vec<String>>,
    ) -> Report {
        let sources = match self.sources(wanted) {
            Ok(sources) => sources,
            Err(report) => return report,
        };
        match act(sources) {
            Ok(text) => Report::success(text),
            Err(lines) => Report::fault(lines.join("\n")),
        }
    }
}

/// What was refused, behind why.
fn refused(mut lines: Vec<String>) -> Vec<String> {
    lines.push("Nothing was applied.".to_owned());
    lines
}

/// The first of these lines that tells a fault, without what stands in front of every such line.
fn first_fault(lines: &[String]) -> String {
    let fault = lines.iter().find_map(|line| line.lines().next()?.strip_prefix("[ALERT]"));
    let Some(fault) = fault else { return lines.join("\n") };
    let fault = fault.split_once(" : ").map_or(fault, |(_pid, rest)| rest);
    let fault = fault.strip_prefix("config : ").unwrap_or(fault);
    let fault = match fault.strip_prefix("parsing [").or_else(|| fault.strip_prefix('[')) {
        Some(rest) => {
            rest.split_once("] : ").or_else(|| rest.split_once("]: ")).map_or(fault, |(_, rest)| rest)
        }
        None => fault,
    };
    let of_server = fault.strip_prefix("'server ").and_then(|rest| rest.split_once("' : "));
    of_server.map_or(fault, |(_, rest)| rest).to_owned()
}

impl Changes for Desk {
    fn apply(&self, wanted: Option<&Wanted<'_>>) -> Report {
        self.with(wanted, |sources| {
            let remarks = self.0.apply(sources).map_err(refused)?;
            Ok(format!("{remarks}{APPLIED} generation {}.", self.0.world().generation))
        })
    }

    fn check(&self, wanted: Option<&Wanted<'_>>) -> Report {
        self.with(wanted, |sources| {
            let next = self.0.prepare(sources)?;
            Ok(format!("{}The configuration is valid and can be applied.", next.remarks))
        })
    }

    fn diff(&self, wanted: Option<&Wanted<'_>>) -> Report {
        self.with(wanted, |sources| Ok(differ::text(&self.0.sources(), &sources)))
    }

    fn explain(&self, wanted: Option<&Wanted<'_>>) -> Report {
        self.with(wanted, |sources| {
            let next = self.0.prepare(sources)?;
            Ok(differ::objects((&self.0.world(), &self.0.loaded()), next))
        })
    }

    fn edit(&self, edit: &Edit<'_>) -> Result<(), String> {
        self.0.edit(edit).map_err(|lines| first_fault(&lines))
    }

    fn evaluate(&self, variable: &str, words: &[&[u8]], format: bool) -> Result<Option<Owned>, String> {
        let text = edit::variable(variable, words, format);
        self.0.evaluate(text).map_err(|lines| {
            let fault = first_fault(&lines);
            // The name of the line that nobody wrote.
            let own = fault.strip_prefix("'set-var").and_then(|rest| rest.split_once("' : "));
            own.map_or(fault.clone(), |(_, rest)| rest.to_owned())
        })
    }

    fn defaults(&self) -> Vec<Defaults> {
        edit::defaults(&self.0.loaded())
    }

    fn default_servers(&self) -> Vec<DefaultServers> {
        edit::default_servers(&self.0.loaded())
    }

    fn show(&self) -> Vec<u8> {
        let sources = self.0.sources();
        let many = sources.len() > 1;
        let mut out = Vec::new();
        for source in &sources {
            if many {
                out.extend_from_slice(format!("# {}\n", source.name).as_bytes());
            }
            out.extend_from_slice(&source.bytes);
            if !source.bytes.ends_with(b"\n") {
                out.push(b'\n');
            }
        }
        out
    }
}
