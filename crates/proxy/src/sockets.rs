//! Opening the listening sockets of a World: one for each thread where the kernel can spread connections over
//! several, a shared one otherwise. All that fail are told of in one go, as HAProxy does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::{Loaded, Section};
use engine::thread::Socket;
use net::{Addr, Bound, ListenOptions};
use state::frontend::{Bind, BindAddress};
use state::{Frontend, World};

/// What was opened.
pub(crate) struct Opened {
    /// By thread.
    pub(crate) sockets: Vec<Vec<Socket>>,
    pub(crate) files: Vec<SocketFile>,
}

/// The file of a unix socket, and what identifies it: another process may have put its own there since.
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Opens all sockets; or gives a sentence for each that could not be opened.
pub(crate) fn open_all(
    world: &World,
    loaded: &Loaded,
    threads: u16,
    reuse_port: bool,
) -> Result<Opened, Vec<String>> {
    let mut opened = Opened { sockets: (0..threads).map(|_| Vec::new()).collect(), files: Vec::new() };
    let mut failures = Vec::new();
    for (position, frontend) in (0u32..).zip(&world.frontends).filter(|(_, f)| !f.disabled) {
        for (number, bind) in (0u32..).zip(&frontend.binds) {
            match open_one(frontend, bind, threads, reuse_port) {
                Ok(bounds) => {
                    for (sockets, bound) in opened.sockets.iter_mut().zip(bounds) {
                        sockets.push(Socket { bound, frontend: position, bind: number });
                    }
                    opened.files.extend(socket_file(bind));
                }
                Err(error) => failures.push(failure(loaded, frontend, number, bind, &error)),
            }
        }
    }
    if failures.is_empty() { Ok(opened) } else { Err(failures) }
}

/// The sockets of one address, by thread.
fn open_one(frontend: &Frontend, bind: &Bind, threads: u16, reuse_port: bool) -> std::io::Result<Vec<Bound>> {
    let options = ListenOptions {
        backlog: bind.backlog.or(frontend.backlog).unwrap_or_else(|| frontend.maxconn.max(1024)),
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
        fast_open: bind.tfo.then_some(FAST_OPEN_QUEUE),
        mode: bind.unix.mode,
        uid: bind.unix.uid,
        gid: bind.unix.gid,
        ..ListenOptions::default()
    };
    let mut first = match &bind.address {
        BindAddress::Inet(at) => Bound::open(&Addr::from(*at), &options)?,
        BindAddress::Unix(path) => Bound::open(&Addr::unix(path.as_bytes())?, &options)?,
        BindAddress::Abstract(name) => Bound::open(&Addr::abns(name.as_bytes())?, &options)?,
        BindAddress::Fd(number) => Bound::from_fd(net::inherited(*number)?)?,
    };
    let mut others = Vec::new();
    for _ in 1..threads {
        others.push(match &bind.address {
            BindAddress::Inet(_) if reuse_port => Bound::open(&first.addr(), &options)?,
            _ => first.share()?,
        });
    }
    Ok(std::iter::once(first).chain(others).collect())
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
        config::SectionKind::Listen => "proxy",
        _ => "frontend",
    });
    let place = section.and_then(|s| place(loaded, s, number)).unwrap_or_default();
    let (name, why) = (&frontend.name, reason(error));
    let (protocol, what) = match &bind.address {
        BindAddress::Inet(at) => {
            let protocol = if at.is_ipv4() { "tcpv4" } else { "tcpv6" };
            (protocol, format!("cannot bind socket ({why}) for [{}:{}]", at.ip(), at.port()))
        }
        BindAddress::Unix(path) => ("unix_stream", format!("cannot bind UNIX socket ({why}) [{path}]")),
        BindAddress::Abstract(at) => ("abns_stream", format!("cannot bind UNIX socket ({why}) [abns@{at}]")),
        BindAddress::Fd(fd) => ("fd", format!("cannot use socket ({why}) [fd@{fd}]")),
    };
    format!("Binding {place}for {kind} {name}: protocol {protocol}: {what}.")
}

/// The system's words without Rust's `(os error N)`.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// `[file:line] ` of the `bind` line that the address of this number comes from.
fn place(loaded: &Loaded, section: Section<'_>, number: u32) -> Option<String> {
    let mut left = number;
    for line in section.directives().filter(|line| line.keyword() == "bind") {
        let count = line.word(1).map_or(1, |word| addresses_in(&word.lossy()));
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
