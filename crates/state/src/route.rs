//! Which backend: `use_backend` lines compiled (manual 4.2). Consecutive lines that compare the same sample with
//! exact strings become one table, so that 10,000 of them cost one look-up.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use sample::cast;
use sample::pattern::lowered;

use crate::expr::{Ctx, Expr};
use crate::{Cond, Format};

/// Where a rule leads.
#[derive(Debug)]
pub enum Choice {
    /// Position in `World::backends`.
    Backend(u32),
    /// A name computed for each request.
    Named(Box<Format>),
}

/// One step of the switching.
#[derive(Debug)]
pub enum Step {
    Rule { cond: Option<Cond>, choice: Choice },
    Table(Table),
}

/// Rules `if { sample exact... }` in a row.
#[derive(Debug)]
pub struct Table {
    pub expr: Expr,
    pub fold: bool,
    /// From the string to the position of the first rule that names it, and its backend.
    pub entries: HashMap<Box<[u8]>, (u32, u32), foldhash::fast::FixedState>,
    /// The rules themselves with their backends, and whether somebody has changed what they compare with since: then
    /// the table no longer tells what they say.
    pub rules: Vec<(Cond, u32)>,
    pub changed: Arc<AtomicBool>,
}

impl Table {
    /// The backend of the first rule that any value of the sample satisfies, or of the first that leads to a backend that
    /// is `open`.
    pub fn find(&self, cx: &Ctx<'_>, open: &impl Fn(u32) -> bool) -> Option<u32> {
        let first = self.first(cx)?;
        if open(first) {
            return Some(first);
        }
        self.rules.iter().filter(|(_, backend)| open(*backend)).find(|(cond, _)| cond.holds(cx)).map(|r| r.1)
    }

    fn first(&self, cx: &Ctx<'_>) -> Option<u32> {
        if self.changed.load(Ordering::Relaxed) {
            return self.rules.iter().find(|(cond, _)| cond.holds(cx)).map(|(_, backend)| *backend);
        }
        let mut best: Option<(u32, u32)> = None;
        self.expr.each(cx, &mut |value| {
            if let Some(text) = cast(value, sample::Type::Str, cx.arena).and_then(|v| v.bytes()) {
                let hit = self.entries.get(lowered(text, self.fold, cx.arena)).copied();
                best = match (best, hit) {
                    (Some(a), Some(b)) => Some(if b.0 < a.0 { b } else { a }),
                    (a, b) => a.or(b),
                };
            }
            ControlFlow::Continue(())
        });
        best.map(|(_, backend)| backend)
    }
}

/// The switching of a frontend.
#[derive(Debug, Default)]
pub struct Switching {
    pub steps: Box<[Step]>,
    pub default: Option<u32>,
    /// The backend half of the same section, which is there when nothing else is.
    pub own: Option<u32>,
    /// `force-be-switch`: while one of them holds, backends that are disabled or not published are chosen, too.
    pub force: Box<[Cond]>,
}

impl Switching {
    /// Whether a rule leads to this backend by its name as it stands.
    pub fn leads_to(&self, backend: u32) -> bool {
        let by_step = |step: &Step| match step {
            Step::Rule { choice: Choice::Backend(at), .. } => *at == backend,
            Step::Rule { choice: Choice::Named(_), .. } => false,
            Step::Table(table) => table.rules.iter().any(|(_, at)| *at == backend),
        };
        self.default == Some(backend) || self.steps.iter().any(by_step)
    }
}
