//! Binding stream and datagram sockets, with the care that unix sockets' files need. Knows no options but
//! those of the file (mode, owner).

use crate::options::ListenOptions;
use crate::{Addr, addr::UnixName};
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Gid, Mode, Uid};
use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

/// Binds and listens. A unix path appears, whole and with its rights, by renaming a socket bound beside it: a
/// stale file is replaced, and clients of a process that is being replaced never see a gap.
pub(crate) fn bind_stream(fd: &OwnedFd, at: &Addr, options: &ListenOptions, backlog: i32) -> io::Result<()> {
    let Addr::Unix(UnixName::Path(path)) = at else {
        rustix::net::bind(fd, &at.to_any()?)?;
        return Ok(rustix::net::listen(fd, backlog)?);
    };
    refuse_other_files(path)?;
    let mut beside = path.to_vec();
    beside.extend_from_slice(format!(".{}.tmp", std::process::id()).as_bytes());
    let _ = rustix::fs::unlink(beside.as_slice());
    rustix::net::bind(fd, &SocketAddrUnix::new(beside.as_slice())?)?;
    let done = finish(fd, &beside, path, options, backlog);
    if done.is_err() {
        let _ = rustix::fs::unlink(beside.as_slice());
    }
    done
}

/// The path that clients use of a socket bound as [`bind_stream`] does: the kernel keeps reporting the first
/// one. So does HAProxy's, whose listeners may be taken over.
pub(crate) fn public(bound: &[u8]) -> &[u8] {
    let inner = bound.strip_suffix(b".tmp").unwrap_or_default();
    match inner.iter().rposition(|b| *b == b'.') {
        Some(dot) if dot > 0 && dot + 1 < inner.len() && all_digits(inner.get(dot + 1..)) => {
            inner.get(..dot).unwrap_or(bound)
        }
        _ => bound,
    }
}

fn all_digits(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|b| b.iter().all(u8::is_ascii_digit))
}

/// Binds a datagram socket; a stale unix socket at its path is removed first.
pub(crate) fn bind_dgram(fd: &OwnedFd, at: &Addr, mode: Option<u32>) -> io::Result<()> {
    let Addr::Unix(UnixName::Path(path)) = at else {
        return Ok(rustix::net::bind(fd, &at.to_any()?)?);
    };
    refuse_other_files(path)?;
    let _ = rustix::fs::unlink(*path);
    rustix::net::bind(fd, &at.to_any()?)?;
    if let Some(mode) = mode {
        rustix::fs::chmod(*path, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

/// Removes the file of a unix socket; nothing for other addresses or when it's gone.
pub(crate) fn unlink(at: &Addr) -> io::Result<()> {
    match at {
        Addr::Unix(UnixName::Path(path)) if !path.is_empty() => match rustix::fs::unlink(*path) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(e.into()),
        },
        _ => Ok(()),
    }
}

fn finish(fd: &OwnedFd, beside: &[u8], path: &[u8], options: &ListenOptions, backlog: i32) -> io::Result<()> {
    if let Some(mode) = options.mode {
        rustix::fs::chmod(beside, Mode::from_raw_mode(mode))?;
    }
    if options.uid.is_some() || options.gid.is_some() {
        let (uid, gid) = (options.uid.map(Uid::from_raw), options.gid.map(Gid::from_raw));
        rustix::fs::chown(beside, uid, gid)?;
    }
    rustix::net::listen(fd, backlog)?;
    Ok(rustix::fs::rename(beside, path)?)
}

/// A path that names anything but a socket is a mistake in the configuration, not something to replace.
fn refuse_other_files(path: &[u8]) -> io::Result<()> {
    match rustix::fs::lstat(path) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Socket => {
            let name = OsStr::from_bytes(path).to_string_lossy();
            Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("'{name}' exists and is not a socket")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn only_our_own_suffix_is_taken_off() {
        assert_eq!(public(b"/run/a.sock.123.tmp"), b"/run/a.sock");
        for other in ["/run/a.tmp", "/run/a.x1.tmp", "/run/a..tmp", "/run/a.sock", ".1.tmp", ""] {
            assert_eq!(public(other.as_bytes()), other.as_bytes());
        }
    }
}
