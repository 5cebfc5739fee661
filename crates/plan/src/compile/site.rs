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

    /// Whether a fetch with these needs may stand here; `backend` says whether the proxy at hand has a backend's rules.
    pub fn allows(self, needs: Needs, backend: bool) -> bool {
        legal(needs, self, backend)
    }

    const fn has_request_head(self) -> bool {
        match self {
            Self::Rules(set) => matches!(set, RuleSet::TcpRequestContent | RuleSet::HttpRequest),
            Self::UseBackend | Self::UseServer | Self::Answer | Self::Persist => true,
            Self::Log | Self::Check | Self::StickStore | Self::Nowhere => false,
        }
    }

    const fn has_response_head(self) -> bool {
        matches!(
            self,
            Self::Answer
                | Self::Check
                | Self::StickStore
                | Self::Rules(
                    RuleSet::TcpResponseContent | RuleSet::HttpResponse | RuleSet::HttpAfterResponse
                )
        )
    }
}

/// Whether a fetch with these needs may stand there; `backend` says whether the proxy at hand has a backend's rules.
pub(super) fn legal(needs: Needs, site: Site, backend: bool) -> bool {
    use RuleSet::{TcpRequestConnection, TcpRequestSession};
    let rules = |set| site == Site::Rules(set);
    let nowhere = site == Site::Nowhere;
    match needs {
        Needs::Nothing | Needs::EitherBuffer => true,
        Needs::Client => !nowhere,
        Needs::Session => !nowhere && !rules(TcpRequestConnection),
        Needs::Request => {
            !nowhere && site != Site::Check && !rules(TcpRequestConnection) && !rules(TcpRequestSession)
        }
        Needs::RequestHead | Needs::RequestBody | Needs::RequestBuffer => site.has_request_head(),
        Needs::ResponseHead | Needs::ResponseBody | Needs::ResponseBuffer => site.has_response_head(),
        Needs::EitherHead => site.has_request_head() || site.has_response_head(),
        Needs::Backend => match site {
            Site::UseServer | Site::Persist | Site::Log => true,
            Site::UseBackend | Site::Nowhere => false,
            _ => site.has_response_head() || site.has_request_head() && backend,
        },
        Needs::Server => site.has_response_head() || site == Site::Log,
        Needs::Log => site == Site::Log,
    }
}

/// HAProxy's words for what a fetch needs.
pub(super) const fn what(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing | Needs::EitherBuffer => "internal state",
        Needs::Client => "layer 4 connection on the client side",
        Needs::Session => "layer 5 session",
        Needs::Request => "HTTP request",
        Needs::RequestHead | Needs::RequestBody | Needs::EitherHead => "HTTP request headers",
        Needs::RequestBuffer => "request buffer",
        Needs::ResponseBuffer => "response buffer",
        Needs::Backend => "backend",
        Needs::Server => "HTTP response",
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
        assert!(legal(Needs::RequestHead, request, false) && !legal(Needs::RequestHead, response, true));
        assert!(!legal(Needs::RequestHead, Site::Log, true) && legal(Needs::Request, Site::Log, true));
        assert!(legal(Needs::Client, connection, false) && !legal(Needs::Request, connection, false));
        assert!(!legal(Needs::Server, request, true) && legal(Needs::Server, Site::Log, false));
        assert!(legal(Needs::Backend, request, true) && !legal(Needs::Backend, request, false));
    }
}
