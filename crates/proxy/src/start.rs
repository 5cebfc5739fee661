//! From a World to running threads: limits, sockets, the background, privileges, threads.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use config::{Loaded, Source};
use engine::at_work::Crew;
use engine::cli::Program;
use engine::queue::Queues;
use engine::thread::{Socket, Start};
use net::Remote;
use net::background::{Side, Starting};
use net::process::Capability;
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process};
use state::World;
use state::world::Global;

use crate::apply::Stage;
use crate::argv::Args;
use crate::check::{self, Checked};
use crate::master::link;
use crate::memory::Memory;
use crate::passed::Passed;
use crate::sandbox::Sandbox;
use crate::sockets::{self, Opened, reason};
use crate::{say, version};

/// What runs.
pub(crate) struct Running {
    /// What another configuration may change.
    pub(crate) stage: Rc<Stage>,
    pub(crate) threads: Vec<std::thread::JoinHandle<()>>,
    /// The Runtime API, to be served by the main thread.
    pub(crate) cli: Vec<engine::cli::Socket>,
    pub(crate) program: Program,
    /// `-m`.
    pub(crate) memory: Option<Box<Memory>>,
    /// `grace`: how long it goes on after it was asked to stop softly, milliseconds.
    pub(crate) grace_ms: u64,
}

/// What became of starting.
pub(crate) enum Started {
    Running(Running),
    /// This was the parent of a process that went to the background; it ends with this status.
    Parent(u8),
}

/// Opens the sockets and starts the threads. Errors are sentences for the user.
pub(crate) fn start(args: &Args, checked: Checked) -> Result<Started, String> {
    checked.refuse()?;
    let Checked { loaded, sources, world, .. } = checked;
    let binds: usize = world.frontends.iter().filter(|f| !f.disabled).map(|f| f.binds.len()).sum();
    let relays: usize = world.log_forwards.iter().map(|f| f.streams.len() + f.datagrams.len()).sum();
    let listeners = binds + relays + world.global.stats_sockets.len();
    if listeners == 0 {
        return Err(
            "[sluice.main()] No enabled listener found (check for 'bind' directives) ! Exiting.".into()
        );
    }
    let (maxconn, tls) = (world.global.maxconn, world.global.max_tls);
    if world.global.chosen_by_memory {
        say::notice(&format!(
            "Automatically setting global.maxconn to {maxconn} and global.maxsslconn to {tls}."
        ));
    } else if args.maxconn == 0 && args.memory_mb == 0 && check::in_global(&loaded, "maxconn").is_none() {
        say::notice(&format!("Automatically setting global.maxconn to {maxconn}."));
    }
    raise_files(args, &loaded, &world.global, listeners)?;
    let threads = world.global.threads.max(1);
    // Before anybody can connect: who sees it listening may send a signal, which waits until `run` looks.
    net::signals::block().map_err(|e| format!("cannot block signals: {e}"))?;
    let opened = open(args, &world, &loaded, threads)?;
    let pidfile = args.pidfile.as_deref().or(world.global.pidfile.as_deref().map(Path::new));
    let daemon = !args.foreground && !link::is_worker() && (args.daemon || world.global.daemon);
    let pidfile = if daemon { pidfile.map(create).transpose()? } else { None };
    let parent = match daemon.then(net::background::fork).transpose() {
        Ok(Some(Side::Ready)) => return Ok(Started::Parent(0)),
        Ok(Some(Side::Ended { child, status })) => {
            say::alert(&format!("Process {child} exited with code {status} (Exit)"));
            return Ok(Started::Parent(u8::try_from(status).unwrap_or(1)));
        }
        Ok(Some(Side::Child(parent))) => Some(parent),
        Ok(None) => None,
        Err(error) => return Err(format!("[sluice.main()] Cannot fork: {}", reason(&error))),
    };
    if let Some(mut file) = pidfile {
        use std::io::Write as _;
        writeln!(file, "{}", std::process::id()).map_err(|e| format!("Cannot write the pidfile: {e}"))?;
    }
    serve(args, (loaded, sources), world, opened, parent).map(Started::Running)
}

/// `maxpipes`, `tune.pipesize`.
fn limit_pipes(global: &Global) {
    let size = usize::try_from(global.pipe_size).ok().filter(|size| *size > 0);
    net::limit_pipes(global.max_pipes, size);
}

/// The part in the process that stays.
fn serve(
    args: &Args,
    (loaded, sources): (Loaded, Vec<Source>),
    mut world: World,
    opened: Opened,
    parent: Option<Starting>,
) -> Result<Running, String> {
    // Reads the zone's file while it can be reached.
    crate::run::keep_zone(&world);
    // Likewise.
    let memory = Memory::new(args.memory_mb)?;
    // Others' processes may only be signalled while the right to do so is there.
    let drops = world.global.uid.is_some();
    world.global.pid = std::process::id();
    if drops {
        replace(args);
    }
    drop_privileges(&world.global)?;
    for lack in Sandbox::of(&world, &loaded).enter() {
        say::warning(&format!("'sandbox on': {lack}"));
    }
    let dumpable = check::in_global(&loaded, "set-dumpable");
    if dumpable.is_some_and(|line| !line.negated() && line.text(1) != b"off") {
        net::process::allow_core().map_err(|e| format!("cannot allow core dumps: {}", reason(&e)))?;
    }
    net::process::malloc_trim();
    limit_pipes(&world.global);
    net::profile(world.global.profile_tasks);
    world.process.starting.store(true, Relaxed);
    let mut program = version::program();
    program.memory_mb = u32::try_from(args.memory_mb).unwrap_or(u32::MAX);
    engine::cli::introduce(&world, &program, opened.sockets.len());
    let grace_ms = check::in_global(&loaded, "grace")
        .and_then(|line| plan::compile::duration_ms(line.word(1)?.str()?))
        .unwrap_or(0);
    let world = Arc::new(world);
    let Spawned { threads, remotes, crew } = spawn(&world, opened.sockets, opened.relays)?;
    let stage = Stage::new(args.clone(), world, (loaded, sources), crew, remotes, opened.files);
    let running = Running {
        stage: Rc::new(stage),
        threads,
        cli: opened.cli,
        program,
        memory: memory.map(Box::new),
        grace_ms,
    };
    if !drops {
        replace(args);
    }
    if let Some(parent) = parent {
        parent.ready().map_err(|e| format!("cannot leave the terminal: {e}"))?;
    }
    Ok(running)
}

/// Files beside those of connections, for each thread: polling, a bell, pipes.
const FILES_A_THREAD: u64 = 16;

/// Makes room for the files that the connections need. Where the numbers were asked for, less is an error.
fn raise_files(args: &Args, loaded: &Loaded, global: &Global, listeners: usize) -> Result<(), String> {
    let threads = u64::from(global.threads.max(1));
    let own = 64 + threads * (FILES_A_THREAD + listeners as u64);
    let needed = u64::from(global.maxconn) * 2 + own;
    let want = global.open_files.map_or(needed, u64::from);
    let reached = net::process::raise_nofile(want);
    let asked =
        args.maxconn > 0 || global.open_files.is_some() || check::in_global(loaded, "maxconn").is_some();
    if reached >= want || !asked {
        return Ok(());
    }
    let hard = getrlimit(Resource::Nofile).maximum.map_or("unlimited".to_owned(), |n| n.to_string());
    let words = format!(
        "[sluice.main()] Cannot raise FD limit to {want}, current limit is {reached} and hard limit is \
         {hard}. You may prefer to let it be adjusted by itself; for this, please just drop any 'maxconn' \
         and 'ulimit-n' from the global section."
    );
    if check::in_global(loaded, "strict-limits").is_none_or(|line| !line.negated()) {
        return Err(words);
    }
    say::warning(&words);
    Ok(())
}

/// How often a socket that an older process still holds is tried again, and how long between two tries.
const TRIES: u32 = 50;
const BETWEEN_TRIES: std::time::Duration = std::time::Duration::from_millis(20);

/// Opens all sockets. Older processes that are to be replaced are asked to let go of theirs if need be.
fn open(args: &Args, world: &World, loaded: &Loaded, threads: u16) -> Result<Opened, String> {
    let reuse_port = sockets::reuses_ports(args, loaded);
    let mut inherited = sockets::Inherited::passed(passed(args)?);
    let mut attempt = || sockets::open_all(world, loaded, threads, reuse_port, &mut inherited);
    let mut result = attempt();
    let older = !(args.finish.is_empty() && args.terminate.is_empty());
    if result.is_err() && older {
        let all = || args.finish.iter().chain(&args.terminate);
        all().for_each(|pid| send(*pid, Signal::TTOU));
        for _ in 0..TRIES {
            std::thread::sleep(BETWEEN_TRIES);
            result = attempt();
            if result.is_ok() {
                break;
            }
        }
        if result.is_err() {
            all().for_each(|pid| send(*pid, Signal::TTIN));
        }
    }
    result.map_err(|failures| {
        failures.iter().for_each(|words| say::alert(words));
        "[sluice.main()] Some protocols failed to start their listeners! Exiting.".to_owned()
    })
}

/// Not a socket: "don't", in the manual's words.
pub(crate) const NOBODY: &str = "/dev/null";

/// The sockets of an older process, where there is one to ask. Its absence is an error only where the user named it.
fn passed(args: &Args) -> Result<Passed, String> {
    let named = args.sockets_of.as_deref();
    if named == Some(Path::new(NOBODY)) {
        return Ok(Passed::default());
    }
    if let Some(path) = named {
        return Passed::from(path).map_err(|_| {
            say::warning(&format!("Failed to connect to the old process socket '{}'", path.display()));
            "Failed to get the sockets from the old process!".to_owned()
        });
    }
    // A worker before this one that doesn't answer is no hindrance: new sockets are opened beside its own.
    Ok(link::predecessor().and_then(|line| Passed::over(line).ok()).unwrap_or_default())
}

/// Tells the processes of `-sf` and `-st` that this one serves.
fn replace(args: &Args) {
    args.finish.iter().for_each(|pid| send(*pid, Signal::USR1));
    args.terminate.iter().for_each(|pid| send(*pid, Signal::TERM));
}

/// A process that is gone needs no signal.
fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The rights of a file that others read.
const PIDFILE_MODE: u32 = 0o644;

fn create(path: &Path) -> Result<std::fs::File, String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(PIDFILE_MODE);
    options.open(path).map_err(|_| format!("[sluice.main()] Cannot create pidfile {}", path.display()))
}

/// `chroot`, then the group, then the user: each needs the rights that the next gives up.
fn drop_privileges(global: &Global) -> Result<(), String> {
    if let Some(root) = &global.chroot {
        let failed = |_| format!("[sluice.main()] Cannot chroot({root}).");
        match root.as_str() {
            "auto" => net::process::chroot_nowhere().map_err(failed)?,
            _ => net::process::chroot(Path::new(root)).map_err(failed)?,
        }
    }
    if let Some(gid) = global.gid.filter(|gid| *gid != 0) {
        net::process::set_gid(gid).map_err(|_| format!("[sluice.main()] Cannot set gid {gid}."))?;
    }
    let kept: Vec<_> = global.capabilities.iter().filter_map(|name| Capability::named(name)).collect();
    let failed =
        |_| format!("[sluice.main()] Failed to set capabilities ({}).", global.capabilities.join(","));
    if let Some(uid) = global.uid.filter(|uid| *uid != 0) {
        if !kept.is_empty() {
            net::process::keep_rights().map_err(failed)?;
        }
        net::process::set_uid(uid).map_err(|_| format!("[sluice.main()] Cannot set uid {uid}."))?;
    }
    // The superuser has them all and loses none.
    if !kept.is_empty() && net::process::uid() != 0 {
        net::process::keep_only(&kept).map_err(failed)?;
    }
    Ok(())
}

/// The threads that serve traffic.
struct Spawned {
    threads: Vec<std::thread::JoinHandle<()>>,
    remotes: Vec<Remote>,
    crew: Arc<Crew>,
}

fn spawn(
    world: &Arc<World>,
    sockets: Vec<Vec<Socket>>,
    mut relays: Vec<engine::log::relay::Socket>,
) -> Result<Spawned, String> {
    let queues = Arc::new(Queues::default());
    let crew = Arc::new(Crew::default());
    let (ready, remotes) = std::sync::mpsc::channel();
    let mut threads = Vec::new();
    let count = sockets.len();
    for (number, sockets) in (0u16..).zip(sockets) {
        let start = Start {
            number,
            world: Arc::clone(world),
            queues: Arc::clone(&queues),
            crew: Arc::clone(&crew),
            sockets,
            // They are few and cheap: one thread serves them all.
            relays: std::mem::take(&mut relays),
            seed: seed(number),
        };
        let ready = ready.clone();
        let cpus = world.global.cpu_map.iter().find(|(n, _)| *n == number).map(|(_, cpus)| cpus.clone());
        let name = format!("sluice/{number}");
        let handle = net::thread::spawn(&name, cpus, move |bound| traffic(start, &ready, bound));
        threads.push(handle.map_err(|e| format!("cannot start thread {number}: {e}"))?);
    }
    drop(ready);
    let remotes: Vec<Remote> = remotes.iter().take(count).collect();
    if remotes.len() < count {
        return Err("a thread could not be started".into());
    }
    Ok(Spawned { threads, remotes, crew })
}

/// What a traffic thread does.
fn traffic(start: Start, ready: &std::sync::mpsc::Sender<Remote>, bound: std::io::Result<()>) {
    let number = start.number;
    if let Err(error) = bound {
        say::warning(&format!("thread {number}: cannot bind to its CPUs: {error}"));
    }
    match net::Runtime::new() {
        Ok(mut runtime) => {
            start.crew.join(number, runtime.remote());
            let _ = ready.send(runtime.remote());
            if let Err(error) = runtime.run(engine::thread::run(start)) {
                say::alert(&format!("thread {number}: {error}"));
            }
        }
        Err(error) => say::alert(&format!("thread {number}: {error}")),
    }
}

fn seed(number: u16) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u16(number);
    hasher.finish()
}
