//! Directives that are not run and cannot be left out, since clients would be served otherwise than they say.

use crate::ctx::{Ctx, Directive, Line, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    needed("use-fcgi-app"),
    // One group of threads is what there is.
    Directive {
        name: "thread-groups",
        sections: at::GLOBAL,
        apply: |cx, line| {
            if word(line, 1) != "1" {
                cx.not_run(line, "'thread-groups'");
            }
            Ok(())
        },
    },
];

const fn needed(name: &'static str) -> Directive {
    Directive {
        name,
        sections: at::PROXY,
        apply: |cx, line| {
            refuse(cx, line, &format!("'{}'", line.keyword()));
            Ok(())
        },
    }
}

fn refuse<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, what: &str) {
    cx.plan.remarks.unserved(line.span(), what);
}
