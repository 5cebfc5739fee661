//! A screen in front of a long list of rules: which of them can apply to this message at all. The conditions that compare
//! the same sample share one list of patterns, so that the sample is taken once and two hundred rules cost a look-up.
//!
//! It lets through every rule that could apply, and some that don't: whoever runs the rules still asks each condition.
//! Who builds one knows which samples stay the same while nothing it looks at changes ([`Screen::sift`]).

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Stamp;
use sample::pattern::{Entries, PatternError, Snapshot, Store};
use sample::{Bump, Value, View};

use crate::Endpoint;
use crate::expr::{Ctx, Expr};

/// What stands in front of the rules of one list.
#[derive(Debug)]
pub struct Screen {
    groups: Box<[Group]>,
    /// By rule, a bit: looked at whatever the samples are.
    always: Box<[u64]>,
    /// Set once patterns that went into it were changed (Runtime API): from then on it says nothing.
    stale: Arc<AtomicBool>,
}

/// The conditions that compare one sample.
#[derive(Debug)]
struct Group {
    expr: Expr,
    lists: Box<[List]>,
    /// The last rule with such a condition.
    last: usize,
}

/// The patterns that a sample is compared with in one way.
#[derive(Debug)]
struct List {
    view: View,
    patterns: Snapshot,
    /// By the place of a pattern: its rule.
    rules: Box<[usize]>,
}

/// What samples depend on: while it is the same, so are they.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    request: Option<Stamp>,
    response: Option<Stamp>,
    source: Endpoint,
}

impl Basis {
    pub fn of(cx: &Ctx<'_>) -> Self {
        Self {
            request: cx.stream.map(|s| s.request.stamp()),
            response: cx.stream.map(|s| s.response.stamp()),
            source: cx.source(),
        }
    }
}

/// The rules that can apply, a bit each.
#[derive(Debug)]
pub struct Sifted<'a>(&'a [u64]);

impl Sifted<'_> {
    /// The first rule from `at` on that can apply.
    #[inline]
    pub fn next(&self, at: usize) -> Option<usize> {
        let mut word = at / 64;
        let mut bits = self.0.get(word)? & (u64::MAX << (at % 64));
        while bits == 0 {
            word += 1;
            bits = *self.0.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

impl Screen {
    /// The last rule that it decides about: those behind it are all looked at.
    pub fn last(&self) -> usize {
        self.groups.iter().map(|group| group.last).max().unwrap_or(0)
    }

    /// The rules from `from` on that can apply to what `cx` shows, as long as its [`Basis`] stays, in `room`; none if the
    /// screen can't tell any more.
    pub fn sift<'r>(&self, from: usize, cx: &Ctx<'_>, room: &'r Bump) -> Option<Sifted<'r>> {
        if self.stale.load(Ordering::Acquire) {
            return None;
        }
        let bits = room.alloc_slice_copy(&self.always);
        for group in self.groups.iter().filter(|group| group.last >= from) {
            group.mark(cx, bits);
        }
        Some(Sifted(bits))
    }
}

impl Group {
    /// Sets the bits of the rules whose patterns match.
    fn mark<'a>(&'a self, cx: &Ctx<'a>, bits: &mut [u64]) {
        let mut compare = |value: Value<'a>| {
            for list in &self.lists {
                list.patterns.each(list.view, value, cx.arena, &mut |place| {
                    let rule = usize::try_from(place).ok().and_then(|at| list.rules.get(at));
                    rule.iter().for_each(|rule| set(bits, **rule));
                });
            }
            ControlFlow::Continue(())
        };
        if self.expr.fetch.each.is_some() {
            self.expr.each(cx, &mut compare);
        } else if let Some(value) = self.expr.eval(cx) {
            let _ = compare(value);
        }
    }
}

fn set(bits: &mut [u64], rule: usize) {
    if let Some(word) = bits.get_mut(rule / 64) {
        *word |= 1 << (rule % 64);
    }
}

/// Builds a screen.
#[derive(Debug)]
pub struct Builder {
    groups: Vec<(Expr, Vec<Draft>)>,
    always: Vec<u64>,
}

/// Patterns of one way of comparing, with their rules.
#[derive(Debug)]
struct Draft {
    view: View,
    patterns: Vec<(Box<[u8]>, usize)>,
}

impl Builder {
    /// For a list of so many rules.
    pub fn new(rules: usize) -> Self {
        Self { groups: Vec::new(), always: vec![0; rules.div_ceil(64)] }
    }

    /// The rule is looked at in any case.
    pub fn always(&mut self, rule: usize) {
        set(&mut self.always, rule);
    }

    /// The rule can apply when the sample matches the pattern. Rules come in their order.
    pub fn when(&mut self, rule: usize, expr: &Expr, view: View, pattern: &[u8]) {
        let group = match self.groups.iter_mut().position(|(other, _)| other.is_same(expr)) {
            Some(at) => at,
            None => {
                self.groups.push((expr.clone(), Vec::new()));
                self.groups.len() - 1
            }
        };
        let Some((_, drafts)) = self.groups.get_mut(group) else { return };
        match drafts.iter_mut().find(|draft| draft.view == view) {
            Some(draft) => draft.patterns.push((pattern.into(), rule)),
            None => drafts.push(Draft { view, patterns: vec![(pattern.into(), rule)] }),
        }
    }

    /// The screen. Samples that only a few rules ask for are not worth it: those rules are looked at in any case. None if
    /// that is true of all.
    pub fn finish(mut self, stale: Arc<AtomicBool>) -> Result<Option<Screen>, PatternError> {
        let mut groups = Vec::new();
        for (expr, drafts) in self.groups {
            let mut rules: Vec<usize> =
                drafts.iter().flat_map(|draft| draft.patterns.iter().map(|(_, rule)| *rule)).collect();
            rules.sort_unstable();
            rules.dedup();
            if rules.len() < WORTH {
                rules.iter().for_each(|rule| set(&mut self.always, *rule));
                continue;
            }
            let lists = drafts.into_iter().map(Draft::finish).collect::<Result<_, _>>()?;
            groups.push(Group { expr, lists, last: rules.last().copied().unwrap_or(0) });
        }
        let screen = Screen { groups: groups.into(), always: self.always.into(), stale };
        Ok((!screen.groups.is_empty()).then_some(screen))
    }
}

/// So many rules must ask for a sample.
const WORTH: usize = 4;

impl Draft {
    fn finish(self) -> Result<List, PatternError> {
        let pairs = (0u64..).zip(&self.patterns).map(|(place, (text, _))| (place, &**text, &b""[..]));
        let mut store = Store::new(Entries::from_pairs(pairs)?);
        store.require(self.view).map_err(|refused| refused.error)?;
        let rules = self.patterns.iter().map(|(_, rule)| *rule).collect();
        Ok(List { view: self.view, patterns: store.snapshot(), rules })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_found_in_order() {
        let words = [0b1001, 0, 1 << 63];
        let sifted = Sifted(&words);
        let mut at = 0;
        let mut found = Vec::new();
        while let Some(rule) = sifted.next(at) {
            found.push(rule);
            at = rule + 1;
        }
        assert_eq!(found, [0, 3, 191]);
        assert_eq!(sifted.next(192), None);
    }
}
