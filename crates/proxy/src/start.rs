//! From a World to running threads: limits, sockets, privileges, threads.

use std::sync::Arc;

use engine::queue::Queues;
use engine::thread::{Socket, Start};
use net::{Addr, Bound, ListenOptions, Remote};
use state::frontend::{Bind, BindAddress};
use state::{Frontend, World};

use crate::argv::Args;
use crate::check::Checked;

/// What runs.
pub struct Running {
    pub world: Arc<World>,
    pub remotes: Vec<Remote>,
    pub threads: Vec<std::thread::JoinHandle<()>>,
}

/// Opens the sockets and starts the threads. Errors are sentences for the user.
pub fn start(args: &Args, checked: Checked) -> Result<Running, String> {
    let pid = std::process::id();
    if !checked.unserved().is_empty() {
        for reason in checked.unserved() {
            eprint!("{}", reason.render(&checked.loaded, pid));
        }
        return Err("config : this configuration needs what this version does not run; it is not started.".into());
    }
    let Checked { loaded, built } = checked;
    let mut world = built.world.ok_or("config : no configuration to run")?;
    drop(loaded);
    if let Some(maxconn) = args.maxconn {
        world.global.maxconn = maxconn;
    }
    net::process::raise_nofile(u64::from(world.global.maxconn).saturating_mul(2) + 1024);
    net::process::malloc_trim();
    let threads = world.global.threads.max(1);
    let sockets = open_all(&world, threads)?;
    net::signals::block().map_err(|e| format!("cannot block signals: {e}"))?;
    spawn(Arc::new(world), sockets)
}

/// The sockets of each thread: an own one where the kernel can spread connections, a shared one otherwise.
fn open_all(world: &World, threads: u16) -> Result<Vec<Vec<Socket>>, String> {
    let mut all: Vec<Vec<Socket>> = (0..threads).map(|_| Vec::new()).collect();
    for (position, frontend) in (0u32..).zip(&world.frontends) {
        if frontend.disabled {
            continue;
        }
        for (number, bind) in (0u32..).zip(&frontend.binds) {
            let mut first: Option<Bound> = None;
            for sockets in &mut all {
                let bound = open(frontend, bind, first.as_mut()).map_err(|e| {
                    format!("Binding for proxy {}: cannot bind socket ({e}) for [{}]", frontend.name, label(bind))
                })?;
                match &mut first {
                    None => first = Some(bound),
                    Some(_) => sockets.push(Socket { bound, frontend: position, bind: number }),
                }
            }
            if let (Some(bound), Some(sockets)) = (first, all.first_mut()) {
                sockets.push(Socket { bound, frontend: position, bind: number });
            }
        }
    }
    Ok(all)
}

fn open(frontend: &Frontend, bind: &Bind, first: Option<&mut Bound>) -> std::io::Result<Bound> {
    let options = ListenOptions {
        backlog: bind.backlog.or(frontend.backlog).unwrap_or_else(|| frontend.maxconn.max(1024)),
        reuse_port: true,
        v6only: if bind.v6only { Some(true) } else if bind.v4v6 { Some(false) } else { None },
        transparent: bind.transparent,
        interface: bind.interface.as_deref().map(Arc::from),
        mss: bind.mss,
        mode: bind.unix.mode,
        uid: bind.unix.uid,
        gid: bind.unix.gid,
        ..ListenOptions::default()
    };
    match (&bind.address, first) {
        (BindAddress::Inet(at), _) => Bound::open(&Addr::from(*at), &options),
        (_, Some(first)) => first.share(),
        (BindAddress::Unix(path), None) => Bound::open(&Addr::unix(path.as_bytes())?, &options),
        (BindAddress::Abstract(name), None) => Bound::open(&Addr::abns(name.as_bytes())?, &options),
        (BindAddress::Fd(number), None) => Bound::from_fd(net::inherited(*number)?),
    }
}

fn label(bind: &Bind) -> String {
    match &bind.address {
        BindAddress::Inet(at) => at.to_string(),
        BindAddress::Unix(path) => path.to_string(),
        BindAddress::Abstract(name) => format!("abns@{name}"),
        BindAddress::Fd(number) => format!("fd@{number}"),
    }
}

fn spawn(world: Arc<World>, sockets: Vec<Vec<Socket>>) -> Result<Running, String> {
    let queues = Arc::new(Queues::default());
    let (ready, remotes) = std::sync::mpsc::channel();
    let mut threads = Vec::new();
    let count = sockets.len();
    for (number, sockets) in (0u16..).zip(sockets) {
        let start = Start {
            number,
            world: Arc::clone(&world),
            queues: Arc::clone(&queues),
            sockets,
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
    Ok(Running { world, remotes, threads })
}

/// What a traffic thread does.
fn traffic(start: Start, ready: &std::sync::mpsc::Sender<Remote>, bound: std::io::Result<()>) {
    let number = start.number;
    if let Err(error) = bound {
        eprintln!("[WARNING]  ({}) : thread {number}: cannot bind to its CPUs: {error}", std::process::id());
    }
    match net::Runtime::new() {
        Ok(mut runtime) => {
            let _ = ready.send(runtime.remote());
            if let Err(error) = runtime.run(engine::thread::run(start)) {
                eprintln!("[ALERT]    ({}) : thread {number}: {error}", std::process::id());
            }
        }
        Err(error) => eprintln!("[ALERT]    ({}) : thread {number}: {error}", std::process::id()),
    }
}

fn seed(number: u16) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u16(number);
    hasher.finish()
}
