//! Where log lines go, how they begin, and at which moments of a transaction they are made (manual 4.2 "log", 8).

use std::net::SocketAddr;
use std::sync::Arc;

use crate::Format;
use crate::family::RuleSet;

/// The transport of a log target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Udp(SocketAddr),
    /// A unix datagram socket by path (or abstract name, beginning with NUL).
    Unix(Box<str>),
    Fd(i32),
    /// Position in `World::rings`.
    Ring(u32),
    /// Position of a backend for logs in `World::backends`.
    Backend(u32),
}

/// The header in front of each line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// None was asked for: `Rfc3164` if `log-send-hostname` is set, `Local` if not.
    #[default]
    Usual,
    /// `<134>Nov 22 11:59:44 sluice[12]: `
    Local,
    /// `<134>Nov 22 11:59:44 localhost sluice[12]: `
    Rfc3164,
    Rfc5424,
    /// `<6>`: the level.
    Short,
    /// `<134>`: the level and the facility.
    Priority,
    /// `<6>2026-11-22T11:59:44.123456+00:00 `
    Timed,
    /// `2026-11-22T11:59:44.123456+00:00 `
    Iso,
    Raw,
}

/// Which lines of a stream of lines a target takes: `sample 1,2-5:10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Inclusive ranges, counted from 1.
    pub ranges: Vec<(u32, u32)>,
    pub size: u32,
}

/// One `log` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub destination: Destination,
    pub header: Header,
    /// 0 (kern) to 23 (local7).
    pub facility: u8,
    /// The least severe level that is sent: 0 (emerg) to 7 (debug).
    pub level_max: u8,
    /// More severe lines are sent at this level.
    pub level_min: u8,
    /// Longest line in bytes, header included.
    pub max_len: usize,
    pub sampling: Option<Sampling>,
    /// Position in `World::log_profiles`.
    pub profile: Option<u32>,
}

/// When and why a line is made: what `%OG` tells, and what `on` of a profile picks (manual 8.2.6, 8.3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    #[default]
    Unspecified,
    /// The session ended before there was a valid request.
    SessionError,
    Accept,
    Request,
    Connect,
    Response,
    Close,
    /// A `do-log` rule of this set.
    Rule(RuleSet),
}

impl Origin {
    /// What a name after `on`, or in `log-steps`, stands for. `any` and `error` are the profile's own.
    pub fn of_step(name: &str) -> Option<Self> {
        let all = [Self::Accept, Self::Request, Self::Connect, Self::Response, Self::Close];
        let rules = RuleSet::ALL.map(Self::Rule);
        all.into_iter().chain(rules).find(|origin| origin.step() == name)
    }

    /// Its name as a step.
    pub const fn step(self) -> &'static str {
        match self {
            Self::Unspecified => "any",
            Self::SessionError => "error",
            Self::Accept => "accept",
            Self::Request => "request",
            Self::Connect => "connect",
            Self::Response => "response",
            Self::Close => "close",
            Self::Rule(set) => match set {
                RuleSet::TcpRequestConnection => "tcp-req-conn",
                RuleSet::TcpRequestSession => "tcp-req-sess",
                RuleSet::TcpRequestContent => "tcp-req-cont",
                RuleSet::TcpResponseContent => "tcp-res-cont",
                RuleSet::HttpRequest => "http-req",
                RuleSet::HttpResponse => "http-res",
                RuleSet::HttpAfterResponse => "http-after-res",
            },
        }
    }

    /// What `%OG` shows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspec",
            Self::SessionError => "sess_error",
            Self::Accept => "txn_accept",
            Self::Request => "txn_request",
            Self::Connect => "txn_connect",
            Self::Response => "txn_response",
            Self::Close => "txn_close",
            Self::Rule(_) => self.step(),
        }
    }
}

/// The moments at which a proxy writes a line by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moments {
    /// One line a transaction: at this moment, or at the end where that comes first.
    Once(Origin),
    /// `log-steps`: a line at each of them.
    Each(Box<[Origin]>),
}

impl Moments {
    /// Whether a line is made at this moment of a transaction for which `logged` says whether it has one already.
    pub fn include(&self, at: Origin, logged: bool) -> bool {
        match self {
            Self::Once(when) => !logged && (*when == at || at == Origin::Close),
            Self::Each(all) => all.contains(&at),
        }
    }
}

/// What a profile says of one step.
#[derive(Clone, Debug)]
pub enum Override {
    /// No line.
    Drop,
    /// Another line, other structured data, or both; none: as the proxy has it.
    Formats { line: Option<Arc<Format>>, structured: Option<Arc<Format>> },
}

/// A `log-profile` section.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub tag: Option<Box<[u8]>>,
    /// By step; `any` stands under [`Origin::Unspecified`].
    pub steps: Vec<(Origin, Override)>,
}

impl Profile {
    /// What holds for a line made at this moment.
    pub fn at(&self, origin: Origin) -> Option<&Override> {
        let find = |wanted| self.steps.iter().find(|(step, _)| *step == wanted).map(|(_, what)| what);
        find(origin).or_else(|| find(Origin::Unspecified))
    }
}

/// What a frontend logs: where to, and the compiled line.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Positions in `World::log_targets`.
    pub targets: Arc<[u32]>,
    pub line: Option<Arc<Format>>,
    /// `error-log-format`: for lines of failed connections.
    pub error_line: Option<Arc<Format>>,
    /// `log-format-sd`: structured data of RFC 5424.
    pub structured: Option<Arc<Format>>,
    /// `log-tag`.
    pub tag: Option<Arc<[u8]>>,
    pub moments: Moments,
    /// Lines are made before all is known: times and byte counts that may still grow have a `+` in front.
    pub partial: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            targets: Arc::default(),
            line: None,
            error_line: None,
            structured: None,
            tag: None,
            moments: Moments::Once(Origin::Close),
            partial: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_one_name() {
        for name in ["accept", "request", "connect", "response", "close", "tcp-req-conn", "http-after-res"] {
            assert_eq!(Origin::of_step(name).map(Origin::step), Some(name));
        }
        assert_eq!(Origin::of_step("any"), None);
        assert_eq!(Origin::of_step("error"), None);
    }

    #[test]
    fn the_nearest_override_counts() {
        let any = (Origin::Unspecified, Override::Formats { line: None, structured: None });
        let profile = Profile { tag: None, steps: vec![any, (Origin::Close, Override::Drop)] };
        assert!(matches!(profile.at(Origin::Close), Some(Override::Drop)));
        assert!(matches!(profile.at(Origin::Connect), Some(Override::Formats { .. })));
        assert!(Profile::default().at(Origin::Close).is_none());
    }

    #[test]
    fn one_line_a_transaction_unless_steps_are_named() {
        let once = Moments::Once(Origin::Response);
        assert!(once.include(Origin::Response, false) && !once.include(Origin::Close, true));
        assert!(once.include(Origin::Close, false) && !once.include(Origin::Request, false));
        let each = Moments::Each([Origin::Accept, Origin::Connect].into());
        assert!(each.include(Origin::Connect, true) && !each.include(Origin::Close, false));
    }
}
