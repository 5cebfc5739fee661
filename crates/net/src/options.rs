//! What can be asked of a socket when it is bound, connected or later. Plain data: each field is named after
//! the haproxy.cfg keyword or the socket option it stands for; `linux` applies it.

use std::sync::Arc;
use std::time::Duration;

/// The longest password of `tcp-md5sig`, bytes.
pub const MD5_MAX: usize = 80;

/// TCP keep-alive probes (tcp(7)). `None` leaves the system's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keepalive {
    /// Idle time before the first probe (`TCP_KEEPIDLE`, whole seconds).
    pub idle: Option<Duration>,
    /// Time between probes (`TCP_KEEPINTVL`, whole seconds).
    pub interval: Option<Duration>,
    /// Probes before the connection is given up (`TCP_KEEPCNT`).
    pub count: Option<u32>,
}

/// How a listener is bound.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// Pending connections the kernel keeps (`backlog`); 0 for the most that the system allows.
    pub backlog: u32,
    /// `SO_REUSEPORT`, so that each thread binds its own socket. Ignored for unix sockets.
    pub reuse_port: bool,
    /// `IPV6_V6ONLY`; `None` leaves the system's default.
    pub v6only: Option<bool>,
    /// `IP_TRANSPARENT`, to bind addresses this host doesn't have (`transparent`).
    pub transparent: bool,
    /// `SO_BINDTODEVICE` (`interface`).
    pub interface: Option<Arc<str>>,
    /// `TCP_MAXSEG` (`mss`); a negative value is advertised only, as in HAProxy's manual.
    pub mss: Option<i32>,
    /// `TCP_DEFER_ACCEPT` (`defer-accept`): wake only when data came, or after this time (whole seconds).
    pub defer_accept: Option<Duration>,
    /// `TCP_FASTOPEN` with this queue length (`tfo`).
    pub fast_open: Option<u32>,
    /// `TCP_USER_TIMEOUT` (`tcp-ut`).
    pub user_timeout: Option<Duration>,
    /// `TCP_NODELAY`, which accepted connections inherit.
    pub nodelay: bool,
    /// Turns `TCP_QUICKACK` off for the connections to come: what a client sends first is acknowledged together with
    /// the answer (`option tcp-smart-accept`).
    pub quickack_off: bool,
    /// `TCP_CONGESTION` (`cc`).
    pub congestion: Option<Arc<str>>,
    /// `TCP_SAVE_SYN` (`tcp-ss`): 1 keeps the headers of the packets that begin connections, 2 those of the link too.
    pub save_syn: u8,
    /// `IP_TOS` / `IPV6_TCLASS`, inherited by accepted connections.
    pub tos: Option<u8>,
    /// `SO_KEEPALIVE`, inherited by accepted connections (`option clitcpka`).
    pub keepalive: Option<Keepalive>,
    /// Multipath TCP (`mptcp@`).
    pub mptcp: bool,
    /// The password that every segment is signed with (`tcp-md5sig`, RFC 2385), at most [`MD5_MAX`] bytes.
    pub md5: Option<Arc<str>>,
    /// The network namespace to listen in (`namespace`), see [`namespace`](crate::namespace).
    pub namespace: Option<Arc<str>>,
    /// Permissions of a unix socket's file (`mode`); `None` leaves what the umask gives.
    pub mode: Option<u32>,
    /// Owner of a unix socket's file (`uid`, `user`).
    pub uid: Option<u32>,
    /// Group of a unix socket's file (`gid`, `group`).
    pub gid: Option<u32>,
}

impl Default for ListenOptions {
    fn default() -> ListenOptions {
        ListenOptions {
            backlog: 0,
            reuse_port: true,
            v6only: None,
            transparent: false,
            interface: None,
            mss: None,
            defer_accept: None,
            fast_open: None,
            user_timeout: None,
            nodelay: true,
            quickack_off: false,
            congestion: None,
            save_syn: 0,
            tos: None,
            keepalive: None,
            mptcp: false,
            md5: None,
            namespace: None,
            mode: None,
            uid: None,
            gid: None,
        }
    }
}

/// What the kernel may hold of a connection, bytes; 0 leaves it to the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// `SO_RCVBUF`: received and not read.
    pub received: u32,
    /// `SO_SNDBUF`: written and not acknowledged.
    pub sent: u32,
    /// `TCP_NOTSENT_LOWAT`: written and not sent, beyond which the socket takes no more.
    pub unsent: u32,
}

impl Holds {
    /// Sets what is given of it on a connected socket; what its kind lacks is left out.
    pub fn set_on(self, sock: &crate::Sock) {
        if self != Self::default() {
            let _ = sock.set(SockOpt::Holds(self));
        }
    }
}

/// How a connection is opened.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Address to connect from (`source`); its port may be 0, then the kernel chooses one as late as it can.
    pub source: Option<crate::Addr>,
    /// `IP_TRANSPARENT`, to connect from addresses this host doesn't have (`usesrc`).
    pub transparent: bool,
    /// `SO_BINDTODEVICE` (`source ... interface`).
    pub interface: Option<Arc<str>>,
    /// What the kernel may hold of it (`tune.rcvbuf.server` and its kin).
    pub holds: Holds,
    /// `SO_MARK` (`set-bc-mark`).
    pub mark: Option<u32>,
    /// `IP_TOS` / `IPV6_TCLASS` (`set-bc-tos`).
    pub tos: Option<u8>,
    /// `TCP_NODELAY`.
    pub nodelay: bool,
    /// `TCP_USER_TIMEOUT` (`tcp-ut`).
    pub user_timeout: Option<Duration>,
    /// `SO_KEEPALIVE` (`option srvtcpka`).
    pub keepalive: Option<Keepalive>,
    /// `TCP_FASTOPEN_CONNECT` (`tfo`): the first write opens the connection.
    pub fast_open: bool,
    /// `TCP_MAXSEG`.
    pub mss: Option<i32>,
    /// `TCP_CONGESTION` (`cc`).
    pub congestion: Option<Arc<str>>,
    /// Turns `TCP_QUICKACK` off, so that the handshake's ACK travels with the request (`option
    /// tcp-smart-connect`).
    pub quickack_off: bool,
    /// Multipath TCP (`mptcp@`).
    pub mptcp: bool,
    /// The password that every segment is signed with (`tcp-md5sig`, RFC 2385), at most [`MD5_MAX`] bytes.
    pub md5: Option<Arc<str>>,
    /// The network namespace to connect from (`namespace`), see [`namespace`](crate::namespace).
    pub namespace: Option<Arc<str>>,
}

impl Default for ConnectOptions {
    fn default() -> ConnectOptions {
        ConnectOptions {
            source: None,
            transparent: false,
            interface: None,
            holds: Holds::default(),
            mark: None,
            tos: None,
            nodelay: true,
            user_timeout: None,
            keepalive: None,
            fast_open: false,
            mss: None,
            congestion: None,
            quickack_off: false,
            mptcp: false,
            md5: None,
            namespace: None,
        }
    }
}

/// How a datagram socket is opened.
#[derive(Clone, Debug, Default)]
pub struct DgramOptions {
    /// `SO_REUSEPORT`, for a bound socket a thread.
    pub reuse_port: bool,
    /// `IPV6_V6ONLY`; `None` leaves the system's default.
    pub v6only: Option<bool>,
    /// `IP_TRANSPARENT`.
    pub transparent: bool,
    /// `SO_BINDTODEVICE`.
    pub interface: Option<Arc<str>>,
    /// `SO_SNDBUF` in bytes.
    pub send_buffer: Option<u32>,
    /// `SO_RCVBUF` in bytes.
    pub recv_buffer: Option<u32>,
    /// The network namespace (`namespace`), see [`namespace`](crate::namespace).
    pub namespace: Option<Arc<str>>,
    /// Permissions of a bound unix socket's file.
    pub mode: Option<u32>,
}

/// A change to an open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SockOpt {
    /// `TCP_NODELAY`.
    Nodelay(bool),
    /// `TCP_QUICKACK`.
    Quickack(bool),
    /// `TCP_CORK`.
    Cork(bool),
    /// `SO_KEEPALIVE` and its times.
    Keepalive(Keepalive),
    /// `SO_LINGER` with zero seconds: close sends RST and forgets unsent data.
    LingerZero,
    /// `SO_MARK`.
    Mark(u32),
    /// `IP_TOS` or `IPV6_TCLASS`.
    Tos(u8),
    /// `SO_PRIORITY`.
    Priority(u32),
    /// `TCP_USER_TIMEOUT`.
    UserTimeout(Duration),
    /// `SO_SNDBUF` in bytes.
    SendBuffer(u32),
    /// `SO_RCVBUF` in bytes.
    RecvBuffer(u32),
    /// All of [`Holds`].
    Holds(Holds),
    /// `IP_TTL` or `IPV6_UNICAST_HOPS`: how many hops a packet may make.
    Ttl(u8),
    /// `TCP_REPAIR`: close says nothing to the peer. Needs CAP_NET_ADMIN.
    Repair,
}

/// What the kernel knows of a TCP connection (`TCP_INFO`, tcp(7)); times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpInfo {
    /// Smoothed round-trip time.
    pub rtt: u32,
    /// Its variance.
    pub rtt_var: u32,
    /// Segments sent and not yet acknowledged.
    pub unacked: u32,
    /// Segments the peer acknowledged selectively.
    pub sacked: u32,
    /// Segments taken for lost.
    pub lost: u32,
    /// Segments retransmitted and not yet acknowledged.
    pub retrans: u32,
    /// Segments retransmitted in the connection's life.
    pub total_retrans: u32,
    /// The reordering metric.
    pub reordering: u32,
    /// The forward acknowledgement counter; 0 in kernels that no longer keep it.
    pub fackets: u32,
}
