//! Opening the listening sockets of a World: one for each thread where the kernel can spread connections over
//! several, a shared one otherwise. All that fail are told of in one go, as HAProxy does.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::{Directive, Loaded, Section, SectionKind};
use engine::cli;
use engine::log::relay;
use engine::thread::Socket;
use net::{Addr, Bound, BoundDgram, DgramOptions, ListenOptions};
use state::frontend::{Bind, BindAddress};
use state::world::StatsSocket;
use state::{Frontend, World};

use crate::argv::Args;
use crate::check;
use crate::passed::Passed;

/// What was opened.
pub(crate) struct Opened {
    /// By thread.
    pub(crate) sockets: Vec<Vec<Socket>>,
    /// Those of the Runtime API.
    pub(crate) cli: Vec<cli::Socket>,
    /// Those of `log-forward` sections.
    pub(crate) relays: Vec<relay::Socket>,
    pub(crate) files: Vec<SocketFile>,
}

/// The file of a unix socket, and what identifies it: another process may have put its own there since.
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Sockets that others opened: inherited ones by their numbers, of which each can be taken over once while several lines
/// may name it, and those that an older process passed on.
#[derive(Default)]
pub(crate) struct Inherited {
    numbered: HashMap<i32, Bound>,
    passed: Passed,
}

impl Inherited {
    pub(crate) fn passed(passed: Passed) -> Self {
        Self { passed, ..Self::default() }
    }

    /// A socket of this address: one that was passed on, or else a new one.
    fn open(&mut self, bind: &Bind, at: &Addr, options: &ListenOptions) -> std::io::Result<Bound> {
        self.passed.open(bind, options).map_or_else(|| Bound::open(at, options), Ok)
    }

    fn get(&mut self, number: i32) -> std::io::Result<Bound> {
        match self.numbered.entry(number) {
            Entry::Occupied(mut taken) => taken.get_mut().share(),
            Entry::Vacant(free) => free.insert(Bound::from_fd(net::inherited(number)?)?).share(),
        }
    }
}

/// Opens all sockets; or gives a sentence for each that could not be opened.
pub(crate) fn open_all(
    world: &World,
    loaded: &Loaded,
    threads: u16,
    reuse_port: bool,
    inherited: &mut Inherited,
) -> Result<Opened, Vec<String>> {
    let mut opened = Opened {
        sockets: (0..threads).map(|_| Vec::new()).collect(),
        cli: Vec::new(),
        relays: Vec::new(),
        files: Vec::new(),
    };
    let mut failures = Vec::new();
    for (position, frontend) in (0u32..).zip(&world.frontends).filter(|(_, f)| !f.disabled) {
        for (number, _) in (0u32..).zip(&frontend.binds) {
            match open_bind(loaded, frontend, number, (threads, reuse_port), inherited) {
                Ok((bounds, file)) => {
                    for (thread, bound) in bounds {
                        if let Some(sockets) = opened.sockets.get_mut(usize::from(thread)) {
                            sockets.push(Socket { bound, frontend: position, bind: number });
                        }
                    }
                    opened.files.extend(file);
                }
                Err(words) => failures.push(words),
            }
        }
    }
    for (number, socket) in (0u32..).zip(&world.global.stats_sockets) {
        match open_api(loaded, number, socket, (reuse_port, &mut *inherited)) {
            Ok((sockets, file)) => {
                opened.cli.extend(sockets);
                opened.files.extend(file);
            }
            Err(words) => failures.push(words),
        }
    }
    open_relays(world, reuse_port, inherited, &mut opened, &mut failures);
    if failures.is_empty() { Ok(opened) } else { Err(failures) }
}

/// Whether each thread has a socket of its own where that can be.
pub(crate) fn reuses_ports(args: &Args, loaded: &Loaded) -> bool {
    !args.no_reuse_port && check::in_global(loaded, "noreuseport").is_none()
}

/// The sockets of an address by thread, and the file if there is one.
pub(crate) type ByThread = (Vec<(u16, Bound)>, Option<SocketFile>);

/// The sockets of an address by thread, and the file if there is one; or a sentence for the user.
pub(crate) fn open_bind(
    loaded: &Loaded,
    frontend: &Frontend,
    number: u32,
    (threads, reuse_port): (u16, bool),
    inherited: &mut Inherited,
) -> Result<ByThread, String> {
    let bind = usize::try_from(number).ok().and_then(|at| frontend.binds.get(at));
    let Some(bind) = bind else { return Ok((Vec::new(), None)) };
    let backlog = frontend.backlog.unwrap_or_else(|| frontend.maxconn.max(BACKLOG));
    let opened = open_one(bind, backlog, threads, reuse_port, inherited);
    let bounds = opened.map_err(|error| failure(loaded, frontend, number, bind, &error))?;
    Ok((bounds, socket_file(bind)))
}

/// The same for an address of the Runtime API, by its number among them.
pub(crate) fn open_api(
    loaded: &Loaded,
    number: u32,
    socket: &StatsSocket,
    (reuse_port, inherited): (bool, &mut Inherited),
) -> Result<(Vec<cli::Socket>, Option<SocketFile>), String> {
    let opened = open_one(&socket.bind, BACKLOG, 1, reuse_port, inherited);
    let bounds = opened.map_err(|error| {
        let place = stats_place(loaded, number).unwrap_or_default();
        sentence(&place, "frontend GLOBAL", &socket.bind, &error)
    })?;
    let sockets = bounds.into_iter().map(|(_, bound)| cli::Socket { bound, of: socket.clone() });
    Ok((sockets.collect(), socket_file(&socket.bind)))
}

/// Opens the sockets of `log-forward` sections.
fn open_relays(
    world: &World,
    reuse_port: bool,
    inherited: &mut Inherited,
    opened: &mut Opened,
    failures: &mut Vec<String>,
) {
    for (position, forward) in (0u32..).zip(&world.log_forwards) {
        let mut failed = |bind: &Bind, error: std::io::Error| {
            failures.push(sentence("", &format!("log forwarder {}", forward.name), bind, &error));
        };
        for (at, bind) in forward.streams.iter().enumerate() {
            match open_one(bind, forward.backlog.unwrap_or(BACKLOG), 1, reuse_port, inherited) {
                Ok(bounds) => {
                    let sockets =
                        bounds.into_iter().map(|(_, bound)| relay::Socket::Stream(bound, position, at));
                    opened.relays.extend(sockets);
                    opened.files.extend(socket_file(bind));
                }
                Err(error) => failed(bind, error),
            }
        }
        for bind in &forward.datagrams {
            match open_dgram(bind, reuse_port) {
                Ok(bound) => {
                    opened.relays.push(relay::Socket::Datagram(bound, position));
                    opened.files.extend(socket_file(bind));
                }
                Err(error) => failed(bind, error),
            }
        }
    }
}

fn open_dgram(bind: &Bind, reuse_port: bool) -> std::io::Result<BoundDgram> {
    let options = DgramOptions {
        reuse_port,
        transparent: bind.transparent,
        interface: bind.interface.as_deref().map(Arc::from),
        ..DgramOptions::default()
    };
    let at = match &bind.address {
        BindAddress::Inet(at) => Addr::from(*at),
        BindAddress::Unix(path) => Addr::unix(path.as_bytes())?,
        BindAddress::Abstract(name) => Addr::abns(name.as_bytes())?,
        BindAddress::Fd(_) => return Err(std::io::ErrorKind::Unsupported.into()),
    };
    BoundDgram::open(&at, &options)
}

/// Connections that wait to be accepted, at least.
const BACKLOG: u32 = 1024;

/// The sockets of one address, with the number of the thread that is to have each. `backlog` is what holds if the
/// address gives none.
fn open_one(
    bind: &Bind,
    backlog: u32,
    threads: u16,
    reuse_port: bool,
    inherited: &mut Inherited,
) -> std::io::Result<Vec<(u16, Bound)>> {
    let options = listen_options(bind, backlog, reuse_port);
    if let Some(name) = &bind.namespace {
        net::namespace::open(name)?;
    }
    let threads: Vec<u16> = (0..threads).filter(|t| threads == 1 || bind.threads.has(t + 1)).collect();
    let shards = usize::from(bind.shards.unwrap_or(u16::MAX)).min(threads.len()).max(1);
    // Threads in a row share a socket.
    let shard = |position: usize| position * shards / threads.len().max(1);
    let mut opened: Vec<(u16, Bound)> = Vec::new();
    for (position, thread) in threads.iter().enumerate() {
        let bound = match (opened.last_mut(), &bind.address) {
            (Some((_, last)), BindAddress::Inet(_))
                if reuse_port && shard(position) != shard(position - 1) =>
            {
                inherited.open(bind, &last.addr(), &options)?
            }
            (Some((_, last)), _) => last.share()?,
            (None, BindAddress::Inet(at)) => inherited.open(bind, &Addr::from(*at), &options)?,
            (None, BindAddress::Unix(path)) => Bound::open(&Addr::unix(path.as_bytes())?, &options)?,
            (None, BindAddress::Abstract(name)) => {
                inherited.open(bind, &Addr::abnsz(name.as_bytes())?, &options)?
            }
            (None, BindAddress::Fd(number)) => inherited.get(*number)?,
        };
        opened.push((*thread, bound));
    }
    Ok(opened)
}

fn listen_options(bind: &Bind, backlog: u32, reuse_port: bool) -> ListenOptions {
    ListenOptions {
        backlog: bind.backlog.unwrap_or(backlog),
        reuse_port,
        v6only: if bind.v6only {
            Some(true)
        } else if bind.v4v6 {
            Some(false)
        } else {
            None
        },
        transparent: bind.transparent,
        interface: bind.interface.as_deref().map(Arc::from),
        mss: bind.mss,
        defer_accept: bind.defer_accept.then_some(DEFER),
        quickack_off: bind.quickack_off,
        fast_open: bind.tfo.then_some(FAST_OPEN_QUEUE),
        user_timeout: bind.user_timeout_ms.map(|ms| Duration::from_millis(u64::from(ms))),
        save_syn: bind.save_syn,
        congestion: bind.congestion.as_deref().map(Arc::from),
        namespace: bind.namespace.as_deref().map(Arc::from),
        mptcp: bind.multipath,
        md5: bind.md5.as_deref().map(Arc::from),
        mode: bind.unix.mode,
        uid: bind.unix.uid,
        gid: bind.unix.gid,
        ..ListenOptions::default()
    }
}

/// The longest a client that sends nothing is kept in the kernel under `defer-accept`.
const DEFER: Duration = Duration::from_secs(1);
/// How many unconfirmed connections `tfo` lets in.
const FAST_OPEN_QUEUE: u32 = 256;

/// HAProxy's sentence about a socket that could not be opened.
fn failure(loaded: &Loaded, frontend: &Frontend, number: u32, bind: &Bind, error: &std::io::Error) -> String {
    let section = loaded
        .sections()
        .find(|s| s.kind().has_frontend() && s.name().is_some_and(|name| name == &*frontend.name));
    let kind = section.map_or("frontend", |s| match s.kind() {
        SectionKind::Listen => "proxy",
        _ => "frontend",
    });
    let place = section.and_then(|s| place(loaded, s, "bind", 1, number)).unwrap_or_default();
    sentence(&place, &format!("{kind} {}", frontend.name), bind, error)
}

fn sentence(place: &str, whose: &str, bind: &Bind, error: &std::io::Error) -> String {
    let why = reason(error);
    let (protocol, what) = match &bind.address {
        BindAddress::Inet(at) => {
            let protocol = match (at.is_ipv4(), bind.multipath) {
                (true, false) => "tcpv4",
                (false, false) => "tcpv6",
                (true, true) => "mptcpv4",
                (false, true) => "mptcpv6",
            };
            // So a kernel says that it has no such protocol.
            let lacks = error.raw_os_error() == Some(rustix::io::Errno::NOPROTOOPT.raw_os_error());
            let what = if bind.multipath && lacks { "create receiving" } else { "bind" };
            (protocol, format!("cannot {what} socket ({why}) for [{}:{}]", at.ip(), at.port()))
        }
        BindAddress::Unix(path) => ("unix_stream", format!("cannot bind UNIX socket ({why}) [{path}]")),
        BindAddress::Abstract(name) => {
            ("abns_stream", format!("cannot bind UNIX socket ({why}) [{}]", abstract_name(name)))
        }
        BindAddress::Fd(fd) => ("fd", format!("cannot use socket ({why}) [fd@{fd}]")),
    };
    format!("Binding {place}for {whose}: protocol {protocol}: {what}.")
}

/// As it was written: a name that fills all the room was filled up.
fn abstract_name(name: &str) -> String {
    let bare = name.trim_end_matches('\0');
    format!("{}@{bare}", if bare.len() == name.len() { "abnsz" } else { "abns" })
}

/// The system's words without Rust's `(os error N)`.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// `[file:line] ` of the `stats socket` line that the address of this number comes from.
fn stats_place(loaded: &Loaded, number: u32) -> Option<String> {
    let mut globals = loaded.sections().filter(|s| s.kind() == SectionKind::Global);
    globals.find_map(|section| place(loaded, section, "stats", 2, number))
}

/// `[file:line] ` of the line with this keyword that the address of this number comes from, which is the word at
/// position `at`.
fn place(loaded: &Loaded, section: Section<'_>, keyword: &str, at: usize, number: u32) -> Option<String> {
    let mut left = number;
    let holds = |line: &Directive<'_>| line.keyword() == keyword && (at == 1 || line.text(1) == b"socket");
    for line in section.directives().filter(holds) {
        let count = line.word(at).map_or(1, |word| addresses_in(&word.lossy()));
        if left < count {
            let (file, line) = loaded.location(line.span());
            return Some(format!("[{file}:{line}] "));
        }
        left -= count;
    }
    None
}

/// How many addresses a `bind` word stands for: commas and port ranges multiply.
fn addresses_in(word: &str) -> u32 {
    let one = |part: &str| {
        let ports = part.rsplit_once(':').and_then(|(_, ports)| ports.split_once('-'));
        let range = ports.and_then(|(low, high)| Some((low.parse::<u16>().ok()?, high.parse::<u16>().ok()?)));
        range.map_or(1, |(low, high)| u32::from(high.saturating_sub(low)) + 1)
    };
    word.split(',').map(one).sum()
}

fn socket_file(bind: &Bind) -> Option<SocketFile> {
    use std::os::unix::fs::MetadataExt as _;
    let BindAddress::Unix(path) = &bind.address else { return None };
    let path = PathBuf::from(&**path);
    let found = std::fs::symlink_metadata(&path).ok()?;
    Some(SocketFile { path, device: found.dev(), inode: found.ino() })
}

impl SocketFile {
    /// Whether it is that of this address.
    pub(crate) fn is_of(&self, bind: &Bind) -> bool {
        matches!(&bind.address, BindAddress::Unix(path) if self.path.as_os_str() == &**path)
    }

    /// Removes the file if it is still this process's socket. One that cannot be reached any more (`chroot`,
    /// another user) stays, as HAProxy's do.
    pub(crate) fn remove(&self) {
        use std::os::unix::fs::MetadataExt as _;
        let own = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if own {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_word_are_counted() {
        for (word, count) in [(":80", 1), (":80,:81", 2), ("[::1]:80-89,/a-b", 11), ("/path:1-x", 1)] {
            assert_eq!(addresses_in(word), count, "{word}");
        }
    }
}
