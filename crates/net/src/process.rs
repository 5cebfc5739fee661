//! What a process does to itself at start-up: limits, user, root directory. Knows nothing of configuration
//! (nor of going to the background: `background` does). All of it belongs before the first thread is started,
//! but for [`malloc_trim`].

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The process's id.
pub fn pid() -> u32 {
    std::process::id()
}

/// The soft limit of open descriptors; `None` without one.
pub fn nofile() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the soft limit of open descriptors to `want`, and the hard one when it is lower and may be raised;
/// gives the limit reached, which may be less. Never lowers a limit.
pub fn raise_nofile(want: u64) -> u64 {
    raise(Resource::Nofile, want)
}

/// Raises the soft limit of the memory lock likewise, in bytes.
pub fn raise_memlock(want: u64) -> u64 {
    raise(Resource::Memlock, want)
}

/// Lets the process dump core without limit (`set-dumpable`); gives whether that's allowed.
pub fn allow_core() -> io::Result<()> {
    let unlimited = Rlimit { current: None, maximum: getrlimit(Resource::Core).maximum };
    setrlimit(Resource::Core, unlimited)?;
    Ok(rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable)?)
}

/// Gives freed memory back to the system, after a configuration was loaded or dropped. Nothing where the C
/// library isn't glibc.
pub fn malloc_trim() {
    #[cfg(target_env = "gnu")]
    #[allow(unsafe_code, reason = "a function of glibc")]
    // SAFETY: malloc_trim may be called at any time from any thread and takes no pointer.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Makes `to` the root directory and goes into it (`chroot`).
pub fn chroot(to: &Path) -> io::Result<()> {
    rustix::process::chroot(to)?;
    Ok(rustix::process::chdir("/")?)
}

/// Sets the group of the whole process and drops all others.
pub fn set_gid(gid: u32) -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        set_groups(&[])?;
    }
    #[allow(unsafe_code, reason = "libc changes all threads, rustix only the calling one")]
    // SAFETY: takes a number and no pointer.
    answer(unsafe { libc::setgid(gid) })
}

/// Sets the supplementary groups of the whole process.
pub fn set_groups(groups: &[u32]) -> io::Result<()> {
    #[allow(unsafe_code, reason = "libc changes all threads, rustix only the calling one")]
    // SAFETY: the pointer and the length describe `groups`, which is only read.
    answer(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

/// Sets the user of the whole process; there is no way back. After the group.
pub fn set_uid(uid: u32) -> io::Result<()> {
    #[allow(unsafe_code, reason = "libc changes all threads, rustix only the calling one")]
    // SAFETY: takes a number and no pointer.
    answer(unsafe { libc::setuid(uid) })
}

/// A right of the superuser that a process may keep without being that (capabilities(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    NetRaw,
    NetAdmin,
    NetBindService,
    SysAdmin,
}

impl Capability {
    /// By its name, such as `cap_net_raw`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "cap_net_raw" => Self::NetRaw,
            "cap_net_admin" => Self::NetAdmin,
            "cap_net_bind_service" => Self::NetBindService,
            "cap_sys_admin" => Self::SysAdmin,
            _ => return None,
        })
    }

    const fn set(self) -> CapabilitySet {
        match self {
            Self::NetRaw => CapabilitySet::NET_RAW,
            Self::NetAdmin => CapabilitySet::NET_ADMIN,
            Self::NetBindService => CapabilitySet::NET_BIND_SERVICE,
            Self::SysAdmin => CapabilitySet::SYS_ADMIN,
        }
    }
}

/// Has the next change of the user leave all rights where they are, for [`keep_only`] to choose among.
pub fn keep_rights() -> io::Result<()> {
    Ok(rustix::thread::set_keep_capabilities(true)?)
}

/// Has this process, which is not the superuser's, keep these rights and no others. Errors: it lacks one of them.
pub fn keep_only(rights: &[Capability]) -> io::Result<()> {
    let kept = rights.iter().fold(CapabilitySet::empty(), |all, right| all | right.set());
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    Ok(rustix::thread::set_capabilities(None, sets)?)
}

/// Makes a folder that is empty, has no name and cannot be written to the root directory (`chroot auto`).
pub fn chroot_nowhere() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("sluice-{}-nowhere", pid()));
    std::fs::DirBuilder::new().mode(0o500).create(&path)?;
    let entered = std::env::set_current_dir(&path);
    std::fs::remove_dir(&path)?;
    entered?;
    rustix::process::chroot(".")?;
    Ok(rustix::process::chdir("/")?)
}

/// The effective user's id.
pub fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The id of the user named `name`, from the system's database; `None` when there is none.
pub fn user_id(name: &str) -> io::Result<Option<u32>> {
    look_up(name, |name, record, buffer, len, found| {
        let mut entry = std::ptr::null_mut();
        #[allow(unsafe_code, reason = "the user database is libc's")]
        // SAFETY: `name` ends with NUL; `record`, `buffer` (of `len` bytes) and `entry` may be written for
        // the call.
        let errno = unsafe { libc::getpwnam_r(name, record, buffer, len, &raw mut entry) };
        *found = !entry.is_null();
        errno
    })
    .map(|found| found.map(|record: libc::passwd| record.pw_uid))
}

/// The id of the group named `name`, from the system's database; `None` when there is none.
pub fn group_id(name: &str) -> io::Result<Option<u32>> {
    look_up(name, |name, record, buffer, len, found| {
        let mut entry = std::ptr::null_mut();
        #[allow(unsafe_code, reason = "the group database is libc's")]
        // SAFETY: `name` ends with NUL; `record`, `buffer` (of `len` bytes) and `entry` may be written for
        // the call.
        let errno = unsafe { libc::getgrnam_r(name, record, buffer, len, &raw mut entry) };
        *found = !entry.is_null();
        errno
    })
    .map(|found| found.map(|record: libc::group| record.gr_gid))
}

fn raise(resource: Resource, want: u64) -> u64 {
    let now = getrlimit(resource);
    let (Some(current), maximum) = (now.current, now.maximum) else { return u64::MAX };
    if current >= want {
        return current;
    }
    let both = Rlimit { current: Some(want), maximum: maximum.map(|m| m.max(want)) };
    if setrlimit(resource, both).is_ok() {
        return want;
    }
    let reachable = maximum.map_or(want, |m| m.min(want));
    let soft = Rlimit { current: Some(reachable), maximum };
    if setrlimit(resource, soft).is_ok() { reachable } else { current }
}

fn answer(code: i32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks libc's database with a growing buffer. The record's pointers into that buffer must not be followed
/// after.
fn look_up<R>(
    name: &str,
    ask: impl Fn(*const libc::c_char, *mut R, *mut libc::c_char, usize, &mut bool) -> i32,
) -> io::Result<Option<R>> {
    let name = CString::new(name).map_err(|_| io::ErrorKind::InvalidInput)?;
    let name: &CStr = &name;
    let mut len = 1024;
    while len <= 1 << 20 {
        let mut record = std::mem::MaybeUninit::<R>::uninit();
        let mut buffer = vec![0; len];
        let mut found = false;
        match ask(name.as_ptr(), record.as_mut_ptr(), buffer.as_mut_ptr(), len, &mut found) {
            libc::ERANGE => len *= 4,
            0 if found => {
                #[allow(unsafe_code, reason = "the record was filled in by libc")]
                // SAFETY: libc reported an entry, which means that it wrote the whole record.
                return Ok(Some(unsafe { record.assume_init() }));
            }
            0 | libc::ENOENT | libc::ESRCH => return Ok(None),
            errno => return Err(io::Error::from_raw_os_error(errno)),
        }
    }
    Err(io::Error::from_raw_os_error(libc::ERANGE))
}

/// Whether a path exists as a directory that this process may enter.
pub fn is_directory(path: &Path) -> bool {
    rustix::fs::stat(path.as_os_str().as_bytes())
        .is_ok_and(|s| rustix::fs::FileType::from_raw_mode(s.st_mode) == rustix::fs::FileType::Directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_users_and_groups() {
        assert_eq!(user_id("root").unwrap(), Some(0));
        assert_eq!(group_id("root").unwrap(), Some(0));
        assert_eq!(user_id("no-such-user-here").unwrap(), None);
        assert!(user_id("a\0b").is_err());
    }

    #[test]
    fn raising_never_lowers() {
        let before = nofile().unwrap_or(u64::MAX);
        assert!(raise_nofile(16) >= before);
        assert_eq!(nofile().unwrap_or(u64::MAX), before);
    }
}
