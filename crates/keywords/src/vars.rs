//! The conditions under which a variable is set (manual 4.4 "set-var"), for the action and the converter of that name.

use sample::Value;
use sample::arg::VarRef;
use state::Ctx;

use crate::fetch::var::lookup;

/// What must hold for the variable to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The variable has a value (or has none). HAProxy tells "exists" from "is set" only for the process's variables.
    Set(bool),
    /// The input is empty (or is not).
    Empty(bool),
    /// The variable's integer is greater (or less) than the input.
    Greater,
    Less,
}

impl Condition {
    pub(crate) fn read(word: &str) -> Result<Self, String> {
        match word {
            "ifexists" | "ifset" => Ok(Self::Set(true)),
            "ifnotexists" | "ifnotset" => Ok(Self::Set(false)),
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
        conditions.all(|condition| condition.holds(lookup(var, cx), input))
    }

    fn holds(self, old: Option<Value<'_>>, input: Value<'_>) -> bool {
        match (self, old, input) {
            (Self::Set(wanted), old, _) => old.is_some() == wanted,
            (Self::Empty(wanted), _, input) => input.bytes().is_some_and(<[u8]>::is_empty) == wanted,
            (Self::Greater, Some(Value::Sint(old)), Value::Sint(new)) => old > new,
            (Self::Less, Some(Value::Sint(old)), Value::Sint(new)) => old < new,
            (Self::Greater | Self::Less, _, _) => true,
        }
    }
}
