//! `show profiling`, `set profiling`: timing of tasks (management manual 9.3). Tasks have no names here, so what they took is
//! told by thread; memory is not profiled.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use state::family::inside::{Activity, Inside, Survey, Told};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    admin(
        &["set", "profiling"],
        "set profiling <what> {auto|on|off}",
        "enable/disable resource profiling (tasks,memory)",
        set,
    ),
    admin(
        &["show", "profiling"],
        "show profiling [<what>|<#lines>|<opts>]*",
        "show profiling state (all,status,tasks,memory)",
        |query, _, out| {
            match Wish::read(query) {
            Some(wish) => Answer::Survey(Arc::new(Report { wish, threads: Mutex::default() })),
            None => query.refuse(
                "Expects either 'all', 'status', 'tasks', 'memory', 'byaddr', 'bytime', 'byctx', 'aggr' or a max number of \
                 output lines.",
                out,
            ),
        }
        },
    ),
];

fn set(query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Answer {
    match (query.word(2), query.word(3)) {
        (b"memory", _) => query.refuse("Memory profiling not compiled in.", out),
        (b"tasks", word @ (b"on" | b"off")) => {
            (query.about.profile)(word == b"on");
            Answer::Done
        }
        (b"tasks", b"auto" | b"lock" | b"no-lock" | b"memory" | b"no-memory") => {
            let word = query.text(3);
            query.refuse(&format!("'{word}' is not run by this version of Sluice: only 'on' and 'off' are."), out)
        }
        (b"tasks", _) => query.refuse(
            "Expects a combination of either 'on', 'auto', 'off', 'lock', 'no-lock', 'memory' or 'no-memory'.",
            out,
        ),
        _ => query.refuse("Expects either 'tasks' or 'memory'.", out),
    }
}

/// What is told.
#[derive(Clone, Copy, Debug)]
struct Wish {
    status: bool,
    tasks: bool,
    most: usize,
}

impl Wish {
    fn read(query: &Query<'_>) -> Option<Self> {
        let mut wish = Self { status: true, tasks: true, most: usize::MAX };
        for word in query.words.iter().skip(2) {
            match *word {
                b"all" => (wish.status, wish.tasks) = (true, true),
                b"status" => (wish.status, wish.tasks) = (true, false),
                b"tasks" => (wish.status, wish.tasks) = (false, true),
                b"memory" => (wish.status, wish.tasks) = (false, false),
                // Threads stand in one order only.
                b"byaddr" | b"bytime" | b"byctx" | b"aggr" => {}
                word => match number(word) {
                    (most, true) => wish.most = usize::try_from(most).ok()?,
                    _ => return None,
                },
            }
        }
        Some(wish)
    }
}

struct Report {
    wish: Wish,
    threads: Mutex<Vec<(u16, Activity)>>,
}

impl Survey for Report {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push((thread.number(), thread.activity()));
    }

    fn tell(&self, query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone();
        threads.sort_by_key(|(number, _)| *number);
        let on = threads.iter().any(|(_, activity)| activity.is_profiled);
        let mut text = String::new();
        if self.wish.status {
            let state = if on { "on" } else { "off" };
            let _ = write!(
                text,
                "Per-task CPU profiling              : {state:<14}# set profiling tasks {{on|auto|off}}\n\
                 Memory usage profiling              : off           # set profiling memory {{on|off}}\n"
            );
        }
        if self.wish.tasks {
            let seconds = query.now_ns.saturating_sub(query.about.started_ns) as f64 / 1e9;
            let _ = write!(
                text,
                "Tasks activity over {seconds:.3} sec till 0.000 sec ago:\n  function                      calls   cpu_tot   \
                 cpu_avg   lkw_avg   lkd_avg   mem_avg   lat_avg\n"
            );
            for (number, (_, a)) in (1..).zip(&threads).take(self.wish.most).filter(|(_, (_, a))| a.polls > 0)
            {
                let _ = writeln!(
                    text,
                    "  {:<24} {:>10} {:>9} {:>9}      -         -         -         -",
                    format!("thread {number}"),
                    a.polls,
                    short(a.cpu_ns),
                    short(a.cpu_ns / a.polls),
                );
            }
        }
        out.extend_from_slice(text.as_bytes());
        Told::All
    }
}

/// A length of time with four digits and its unit.
fn short(ns: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    match units.iter().find(|(size, _)| ns >= *size) {
        Some((size, unit)) => format!("{:.3}{unit}", ns as f64 / *size as f64),
        None => format!("{ns}.0ns"),
    }
}
