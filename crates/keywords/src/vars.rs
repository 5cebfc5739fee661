//! The conditions under which a variable is set (manual 4.4 "set-var"), for the action and the converter of that name.

use std::sync::atomic::Ordering::Relaxed;

use sample::arg::{Scope, VarRef};
use sample::{Owned, Value};
use state::Ctx;
use state::vars::{Limits, OWN_SIZE, size_of};

use crate::fetch::var::{lookup, scope};

/// What must hold for the variable to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The variable has a value (or has none).
    Set(bool),
    /// The same, except that those of the process always exist.
    Exists(bool),
    /// The input is empty (or is not).
    Empty(bool),
    /// The variable's integer is greater (or less) than the input.
    Greater,
    Less,
}

impl Condition {
    pub(crate) fn read(word: &str) -> Result<Self, String> {
        match word {
            "ifexists" => Ok(Self::Exists(true)),
            "ifnotexists" => Ok(Self::Exists(false)),
            "ifset" => Ok(Self::Set(true)),
            "ifnotset" => Ok(Self::Set(false)),
            "ifempty" => Ok(Self::Empty(true)),
            "ifnotempty" => Ok(Self::Empty(false)),
            "ifgt" => Ok(Self::Greater),
            "iflt" => Ok(Self::Less),
            other => Err(format!("unknown condition \"{other}\"")),
        }
    }

    /// Whether the variable may be set to the input.
    pub(crate) fn all_hold<'c>(
        mut conditions: impl Iterator<Item = &'c Self>,
        var: VarRef,
        input: Value<'_>,
        cx: &Ctx<'_>,
    ) -> bool {
        conditions.all(|condition| match condition {
            Self::Exists(wanted) if var.scope == Scope::Proc => *wanted,
            _ => condition.holds(lookup(var, cx), input),
        })
    }

    fn holds(self, old: Option<Value<'_>>, input: Value<'_>) -> bool {
        match (self, old, input) {
            (Self::Set(wanted) | Self::Exists(wanted), old, _) => old.is_some() == wanted,
            (Self::Empty(wanted), _, input) => input.bytes().is_some_and(<[u8]>::is_empty) == wanted,
            (Self::Greater, Some(Value::Sint(old)), Value::Sint(new)) => old > new,
            (Self::Less, Some(Value::Sint(old)), Value::Sint(new)) => old < new,
            (Self::Greater | Self::Less, _, _) => true,
        }
    }
}

/// What becomes of a value under the limits: itself; 0 where only the variable has room; none where not even that.
pub(crate) fn bounded(var: VarRef, value: Value<'_>, cx: &Ctx<'_>) -> Option<Owned> {
    let Some(limits) = cx.world.global.var_limits else { return Some(value.to_owned()) };
    let old = lookup(var, cx);
    let own = if old.is_some() { 0 } else { OWN_SIZE };
    let freed = old.map_or(0, size_of);
    if !has_room(var.scope, own, cx, &limits) {
        return None;
    }
    let more = (own + size_of(value)).saturating_sub(freed);
    Some(if has_room(var.scope, more, cx, &limits) { value.to_owned() } else { Owned::Sint(0) })
}

fn has_room(of: Scope, more: u64, cx: &Ctx<'_>, limits: &Limits) -> bool {
    let size = |of| scope(of, cx).map_or(0, state::vars::Living::size);
    let within = |used: u64, limit: u64| limit == 0 || used + more <= limit;
    let reqres = size(Scope::Req) + size(Scope::Res);
    let txn = reqres + size(Scope::Txn);
    let sess = txn + size(Scope::Sess);
    let all = cx.world.process.vars_size.load(Relaxed);
    let reaches = |scopes: &[Scope]| scopes.contains(&of);
    (!reaches(&[Scope::Req, Scope::Res]) || within(reqres, limits.reqres))
        && (!reaches(&[Scope::Req, Scope::Res, Scope::Txn]) || within(txn, limits.txn))
        && (of == Scope::Proc || within(sess, limits.sess))
        && within(all, limits.proc)
        && within(all, limits.global)
}

/// Counts a variable that was set or unset, where there are limits.
pub(crate) fn charge(var: VarRef, cx: &Ctx<'_>) {
    if cx.world.global.var_limits.is_none() {
        return;
    }
    let process = &cx.world.process;
    match scope(var.scope, cx) {
        Some(vars) => vars.charge(&process.vars_size),
        None if var.scope == Scope::Proc => process.charge_vars(),
        None => {}
    }
}
