//! What can be found wrong without knowing what any word does.

use crate::loaded::Loaded;

/// Looks at everything that was read and adds its remarks.
pub(crate) fn run(_loaded: &mut Loaded) {}
