//! `set-var`, `set-var-fmt`, `unset-var`: variables (manual 2.8, 4.4).

use sample::arg::{Scope, VarRef};
use sample::{Owned, Value};
use state::vars::Living;

use super::prelude::*;
use crate::vars::{Condition, bounded, charge};

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "set-var",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Sets a variable to what an expression gives; nothing changes if it gives nothing. Conditions after the \
              name (`ifset`, `ifnotset`, `ifexists`, `ifnotexists`, `ifempty`, `ifnotempty`, `ifgt`, `iflt`) must all \
              hold.",
        examples: &["set-var(txn.x) src", "set-var(sess.first,ifnotexists) src,ipmask(24)"],
        parse: |p| {
            let (var, conditions) = inside(p)?;
            let subject = format!("set-var({})", p.inside.unwrap_or_default());
            let expr = p.compiler.expr_for(&subject, &mut p.words)?;
            Ok(Box::new(SetVar { var, conditions, source: Source::Expr(expr) }))
        },
    },
    ActionKind {
        name: "set-var-fmt",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Sets a variable to the text of a log-format string, under the conditions of `set-var`.",
        examples: &["set-var-fmt(txn.from) %[src]:%[src_port]"],
        parse: |p| {
            let (var, conditions) = inside(p)?;
            let text = p.words.next().unwrap_or_default();
            let format = p.compiler.body(text)?;
            Ok(Box::new(SetVar { var, conditions, source: Source::Format(format) }))
        },
    },
    ActionKind {
        name: "unset-var",
        parenthesised: true,
        sets: EVERYWHERE,
        doc: "Forgets a variable.",
        examples: &["unset-var(txn.x)"],
        parse: |p| {
            let name = parentheses(p)?;
            Ok(Box::new(UnsetVar { var: p.compiler.var(name)? }))
        },
    },
];

/// What stands in parentheses behind the action's name.
fn parentheses<'p>(p: &Parse<'p>) -> Result<&'p str, String> {
    p.inside.ok_or_else(|| {
        let (word, what) = (
            p.word,
            if p.word.contains('(') { "incomplete argument after" } else { "invalid or incomplete" },
        );
        format!(
            "{what} action '{word}'. Expects 'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or \
             'unset-var(<var-name>)'"
        )
    })
}

/// The variable and the conditions.
fn inside(p: &mut Parse<'_>) -> Result<(VarRef, Box<[Condition]>), String> {
    let mut words = parentheses(p)?.split(',');
    let var = p.compiler.var(words.next().unwrap_or_default())?;
    let conditions = words.filter(|word| !word.is_empty()).map(Condition::read);
    Ok((var, conditions.collect::<Result<_, _>>()?))
}

#[derive(Debug)]
enum Source {
    Expr(Expr),
    Format(Format),
}

#[derive(Debug)]
struct SetVar {
    var: VarRef,
    conditions: Box<[Condition]>,
    source: Source,
}

impl Action for SetVar {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let value = match &self.source {
            Source::Expr(expr) => act.eval(expr),
            Source::Format(format) => Some(Value::Str(act.text(format))),
        };
        let Some(value) = value else { return Verdict::Next };
        if !self.conditions.is_empty()
            && !Condition::all_hold(self.conditions.iter(), self.var, value, &act.ctx())
        {
            return Verdict::Next;
        }
        store(act, self.var, value);
        Verdict::Next
    }
}

/// Sets a variable, if there is room for the value.
pub(super) fn store(act: &mut Act<'_>, var: VarRef, value: Value<'_>) {
    if let Some(value) = bounded(var, value, &act.ctx()) {
        set(act, var, Some(value));
    }
}

/// Sets (or unsets) a variable, if its scope is there.
fn set(act: &mut Act<'_>, var: VarRef, value: Option<Owned>) {
    if var.scope == Scope::Proc {
        if act.session.rehearsal {
            return;
        }
        if let Ok(mut vars) = act.world.process.vars.write() {
            match value {
                Some(value) => vars.set(var.id, value),
                None => vars.unset(var.id),
            }
        }
    } else if let Some(vars) = scope(act, var.scope) {
        match value {
            Some(value) => vars.set(var.id, value),
            None => vars.unset(var.id),
        }
    }
    charge(var, &act.ctx());
}

fn scope<'a>(act: &'a mut Act<'_>, scope: Scope) -> Option<&'a mut Living> {
    let stream = act.stream.as_deref_mut();
    match scope {
        Scope::Sess => Some(&mut act.session.vars),
        // A check is no transaction, a transaction no check: one place is enough.
        Scope::Txn | Scope::Check => Some(&mut stream?.txn_vars),
        Scope::Req => stream.filter(|s| !s.responds).map(|s| &mut s.req_vars),
        Scope::Res => stream.filter(|s| s.responds).map(|s| &mut s.res_vars),
        Scope::Proc | Scope::Parent => None,
    }
}

#[derive(Debug)]
struct UnsetVar {
    var: VarRef,
}

impl Action for UnsetVar {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        set(act, self.var, None);
        Verdict::Next
    }
}
