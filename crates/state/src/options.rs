//! What frontends and backends have in common and `defaults` hands down: mode, timeouts, `option` flags.
//! All durations are milliseconds; absent means never.

use crate::link::Probes;

/// The `mode` of a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Tcp,
    Http,
    Log,
    Spop,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Log => "syslog",
            Self::Spop => "spop",
        }
    }
}

/// The `timeout` directives, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    pub client: Option<u32>,
    pub client_fin: Option<u32>,
    /// For what comes in front of the client's own bytes; `client` where absent.
    pub client_hs: Option<u32>,
    pub connect: Option<u32>,
    pub check: Option<u32>,
    pub http_keep_alive: Option<u32>,
    pub http_request: Option<u32>,
    pub queue: Option<u32>,
    pub server: Option<u32>,
    pub server_fin: Option<u32>,
    pub tarpit: Option<u32>,
    pub tunnel: Option<u32>,
}

/// How connections are kept between requests (`option http-*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepAlive {
    #[default]
    Both,
    /// `http-server-close`: the client's side only.
    ClientOnly,
    /// `httpclose`: neither.
    None,
}

/// `http-reuse` (manual 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    Never,
    #[default]
    Safe,
    Aggressive,
    Always,
}

/// `option redispatch`: on which attempts another server is chosen. Positive: on every so manieth; negative: on the one so
/// many before the last, -1 being the last itself; 0: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redispatch(pub i32);

impl Redispatch {
    /// Whether it is turned on at all.
    pub const fn is_on(self) -> bool {
        self.0 != 0
    }

    /// Whether the `attempt`th of at most `most` repeated attempts is to go to another server.
    pub fn is_due(self, attempt: u32, most: u32) -> bool {
        let (attempt, most) = (i64::from(attempt), i64::from(most));
        let every = match i64::from(self.0) {
            n if n < 0 => most + 1 + n,
            n => n,
        };
        every > 0 && attempt % every == 0
    }
}

/// `retry-on`: what makes a request worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn(pub u32);

impl Default for RetryOn {
    fn default() -> Self {
        Self(Self::CONN_FAILURE)
    }
}

impl RetryOn {
    pub const CONN_FAILURE: u32 = 1;
    pub const EMPTY_RESPONSE: u32 = 2;
    pub const JUNK_RESPONSE: u32 = 4;
    pub const RESPONSE_TIMEOUT: u32 = 8;
    /// What a server refused to take as early data of TLS.
    pub const EARLY_REJECTED: u32 = 16;
    /// The statuses that can be named, from bit 5 on in this order.
    pub const STATUSES: [u16; 12] = [401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504];

    /// Whether one of these bits is set.
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// The bit of a status; 0 for one that can't be named.
    pub fn of_status(status: u16) -> u32 {
        Self::STATUSES.iter().position(|s| *s == status).map_or(0, |at| 1 << (5 + at))
    }

    /// Whether anything but a failed connection is worth one: the request must be kept for it.
    pub const fn keeps_request(self) -> bool {
        self.0 & !(Self::CONN_FAILURE | Self::EARLY_REJECTED) != 0
    }
}

/// `option forwardfor` and `option originalto` as configured: the header's name and whom to leave out.
#[derive(Clone, Debug)]
pub struct AddressHeader {
    pub name: Box<[u8]>,
    pub except: Option<Except>,
    pub if_none: bool,
}

/// A network whose addresses are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Except {
    V4 { network: u32, mask: u32 },
    V6 { network: u128, mask: u128 },
}

impl Except {
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        match (self, address) {
            (Self::V4 { network, mask }, std::net::IpAddr::V4(a)) => u32::from(a) & mask == *network,
            (Self::V6 { network, mask }, std::net::IpAddr::V6(a)) => u128::from(a) & mask == *network,
            _ => false,
        }
    }
}

/// `option http-restrict-req-hdr-names`: what becomes of request headers with names beyond letters, digits and `-`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OddNames {
    #[default]
    Preserve,
    Delete,
    /// The request is answered with 403.
    Reject,
}

/// Flags of a proxy that the data path asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub keep_alive: KeepAlive,
    pub reuse: Reuse,
    pub forward_for: Option<std::sync::Arc<AddressHeader>>,
    pub original_to: Option<std::sync::Arc<AddressHeader>>,
    /// `http-send-name-header`: the name of the header that tells a server its own name.
    pub send_name: Option<Box<[u8]>>,
    pub dont_log_null: bool,
    pub dont_log_normal: bool,
    pub log_as_soon: bool,
    pub log_health_checks: bool,
    pub log_separate_errors: bool,
    pub http_ignore_probes: bool,
    pub http_buffer_request: bool,
    pub http_no_delay: bool,
    /// `checkcache`: no cookie goes out where a cache might keep it.
    pub check_cache: bool,
    /// `disable-h2-upgrade`: a connection of HTTP/1 stays one although its client begins like HTTP/2.
    pub no_h2_upgrade: bool,
    /// `http-use-proxy-header`: of requests for a proxy, `Proxy-Connection` says what `Connection` does otherwise.
    pub proxy_header: bool,
    /// `idle-close-on-response`: a stop leaves idle clients their connections until the response after.
    pub idle_until_response: bool,
    pub pretend_keepalive: bool,
    /// `option abortonclose`; unset it is on in HTTP mode and off in TCP mode (see [`crate::Backend::aborts`]).
    pub abort_on_close: Option<bool>,
    pub redispatch: Redispatch,
    pub retry_on: RetryOn,
    /// `persist`: persistence leads to servers that are down, too.
    pub persist: bool,
    pub prefer_last_server: bool,
    /// `max-keep-alive-queue`: with so many waiting for the last server another one is preferred; none: it always is.
    pub keep_alive_queue: Option<u32>,
    pub all_backups: bool,
    pub accept_unsafe_request: bool,
    pub accept_unsafe_response: bool,
    pub odd_names: OddNames,
    /// `h1-case-adjust-bogus-client`, `-server`: header names go out as `h1-case-adjust` spells them.
    pub adjust_case_client: bool,
    pub adjust_case_server: bool,
    pub drop_request_trailers: bool,
    pub drop_response_trailers: bool,
    pub client_keepalive: bool,
    pub client_probes: Probes,
    pub server_keepalive: bool,
    pub server_probes: Probes,
    /// Whether closing throws away what was not sent yet.
    pub no_linger: bool,
    /// Whether what goes to a peer counts for nothing in how long it may be silent.
    pub independent_streams: bool,
    /// Whether the system is to let its acknowledgement of a client's first bytes wait for the answer; by default in
    /// HTTP mode.
    pub smart_accept: Option<bool>,
    pub smart_connect: bool,
    pub splice_request: bool,
    pub splice_response: bool,
    pub splice_auto: bool,
    pub socket_stats: bool,
    /// `contstats`: bytes are counted while they flow, not only at the end.
    pub count_as_it_flows: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_that_go_elsewhere() {
        let due = |n, most| (1..=most).filter(|a| Redispatch(n).is_due(*a, most)).collect::<Vec<u32>>();
        assert_eq!((due(-1, 3), due(-3, 5)), (vec![3], vec![3]));
        assert_eq!((due(1, 3), due(2, 5)), (vec![1, 2, 3], vec![2, 4]));
        assert_eq!((due(0, 3), due(-2, 1)), (vec![], vec![]));
    }

    #[test]
    fn statuses_have_bits_of_their_own() {
        let bits = RetryOn::STATUSES.map(RetryOn::of_status);
        assert_eq!((bits.iter().sum::<u32>(), RetryOn::of_status(200)), (0xfff << 5, 0));
        assert!(RetryOn(bits[0]).keeps_request() && !RetryOn::default().keeps_request());
    }
}
