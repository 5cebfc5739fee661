//! `var()`: variables (manual 2.8, 7.3.2).

use sample::arg::{Scope, VarRef};

use super::prelude::*;

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "var",
    args: &[ArgSpec::required("var-name", ArgKind::Var), ArgSpec::optional("default", ArgKind::Str)],
    gives: Type::Any,
    needs: Needs::Nothing,
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
        Scope::Proc => copied(cx.world.process.vars.read().ok()?.get(var.id)?, cx),
        Scope::Sess => cx.session.vars.get(var.id),
        Scope::Txn => cx.stream?.txn_vars.get(var.id),
        Scope::Req => cx.stream?.req_vars.get(var.id),
        Scope::Res => cx.stream?.res_vars.get(var.id),
        Scope::Check => None,
    }
}

fn copied<'a>(value: Value<'_>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    Some(match value {
        Value::Str(b) => Value::Str(cx.arena.alloc_slice_copy(b)),
        Value::Bin(b) => Value::Bin(cx.arena.alloc_slice_copy(b)),
        Value::Meth(b) => Value::Meth(cx.arena.alloc_slice_copy(b)),
        Value::Bool(v) => Value::Bool(v),
        Value::Sint(v) => Value::Sint(v),
        Value::Ipv4(v) => Value::Ipv4(v),
        Value::Ipv6(v) => Value::Ipv6(v),
    })
}
