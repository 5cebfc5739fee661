//! `-cc`: a condition of `.if`, judged on its own (manual 2.4).

use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use crate::argv::Args;
use crate::{check, say};

/// Status 0 when it holds, 1 when it doesn't, 2 when it makes no sense.
pub(crate) fn evaluate(condition: &std::ffi::OsStr, args: &Args) -> ExitCode {
    match config::check_condition(condition.as_bytes(), &check::context(args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            say::alert(&error.message);
            ExitCode::from(2)
        }
    }
}
