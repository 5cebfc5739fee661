//! One small address type for everything a socket can be bound or connected to. Does not resolve names
//! (`resolve` does) and does not parse haproxy.cfg's address syntax (the plan does).

use crate::unix_path;
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix};
use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::{Mutex, PoisonError};

/// The longest path or name of a unix socket, in bytes (`sun_path` less one, unix(7)).
pub const UNIX_NAME_MAX: usize = 107;

/// A transport address: `Copy`, 32 bytes.
///
/// Names of unix sockets are interned for the life of the process; they come from the configuration only (the
/// name a unix client may have bound is reported as [`Addr::UNNAMED`]), so their number is bounded by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Addr {
    /// No address, or one of a family that Sluice doesn't use.
    #[default]
    Unspecified,
    /// IPv4 address and port.
    V4(SocketAddrV4),
    /// IPv6 address and port.
    V6(SocketAddrV6),
    /// A unix socket.
    Unix(UnixName),
}

/// Where a unix socket lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnixName {
    /// A path in the file system; empty for an unnamed socket.
    Path(&'static [u8]),
    /// A name in Linux's abstract namespace, without the leading NUL.
    Abstract(&'static [u8]),
}

impl Addr {
    /// The address of a unix socket that was never bound, such as nearly every client's.
    pub const UNNAMED: Addr = Addr::Unix(UnixName::Path(b""));

    /// `0.0.0.0:0`, to let the kernel choose.
    pub const ANY_V4: Addr = Addr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

    /// `[::]:0`.
    pub const ANY_V6: Addr = Addr::V6(SocketAddrV6::new(std::net::Ipv6Addr::UNSPECIFIED, 0, 0, 0));

    /// `[::ffff:0.0.0.0]:0`: IPv4 as IPv6 sockets have it.
    pub const ANY_MAPPED: Addr = Addr::V6(SocketAddrV6::new(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 0, 0, 0));

    /// An IP address and port.
    pub fn ip_port(ip: IpAddr, port: u16) -> Addr {
        SocketAddr::new(ip, port).into()
    }

    /// A unix socket at `path`. Errors: `InvalidInput` when it is empty, too long or holds a NUL.
    pub fn unix(path: &[u8]) -> io::Result<Addr> {
        if path.is_empty() || path.len() > UNIX_NAME_MAX || path.contains(&0) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Addr::Unix(UnixName::Path(intern(path))))
    }

    /// `abns@name`: the abstract name padded with NULs to the full length, as HAProxy does
    /// (configuration.txt, "Address formats"). Errors: `InvalidInput` when it is empty or too long.
    pub fn abns(name: &[u8]) -> io::Result<Addr> {
        if name.is_empty() || name.len() > UNIX_NAME_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut padded = name.to_vec();
        padded.resize(UNIX_NAME_MAX, 0);
        Ok(Addr::Unix(UnixName::Abstract(intern(&padded))))
    }

    /// `abnsz@name`: the abstract name as it is, without padding. Errors: as [`Addr::abns`].
    pub fn abnsz(name: &[u8]) -> io::Result<Addr> {
        if name.is_empty() || name.len() > UNIX_NAME_MAX {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Addr::Unix(UnixName::Abstract(intern(name))))
    }

    /// The IP address, if it has one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Addr::V4(a) => Some(IpAddr::V4(*a.ip())),
            Addr::V6(a) => Some(IpAddr::V6(*a.ip())),
            Addr::Unix(_) | Addr::Unspecified => None,
        }
    }

    /// The port, 0 without one.
    pub fn port(&self) -> u16 {
        match self {
            Addr::V4(a) => a.port(),
            Addr::V6(a) => a.port(),
            Addr::Unix(_) | Addr::Unspecified => 0,
        }
    }

    /// The same address with another port; unix addresses stay as they are.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Addr {
        match &mut self {
            Addr::V4(a) => a.set_port(port),
            Addr::V6(a) => a.set_port(port),
            Addr::Unix(_) | Addr::Unspecified => {}
        }
        self
    }

    /// As the standard library's type, for the IP families.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Addr::V4(a) => Some(SocketAddr::V4(*a)),
            Addr::V6(a) => Some(SocketAddr::V6(*a)),
            Addr::Unix(_) | Addr::Unspecified => None,
        }
    }

    /// Whether this is a unix socket's address.
    pub fn is_unix(&self) -> bool {
        matches!(self, Addr::Unix(_))
    }

    pub(crate) fn family(&self) -> io::Result<AddressFamily> {
        match self {
            Addr::V4(_) => Ok(AddressFamily::INET),
            Addr::V6(_) => Ok(AddressFamily::INET6),
            Addr::Unix(_) => Ok(AddressFamily::UNIX),
            Addr::Unspecified => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    pub(crate) fn to_any(self) -> io::Result<SocketAddrAny> {
        Ok(match self {
            Addr::V4(a) => a.into(),
            Addr::V6(a) => a.into(),
            Addr::Unix(UnixName::Path(path)) => SocketAddrUnix::new(path)?.into(),
            Addr::Unix(UnixName::Abstract(name)) => SocketAddrUnix::new_abstract_name(name)?.into(),
            Addr::Unspecified => return Err(io::ErrorKind::InvalidInput.into()),
        })
    }

    /// A peer's address: its unix name is not looked at, see the type's note.
    pub(crate) fn from_peer(any: Option<SocketAddrAny>) -> Addr {
        let Some(any) = any else { return Addr::UNNAMED };
        match any.address_family() {
            AddressFamily::UNIX => Addr::UNNAMED,
            _ => Addr::from_ip(any),
        }
    }

    /// Our own address, whose unix name came from the configuration.
    pub(crate) fn from_local(any: SocketAddrAny) -> Addr {
        if any.address_family() != AddressFamily::UNIX {
            return Addr::from_ip(any);
        }
        let Ok(unix) = SocketAddrUnix::try_from(any) else { return Addr::UNNAMED };
        match (unix.path_bytes(), unix.abstract_name()) {
            (Some(path), _) => Addr::Unix(UnixName::Path(intern(unix_path::public(path)))),
            (_, Some(name)) => Addr::Unix(UnixName::Abstract(intern(name))),
            _ => Addr::UNNAMED,
        }
    }

    fn from_ip(any: SocketAddrAny) -> Addr {
        match any.address_family() {
            AddressFamily::INET => SocketAddrV4::try_from(any).map_or(Addr::Unspecified, Addr::V4),
            AddressFamily::INET6 => SocketAddrV6::try_from(any).map_or(Addr::Unspecified, Addr::V6),
            _ => Addr::Unspecified,
        }
    }
}

impl From<SocketAddr> for Addr {
    fn from(addr: SocketAddr) -> Addr {
        match addr {
            SocketAddr::V4(a) => Addr::V4(a),
            SocketAddr::V6(a) => Addr::V6(a),
        }
    }
}

/// `ip:port` without brackets, as HAProxy's logs have it (`%ci:%cp`); a unix path as it is,
/// an abstract name with its prefix, `unix` for an unnamed socket, `-` for none.
impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Addr::Unspecified => f.write_str("-"),
            Addr::V4(a) => write!(f, "{a}"),
            Addr::V6(a) => write!(f, "{}:{}", a.ip(), a.port()),
            Addr::Unix(UnixName::Path(b"")) => f.write_str("unix"),
            Addr::Unix(UnixName::Path(path)) => f.write_str(&String::from_utf8_lossy(path)),
            Addr::Unix(UnixName::Abstract(name)) => {
                let prefix = if name.len() == UNIX_NAME_MAX { "abns@" } else { "abnsz@" };
                let end = name.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
                let name = name.get(..end).unwrap_or_default();
                write!(f, "{prefix}{}", String::from_utf8_lossy(name))
            }
        }
    }
}

fn intern(name: &[u8]) -> &'static [u8] {
    static NAMES: Mutex<Option<HashSet<&'static [u8]>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static [u8] = Box::leak(name.to_vec().into_boxed_slice());
    names.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small_and_prints_as_logged() {
        assert!(size_of::<Addr>() <= 32);
        let v6: SocketAddr = "[2001:db8::1]:443".parse().unwrap();
        assert_eq!(Addr::from(v6).to_string(), "2001:db8::1:443");
        assert_eq!(Addr::from("10.0.0.1:80".parse::<SocketAddr>().unwrap()).to_string(), "10.0.0.1:80");
        assert_eq!(Addr::unix(b"/run/a.sock").unwrap().to_string(), "/run/a.sock");
        assert_eq!(Addr::abns(b"a").unwrap().to_string(), "abns@a");
        assert_eq!(Addr::abnsz(b"a").unwrap().to_string(), "abnsz@a");
        assert_eq!(Addr::UNNAMED.to_string(), "unix");
    }

    #[test]
    fn names_are_checked_and_interned_once() {
        assert!(Addr::unix(&[b'x'; 108]).is_err());
        assert!(Addr::unix(b"a\0b").is_err());
        assert!(Addr::unix(b"").is_err());
        let (Addr::Unix(UnixName::Path(a)), Addr::Unix(UnixName::Path(b))) =
            (Addr::unix(b"/same").unwrap(), Addr::unix(b"/same").unwrap())
        else {
            panic!("not paths")
        };
        assert!(std::ptr::eq(a, b));
    }

    #[test]
    fn survives_the_round_trip_through_the_kernels_form() {
        for addr in [
            Addr::from("127.0.0.1:1".parse::<SocketAddr>().unwrap()),
            Addr::from("[::1]:2".parse::<SocketAddr>().unwrap()),
            Addr::unix(b"/tmp/x").unwrap(),
            Addr::abnsz(b"name").unwrap(),
        ] {
            assert_eq!(Addr::from_local(addr.to_any().unwrap()), addr);
        }
    }
}
