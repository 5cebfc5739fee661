//! Where an expression stands, and which fetches may stand there: what they need must exist by then (manual 7.3, the
//! letters in `-dKsmp`).

use state::expr::Side;
use state::family::{Needs, RuleSet};

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    Rules(RuleSet),
    UseBackend,
    /// `use-server`, `balance`, `hash`, stick rules on requests.
    UseServer,
    /// `stick store-response`.
    StickStore,
    /// `http-error`: an answer that may be due at any time of an exchange.
    Answer,
    /// `log-format` and the like: the stream is over.
    Log,
    /// `force-persist`, `ignore-persist`.
    Persist,
    /// Health checks: there is a server, and what it answers.
    Check,
    /// `monitor fail`: no stream at all.
    Nowhere,
}

impl Site {
    /// Which message `hdr` means here.
    pub const fn side(self) -> Side {
        match self {
            Self::Rules(set) => set.side(),
            Self::Check | Self::StickStore => Side::Response,
            _ => Side::Request,
        }
    }

    /// HAProxy's words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rules(RuleSet::TcpRequestConnection) => "frontend tcp-request connection rule",
            Self::Rules(RuleSet::TcpRequestSession) => "frontend tcp-request session rule",
            Self::Rules(RuleSet::TcpRequestContent) => "frontend tcp-request content rule",
            Self::Rules(RuleSet::TcpResponseContent) => "backend tcp-response content rule",
            Self::Rules(RuleSet::HttpRequest) => "frontend http-request header rule",
            Self::Rules(RuleSet::HttpResponse | RuleSet::HttpAfterResponse) => {
                "frontend http-response header rule"
            }
            Self::UseBackend => "frontend use-backend rule",
            Self::Persist => "backend tcp-request content rule",
            Self::UseServer => "backend use-server, balance or stick-match rule",
            Self::StickStore => "backend stick-store rule",
            Self::Answer => "HTTP error page",
            Self::Log => "logs",
            Self::Check => "backend tcp-check rule",
            Self::Nowhere => "configuration parser",
        }
    }

    /// The words that begin a line of rules of TCP.
    pub(super) const fn rule_words(self) -> Option<&'static str> {
        match self {
            Self::Rules(
                set @ (RuleSet::TcpRequestConnection
                | RuleSet::TcpRequestSession
                | RuleSet::TcpRequestContent
                | RuleSet::TcpResponseContent),
            ) => Some(set.words()),
            _ => None,
        }
    }

    /// The columns of [`COLUMNS`] that this place is, as bits.
    const fn columns(self, backend: bool) -> u32 {
        const fn half(backend: bool, front: u32, back: u32) -> u32 {
            1 << if backend { back } else { front }
        }
        match self {
            Self::Rules(RuleSet::TcpRequestConnection) => 1,
            Self::Rules(RuleSet::TcpRequestSession) => 1 << 1,
            Self::Rules(RuleSet::TcpRequestContent) => half(backend, 2, 6),
            Self::Rules(RuleSet::HttpRequest) => half(backend, 3, 7),
            Self::UseBackend => 1 << 5,
            Self::Persist => 1 << 6,
            Self::UseServer => 1 << 9,
            Self::Rules(RuleSet::TcpResponseContent) => half(backend, 15, 11),
            Self::Rules(RuleSet::HttpResponse | RuleSet::HttpAfterResponse) => half(backend, 16, 12),
            Self::Answer => half(backend, 3, 7) | half(backend, 16, 12),
            Self::Log => 1 << 18,
            Self::StickStore => 1 << 14,
            Self::Check => 1 << 19,
            Self::Nowhere => 1 << 20,
        }
    }
}

/// The places of HAProxy's compatibility matrix.
pub const COLUMNS: [&str; 22] = [
    "frontend tcp-request connection rule",
    "frontend tcp-request session rule",
    "frontend tcp-request content rule",
    "frontend http-request header rule",
    "frontend http-request body rule",
    "frontend use-backend rule",
    "backend tcp-request content rule",
    "backend http-request header rule",
    "backend http-request body rule",
    "backend use-server, balance or stick-match rule",
    "server source selection",
    "backend tcp-response content rule",
    "backend http-response header rule",
    "backend http-response body rule",
    "backend stick-store rule",
    "frontend tcp-response content rule",
    "frontend http-response header rule",
    "frontend http-response body rule",
    "logs",
    "backend tcp-check rule",
    "configuration parser",
    "CLI parser",
];

/// The columns in which a fetch with these needs may stand, as bits: from one to another.
pub const fn places(needs: Needs) -> u32 {
    const fn span(from: u32, to: u32) -> u32 {
        (1 << (to + 1)) - (1 << from)
    }
    match needs {
        Needs::Constant => span(0, 21),
        Needs::Nothing | Needs::Inspection => span(0, 19) | 1 << 21,
        Needs::Client => span(0, 19),
        Needs::Frontend => span(0, 18),
        Needs::Session => span(1, 18),
        Needs::Request | Needs::RequestCounts | Needs::TransactionCounts => span(2, 18),
        Needs::RequestHead | Needs::RequestBody | Needs::RequestBuffer => span(2, 10),
        Needs::EitherHead | Needs::EitherBuffer => span(2, 17) | 1 << 19,
        Needs::Backend => span(6, 19),
        Needs::ResponseCounts => span(9, 18),
        Needs::ServerChosen | Needs::CachedResponse => span(10, 19),
        Needs::Server | Needs::ServerConnection | Needs::Response => span(11, 19),
        Needs::ResponseHead | Needs::ResponseBody | Needs::ResponseBuffer => span(11, 17) | 1 << 19,
        Needs::Log => 1 << 18,
    }
}

/// Whether a fetch with these needs may stand there; `backend` says whether the proxy at hand has a backend's rules.
pub(super) const fn legal(needs: Needs, site: Site, backend: bool) -> bool {
    places(needs) & site.columns(backend) != 0
}

/// HAProxy's words for what a fetch needs.
pub(super) const fn what(needs: Needs) -> &'static str {
    match needs {
        Needs::Constant | Needs::Nothing | Needs::Inspection => "internal state",
        Needs::Client => "client address",
        Needs::Frontend => "frontend",
        Needs::Session => "client-side connection",
        Needs::Request => "HTTP request",
        Needs::RequestCounts => "request buffer statistics",
        Needs::TransactionCounts => "transaction statistics",
        Needs::RequestHead | Needs::RequestBody => "HTTP request headers",
        Needs::EitherHead => "HTTP request headers,HTTP response headers",
        Needs::RequestBuffer => "request buffer",
        Needs::ResponseBuffer => "response buffer",
        Needs::EitherBuffer => "request buffer,response buffer",
        Needs::Backend => "backend",
        Needs::ServerChosen => "server",
        Needs::Server => "server address",
        Needs::ServerConnection => "server-side connection",
        Needs::Response | Needs::CachedResponse => "HTTP response",
        Needs::ResponseCounts => "response buffer statistics",
        Needs::ResponseHead | Needs::ResponseBody => "HTTP response headers",
        Needs::Log => "stream at its end",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_exist_exists() {
        let request = Site::Rules(RuleSet::HttpRequest);
        let response = Site::Rules(RuleSet::HttpResponse);
        let connection = Site::Rules(RuleSet::TcpRequestConnection);
        assert_eq!(places(Needs::Client).count_ones(), 20);
        assert!(legal(Needs::RequestHead, request, false) && !legal(Needs::RequestHead, response, true));
        assert!(!legal(Needs::RequestHead, Site::Log, true) && legal(Needs::Request, Site::Log, true));
        assert!(legal(Needs::Client, connection, false) && !legal(Needs::Request, connection, false));
        assert!(!legal(Needs::Server, request, true) && legal(Needs::Server, Site::Log, false));
        assert!(legal(Needs::Backend, request, true) && !legal(Needs::Backend, request, false));
    }
}
