//! `filter`, `filter-sequence` (manual 4.2): kept for when keywords can be compiled.

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "filter", sections: at::PROXY, apply: filter },
    Directive { name: "filter-sequence", sections: at::PROXY, apply: sequence },
];

/// Filters that exist and are not run: without them somebody would be served otherwise.
const NOT_RUN: &[&str] = &["spoe", "fcgi-app"];

fn filter<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let name = word(line, 1);
    let place = cx.plan.place(line.span());
    if name.is_empty() {
        return Err(format!(
            "parsing [{place}] : missing argument for 'filter' in proxy '{}'.",
            cx.draft.name
        ));
    }
    if NOT_RUN.contains(&name) || name.starts_with("lua.") {
        cx.plan.remarks.unserved(line.span(), &format!("'filter {name}'"));
        return Ok(());
    }
    if name == "opentracing" {
        cx.not_run(line, "'filter opentracing'");
        return Ok(());
    }
    if keywords::filter::find(name).is_none() {
        return Err(unknown(name));
    }
    cx.draft.filters.push(line);
    Ok(())
}

/// The names HAProxy lists, each with the tag of its kind.
fn unknown(name: &str) -> String {
    const KNOWN: &[(&str, &str)] = &[
        ("BWLIM", "bwlim-in"),
        ("BWLIM", "bwlim-out"),
        ("CACHE", "cache"),
        ("COMP", "comp-req"),
        ("COMP", "comp-res"),
        ("COMP", "compression"),
        ("FCGI", "fcgi-app"),
        ("SPOE", "spoe"),
        ("TRACE", "trace"),
    ];
    let list: String = KNOWN.iter().map(|(tag, name)| format!("\n    [{tag}] {name}")).collect();
    format!("'filter' : unknown keyword '{name}'. Registered keywords :{list}")
}

fn sequence<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let place = cx.plan.place(line.span());
    let proxy = cx.draft.name;
    let wrong =
        |what: String| Err(format!("parsing [{place}] : {what} for 'filter-sequence' in proxy '{proxy}'."));
    match (word(line, 1), word(line, 2)) {
        ("", _) => return wrong("missing argument".to_owned()),
        ("request" | "response", "") => return wrong("missing filter list".to_owned()),
        ("request", list) => cx.draft.filter_order[0] = Some(list),
        ("response", list) => cx.draft.filter_order[1] = Some(list),
        _ => return wrong("expected either 'request' or 'response'".to_owned()),
    }
    Ok(())
}
