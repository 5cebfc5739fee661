//! The process as statistics show it: which program it is, since when it runs, and what is measured of it as a whole.
//! Kept up to date by the main thread (`engine`'s `cli`).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::counters::{PerThread, Rate};

/// What is known of the process. Written by the main thread, read by any.
#[derive(Debug)]
pub struct About {
    /// The program: `Name` in `show info`.
    pub name: &'static str,
    /// The version in HAProxy's form.
    pub version: Box<str>,
    /// `2026/11/22`.
    pub release_date: &'static str,
    /// When it began to serve: monotonic nanoseconds, and microseconds since 1970.
    pub started_ns: u64,
    pub started_wall_us: u64,
    /// `-m`; 0 is no limit.
    pub memory_mb: u32,
    /// How many files it may have open.
    pub open_files: u64,
    /// What the process used of the CPUs so far, nanoseconds.
    pub cpu_time_ns: fn() -> u64,
    /// What the program tells of itself and of its machine.
    pub host: Host,
    /// Has tasks timed, or not.
    pub profile: fn(bool),
    /// Asks the kernel about a connection by its descriptor; none where it is no TCP connection.
    pub tcp_facts: fn(i32) -> Option<crate::link::TcpFacts>,
    /// Puts the packet that began a connection of this thread into the buffer, where it was kept (`tcp-ss`).
    pub saved_syn: fn(i32, &mut [u8]) -> Option<usize>,
    /// What the present task took since it began.
    pub effort: fn() -> Effort,
    /// The part of its time that this thread works, in percent.
    pub busy_percent: fn() -> u8,
    /// The same of each thread, as of the last turn of the rates. The last one is the main thread's.
    pub busy: PerThread<AtomicU32>,
    /// It finishes what it has and takes nothing new.
    pub stopping: AtomicBool,
    /// Monotonic nanoseconds of the last turn of all [`Rate`]s.
    pub turned_ns: AtomicU64,
    pub connection_rate: Rate,
    pub bytes_out_rate: Rate,
    /// Of the bytes that compression takes and makes.
    pub compression_rates: [Rate; 2],
    /// Of handshakes of TLS with clients, of those that needed new keys, and of those with servers that did.
    pub tls_rates: [Rate; 3],
    /// How many connections speak TLS, and how many ever did.
    pub tls_connections: fn() -> (u64, u64),
    pub cpu_rate: Rate,
    /// Tasks of each thread's runtime, and those ready to run, as of the last turn. The last one is the main thread's.
    pub tasks: PerThread<AtomicU32>,
    pub ready: PerThread<AtomicU32>,
    /// Pipes that each thread keeps unused, as of the last turn; and how many the process has.
    pub idle_pipes: PerThread<AtomicU32>,
    pub pipes: fn() -> u32,
}

/// Tells of the machine; names by which it can be recognized go through what is given.
pub type Machine = fn(&dyn Fn(&str) -> String) -> String;

/// What the program tells of itself and of the machine it runs on: texts, each line ended.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// What was said while it started.
    pub startup_logs: fn() -> String,
    /// The object files that are loaded, with their addresses.
    pub libraries: fn() -> String,
    /// Version, features, system, identity and limits.
    pub machine: Machine,
    /// How many warnings were said.
    pub warnings: fn() -> u32,
}

impl Host {
    /// One that tells nothing.
    pub const SILENT: Self = Self {
        startup_logs: String::new,
        libraries: String::new,
        machine: |_| String::new(),
        warnings: || 0,
    };
}

/// What a task took of the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// How often it was called.
    pub calls: u32,
    /// Nanoseconds in calls that are over, and between being woken and being called; counted only where tasks are
    /// profiled (`profiling.tasks`).
    pub cpu_ns: u64,
    pub latency_ns: u64,
}

impl About {
    /// Nanoseconds since the last turn of the rates.
    pub fn since_turn(&self, now_ns: u64) -> u64 {
        now_ns.saturating_sub(self.turned_ns.load(Relaxed))
    }

    /// Events a second of something with this rate and this count.
    pub fn per_second(&self, rate: &Rate, total: u64, now_ns: u64) -> u64 {
        rate.per_second(total, self.since_turn(now_ns))
    }

    /// Seconds since the start.
    pub fn uptime_s(&self, now_ns: u64) -> u64 {
        now_ns.saturating_sub(self.started_ns) / 1_000_000_000
    }
}
