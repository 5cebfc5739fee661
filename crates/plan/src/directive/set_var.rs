//! `set-var`, `set-var-fmt` of `global` (manual 3.1): kept until expressions can be compiled.

use crate::ctx::{Directive, at, word};
use crate::draft::SetVar;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "set-var",
        sections: at::GLOBAL,
        apply: |cx, line| {
            if word(line, 2).is_empty() {
                return Err("'set-var' requires a process-wide variable name ('proc.<name>') and a sample \
                            expression."
                    .into());
            }
            cx.plan.set_vars.push(SetVar { line, format: false });
            Ok(())
        },
    },
    Directive {
        name: "set-var-fmt",
        sections: at::GLOBAL,
        apply: |cx, line| {
            if word(line, 2).is_empty() {
                return Err("'set-var-fmt' requires a process-wide variable name ('proc.<name>') and a \
                            log-format string."
                    .into());
            }
            cx.plan.set_vars.push(SetVar { line, format: true });
            Ok(())
        },
    },
];
