//! `set-var`, `set-var-fmt`, `unset-var`: variables (manual 2.8, 4.4).

use sample::arg::{Scope, VarRef};
use sample::{Owned, Value};

use super::prelude::*;
use crate::vars::Condition;

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
            let expr = p.compiler.expr(&mut p.words)?;
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
        set(act, self.var, value.to_owned());
        Verdict::Next
    }
}

fn set(act: &mut Act<'_>, var: VarRef, value: Owned) {
    match (var.scope, act.stream.as_deref_mut()) {
        (Scope::Proc, _) => {
            if let Ok(mut vars) = act.world.process.vars.write() {
                vars.set(var.id, value);
            }
        }
        (Scope::Sess, _) => act.session.vars.set(var.id, value),
        (Scope::Txn | Scope::Check, Some(stream)) => stream.txn_vars.set(var.id, value),
        (Scope::Req, Some(stream)) => stream.req_vars.set(var.id, value),
        (Scope::Res, Some(stream)) => stream.res_vars.set(var.id, value),
        (Scope::Check | Scope::Parent | Scope::Txn | Scope::Req | Scope::Res, _) => {}
    }
}

#[derive(Debug)]
struct UnsetVar {
    var: VarRef,
}

impl Action for UnsetVar {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let id = self.var.id;
        match (self.var.scope, act.stream.as_deref_mut()) {
            (Scope::Proc, _) => {
                if let Ok(mut vars) = act.world.process.vars.write() {
                    vars.unset(id);
                }
            }
            (Scope::Sess, _) => act.session.vars.unset(id),
            (Scope::Txn | Scope::Check, Some(stream)) => stream.txn_vars.unset(id),
            (Scope::Req, Some(stream)) => stream.req_vars.unset(id),
            (Scope::Res, Some(stream)) => stream.res_vars.unset(id),
            (Scope::Check | Scope::Parent | Scope::Txn | Scope::Req | Scope::Res, _) => {}
        }
        Verdict::Next
    }
}
