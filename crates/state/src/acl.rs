//! ACLs and the conditions made of them (manual 7.1, 7.2).

use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::expr::{Ctx, Expr};
use crate::reference::Patterns;
use crate::rule::Place;

/// One `acl` line, or an anonymous one: a sample compared with patterns.
#[derive(Debug)]
pub struct AclTest {
    pub expr: Expr,
    pub patterns: Patterns,
    /// Where it was written.
    pub place: Place,
}

impl AclTest {
    /// Whether any value of the sample matches any pattern. No sample, no match.
    pub fn holds(&self, cx: &Ctx<'_>) -> bool {
        if self.expr.fetch.each.is_none() {
            return self.expr.eval(cx).is_some_and(|v| self.patterns.matches(v, cx.arena));
        }
        let mut found = false;
        self.expr.each(cx, &mut |value| {
            found = self.patterns.matches(value, cx.arena);
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        found
    }
}

/// An ACL: all lines of one name; one that holds is enough.
#[derive(Debug)]
pub struct Acl {
    /// Empty for anonymous ones.
    pub name: Box<str>,
    pub tests: Vec<AclTest>,
}

impl Acl {
    pub fn holds(&self, cx: &Ctx<'_>) -> bool {
        self.tests.iter().any(|t| t.holds(cx))
    }
}

/// An ACL in a condition, possibly negated.
#[derive(Clone, Debug)]
pub struct Term {
    pub negated: bool,
    pub acl: Arc<Acl>,
}

/// `if` or `unless`: an OR of ANDs.
#[derive(Clone, Debug)]
pub struct Cond {
    pub unless: bool,
    /// Where it was written.
    pub place: Place,
    pub any: Box<[Box<[Term]>]>,
}

impl Cond {
    /// As `holds`, where more bytes may come; none: it depends on them. `undecided` is what samples set then.
    pub fn decide(&self, cx: &Ctx<'_>, undecided: &Cell<bool>) -> Option<bool> {
        let mut open = false;
        for all in &self.any {
            match decide_all(all, cx, undecided) {
                Some(true) => return Some(!self.unless),
                Some(false) => {}
                None => open = true,
            }
        }
        (!open).then_some(self.unless)
    }

    pub fn holds(&self, cx: &Ctx<'_>) -> bool {
        let holds = self.any.iter().any(|all| all.iter().all(|t| t.acl.holds(cx) != t.negated));
        holds != self.unless
    }
}

/// The first one that doesn't hold, or is open, decides.
fn decide_all(all: &[Term], cx: &Ctx<'_>, undecided: &Cell<bool>) -> Option<bool> {
    for term in all {
        undecided.set(false);
        let holds = term.acl.holds(cx);
        if !holds && undecided.get() {
            return None;
        }
        if holds == term.negated {
            return Some(false);
        }
    }
    Some(true)
}
