//! Socket options, those that `rustix` has and those it hasn't. Knows nothing of who wants them.

use crate::Addr;
use crate::options::{
    ConnectOptions, DgramOptions, Holds, Keepalive, ListenOptions, MD5_MAX, SockOpt, TcpInfo,
};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::net::{AddressFamily, sockopt};
use std::io;
use std::time::Duration;

type Fd<'a> = BorrowedFd<'a>;

/// The options of a listener, set before it is bound.
pub(crate) fn listener(fd: Fd<'_>, at: &Addr, options: &ListenOptions) -> io::Result<()> {
    if at.is_unix() {
        return Ok(());
    }
    sockopt::set_socket_reuseaddr(fd, true)?;
    if options.reuse_port {
        sockopt::set_socket_reuseport(fd, true)?;
    }
    ip(fd, at, options.v6only, options.transparent, options.interface.as_deref())?;
    listener_tcp(fd, at, options)
}

/// The options of a listener that can be set whenever, also on one that another process opened.
pub(crate) fn listener_tcp(fd: Fd<'_>, at: &Addr, options: &ListenOptions) -> io::Result<()> {
    if options.nodelay {
        sockopt::set_tcp_nodelay(fd, true)?;
    }
    if let Some(mss) = options.mss {
        had(options.mptcp, set_int(fd, libc::IPPROTO_TCP, libc::TCP_MAXSEG, mss.saturating_abs()))?;
    }
    if let Some(time) = options.defer_accept {
        had(options.mptcp, set_int(fd, libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, seconds(time)))?;
    }
    if let Some(queue) = options.fast_open {
        set_int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, clamp(u64::from(queue)))?;
    }
    if let Some(time) = options.user_timeout {
        had(options.mptcp, sockopt::set_tcp_user_timeout(fd, millis(time)).map_err(Into::into))?;
    }
    if let Some(name) = &options.congestion {
        sockopt::set_tcp_congestion(fd, name)?;
    }
    if options.save_syn > 0 {
        let what = i32::from(options.save_syn);
        had(options.mptcp, set_int(fd, libc::IPPROTO_TCP, libc::TCP_SAVE_SYN, what))?;
    }
    if let Some(tos) = options.tos {
        set_tos(fd, tos)?;
    }
    if let Some(password) = &options.md5 {
        // From whomever: no part of an address counts.
        let v6 = matches!(at, Addr::V6(_));
        sign(fd, if v6 { &Addr::ANY_V6 } else { &Addr::ANY_V4 }, Some(0), password)?;
        if v6 && options.v6only != Some(true) {
            sign(fd, &Addr::ANY_MAPPED, Some(0), password)?;
        }
    }
    options.keepalive.map_or(Ok(()), |k| keepalive(fd, k))
}

/// The options that beginning to listen would set back.
pub(crate) fn listening(fd: Fd<'_>, at: &Addr, options: &ListenOptions) -> io::Result<()> {
    match options.quickack_off && !matches!(at, Addr::Unix(_)) {
        true => had(options.mptcp, sockopt::set_tcp_quickack(fd, false).map_err(Into::into)),
        false => Ok(()),
    }
}

/// The options of an outgoing connection, set before it is bound and connected.
pub(crate) fn connector(fd: Fd<'_>, to: &Addr, options: &ConnectOptions) -> io::Result<()> {
    if let Some(mark) = options.mark {
        set_mark(fd, mark)?;
    }
    let unsent = if to.is_unix() { 0 } else { options.holds.unsent };
    hold(fd, Holds { unsent, ..options.holds })?;
    if to.is_unix() {
        return Ok(());
    }
    ip(fd, to, None, options.transparent, options.interface.as_deref())?;
    if options.nodelay {
        sockopt::set_tcp_nodelay(fd, true)?;
    }
    if let Some(tos) = options.tos {
        set_tos(fd, tos)?;
    }
    if let Some(time) = options.user_timeout {
        had(options.mptcp, sockopt::set_tcp_user_timeout(fd, millis(time)).map_err(Into::into))?;
    }
    if let Some(k) = options.keepalive {
        keepalive(fd, k)?;
    }
    if options.fast_open {
        set_int(fd, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, 1)?;
    }
    if let Some(mss) = options.mss {
        had(options.mptcp, set_int(fd, libc::IPPROTO_TCP, libc::TCP_MAXSEG, mss.saturating_abs()))?;
    }
    if let Some(name) = &options.congestion {
        sockopt::set_tcp_congestion(fd, name)?;
    }
    if let Some(password) = &options.md5 {
        sign(fd, to, None, password)?;
    }
    if options.quickack_off {
        had(options.mptcp, sockopt::set_tcp_quickack(fd, false).map_err(Into::into))?;
    }
    Ok(())
}

/// What became of an option that tunes: sockets for multipath TCP lack some, which is no reason to do without them.
fn had(mptcp: bool, set: io::Result<()>) -> io::Result<()> {
    let lacks = |e: &io::Error| {
        let errno = rustix::io::Errno::from_io_error(e);
        matches!(errno, Some(rustix::io::Errno::NOPROTOOPT | rustix::io::Errno::OPNOTSUPP))
    };
    set.or_else(|e| if mptcp && lacks(&e) { Ok(()) } else { Err(e) })
}

/// Has the segments from and to a peer signed, or those of all peers whose addresses begin with so many bits. The layout
/// is the kernel's `struct tcp_md5sig`: a `sockaddr_storage`, flags, the bits, the length, a device, the key.
fn sign(fd: Fd<'_>, peer: &Addr, prefix: Option<u8>, password: &str) -> io::Result<()> {
    const ADDRESS: usize = 128;
    let mut raw = [0u8; ADDRESS + 8 + MD5_MAX];
    let (address, rest) = raw.split_at_mut(ADDRESS);
    let (family, ip): (u16, &[u8]) = match peer {
        Addr::V4(a) => (libc::AF_INET as u16, &a.ip().octets()),
        Addr::V6(a) => (libc::AF_INET6 as u16, &a.ip().octets()),
        Addr::Unix(_) | Addr::Unspecified => return Err(io::ErrorKind::InvalidInput.into()),
    };
    // Port and, of IPv6, flow stand between the family and the address.
    let at = if ip.len() == 4 { 4 } else { 8 };
    put(address, 0, &family.to_ne_bytes())?;
    put(address, at, ip)?;
    let flags = [u8::from(prefix.is_some()), prefix.unwrap_or(0)];
    let length = u16::try_from(password.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    put(rest, 0, &flags)?;
    put(rest, 2, &length.to_ne_bytes())?;
    put(rest, 8, password.as_bytes())?;
    let option = if prefix.is_some() { TCP_MD5SIG_EXT } else { libc::TCP_MD5SIG };
    set_bytes(fd, libc::IPPROTO_TCP, option, &raw)
}

/// tcp(7): as `TCP_MD5SIG`, with flags.
const TCP_MD5SIG_EXT: i32 = 32;

fn put(into: &mut [u8], at: usize, bytes: &[u8]) -> io::Result<()> {
    let slot = into.get_mut(at..at + bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
    slot.copy_from_slice(bytes);
    Ok(())
}

/// The source address of a connection: an early bind must not reserve a port that the 4-tuple could share.
pub(crate) fn source(fd: Fd<'_>, source: &Addr) -> io::Result<()> {
    sockopt::set_socket_reuseaddr(fd, true)?;
    if source.port() == 0 {
        set_int(fd, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)?;
    }
    Ok(())
}

/// The options of a datagram socket, set before it is bound.
pub(crate) fn dgram(fd: Fd<'_>, at: &Addr, options: &DgramOptions) -> io::Result<()> {
    if let Some(bytes) = options.send_buffer {
        set(fd, SockOpt::SendBuffer(bytes))?;
    }
    if let Some(bytes) = options.recv_buffer {
        set(fd, SockOpt::RecvBuffer(bytes))?;
    }
    if at.is_unix() {
        return Ok(());
    }
    if options.reuse_port {
        sockopt::set_socket_reuseport(fd, true)?;
    }
    ip(fd, at, options.v6only, options.transparent, options.interface.as_deref())
}

/// One option of an open socket.
pub(crate) fn set(fd: Fd<'_>, option: SockOpt) -> io::Result<()> {
    match option {
        SockOpt::Nodelay(on) => Ok(sockopt::set_tcp_nodelay(fd, on)?),
        SockOpt::Quickack(on) => Ok(sockopt::set_tcp_quickack(fd, on)?),
        SockOpt::Cork(on) => Ok(sockopt::set_tcp_cork(fd, on)?),
        SockOpt::Keepalive(k) => keepalive(fd, k),
        SockOpt::LingerZero => Ok(sockopt::set_socket_linger(fd, Some(Duration::ZERO))?),
        SockOpt::Mark(mark) => set_mark(fd, mark),
        SockOpt::Tos(tos) => set_tos(fd, tos),
        SockOpt::Priority(p) => set_int(fd, libc::SOL_SOCKET, libc::SO_PRIORITY, clamp(u64::from(p))),
        SockOpt::UserTimeout(time) => Ok(sockopt::set_tcp_user_timeout(fd, millis(time))?),
        SockOpt::SendBuffer(n) => set_int(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, clamp(u64::from(n))),
        SockOpt::Ttl(ttl) => set_ttl(fd, ttl),
        SockOpt::Repair => set_int(fd, libc::IPPROTO_TCP, libc::TCP_REPAIR, 1),
        SockOpt::RecvBuffer(n) => set_int(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, clamp(u64::from(n))),
        SockOpt::Holds(holds) => hold(fd, holds),
    }
}

/// What is given of it.
fn hold(fd: Fd<'_>, holds: Holds) -> io::Result<()> {
    let lowat = (libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, holds.unsent);
    let buffers = [
        (libc::SOL_SOCKET, libc::SO_RCVBUF, holds.received),
        (libc::SOL_SOCKET, libc::SO_SNDBUF, holds.sent),
    ];
    for (level, option, bytes) in buffers.into_iter().chain([lowat]).filter(|(_, _, bytes)| *bytes > 0) {
        set_int(fd, level, option, clamp(u64::from(bytes)))?;
    }
    Ok(())
}

/// `TCP_INFO`. The layout is the kernel's `struct tcp_info`: eight bytes of flags, then 32-bit words.
pub(crate) fn tcp_info(fd: Fd<'_>) -> io::Result<TcpInfo> {
    let mut raw = [0u8; 104];
    let len = get_bytes(fd, libc::IPPROTO_TCP, libc::TCP_INFO, &mut raw)?;
    let known = raw.get(..len).unwrap_or_default();
    let word = |at: usize| {
        let bytes = known.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map_or(0, u32::from_ne_bytes)
    };
    Ok(TcpInfo {
        rtt: word(68),
        rtt_var: word(72),
        unacked: word(24),
        sacked: word(28),
        lost: word(32),
        retrans: word(36),
        total_retrans: word(100),
        reordering: word(88),
        fackets: word(40),
    })
}

/// `TCP_SAVED_SYN`; the kernel gives it once.
pub(crate) fn saved_syn(fd: Fd<'_>, buf: &mut [u8]) -> io::Result<usize> {
    get_bytes(fd, libc::IPPROTO_TCP, libc::TCP_SAVED_SYN, buf)
}

/// Where a redirected connection was meant to go.
pub(crate) fn original_dst(fd: Fd<'_>) -> io::Result<Addr> {
    if sockopt::socket_domain(fd)? == AddressFamily::INET6
        && let Ok(addr) = sockopt::ipv6_original_dst(fd)
    {
        return Ok(Addr::V6(addr));
    }
    Ok(Addr::V4(sockopt::ip_original_dst(fd)?))
}

fn ip(
    fd: Fd<'_>,
    at: &Addr,
    v6only: Option<bool>,
    transparent: bool,
    interface: Option<&str>,
) -> io::Result<()> {
    let v6 = matches!(at, Addr::V6(_));
    if let Some(only) = v6only.filter(|_| v6) {
        sockopt::set_ipv6_v6only(fd, only)?;
    }
    if transparent {
        let (level, name) = if v6 {
            (libc::IPPROTO_IPV6, libc::IPV6_TRANSPARENT)
        } else {
            (libc::IPPROTO_IP, libc::IP_TRANSPARENT)
        };
        set_int(fd, level, name, 1)?;
    }
    match interface {
        Some(name) => set_bytes(fd, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_bytes()),
        None => Ok(()),
    }
}

fn keepalive(fd: Fd<'_>, k: Keepalive) -> io::Result<()> {
    sockopt::set_socket_keepalive(fd, true)?;
    if let Some(idle) = k.idle {
        set_int(fd, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, seconds(idle))?;
    }
    if let Some(interval) = k.interval {
        set_int(fd, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, seconds(interval))?;
    }
    if let Some(count) = k.count {
        sockopt::set_tcp_keepcnt(fd, count)?;
    }
    Ok(())
}

fn set_tos(fd: Fd<'_>, tos: u8) -> io::Result<()> {
    if sockopt::socket_domain(fd)? == AddressFamily::INET6 {
        // A dual-stack socket may carry IPv4, which reads the other option; a refusal of that one is no loss.
        let _ = set_int(fd, libc::IPPROTO_IP, libc::IP_TOS, i32::from(tos));
        return Ok(sockopt::set_ipv6_tclass(fd, u32::from(tos))?);
    }
    Ok(sockopt::set_ip_tos(fd, tos)?)
}

fn set_ttl(fd: Fd<'_>, ttl: u8) -> io::Result<()> {
    if sockopt::socket_domain(fd)? == AddressFamily::INET6 {
        let _ = set_int(fd, libc::IPPROTO_IP, libc::IP_TTL, i32::from(ttl));
        return set_int(fd, libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, i32::from(ttl));
    }
    set_int(fd, libc::IPPROTO_IP, libc::IP_TTL, i32::from(ttl))
}

fn set_mark(fd: Fd<'_>, mark: u32) -> io::Result<()> {
    set_bytes(fd, libc::SOL_SOCKET, libc::SO_MARK, &mark.to_ne_bytes())
}

/// At least one second: zero would switch the option off.
fn seconds(time: Duration) -> i32 {
    clamp(time.as_secs().max(1))
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn clamp(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn set_int(fd: Fd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

#[allow(unsafe_code, reason = "rustix lacks the options set through here")]
fn set_bytes(fd: Fd<'_>, level: i32, name: i32, value: &[u8]) -> io::Result<()> {
    let len = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the pointer and the length describe `value`, which the kernel only reads during the call.
    let answer = unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[allow(unsafe_code, reason = "rustix lacks TCP_INFO")]
fn get_bytes(fd: Fd<'_>, level: i32, name: i32, value: &mut [u8]) -> io::Result<usize> {
    let mut len = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the kernel writes at most `len` bytes, which is the size of `value`, and then sets `len`.
    let answer =
        unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &raw mut len) };
    if answer == 0 { Ok(len as usize) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsFd as _;
    use rustix::net::{SocketType, socket};

    /// The kernel doubles what it is asked for.
    #[test]
    fn the_kernel_holds_what_it_is_told() {
        let new = || socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let (held, other) = (new(), new());
        hold(held.as_fd(), Holds { received: 8_192, sent: 16_384, unsent: 0 }).unwrap();
        assert_eq!(sockopt::socket_recv_buffer_size(&held).unwrap(), 16_384);
        assert_eq!(sockopt::socket_send_buffer_size(&held).unwrap(), 32_768);
        hold(other.as_fd(), Holds { unsent: 4_096, ..Holds::default() }).unwrap();
        assert_ne!(sockopt::socket_recv_buffer_size(&other).unwrap(), 16_384);
    }
}
