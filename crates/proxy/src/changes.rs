//! What the Runtime API's `config` commands do: reads what was given, has `apply` and `differ` do the work, and puts what
//! came of it into words.

use std::rc::Rc;

use config::Source;
use state::family::{Changes, Report, Wanted};

use crate::apply::Stage;
use crate::differ;
use crate::sockets::reason;

/// The stage as commands see it.
pub(crate) struct Desk(pub(crate) Rc<Stage>);

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

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

impl Changes for Desk {
    fn apply(&self, wanted: &Wanted<'_>) -> Report {
        self.with(Some(wanted), |sources| {
            let remarks = self.0.apply(sources).map_err(refused)?;
            Ok(format!("{remarks}Applied: generation {}.", self.0.world().generation))
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
