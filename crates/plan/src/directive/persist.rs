//! `force-persist`, `ignore-persist`, `persist` (manual 4.2): when what leads to a server is heeded, and what beside
//! cookies leads to one.

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "force-persist", sections: at::PROXY, apply: rule },
    Directive { name: "ignore-persist", sections: at::PROXY, apply: rule },
    Directive { name: "persist", sections: at::PROXY, apply: persist },
];

fn rule<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let keyword = line.keyword();
    if cx.lacks_backend(line, keyword) {
        return Ok(());
    }
    if !matches!(word(line, 1), "if" | "unless") {
        return Err(format!("'{keyword}' requires either 'if' or 'unless' followed by a condition."));
    }
    cx.draft.persist_rules.push(line);
    Ok(())
}

/// The cookie's name where none is given.
const RDP_COOKIE: &str = "msts";

fn persist<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "persist") {
        return Ok(());
    }
    let method = word(line, 1);
    if method.is_empty() {
        return Err("missing persist method.".into());
    }
    let Some(name) = method.strip_prefix("rdp-cookie") else {
        return Err("unknown persist method.".into());
    };
    let given = name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|n| !n.is_empty());
    let name = match (name, given) {
        ("", _) => RDP_COOKIE,
        (_, Some(name)) => name,
        _ => return Err("persist rdp-cookie(name)' requires an rdp cookie name.".into()),
    };
    no_more(line, 1)?;
    cx.draft.settings.rdp_cookie = Some(name);
    Ok(())
}
