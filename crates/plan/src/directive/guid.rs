//! `guid`, `guid-prefix`, `stats-file`: names that objects keep over configurations, and what was counted under them
//! (manual 3.1, 4.2, 5.1, 5.2).

use crate::ctx::{Applied, Directive, Line, Plan, at, no_more, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "guid",
        sections: at::FRONTEND | at::LISTEN | at::BACKEND,
        apply: |cx, line| {
            let text = word(line, 1);
            let title = format!("{} {}", crate::ctx::kind_name(cx.draft.kind), cx.draft.name);
            take(cx.plan, text, &title).map_err(|wrong| format!("'guid': {wrong}"))?;
            cx.draft.guid = Some(text);
            no_more(line, 1)
        },
    },
    Directive { name: "stats-file", sections: at::GLOBAL, apply: stats_file },
];

fn stats_file<'a>(cx: &mut crate::ctx::Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let path = word(line, 1);
    if path.is_empty() {
        return Err("'stats-file' expects a file path as argument.".into());
    }
    no_more(line, 1)?;
    // What lives on in a process needs no file.
    if cx.plan.old.is_some() {
        return Ok(());
    }
    match cx.plan.read(path) {
        Ok(content) => cx.plan.stats_file = Some(String::from_utf8_lossy(&content).into()),
        Err(_) => {
            let message = format!("config: Can't load stats-file '{path}': cannot open file.");
            cx.plan.remarks.warn_bare(message);
        }
    }
    Ok(())
}

/// The longest that a name may be.
const MOST: usize = 127;

/// Takes a name for an object that messages call `title`. Errors: what is wrong with it.
pub(super) fn take(plan: &mut Plan<'_>, guid: &str, title: &str) -> Result<(), String> {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
    if guid.is_empty() {
        return Err("expects an argument".to_owned());
    }
    if let Some(odd) = guid.chars().find(|c| !fits(c)) {
        return Err(format!("invalid character '{odd}'"));
    }
    if guid.len() > MOST {
        return Err("invalid length".to_owned());
    }
    if let Some(other) = plan.guids.get(guid) {
        return Err(format!("duplicate entry with {other}"));
    }
    plan.guids.insert(guid.to_owned(), title.to_owned());
    Ok(())
}
