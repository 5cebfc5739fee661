//! The screen in front of a rule list: which conditions can go into it. A rule can when each way in which its condition may
//! hold asks for an ACL that compares samples of the message's head, or the client's address, with patterns written in
//! the configuration.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use keywords::steady;
use sample::pattern::Snapshot;
use sample::{MatchKind, View};
use state::rule::RuleList;
use state::screen::{Builder, Screen};
use state::{Acl, AclTest, Cond, Reference, Rule, Term};

/// Lists of fewer rules with a condition are run as they are.
const LONG: usize = 8;
/// An ACL with more patterns than this is asked by itself.
const PATTERNS: usize = 256;

/// The list, with a screen where that pays.
pub fn screened(rules: Vec<Rule>) -> RuleList {
    let conditions = rules.iter().filter(|rule| rule.cond.is_some()).count();
    let screen = if conditions < LONG { None } else { screen(&rules) };
    RuleList::new(rules, screen)
}

fn screen(rules: &[Rule]) -> Option<Screen> {
    let mut builder = Builder::new(rules.len());
    let stale = Arc::new(AtomicBool::new(false));
    for (at, rule) in rules.iter().enumerate() {
        match rule.cond.as_ref().and_then(chosen) {
            Some(acls) => acls.iter().for_each(|acl| add(&mut builder, at, acl, &stale)),
            None => builder.always(at),
        }
    }
    // Patterns that could not be arranged together can't be wrong by themselves: the rules are run without a screen.
    builder.finish(stale).ok().flatten()
}

/// For each way in which the condition may hold, an ACL that it needs and that can be screened; none if one has none.
fn chosen(cond: &Cond) -> Option<Vec<&Acl>> {
    if cond.unless {
        return None;
    }
    cond.any.iter().map(|all| suited(all)).collect()
}

/// The first ACL of a conjunction that can be screened. What stands before it would not be asked if it kept the rule out:
/// that may only be what nobody notices.
fn suited(all: &[Term]) -> Option<&Acl> {
    for term in all {
        if !term.negated && term.acl.tests.iter().all(suits) {
            return Some(&term.acl);
        }
        if !term.acl.tests.iter().all(is_steady) {
            return None;
        }
    }
    None
}

/// Whether what the test looks at is steady, and its patterns can be found together with others.
fn suits(test: &AclTest) -> bool {
    let indexed = |kind| {
        use MatchKind as M;
        matches!(
            kind,
            M::Str | M::Beg | M::End | M::Sub | M::Dir | M::Dom | M::Reg | M::Ip | M::Int | M::Len | M::Meth
        )
    };
    let own = |(list, view): &(Arc<Reference>, View)| {
        list.name.is_empty()
            && indexed(view.kind)
            && list.unchanged().is_some_and(|now| now.len() <= PATTERNS)
    };
    is_steady(test) && !test.patterns.lists.is_empty() && test.patterns.lists.iter().all(own)
}

/// Whether the sample depends on the message and the client alone, and taking it changes nothing.
fn is_steady(test: &AclTest) -> bool {
    let expr = &test.expr;
    steady::fetch(expr.fetch) && expr.steps.iter().all(|step| steady::converter(step.converter))
}

fn add(builder: &mut Builder, rule: usize, acl: &Acl, stale: &Arc<AtomicBool>) {
    for test in &acl.tests {
        for (list, view) in &test.patterns.lists {
            list.watch(stale);
            for entry in list.unchanged().into_iter().flat_map(Snapshot::iter) {
                builder.when(rule, &test.expr, *view, entry.key);
            }
        }
    }
}
