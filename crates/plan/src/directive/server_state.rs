//! Where states of servers from before come from: `server-state-base`, `server-state-file`, `load-server-state-from-file`,
//! `server-state-file-name` (manual 3.1, 4.2).

use std::net::IpAddr;

use config::Section;

use crate::ctx::{Ctx, Directive, at, no_more, word};
use crate::draft::Draft;
use crate::server_state::{self, From};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "server-state-base",
        sections: at::GLOBAL,
        apply: |cx, line| {
            no_more(line, 1)?;
            if word(line, 1).is_empty() {
                return Err("'server-state-base' expects one argument: a directory path.".into());
            }
            cx.plan.states.base = Some(word(line, 1).to_owned());
            Ok(())
        },
    },
    Directive {
        name: "server-state-file",
        sections: at::GLOBAL,
        apply: |cx, line| {
            no_more(line, 1)?;
            if word(line, 1).is_empty() {
                return Err("'server-state-file' expect one argument: a file path.".into());
            }
            cx.plan.states.global = Some(word(line, 1).to_owned());
            Ok(())
        },
    },
    Directive {
        name: "load-server-state-from-file",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_backend(line, "load-server-state-from-file") {
                return Ok(());
            }
            cx.draft.settings.states_from = from(word(line, 1)).ok_or_else(|| {
                format!(
                    "'load-server-state-from-file' expects 'global', 'local' or 'none'. Got '{}'",
                    word(line, 1)
                )
            })?;
            Ok(())
        },
    },
    Directive {
        name: "server-state-file-name",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_backend(line, "server-state-file-name") {
                return Ok(());
            }
            no_more(line, 1)?;
            cx.draft.state_file = file(word(line, 1));
            Ok(())
        },
    },
];

fn from(text: &str) -> Option<From> {
    match text {
        "global" => Some(From::Global),
        "local" => Some(From::Local),
        "none" => Some(From::Nowhere),
        _ => None,
    }
}

/// The name of a file of its own; none where it is called as the proxy.
fn file(text: &str) -> Option<&str> {
    Some(text).filter(|text| !matches!(*text, "" | "use-backend-name"))
}

/// What the section says of these files counts for all of its servers, wherever it says it.
pub(crate) fn settle<'a>(draft: &mut Draft<'a>, section: Section<'a>) {
    for line in section.directives() {
        match line.keyword() {
            "load-server-state-from-file" => {
                draft.settings.states_from = from(word(line, 1)).unwrap_or_default();
            }
            "server-state-file-name" => draft.state_file = file(word(line, 1)),
            _ => {}
        }
    }
}

/// The address that a server's name had in the process before.
pub(super) fn last_address(cx: &mut Ctx<'_, '_>, server: &str, host: &str) -> Option<IpAddr> {
    let draft = &cx.draft;
    let states = server_state::of(cx.plan, draft.settings.states_from, draft.name, draft.state_file)?;
    let row = states.get(draft.name, server)?;
    row.address.filter(|_| row.fqdn.as_deref() == Some(host))
}
