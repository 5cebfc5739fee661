//! What the Runtime API's `config` commands do: reads what was given, has `apply` and `differ` do the work, and puts what
//! came of it into words.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use config::Source;
use engine::explain::Question;
use state::family::Owned;
use state::family::{Changes, DefaultServers, Defaults, Edit, Progress, Purpose, Report, Wanted};

use crate::apply::{Pace, Stage};
use crate::prepare::{Job, Ready, Refusal};
use crate::sockets::reason;
use crate::{differ, edit, prepare};

/// The stage as commands see it, and what they began.
pub(crate) struct Desk {
    stage: Rc<Stage>,
    begun: RefCell<Vec<Begun>>,
    last: Cell<u64>,
}

/// Something that a command waits for.
struct Begun {
    number: u64,
    /// When the command asked last; it may be gone.
    asked: net::Time,
    work: Work,
}

enum Work {
    /// The texts are kept for the case that another configuration comes into force meanwhile.
    Apply(Vec<Source>, Job<Result<Ready, Refusal>>),
    /// It is in force but for this; then the answer.
    Settle(Job<()>, Report),
    Tell(Job<Report>),
}

/// The most that may be going on at once, and for how long nobody need ask for it.
const BEGUN_MAX: usize = 8;
const UNASKED_MS: u64 = 10_000;

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
    pub(crate) fn new(stage: Rc<Stage>) -> Self {
        Self { stage, begun: RefCell::default(), last: Cell::new(0) }
    }

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
                config::read_sources(&self.stage.args.files).map_err(|error| Report::fault(error.to_string()))
            }
        }
    }

    fn work(&self, purpose: Purpose, sources: Vec<Source>) -> Result<Work, Refusal> {
        let in_force = self.stage.in_force();
        Ok(match purpose {
            Purpose::Apply => {
                let texts = sources.clone();
                Work::Apply(sources, Job::start(move || prepare::ready(&in_force, texts))?)
            }
            Purpose::Check => Work::Tell(Job::start(move || match in_force.prepare(sources, None) {
                Ok(next) => {
                    Report::success(format!("{}The configuration is valid and can be applied.", next.remarks))
                }
                Err(lines) => Report::fault(lines.join("\n")),
            })?),
            Purpose::Diff => {
                let before = self.stage.sources();
                Work::Tell(Job::start(move || Report::success(differ::text(&before, &sources)))?)
            }
            Purpose::Explain => Work::Tell(Job::start(move || match in_force.prepare(sources, None) {
                Ok(next) => Report::success(differ::objects(&in_force, next)),
                Err(lines) => Report::fault(lines.join("\n")),
            })?),
        })
    }

    fn next_number(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// This goes on under that number.
    fn note(&self, number: u64, work: Work) -> Progress {
        self.begun.borrow_mut().push(Begun { number, asked: net::now(), work });
        Progress::Busy(number)
    }

    /// A World is ready to take over.
    fn finish(&self, sources: Vec<Source>, ready: Result<Ready, Refusal>) -> Progress {
        match ready {
            // Another was faster: what this one was to take over from is no more.
            Ok(ready) if ready.after != self.stage.world().generation => {
                match self.work(Purpose::Apply, sources) {
                    Ok(work) => self.note(self.next_number(), work),
                    Err(lines) => Progress::Done(refused(lines)),
                }
            }
            Ok(ready) => match self.stage.apply(ready) {
                Ok((remarks, pace, settling)) => {
                    let number = self.stage.world().generation;
                    let words = format!("{remarks}{APPLIED} generation {number}.\n{}", told(pace));
                    let report = Report::success(words);
                    match settling {
                        Some(job) => self.note(self.next_number(), Work::Settle(job, report)),
                        None => Progress::Done(report),
                    }
                }
                Err(lines) => Progress::Done(refused(lines)),
            },
            Err(lines) => Progress::Done(refused(lines)),
        }
    }
}

/// What an apply cost, in words.
fn told(pace: Pace) -> String {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    format!(
        "Built in {:.1} ms, all threads turned to it in {:.1} ms, none was held up for more than {:.2} ms.",
        ms(pace.built),
        ms(pace.turned),
        ms(pace.stall)
    )
}

/// What was refused, behind why.
fn refused(mut lines: Refusal) -> Report {
    lines.push("Nothing was applied.".to_owned());
    Report::fault(lines.join("\n"))
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
    fn begin(&self, purpose: Purpose, wanted: Option<&Wanted<'_>>) -> Progress {
        let sources = match self.sources(wanted) {
            Ok(sources) => sources,
            Err(report) => return Progress::Done(report),
        };
        let now = net::now();
        self.begun.borrow_mut().retain(|begun| now < begun.asked.plus_millis(UNASKED_MS));
        if self.begun.borrow().len() >= BEGUN_MAX {
            return Progress::Done(Report::fault(
                "Too many configurations are being built; try again later.",
            ));
        }
        match self.work(purpose, sources) {
            Ok(work) => self.note(self.next_number(), work),
            Err(lines) => Progress::Done(refused(lines)),
        }
    }

    fn go_on(&self, number: u64) -> Progress {
        let at = self.begun.borrow().iter().position(|begun| begun.number == number);
        let Some(begun) = at.map(|at| self.begun.borrow_mut().swap_remove(at)) else {
            return Progress::Done(Report::fault("It was given up: nobody asked for it in time."));
        };
        match begun.work {
            Work::Tell(job) => match job.result() {
                Some(Ok(report)) => Progress::Done(report),
                Some(Err(lines)) => Progress::Done(Report::fault(lines.join("\n"))),
                None => self.note(number, Work::Tell(job)),
            },
            Work::Settle(job, report) => match job.result() {
                Some(Ok(())) => Progress::Done(report),
                Some(Err(lines)) => Progress::Done(Report::fault(lines.join("\n"))),
                None => self.note(number, Work::Settle(job, report)),
            },
            Work::Apply(sources, job) => match job.result() {
                Some(ready) => self.finish(sources, ready.and_then(|ready| ready)),
                None => self.note(number, Work::Apply(sources, job)),
            },
        }
    }

    fn edit(&self, edit: &Edit<'_>) -> Result<(), String> {
        self.stage.edit(edit).map_err(|lines| first_fault(&lines))
    }

    fn could(&self, edit: &Edit<'_>) -> Result<(), String> {
        self.stage.could(edit).map_err(|lines| first_fault(&lines))
    }

    fn evaluate(&self, variable: &str, words: &[&[u8]], format: bool) -> Result<Option<Owned>, String> {
        let text = edit::variable(variable, words, format);
        self.stage.evaluate(text).map_err(|lines| {
            let fault = first_fault(&lines);
            // The name of the line that nobody wrote.
            let own = fault.strip_prefix("'set-var").and_then(|rest| rest.split_once("' : "));
            own.map_or(fault.clone(), |(_, rest)| rest.to_owned())
        })
    }

    fn explain_request(&self, words: &[String]) -> Progress {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let question = match Question::read(&words) {
            Ok(question) => question,
            Err(why) => return Progress::Done(Report::fault(why)),
        };
        let in_force = self.stage.in_force();
        match Job::start(move || prepare::explain(&in_force, &question)) {
            Ok(job) => self.note(self.next_number(), Work::Tell(job)),
            Err(lines) => Progress::Done(Report::fault(lines.join("\n"))),
        }
    }

    fn defaults(&self) -> Vec<Defaults> {
        edit::defaults(&self.stage.loaded())
    }

    fn default_servers(&self) -> Vec<DefaultServers> {
        edit::default_servers(&self.stage.loaded())
    }

    fn show(&self) -> Vec<u8> {
        let sources = self.stage.sources();
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
