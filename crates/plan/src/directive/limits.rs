//! `maxconn`, `fullconn`, `backlog`, `retries` of a proxy (manual 4.2). Numbers are read as HAProxy reads them: what
//! does not begin with a digit is 0.

use crate::ctx::{Ctx, Directive, Line, at, no_more, word};
use crate::number::count;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "maxconn",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_frontend(line, "maxconn", " Maybe you want 'fullconn' instead ?") {
                return Ok(());
            }
            cx.draft.settings.maxconn = Some(number(line, "an integer argument.")?);
            no_more(line, 1)
        },
    },
    Directive {
        name: "fullconn",
        sections: at::PROXY,
        apply: |cx, line| {
            if lacks_backend_with_hint(cx, line) {
                return Ok(());
            }
            cx.draft.settings.fullconn = Some(number(line, "an integer argument.")?);
            no_more(line, 1)
        },
    },
    Directive {
        name: "backlog",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_frontend(line, "backlog", "") {
                return Ok(());
            }
            cx.draft.settings.backlog = Some(number(line, "an integer argument.")?);
            no_more(line, 1)
        },
    },
    Directive {
        name: "retries",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_backend(line, "retries") {
                return Ok(());
            }
            let expected = "an integer argument (dispatch counts for one).";
            cx.draft.settings.retries = Some(number(line, expected)?);
            no_more(line, 1)
        },
    },
];

fn number(line: Line<'_>, expected: &str) -> Result<u32, String> {
    match word(line, 1) {
        "" => Err(format!("'{}' expects {expected}", line.keyword())),
        text => Ok(count(text)),
    }
}

fn lacks_backend_with_hint<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> bool {
    let lacks = cx.draft.kind == config::SectionKind::Frontend;
    if lacks {
        let title = cx.title();
        cx.warn(
            line,
            format!(
                "'fullconn' ignored because {title} has no backend capability. Maybe you want 'maxconn' instead ?"
            ),
        );
    }
    lacks
}
