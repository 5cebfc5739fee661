//! `show activity`, `show threads`, `show tasks`: what the threads do (management manual 9.3). Counts of things that HAProxy
//! has and Sluice does not (shared queues of accepted connections, a list of changed descriptors) are 0.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use state::family::inside::{Activity, Inside, Survey, Told};

use super::prelude::*;

pub(super) const KEYWORDS: &[Command] = &[
    operator(
        &["show", "activity"],
        "show activity [-1|0|thread_num]",
        "show per-thread activity stats (for support/developers)",
        |query, _, _| {
            let shown = match query.word(2) {
                b"" | b"-1" => Shown::Each,
                word => {
                    usize::try_from(number(word).0).ok().filter(|n| *n > 0).map_or(Shown::Sum, Shown::Thread)
                }
            };
            Answer::Survey(Arc::new(Counts { shown, threads: Mutex::default() }))
        },
    ),
    user(&["show", "threads"], "show threads", "show some threads debugging information", |_, _, _| {
        Answer::Survey(Arc::new(Threads(Mutex::default())))
    }),
    user(&["show", "tasks"], "show tasks", "show running tasks", |_, _, _| {
        Answer::Survey(Arc::new(Tasks(Mutex::default())))
    }),
];

/// What each thread answered, in any order.
type Answers = Mutex<Vec<(u16, Activity)>>;

fn note(answers: &Answers, thread: &dyn Inside) {
    answers.lock().unwrap_or_else(PoisonError::into_inner).push((thread.number(), thread.activity()));
}

/// The answers in the order of the threads.
fn sorted(answers: &Answers) -> Vec<(u16, Activity)> {
    let mut all = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    all.sort_by_key(|(number, _)| *number);
    all
}

/// Which numbers are shown of each line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The whole and each thread's part.
    Each,
    Sum,
    /// Counted from 1.
    Thread(usize),
}

/// `show activity`.
struct Counts {
    shown: Shown,
    threads: Answers,
}

/// How a number of several threads becomes one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Sum,
    Average,
}

type Line = (&'static str, Whole, fn(&Activity) -> u64);

/// The lines in HAProxy's order.
const LINES: &[Line] = &[
    ("ctxsw", Whole::Sum, |a| a.polls + a.events),
    ("tasksw", Whole::Sum, |a| a.polls),
    ("empty_rq", Whole::Sum, |a| a.empty_loops),
    ("long_rq", Whole::Sum, |a| a.full_loops),
    ("curr_rq", Whole::Sum, |a| u64::from(a.ready)),
    ("loops", Whole::Sum, |a| a.loops),
    ("wake_tasks", Whole::Sum, |a| a.hurried_loops),
    ("wake_signal", Whole::Sum, |a| a.messages),
    ("poll_io", Whole::Sum, |a| a.events),
    ("poll_exp", Whole::Sum, |a| a.timers),
    ("poll_drop_fd", Whole::Sum, |a| a.stale),
    ("poll_skip_fd", Whole::Sum, |_| 0),
    ("stream_calls", Whole::Sum, |a| a.polls),
    ("avg_cpu_pct", Whole::Average, |a| u64::from(a.busy_percent)),
    ("avg_loop_us", Whole::Average, |a| (a.cpu_ns / 1000).checked_div(a.loops).unwrap_or(0)),
    ("accepted", Whole::Sum, |a| a.accepts),
    ("accq_pushed", Whole::Sum, |_| 0),
    ("accq_full", Whole::Sum, |_| 0),
    ("accq_ring", Whole::Sum, |_| 0),
];

impl Survey for Counts {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        note(&self.threads, thread);
    }

    fn tell(&self, query: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        let threads = sorted(&self.threads);
        let uptime_us = query.now_ns.saturating_sub(query.about.started_ns) / 1000;
        let mut text = format!(
            "thread_id: {} (1..{})\ndate_now: {}.{:06}\nuptime_now: {}.{:06}\n",
            threads.len(),
            threads.len(),
            query.wall_us / 1_000_000,
            query.wall_us % 1_000_000,
            uptime_us / 1_000_000,
            uptime_us % 1_000_000,
        );
        for (name, whole, get) in LINES {
            let each: Vec<u64> = threads.iter().map(|(_, activity)| get(activity)).collect();
            let sum: u64 = each.iter().sum();
            let all = if *whole == Whole::Sum { sum } else { sum / (each.len() as u64).max(1) };
            let shown = match self.shown {
                Shown::Thread(number) => each.get(number - 1).copied().unwrap_or(0),
                Shown::Each | Shown::Sum => all,
            };
            // Writing to a string can't fail.
            let _ = write!(text, "{name}: {shown}");
            if self.shown == Shown::Each && each.len() > 1 {
                let each: Vec<String> = each.iter().map(u64::to_string).collect();
                let _ = write!(text, " [ {} ]", each.join(" "));
            }
            text.push('\n');
        }
        out.extend_from_slice(text.as_bytes());
        Told::All
    }
}

/// `show threads`. The thread that answers is marked.
struct Threads(Answers);

impl Survey for Threads {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        note(&self.0, thread);
    }

    fn tell(&self, _: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        let threads = sorted(&self.0);
        let mut text = String::new();
        for (number, (_, a)) in (1..).zip(&threads) {
            let mark = if number == threads.len() { '*' } else { ' ' };
            let active = u8::from(a.ready > 0 || number == threads.len());
            // Writing to a string can't fail.
            let _ = write!(
                text,
                "{mark} Thread {number:<2}: id={:#x} act={active} glob=0 wq={} rq={} tl=0 tlsz=0 rqsz={}\n      \
                 1/{number:<2}   loops={} ctxsw={} stuck=0 prof={} harmless={} isolated=0 locks=0\n             \
                 cpu_ns: poll=0 now={} diff={}\n             curr_task=0\n",
                a.system_id,
                u8::from(a.tasks > 0),
                u8::from(a.ready > 0),
                a.ready,
                a.loops,
                a.polls + a.events,
                u8::from(a.is_profiled),
                u8::from(active == 0),
                a.cpu_ns,
                a.cpu_ns,
            );
        }
        out.extend_from_slice(text.as_bytes());
        Told::All
    }
}

/// `show tasks`: those that are ready to run. Tasks have no names here, so they are told by thread.
struct Tasks(Answers);

impl Survey for Tasks {
    fn ask(&self, _: &World, thread: &dyn Inside) {
        note(&self.0, thread);
    }

    fn tell(&self, _: &Query<'_>, _: u64, out: &mut Vec<u8>) -> Told {
        let threads = sorted(&self.0);
        let ready: u64 = threads.iter().map(|(_, a)| u64::from(a.ready)).sum();
        let polls: u64 = threads.iter().map(|(_, a)| a.polls).sum();
        let mut text = format!("Running tasks: {ready} ({} threads)\n", threads.len());
        text.push_str(
            "  function                     places     %    lat_tot   lat_avg  calls_tot  calls_avg calls%\n",
        );
        for (number, (_, a)) in (1..).zip(&threads).filter(|(_, (_, a))| a.ready > 0) {
            let percent = |part: u64, whole: u64| part as f64 * 100.0 / whole.max(1) as f64;
            let _ = writeln!(
                text,
                "  {:<28} {:>6} {:>5.1}          -         - {:>10} {:>10} {:>6.1}",
                format!("thread {number}"),
                a.ready,
                percent(u64::from(a.ready), ready),
                a.polls,
                a.polls / u64::from(a.tasks).max(1),
                percent(a.polls, polls),
            );
        }
        out.extend_from_slice(text.as_bytes());
        Told::All
    }
}
