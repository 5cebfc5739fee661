//! `set-var`, `set-var-fmt`, `unset-var`: variables (manual 2.8, 4.4).

use sample::arg::{Scope, VarRef};
use sample::{Owned, Value};

use super::prelude::*;

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
            let text = p.words.next().ok_or("missing the log-format string")?;
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
            let name = p.inside.ok_or("missing the variable's name")?;
            Ok(Box::new(UnsetVar { var: p.compiler.var(name)? }))
        },
    },
];

/// What must hold for the variable to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// The variable has a value (or has none). HAProxy tells "exists" from "is set" only for the process's variables.
    Set(bool),
    /// The input is empty (or is not).
    Empty(bool),
    /// The variable's integer is greater (or less) than the input.
    Greater,
    Less,
}

fn inside(p: &mut Parse<'_>) -> Result<(VarRef, Box<[Condition]>), String> {
    let mut words = p.inside.ok_or("missing the variable's name")?.split(',');
    let var = p.compiler.var(words.next().unwrap_or_default())?;
    let conditions = words.map(|word| match word {
        "ifexists" | "ifset" => Ok(Condition::Set(true)),
        "ifnotexists" | "ifnotset" => Ok(Condition::Set(false)),
        "ifempty" => Ok(Condition::Empty(true)),
        "ifnotempty" => Ok(Condition::Empty(false)),
        "ifgt" => Ok(Condition::Greater),
        "iflt" => Ok(Condition::Less),
        other => Err(format!("unknown condition \"{other}\"")),
    });
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
        if !self.conditions.is_empty() && !self.allowed(act, value) {
            return Verdict::Next;
        }
        set(act, self.var, value.to_owned());
        Verdict::Next
    }
}

impl SetVar {
    fn allowed(&self, act: &Act<'_>, value: Value<'_>) -> bool {
        let cx = act.ctx();
        let old = crate::fetch::var::lookup(self.var, &cx);
        self.conditions.iter().all(|condition| match (condition, old, value) {
            (Condition::Set(wanted), old, _) => old.is_some() == *wanted,
            (Condition::Empty(wanted), _, value) => value.bytes().is_some_and(<[u8]>::is_empty) == *wanted,
            (Condition::Greater, Some(Value::Sint(old)), Value::Sint(new)) => old > new,
            (Condition::Less, Some(Value::Sint(old)), Value::Sint(new)) => old < new,
            (Condition::Greater | Condition::Less, _, _) => true,
        })
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
        (Scope::Txn, Some(stream)) => stream.txn_vars.set(var.id, value),
        (Scope::Req, Some(stream)) => stream.req_vars.set(var.id, value),
        (Scope::Res, Some(stream)) => stream.res_vars.set(var.id, value),
        (Scope::Check | Scope::Txn | Scope::Req | Scope::Res, _) => {}
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
            (Scope::Txn, Some(stream)) => stream.txn_vars.unset(id),
            (Scope::Req, Some(stream)) => stream.req_vars.unset(id),
            (Scope::Res, Some(stream)) => stream.res_vars.unset(id),
            (Scope::Check | Scope::Txn | Scope::Req | Scope::Res, _) => {}
        }
        Verdict::Next
    }
}
