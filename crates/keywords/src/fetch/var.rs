//! `var()`: variables (manual 2.8, 7.3.2).

use sample::arg::{Scope, VarRef};

use super::prelude::*;
use crate::vars::{bounded, charge};

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "var",
    args: &[ArgSpec::required("var-name", ArgKind::Var), ArgSpec::optional("default", ArgKind::Str)],
    gives: Type::Any,
    needs: Needs::Constant,
    doc: "The value of a variable, of whatever type it was set to; the default, as text, if it is not set.",
    examples: &[
        Example { given: "", expr: "var(txn.nope)", gives: "-" },
        Example { given: "", expr: "var(txn.nope,fallback)", gives: "fallback" },
    ],
    get: |args, cx| {
        lookup(args.var(0)?, cx).or_else(|| match args.at(1)? {
            sample::Arg::Str(text) => Some(Value::Str(text)),
            _ => None,
        })
    },
    each: None,
}];

/// The value a variable has now. Those of the process live behind a lock, so that the value is copied.
pub(crate) fn lookup<'a>(var: VarRef, cx: &Ctx<'a>) -> Option<Value<'a>> {
    match var.scope {
        Scope::Proc => cx.world.process.vars.read().ok()?.get(var.id).map(|v| v.copied(cx.arena)),
        _ => scope(var.scope, cx)?.get(var.id, cx.arena),
    }
}

/// Sets (or unsets) a variable from within an expression. Gives whether there is such a scope now.
pub(crate) fn put(var: VarRef, value: Option<Value<'_>>, cx: &Ctx<'_>) -> bool {
    let value = match value {
        Some(value) => match bounded(var, value, cx) {
            Some(value) => Some(value),
            None => return true,
        },
        None => None,
    };
    if var.scope == Scope::Proc {
        if cx.session.rehearsal {
            return true;
        }
        let Ok(mut vars) = cx.world.process.vars.write() else { return false };
        match value {
            Some(value) => vars.set(var.id, value),
            None => vars.unset(var.id),
        }
        drop(vars);
        charge(var, cx);
        return true;
    }
    let Some(vars) = scope(var.scope, cx) else { return false };
    vars.put(var.id, value);
    charge(var, cx);
    true
}

/// The variables of a scope other than the process's, where it exists now: there are none of a response in a request.
pub(crate) fn scope<'a>(scope: Scope, cx: &Ctx<'a>) -> Option<&'a state::vars::Living> {
    match scope {
        Scope::Sess => Some(&cx.session.vars),
        // A check is no transaction, a transaction no check: one place is enough.
        Scope::Txn | Scope::Check => Some(&cx.stream?.txn_vars),
        Scope::Req => cx.stream.filter(|s| !s.responds).map(|s| &s.req_vars),
        Scope::Res => cx.stream.filter(|s| s.responds).map(|s| &s.res_vars),
        Scope::Parent | Scope::Proc => None,
    }
}
