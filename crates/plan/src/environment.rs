//! What building a World may ask of the machine: names of hosts and users, files, numbers. All of it stands behind
//! closures, so that the rest of the crate is a pure function and tests decide what the machine says.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use sample::Owned;

/// Looks up the addresses of a host name, best first; empty if there is none.
pub type Resolve = Box<dyn Fn(&str) -> Vec<IpAddr>>;
/// Reads a whole file.
pub type ReadFile = Box<dyn Fn(&str) -> io::Result<Vec<u8>>>;
/// The names in a directory, in any order.
pub type List = Box<dyn Fn(&str) -> io::Result<Vec<String>>>;
/// A number for a name (user or group).
pub type NameToId = Box<dyn Fn(&str) -> Option<u32>>;

/// The machine as configuration building sees it.
pub struct Environment {
    /// Processors that may be used: the number of threads when `nbthread` says nothing.
    pub threads: u16,
    /// The machine's name.
    pub hostname: Box<str>,
    /// How many files the process may open (soft limit), for the automatic `maxconn`.
    pub open_files: u32,
    /// `-m`: megabytes that the process may use; 0: any number.
    pub memory_mb: u32,
    /// `-dr`: servers whose name nobody knows wait for it, instead of being an error.
    pub skip_unresolved: bool,
    /// `-dV`: servers' certificates are not verified unless a line says so.
    pub trust_servers: bool,
    /// Whether the process may raise that limit.
    pub privileged: bool,
    /// Microseconds since 1970: the time that `set-var` lines read.
    pub wall_us: u64,
    /// Variables that the process has already, by name, without `proc.`: `set-var` lines may read them.
    pub variables: Vec<(Box<str>, Owned)>,
    pub resolve: Resolve,
    pub read_file: ReadFile,
    pub list: List,
    pub user: NameToId,
    pub group: NameToId,
}

/// The largest file that a configuration may name.
const MAX_FILE_BYTES: u64 = 256 << 20;

impl Environment {
    /// This machine. The caller gives what needs system calls of its own.
    pub fn system(hostname: &str, threads: u16, open_files: u32, privileged: bool) -> Self {
        Self {
            threads,
            hostname: hostname.into(),
            open_files,
            memory_mb: 0,
            skip_unresolved: false,
            trust_servers: false,
            privileged,
            wall_us: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX)),
            variables: Vec::new(),
            resolve: Box::new(|name| {
                (name, 0u16).to_socket_addrs().map(|all| all.map(|a| a.ip()).collect()).unwrap_or_default()
            }),
            read_file: Box::new(read_file),
            list: Box::new(|path| {
                let names =
                    std::fs::read_dir(path)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                Ok(names.collect())
            }),
            user: Box::new(|name| known_id("/etc/passwd", name)),
            group: Box::new(|name| known_id("/etc/group", name)),
        }
    }

    /// A machine that knows nothing: one thread, no files, no names.
    pub fn empty() -> Self {
        Self {
            threads: 1,
            hostname: "localhost".into(),
            open_files: 20_000,
            memory_mb: 0,
            skip_unresolved: false,
            trust_servers: false,
            privileged: false,
            wall_us: 0,
            variables: Vec::new(),
            resolve: Box::new(|_| Vec::new()),
            read_file: Box::new(|_| Err(io::ErrorKind::NotFound.into())),
            list: Box::new(|_| Err(io::ErrorKind::NotFound.into())),
            user: Box::new(|_| None),
            group: Box::new(|_| None),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("threads", &self.threads).finish_non_exhaustive()
    }
}

fn read_file(path: &str) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut content = Vec::new();
    let read = std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
    if read as u64 > MAX_FILE_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// The number in the third column of a file like `/etc/passwd`.
/// The number of a name. One that was found once is remembered: in a `chroot` the file isn't seen any more.
fn known_id(file: &'static str, name: &str) -> Option<u32> {
    static KNOWN: Mutex<BTreeMap<(&str, String), u32>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (file, name.to_owned());
    match id_in(file, name) {
        Some(id) => {
            known.insert(key, id);
            Some(id)
        }
        None => known.get(&key).copied(),
    }
}

fn id_in(file: &str, name: &str) -> Option<u32> {
    let content = read_file(file).ok()?;
    String::from_utf8_lossy(&content).lines().find_map(|line| {
        let mut columns = line.split(':');
        (columns.next()? == name).then(|| columns.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_knows_root() {
        let system = Environment::system("here", 1, 1024, false);
        assert_eq!((system.user)("root"), Some(0));
        assert_eq!((system.group)("no such group"), None);
        assert_eq!((system.resolve)("127.0.0.1"), [IpAddr::from([127, 0, 0, 1])]);
    }
}
