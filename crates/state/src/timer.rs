//! A time that a rule states or computes: what `pause` and `set-timeout` take (manual 4.4).

use sample::{Type, Value, cast};

use crate::Expr;
use crate::rule::Act;

/// The longest time that counts as one, milliseconds.
const LONGEST: i64 = i32::MAX as i64;

/// Milliseconds, as written or as an expression gives them.
#[derive(Debug)]
pub enum Timer {
    Fixed(u32),
    Computed(Expr),
}

impl Timer {
    /// The time now; none where the expression gives no positive number.
    pub fn get(&self, act: &Act<'_>) -> Option<u32> {
        match self {
            Self::Fixed(ms) => Some(*ms),
            Self::Computed(expr) => match cast(act.eval(expr)?, Type::Sint, act.arena)? {
                Value::Sint(ms) if (1..=LONGEST).contains(&ms) => u32::try_from(ms).ok(),
                _ => None,
            },
        }
    }
}
