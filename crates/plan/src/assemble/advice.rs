//! Advice on rules that are taken and will hardly do what was meant, in HAProxy's words: what is tracked or captured too
//! early or too late, raw bytes that are asked for where HTTP is spoken.

use keywords::fetch;
use state::family::{Needs, RuleSet};
use state::{Cond, Rule};

use super::rules::Section;
use crate::compile::Site;
use crate::ctx::{Line, words_from};
use crate::draft::RuleLine;

/// Where no byte of a stream is known yet.
const EARLY: Site = Site::Rules(RuleSet::TcpRequestSession);

impl<'a> Section<'_, 'a> {
    /// Says what there is to say of a rule that was compiled.
    pub(super) fn advise(&mut self, rule: &RuleLine<'a>, compiled: &Rule) {
        if let Some(cond) = &compiled.cond {
            self.advise_raw(rule.line, cond);
        }
        if rule.set != RuleSet::TcpRequestContent || self.compile.home.frontend.is_none() {
            return;
        }
        let words = words_from(rule.line, rule.action);
        let (action, key) = (words.first().copied(), words.get(1).copied());
        let (Some(action), Some(key)) = (action, key) else { return };
        let tracks = action.starts_with("track-sc");
        if !tracks && action != "capture" {
            return;
        }
        let name = key.split(['(', ',']).next().unwrap_or_default();
        let late = fetch::find(name).is_some_and(|fetch| !self.compile.knows(fetch.needs, EARLY));
        let what = if tracks { "tcp-request content track-sc*" } else { "tcp-request capture" };
        let title = &self.title;
        if late && !self.waits {
            self.plan.remarks.warn_bare(format!(
                "{title} : a '{what}' rule explicitly depending on request contents without any 'tcp-request \
                 inspect-delay' setting. This means that this rule will randomly find its contents. This can be fixed \
                 by setting the tcp-request inspect-delay."
            ));
        }
        let decides_late =
            compiled.cond.as_ref().is_some_and(|cond| needs(cond).any(|n| !self.compile.knows(n, EARLY)));
        if tracks && self.http && !late && !decides_late {
            self.plan.remarks.warn_bare(format!(
                "{title} : a '{what}' rule not depending on request contents for an HTTP frontend should be executed at \
                 the session level, using a 'tcp-request session' rule (mandatory to track invalid HTTP requests)."
            ));
        }
    }

    /// Says that a condition in a proxy for HTTP asks for bytes that it doesn't have.
    pub(super) fn advise_raw(&mut self, line: Line<'a>, cond: &Cond) {
        if !self.http || !needs(cond).any(Needs::is_raw) {
            return;
        }
        let (name, place) = (self.compile.home.name, self.plan.place(line.span()));
        self.plan.remarks.warn_bare(format!(
            "Proxy '{name}': L6 sample fetches ignored on HTTP proxies (declared at {place})."
        ));
    }
}

/// What the samples of a condition need.
fn needs(cond: &Cond) -> impl Iterator<Item = Needs> {
    let terms = cond.any.iter().flat_map(|all| all.iter());
    terms.flat_map(|term| term.acl.tests.iter()).map(|test| test.expr.fetch.needs)
}
