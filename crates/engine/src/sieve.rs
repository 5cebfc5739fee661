//! Going through a list of rules without those that its screen says can't apply. Knows when what the screen looked at has
//! changed, and that asking it again is only worth it for several rules.

use state::rule::{Act, Rule, RuleList};
use state::screen::{Basis, Screen, Sifted};

/// So many rules are tried one by one after an action changed what the screen looked at: it may be the first of many that do.
const PATIENCE: usize = 8;

/// The place in a list.
pub(crate) struct Sieve<'w> {
    rules: &'w RuleList,
    screen: Option<&'w Screen>,
    sifted: Option<(Sifted<'w>, Basis)>,
    /// The rule from which on asking the screen is worth it.
    worth: usize,
    /// Whether an action was run since the last rule was given.
    acted: bool,
}

impl<'w> Sieve<'w> {
    pub(crate) fn new(rules: &'w RuleList, act: &Act<'w>) -> Self {
        // While more bytes may come, a condition can be open.
        let open = act.stream.as_deref().is_some_and(|s| s.request_body.more || s.response_body.more);
        let screen = rules.screen.as_ref().filter(|_| !open);
        Self { rules, screen, sifted: None, worth: 0, acted: false }
    }

    /// One that lets every rule pass.
    pub(crate) const fn open(rules: &'w RuleList) -> Self {
        Self { rules, screen: None, sifted: None, worth: 0, acted: false }
    }

    /// The next rule that can apply; `at` is left at its place.
    #[inline]
    pub(crate) fn next(&mut self, act: &Act<'w>, at: &mut usize) -> Option<&'w Rule> {
        if let Some(screen) = self.screen {
            self.forget(act, *at);
            if self.sifted.is_none() && *at >= self.worth && *at <= screen.last() {
                let cx = act.ctx();
                self.sifted = screen.sift(*at, &cx, act.arena).map(|sifted| (sifted, Basis::of(&cx)));
                self.worth = usize::MAX;
            }
            if let Some((sifted, _)) = &self.sifted {
                *at = sifted.next(*at)?;
            }
        }
        self.rules.get(*at)
    }

    /// The action of the rule that was given last is run.
    #[inline]
    pub(crate) fn acts(&mut self) {
        self.acted = true;
    }

    /// Drops what the screen said if it may be true no longer.
    fn forget(&mut self, act: &Act<'w>, at: usize) {
        if std::mem::take(&mut self.acted)
            && self.sifted.as_ref().is_some_and(|(_, basis)| *basis != Basis::of(&act.ctx()))
        {
            self.sifted = None;
            self.worth = at + PATIENCE;
        }
    }
}
