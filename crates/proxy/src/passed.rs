//! `-x`, and what a worker gets from the one before it: the listening sockets of an older process, HAProxy or Sluice, so
//! that no client comes between two (management manual 3; the protocol is told in `engine::cli::hand_over`).

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use net::Bound;
use state::frontend::{Bind, BindAddress};

/// The most sockets that are taken.
const SOCKETS_MAX: usize = 1 << 16;
/// The most that names say of them, bytes.
const NAMES_MAX: usize = SOCKETS_MAX * 64;
/// How long the older process may be silent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sockets that wait for whoever listens there.
#[derive(Debug, Default)]
pub(crate) struct Passed(Vec<One>);

#[derive(Debug)]
struct One {
    address: net::Addr,
    namespace: String,
    interface: String,
    socket: OwnedFd,
}

impl Passed {
    /// Asks the process behind this socket. Errors: it isn't there, or it doesn't say what it should.
    pub(crate) fn from(path: &Path) -> io::Result<Self> {
        Self::over(UnixStream::connect(path)?)
    }

    /// Asks over a connection to a Runtime API.
    pub(crate) fn over(mut line: UnixStream) -> io::Result<Self> {
        line.set_read_timeout(Some(PATIENCE))?;
        line.set_write_timeout(Some(PATIENCE))?;
        line.write_all(b"_getsocks\n")?;
        let mut count = [0; 4];
        line.read_exact(&mut count)?;
        let count = usize::try_from(i32::from_ne_bytes(count)).unwrap_or(0).min(SOCKETS_MAX);
        let (mut sockets, mut words, mut room) = (Vec::new(), Vec::new(), vec![0; 1 << 16]);
        let mut named = Vec::new();
        while sockets.len() < count || named.len() < sockets.len() {
            let before = sockets.len();
            match net::fd_pass::recv(line.as_fd(), &mut room, &mut sockets)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => words.extend_from_slice(room.get(..n).unwrap_or_default()),
            }
            if words.len() > NAMES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            while let Some((names, len)) = names(&words) {
                named.push(names);
                words.drain(..len);
            }
            if sockets.len() > before {
                // Some versions have closed by then.
                let _ = line.write_all(&0i32.to_ne_bytes());
            }
        }
        let all = sockets.into_iter().zip(named).filter_map(|(socket, (namespace, interface))| {
            let address = net::fd_pass::address(&socket).ok()?;
            Some(One { address, namespace, interface, socket })
        });
        Ok(Self(all.collect()))
    }

    /// Takes a socket of this address.
    fn take(&mut self, bind: &Bind) -> Option<OwnedFd> {
        let address = match &bind.address {
            BindAddress::Inet(at) if at.port() != 0 && !bind.multipath => net::Addr::from(*at),
            BindAddress::Abstract(name) => net::Addr::abnsz(name.as_bytes()).ok()?,
            _ => return None,
        };
        let same = |name: &str, of: Option<&str>| name == of.unwrap_or_default();
        let at = self.0.iter().position(|one| {
            one.address == address
                && same(&one.namespace, bind.namespace.as_deref())
                && same(&one.interface, bind.interface.as_deref())
        })?;
        Some(self.0.swap_remove(at).socket)
    }

    /// Takes a socket of this address to listen on it with these options. One that can't be is left where it is.
    pub(crate) fn open(&mut self, bind: &Bind, options: &net::ListenOptions) -> Option<Bound> {
        Bound::adopt(self.take(bind)?, options).ok()
    }
}

/// What is said of the next socket, and how long that is; none: it isn't all there.
fn names(words: &[u8]) -> Option<((String, String), usize)> {
    let text = |at: usize| {
        let len = usize::from(*words.get(at)?);
        let name = words.get(at + 1..at + 1 + len)?;
        Some((String::from_utf8_lossy(name).into_owned(), at + 1 + len))
    };
    let (namespace, at) = text(0)?;
    let (interface, at) = text(at)?;
    words.get(at..at + 4)?;
    Some(((namespace, interface), at + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_socket() {
        assert_eq!(names(b"\0\0\0\0\0\0x"), Some(((String::new(), String::new()), 6)));
        assert_eq!(names(b"\x02ns\x02lo\0\0\0\0"), Some((("ns".into(), "lo".into()), 10)));
        assert!(names(b"\x02ns\x02lo\0\0\0").is_none() && names(b"").is_none() && names(b"\x05ns").is_none());
    }

    #[test]
    fn sockets_come_with_their_addresses() {
        let (near, far) = UnixStream::pair().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let other = std::thread::spawn(move || {
            let (mut far, mut room) = (far, [0; 10]);
            far.read_exact(&mut room).unwrap();
            far.write_all(&1i32.to_ne_bytes()).unwrap();
            net::fd_pass::send(&far, b"\0\0", &[listener.as_fd()]).unwrap();
            far.write_all(&[0; 4]).unwrap();
            let mut ack = [0; 4];
            far.read_exact(&mut ack).unwrap();
            room
        });
        let mut passed = Passed::over(near).unwrap();
        assert_eq!(&other.join().unwrap(), b"_getsocks\n");
        assert_eq!(passed.0.len(), 1);
        assert_eq!(passed.0[0].address.socket_addr(), Some(at));
        let (near, far) = UnixStream::pair().unwrap();
        drop(far);
        assert!(Passed::over(near).is_err());
        passed.0.clear();
    }
}
