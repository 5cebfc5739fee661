//! What keeps a client's connection from becoming a session, as logs and `fc_err` name it (manual 7.3.3 "fc_err_str").

/// A fault of a client's connection.
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
        }
    }

    /// Whether the client sent nothing at all, as a probe does.
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::ProxyEmpty | Self::ProxyAbort | Self::ProxyTimeout)
    }
}
