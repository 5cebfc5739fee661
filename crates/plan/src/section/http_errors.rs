//! `http-errors`: named groups of pages that `errorfiles` and replies refer to (manual 12.4).

use std::sync::Arc;

use config::Section;
use state::reply::Pages;

use crate::ctx::{Plan, word};
use crate::directive::errorfile;

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let Some(name) = section.name() else { return };
    let mut pages = Pages::default();
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        let made = match line.keyword() {
            "errorfile" => errorfile::from_file(plan, word(line, 1), word(line, 2)),
            "errorloc" | "errorloc302" => errorfile::location(302, word(line, 1), word(line, 2)),
            "errorloc303" => errorfile::location(303, word(line, 1), word(line, 2)),
            other => {
                plan.remarks.not_run(line.span(), &format!("'{other}'"));
                continue;
            }
        };
        match made {
            Ok((status, page)) => pages.set(status, page),
            Err(e) => plan.remarks.alert(line.span(), format!("{} : {e}", line.keyword())),
        }
    }
    plan.pages.insert(name, Arc::new(pages));
}
