//! The order in which kinds of rules are applied, whatever order they stand in: a rule that stands behind one of a later
//! kind is warned about (manual 4.2).

use state::family::RuleSet;

use crate::ctx::{Ctx, Line};
use crate::draft::Draft;

/// A kind of rule; a later one is applied later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Connection,
    Session,
    Content,
    Monitor,
    Request,
    Redirect,
    UseBackend,
    UseServer,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Connection,
        Self::Session,
        Self::Content,
        Self::Monitor,
        Self::Request,
        Self::Redirect,
        Self::UseBackend,
        Self::UseServer,
    ];

    /// The stage of a set of rules for requests.
    pub(super) fn of(set: RuleSet) -> Option<Self> {
        match set {
            RuleSet::TcpRequestConnection => Some(Self::Connection),
            RuleSet::TcpRequestSession => Some(Self::Session),
            RuleSet::TcpRequestContent => Some(Self::Content),
            RuleSet::HttpRequest => Some(Self::Request),
            RuleSet::TcpResponseContent | RuleSet::HttpResponse | RuleSet::HttpAfterResponse => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Connection => "tcp-request connection",
            Self::Session => "tcp-request session",
            Self::Content => "tcp-request content",
            Self::Monitor => "monitor fail",
            Self::Request => "http-request",
            Self::Redirect => "redirect",
            Self::UseBackend => "use_backend",
            Self::UseServer => "use-server",
        }
    }

    /// Whether the section has a rule of this kind already.
    fn is_in(self, draft: &Draft<'_>) -> bool {
        match self {
            Self::Monitor => !draft.monitor_fail.is_empty(),
            Self::Redirect => draft.has_redirect,
            Self::UseBackend => !draft.use_backend.is_empty(),
            Self::UseServer => !draft.use_server.is_empty(),
            _ => draft.rules.iter().any(|rule| !rule.is_redirect() && Self::of(rule.set) == Some(self)),
        }
    }
}

impl<'a> Ctx<'_, 'a> {
    /// Says that a rule is applied before one that stands above it.
    pub(super) fn judge_order(&mut self, line: Line<'a>, stage: Stage) {
        let found = Stage::ALL.into_iter().find(|later| *later > stage && later.is_in(self.draft));
        if let Some(later) = found {
            self.warn_order(line, stage.words(), later.words());
        }
    }

    /// As [`Ctx::judge_order`], for `tcp-response content`, which only `http-response` comes behind.
    pub(super) fn judge_response_order(&mut self, line: Line<'a>) {
        if self.draft.rules.iter().any(|rule| rule.set == RuleSet::HttpResponse) {
            self.warn_order(line, "tcp-response content", "http-response");
        }
    }

    fn warn_order(&mut self, line: Line<'a>, own: &str, later: &str) {
        let article = if later.starts_with("http") { "an" } else { "a" };
        let message =
            format!("a '{own}' rule placed after {article} '{later}' rule will still be processed before.");
        self.warn(line, message);
    }
}
