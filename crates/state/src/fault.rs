//! What is wrong with a connection, as logs, `fc_err` and `bc_err` name it (manual 7.3.3 "fc_err_str").

/// A fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ended before its PROXY protocol header came.
    ProxyEmpty,
    /// It broke.
    ProxyAbort,
    ProxyTimeout,
    /// It ended within the header.
    ProxyTruncated,
    /// It begins with something else.
    ProxyForeign,
    ProxyMalformed,
    ProxyProtocol,
    /// The same of the header of a NetScaler: ended before it, broke, was late, ended within it.
    CipEmpty,
    CipAbort,
    CipTimeout,
    CipTruncated,
    /// It begins with another number.
    CipMagic,
    CipProtocol,
    /// A SOCKS4 proxy ended instead of an answer.
    SocksBroken,
    /// It refused.
    SocksDenied,
    /// What the system answered to an attempt to connect, to read or to write, by its number.
    System(i32),
    /// It ended before the TLS handshake did.
    TlsEmpty,
    TlsAbort,
    TlsTimeout,
    /// The certificate of the client's authority, or its own, doesn't do.
    TlsAuthority,
    TlsCertificate,
    TlsHandshake,
}

impl Fault {
    /// Number, name and words.
    pub const fn parts(self) -> (i64, &'static str, &'static str) {
        match self {
            Self::ProxyEmpty => {
                (11, "PRX_EMPTY", "Connection closed while waiting for PROXY protocol header")
            }
            Self::ProxyAbort => (12, "PRX_ABORT", "Connection error while waiting for PROXY protocol header"),
            Self::ProxyTimeout => (13, "PRX_TIMEOUT", "Timeout while waiting for PROXY protocol header"),
            Self::ProxyTruncated => (14, "PRX_TRUNCATED", "Truncated PROXY protocol header received"),
            Self::ProxyForeign => {
                (15, "PRX_NOT_HDR", "Received something which does not look like a PROXY protocol header")
            }
            Self::ProxyMalformed => (16, "PRX_BAD_HDR", "Received an invalid PROXY protocol header"),
            Self::ProxyProtocol => {
                (17, "PRX_BAD_PROTO", "Received an unhandled protocol in the PROXY protocol header")
            }
            Self::CipEmpty => {
                (18, "CIP_EMPTY", "Connection closed while waiting for NetScaler Client IP header")
            }
            Self::CipAbort => {
                (19, "CIP_ABORT", "Connection error while waiting for NetScaler Client IP header")
            }
            Self::CipTimeout => (20, "CIP_TIMEOUT", "Timeout while waiting for a NetScaler Client IP header"),
            Self::CipTruncated => (21, "CIP_TRUNCATED", "Truncated NetScaler Client IP header received"),
            Self::CipMagic => (22, "CIP_BAD_MAGIC", "Received an invalid NetScaler Client IP magic number"),
            Self::CipProtocol => {
                (23, "CIP_BAD_PROTO", "Received an unhandled protocol in the NetScaler Client IP header")
            }
            Self::SocksBroken => (40, "SOCKS4_RECV", "SOCKS4 Proxy read error during handshake"),
            Self::SocksDenied => (41, "SOCKS4_DENY", "SOCKS4 Proxy deny the request"),
            Self::System(errno) => system(errno),
            Self::TlsEmpty => (24, "SSL_EMPTY", "Connection closed during SSL handshake"),
            Self::TlsAbort => (25, "SSL_ABORT", "Connection error during SSL handshake"),
            Self::TlsTimeout => (26, "SSL_TIMEOUT", "Timeout during SSL handshake"),
            Self::TlsAuthority => (30, "SSL_CA_FAIL", "SSL client CA chain cannot be verified"),
            Self::TlsCertificate => (31, "SSL_CRT_FAIL", "SSL client certificate not trusted"),
            Self::TlsHandshake => (34, "SSL_HANDSHAKE", "SSL handshake failure"),
        }
    }

    /// Whether the client sent nothing at all, as a probe does.
    pub const fn is_silent(self) -> bool {
        matches!(
            self,
            Self::ProxyEmpty
                | Self::ProxyAbort
                | Self::ProxyTimeout
                | Self::CipEmpty
                | Self::CipAbort
                | Self::CipTimeout
                | Self::TlsEmpty
                | Self::TlsAbort
                | Self::TlsTimeout
        )
    }
}

/// The errors of Linux (errno(3)) that have a name of their own; any other is one of the socket.
const fn system(errno: i32) -> (i64, &'static str, &'static str) {
    match errno {
        24 => (2, "PROC_FDLIM", "Too many sockets on the process"),
        23 => (3, "SYS_FDLIM", "Too many sockets on the system"),
        92 | 93 | 97 => (5, "NOPROTO", "Protocol or address family not supported"),
        99 | 11 => (9, "FREE_PORTS", "Out of local source ports on the system"),
        98 => (10, "ADDR_INUSE", "Local source address already in use"),
        111 => (47, "EREFUSED", "ECONNREFUSED returned by OS"),
        104 => (48, "ERESET", "ECONNRESET returned by OS"),
        101 => (49, "EUNREACH", "ENETUNREACH returned by OS"),
        12 => (50, "ENOMEM", "ENOMEM returned by OS"),
        9 => (51, "EBADF", "EBADF returned by OS"),
        14 => (52, "EFAULT", "EFAULT returned by OS"),
        22 => (53, "EINVAL", "EINVAL returned by OS"),
        107 => (54, "ENCONN", "ENCONN returned by OS"),
        88 => (55, "ENSOCK", "ENSOCK returned by OS"),
        105 => (56, "ENOBUFS", "ENOBUFS returned by OS"),
        32 => (57, "EPIPE", "EPIPE returned by OS"),
        _ => (6, "SOCK_ERR", "General socket error"),
    }
}
