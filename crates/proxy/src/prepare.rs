//! What could take the place of the configuration in force: built and judged, on a thread of its own, so that neither
//! traffic nor checks nor the Runtime API wait for it. Touches nothing of what runs.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use config::{Loaded, Source};
use engine::explain::Question;
use plan::Before;
use plan::inherit::{self, Succession};
use state::World;
use state::family::Report;
use state::tls::Store;

use crate::argv::Args;
use crate::check::{self, Evaluated};
use crate::explain;
use crate::frozen;

/// Why a configuration was not applied: lines for the user.
pub(crate) type Refusal = Vec<String>;

/// What runs, as far as another configuration is judged by it.
#[derive(Clone)]
pub(crate) struct InForce {
    pub(crate) args: Args,
    pub(crate) world: Arc<World>,
    pub(crate) loaded: Arc<Loaded>,
}

/// A World that could take over, and what it is made of.
pub(crate) struct Next {
    pub(crate) world: World,
    pub(crate) loaded: Loaded,
    pub(crate) sources: Vec<Source>,
    /// Warnings, as they are printed.
    pub(crate) remarks: String,
}

impl InForce {
    /// Builds what would take over; nothing is touched.
    pub(crate) fn prepare(&self, sources: Vec<Source>, files: Option<&Store>) -> Result<Next, Refusal> {
        let old = &self.world;
        let Evaluated { loaded, world, unserved } =
            check::evaluate(&self.args, sources.clone(), Some(Before { world: old, files }));
        let remarks = check::rendered(&loaded, &self.args);
        let Some(mut world) = world else {
            let mut lines: Refusal = remarks.lines().map(str::to_owned).collect();
            lines.extend(config::closing_lines(&loaded, std::process::id(), false));
            return Err(lines);
        };
        if !unserved.is_empty() {
            let pid = std::process::id();
            return Err(unserved
                .iter()
                .map(|reason| reason.render(&loaded, pid).trim_end().to_owned())
                .collect());
        }
        frozen::carry_over(&mut world.global, &old.global);
        let fixed = frozen::differences(&world, old, &loaded, &self.loaded);
        if !fixed.is_empty() {
            return Err(fixed);
        }
        Ok(Next { world, loaded, sources, remarks })
    }
}

/// What would become of a request now, in the World that serves; nothing in it changes.
pub(crate) fn explain(in_force: &InForce, question: &Question) -> Report {
    let asked = question.asked(true);
    match asked.and_then(|asked| explain::text(&in_force.loaded, &in_force.world, &asked)) {
        Ok(text) => Report::success(text),
        Err(why) => Report::fault(why),
    }
}

/// A World that is arranged to take over from the one of this generation.
pub(crate) struct Ready {
    pub(crate) next: Next,
    pub(crate) succession: Succession,
    pub(crate) after: u64,
    /// How long that took.
    pub(crate) took: Duration,
}

/// Arranges what a configuration is made into to take over.
pub(crate) fn ready(in_force: &InForce, sources: Vec<Source>) -> Result<Ready, Refusal> {
    let begun = std::time::Instant::now();
    let mut next = in_force.prepare(sources, None)?;
    let succession = inherit::inherit(&mut next.world, &in_force.world);
    Ok(Ready { next, succession, after: in_force.world.generation, took: begun.elapsed() })
}

/// Something that is done on a thread of its own.
pub(crate) struct Job<T>(Receiver<T>);

impl<T: Send + 'static> Job<T> {
    /// Errors: there is no thread for it.
    pub(crate) fn start(work: impl FnOnce() -> T + Send + 'static) -> Result<Self, Refusal> {
        let (done, result) = channel();
        let run = move || {
            // Whoever asked may be gone.
            let _ = done.send(work());
        };
        let thread = std::thread::Builder::new().name("sluice/build".to_owned()).spawn(run);
        thread.map(|_| Self(result)).map_err(|error| vec![format!("Cannot start a thread: {error}.")])
    }

    /// What came of it, once it is over. Errors: it ended without a result.
    pub(crate) fn result(&self) -> Option<Result<T, Refusal>> {
        match self.0.try_recv() {
            Ok(result) => Some(Ok(result)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(vec!["Building the configuration failed; what happened was logged.".to_owned()]))
            }
        }
    }
}
