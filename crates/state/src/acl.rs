//! ACLs and the conditions made of them (manual 7.1, 7.2).

use std::ops::ControlFlow;
use std::sync::Arc;

use sample::Patterns;

use crate::expr::{Ctx, Expr};

/// One `acl` line, or an anonymous one: a sample compared with patterns.
#[derive(Debug)]
pub struct AclTest {
    pub expr: Expr,
    pub patterns: Patterns,
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
    pub any: Box<[Box<[Term]>]>,
}

impl Cond {
    pub fn holds(&self, cx: &Ctx<'_>) -> bool {
        let holds = self.any.iter().any(|all| all.iter().all(|t| t.acl.holds(cx) != t.negated));
        holds != self.unless
    }
}
