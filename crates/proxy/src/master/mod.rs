//! `-W`, `-Ws` (management manual 4): a master that starts workers, hears signals on their behalf, replaces them, and
//! ends when they do. It reads no configuration and serves no traffic. Workers are this same program, with a line to
//! their master ([`link`]).

mod address;
mod cli;
pub(crate) mod link;
mod notify;

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::rc::Rc;

use net::{Child, Signal, Sock, TaskId, Time};
use rustix::io::FdFlags;
use rustix::process::{Pid, kill_process};

use crate::argv::Args;
use crate::say;
use crate::start::NOBODY;

pub(crate) use self::cli::COMMANDS;

/// How a worker stands to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Current,
    Old,
}

/// A worker, while it runs.
#[derive(Debug)]
struct Worker {
    pid: u32,
    began: Time,
    reloads: Cell<u32>,
    state: Cell<State>,
    /// The line to it.
    line: UnixStream,
    /// What it said of itself when it was ready.
    said: Cell<link::Traits>,
}

/// The master.
#[derive(Debug)]
struct Master {
    program: PathBuf,
    /// What workers are started with.
    words: Vec<OsString>,
    systemd: bool,
    /// `-x`: whom the first worker asks for its sockets.
    sockets_of: Option<PathBuf>,
    began: Time,
    workers: RefCell<Vec<Rc<Worker>>>,
    reloads: Cell<u32>,
    failed: Cell<u32>,
    /// What was said while the last worker started.
    logs: RefCell<String>,
    /// A worker is being started.
    busy: Cell<bool>,
    /// A reload was asked for while a worker was being started.
    again: Cell<bool>,
    /// Nothing is started any more.
    stopping: Cell<bool>,
    /// The status to end with, once it is time.
    end: Cell<Option<u8>>,
    root: Cell<Option<TaskId>>,
}

/// Runs a master until all of its workers are gone.
pub(crate) fn start(args: &Args, words: &[OsString]) -> ExitCode {
    let words = crate::argv::of_workers(words);
    let status = net::signals::block()
        .and_then(|()| std::env::current_exe())
        .and_then(|program| net::Runtime::new()?.run(supervise(args, program, &words)));
    match status {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            say::alert(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn supervise(args: &Args, program: PathBuf, words: &[OsString]) -> std::io::Result<u8> {
    let master = Rc::new(Master {
        program,
        words: words.to_vec(),
        systemd: args.master == Some(crate::argv::Mastery::Systemd),
        sockets_of: args.sockets_of.clone(),
        began: net::now(),
        workers: RefCell::default(),
        reloads: Cell::new(0),
        failed: Cell::new(0),
        logs: RefCell::default(),
        busy: Cell::new(false),
        again: Cell::new(false),
        stopping: Cell::new(false),
        end: Cell::new(None),
        root: Cell::new(net::current_task()),
    });
    if let Some(path) = &args.pidfile {
        std::fs::write(path, format!("{}\n", std::process::id()))?;
    }
    // Before any worker: they must not inherit what clients of the master connect to.
    for socket in &args.master_sockets {
        cli::open(&master, socket)?;
    }
    net::spawn(hear(Rc::clone(&master), net::Signals::new()?));
    if !master.start(&args.finish, &args.terminate).await {
        return Ok(1);
    }
    master.tell_ready();
    loop {
        if let Some(status) = master.end.get() {
            return Ok(status);
        }
        net::wait(|w| {
            w.notified();
        })
        .await;
    }
}

async fn hear(master: Rc<Master>, signals: net::Signals) {
    while let Ok(signal) = signals.next().await {
        match signal {
            Signal::Term => master.stop(rustix::process::Signal::TERM),
            Signal::Int => master.stop(rustix::process::Signal::INT),
            Signal::Usr1 => master.stop(rustix::process::Signal::USR1),
            Signal::Usr2 | Signal::Hup if master.busy.get() => master.again.set(true),
            Signal::Usr2 | Signal::Hup => {
                let master = Rc::clone(&master);
                net::spawn(async move {
                    master.reload(false).await;
                    // What was asked for meanwhile may be about a file that had been read already.
                    while master.again.take() {
                        master.reload(false).await;
                    }
                });
            }
            Signal::Quit | Signal::Child | Signal::TtyIn | Signal::TtyOut => {}
        }
    }
}

impl Master {
    /// Says something, and keeps it with what was said at the last start.
    fn notice(&self, words: &str) {
        say::notice(words);
        let tag = config::Severity::Notice.tag();
        self.logs.borrow_mut().push_str(&format!("{tag} ({}) : {words}\n", std::process::id()));
    }

    fn warn(&self, words: &str) {
        say::warning(words);
        let tag = config::Severity::Warning.tag();
        self.logs.borrow_mut().push_str(&format!("{tag} ({}) : {words}\n", std::process::id()));
    }

    /// Tells systemd, where it listens.
    fn tell(&self, words: &str) {
        if self.systemd {
            notify::send(words);
        }
    }

    fn tell_ready(&self) {
        self.tell(&format!("READY=1\nMAINPID={}\nSTATUS=Ready.\n", std::process::id()));
    }

    fn current(&self) -> Option<Rc<Worker>> {
        self.workers.borrow().iter().find(|w| w.state.get() == State::Current).map(Rc::clone)
    }

    /// The worker that a prefix of a command names: `@1` or `@!pid`.
    fn named(&self, prefix: &str) -> Option<Rc<Worker>> {
        match prefix.strip_prefix('!') {
            Some(pid) => {
                let pid: u32 = pid.parse().ok()?;
                self.workers.borrow().iter().find(|w| w.pid == pid).map(Rc::clone)
            }
            None if prefix == "1" => self.current(),
            None => None,
        }
    }

    /// Ends all workers, softly or not, and then itself.
    fn stop(&self, signal: rustix::process::Signal) {
        self.stopping.set(true);
        self.tell("STOPPING=1\n");
        for worker in &*self.workers.borrow() {
            worker.signal(signal);
        }
    }

    /// Has the configuration read again: by the worker in force where it is to do so and can, else by a new worker, which
    /// has the others finish, or ends them (`hard`).
    async fn reload(self: &Rc<Self>, hard: bool) -> bool {
        if self.stopping.get() || self.busy.get() {
            return false;
        }
        let now_us = net::now().as_nanos() / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={now_us}\nSTATUS=Reloading Configuration.\n"));
        say::notice(if hard { "Reloading (hard-reload)" } else { "Reloading" });
        self.reloads.set(self.reloads.get() + 1);
        let live = match self.current().filter(|worker| !hard && worker.said.get().applies) {
            Some(worker) => cli::apply(&worker).await,
            None => cli::Applied::Cannot,
        };
        let success = match live {
            cli::Applied::Done(words) => {
                *self.logs.borrow_mut() = words;
                true
            }
            cli::Applied::Wrong(words) => {
                *self.logs.borrow_mut() = words;
                false
            }
            cli::Applied::Cannot => {
                let running: Vec<u32> = self.workers.borrow().iter().map(|w| w.pid).collect();
                if hard { self.start(&[], &running).await } else { self.start(&running, &[]).await }
            }
        };
        self.failed.set(if success { 0 } else { self.failed.get() + 1 });
        if success {
            self.tell_ready();
        } else {
            self.tell("READY=1\nSTATUS=Reload failed!\n");
        }
        success
    }

    /// Starts a worker that has others finish or ends them once it serves; whether it does.
    async fn start(self: &Rc<Self>, finish: &[u32], terminate: &[u32]) -> bool {
        self.busy.set(true);
        self.logs.borrow_mut().clear();
        let begun = self.begin(finish, terminate);
        let success = match begun {
            Ok((worker, sock, child)) => {
                self.notice(&format!("Initializing new worker ({})", worker.pid));
                self.workers.borrow_mut().push(Rc::clone(&worker));
                let report = link::report(&sock).await;
                self.logs.borrow_mut().push_str(&report.logs);
                net::spawn(watch(Rc::clone(self), Rc::clone(&worker), child));
                report.traits.inspect(|said| self.promote(&worker, *said)).is_some()
            }
            Err(error) => {
                self.warn(&format!("Failed to start a worker: {error}"));
                false
            }
        };
        self.busy.set(false);
        success
    }

    fn begin(&self, finish: &[u32], terminate: &[u32]) -> std::io::Result<(Rc<Worker>, Sock, Child)> {
        let (ours, theirs) = UnixStream::pair()?;
        rustix::io::fcntl_setfd(&theirs, FdFlags::empty())?;
        let mut command = Command::new(&self.program);
        for (option, pids) in [("-sf", finish), ("-st", terminate)] {
            if !pids.is_empty() {
                command.arg(option).args(pids.iter().map(u32::to_string));
            }
        }
        // Where the user says so, workers open their sockets themselves.
        let alone = self.sockets_of.as_deref() == Some(Path::new(NOBODY));
        if let Some(path) = self.sockets_of.as_ref().filter(|_| self.current().is_none()) {
            command.arg("-x").arg(path);
        }
        command.args(&self.words);
        link::hand_over(&mut command, &theirs);
        let before = self.current().filter(|_| !alone).and_then(|worker| worker.call().ok());
        if let Some(line) = &before {
            rustix::io::fcntl_setfd(line, FdFlags::empty())?;
        }
        link::introduce(&mut command, before.as_ref());
        let child = Child::start(command)?;
        let sock = Sock::from_fd(ours.try_clone()?.into())?;
        let worker = Worker {
            pid: child.id(),
            began: net::now(),
            reloads: Cell::new(0),
            state: Cell::new(State::Starting),
            line: ours,
            said: Cell::default(),
        };
        Ok((Rc::new(worker), sock, child))
    }

    /// A worker serves: it is the current one now. Those that outlived too many reloads are ended.
    fn promote(&self, worker: &Worker, said: link::Traits) {
        for other in self.workers.borrow().iter().filter(|other| other.pid != worker.pid) {
            other.state.set(State::Old);
            other.reloads.set(other.reloads.get() + 1);
            if said.max_reloads.is_some_and(|most| other.reloads.get() > most) {
                other.signal(rustix::process::Signal::TERM);
            }
        }
        worker.state.set(State::Current);
        worker.said.set(said);
        self.notice("Loading success.");
    }

    /// A worker ended.
    fn ended(&self, worker: &Worker, status: ExitStatus) {
        use std::os::unix::process::ExitStatusExt as _;
        self.workers.borrow_mut().retain(|other| other.pid != worker.pid);
        let (code, how) = match status.signal() {
            Some(signal) => (128 + signal, signal_name(signal)),
            None => (status.code().unwrap_or(1), "Exit"),
        };
        let what = format!("worker ({}) exited with code {code} ({how})", worker.pid);
        match worker.state.get() {
            State::Starting => self.warn(&format!("Failed to load {what}")),
            State::Old => self.warn(&format!("Former {what}")),
            State::Current => {
                say::alert(&format!("Current {what}"));
                if !self.stopping.get() {
                    say::alert("exit-on-failure: killing every processes with SIGTERM");
                    self.end_with(u8::try_from(code).unwrap_or(1));
                    return;
                }
            }
        }
        if self.workers.borrow().is_empty() {
            // To end by SIGTERM is what was asked for.
            let code = if self.stopping.get() && code == 143 { 0 } else { code };
            self.end_with(u8::try_from(code).unwrap_or(1));
        }
    }

    fn end_with(&self, status: u8) {
        if self.end.get().is_some() {
            return;
        }
        for worker in &*self.workers.borrow() {
            worker.signal(rustix::process::Signal::TERM);
        }
        say::warning(&format!("All workers exited. Exiting... ({status})"));
        self.end.set(Some(status));
        if let Some(root) = self.root.get() {
            root.notify();
        }
    }
}

impl Worker {
    /// A line to its Runtime API, as a client of the master's socket has one.
    fn call(&self) -> std::io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        net::fd_pass::send(&self.line, b"c", &[theirs.as_fd()])?;
        Ok(ours)
    }

    /// One that is gone needs no signal.
    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// How long it takes until a worker that is being started is looked at again.
const A_MOMENT: std::time::Duration = std::time::Duration::from_millis(5);

/// Waits for the end of a worker.
async fn watch(master: Rc<Master>, worker: Rc<Worker>, child: Child) {
    if let Ok(status) = child.end().await {
        // The worker that is being started has told it to finish, and may not have told yet that it serves.
        while master.busy.get() && worker.state.get() == State::Current {
            net::sleep(A_MOMENT).await;
        }
        master.ended(&worker, status);
    }
}

/// The system's word for a signal that ends processes.
const fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => "Hangup",
        2 => "Interrupt",
        4 => "Illegal instruction",
        6 => "Aborted",
        7 => "Bus error",
        9 => "Killed",
        11 => "Segmentation fault",
        13 => "Broken pipe",
        15 => "Terminated",
        _ => "Signal",
    }
}
