//! The page around the tables: what process this is, what the colours mean, other views; what became of an order.

use state::Ctx;
use state::family::{Flow, Object, Row};

use super::admin::Outcome;
use super::ask::Asked;
use super::cells::Html;
use super::table::Look;
use super::{PART, Stats};
use crate::metric::{Columns, wants_status};

const STYLE: &str = include_str!("style.css");
/// Ticks all boxes of a table.
const SCRIPT: &str = "function toggle(all){all.closest('table').querySelectorAll('tbody input[type=checkbox]')\
                      .forEach(box=>box.checked=all.checked)}";

/// What the colours mean.
const COLOURS: &[(&str, &str)] = &[
    ("active_up", "active UP"),
    ("backup_up", "backup UP"),
    ("active_going_down", "active UP, going down"),
    ("backup_going_down", "backup UP, going down"),
    ("active_going_up", "active DOWN, going up"),
    ("backup_going_up", "backup DOWN, going up"),
    ("active_down", "active or backup DOWN"),
    ("active_no_check", "not checked"),
    ("maintain", "DOWN for maintenance (MAINT)"),
    ("active_draining", "SOFT STOPPED (DRAIN, NOLB)"),
];

/// One part of the page: the top first, then objects, each proxy's in a table of its own.
pub(super) fn part(stats: &Stats, cx: &Ctx<'_>, asked: &Asked<'_>, from: u64, out: &mut Vec<u8>) -> Flow {
    let Some(about) = cx.world.process.about.get() else { return Flow::Done };
    let row_of = |object| Row { world: cx.world, about, level: stats.level(), object, now_ns: cx.now_ns };
    let mut html = Html(out);
    if from == 0 {
        top(stats, &row_of(Object::Process), asked, &mut html);
        return Flow::More(1);
    }
    let settings = &stats.settings;
    let look = Look { admin: stats.is_admin(cx), legends: settings.legends, modules: settings.modules };
    let mut next = 1;
    for proxy in stats.proxies(cx, asked) {
        let count = proxy.objects().count() as u64;
        let end = next + count;
        if end <= from {
            next = end;
            continue;
        }
        if from <= next {
            look.begin(proxy, &mut html);
        }
        for object in proxy.objects() {
            next += 1;
            if next <= from || !wants_status(object, asked.up, asked.no_maintenance) {
                continue;
            }
            look.row(&row_of(object), &mut html);
            if html.0.len() >= PART && next < end {
                return Flow::More(next);
            }
        }
        look.end(proxy, &mut html);
        if html.0.len() >= PART {
            return Flow::More(next);
        }
    }
    html.raw("</main></body></html>\n");
    Flow::Done
}

fn top(stats: &Stats, row: &Row<'_>, asked: &Asked<'_>, html: &mut Html<'_>) {
    let settings = &stats.settings;
    let name = row.about.name;
    html.raw(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Statistics Report for ",
    );
    html.text(name);
    if let Some(node) = &settings.node {
        html.raw(" on ").text(node);
    }
    html.raw("</title>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<link rel=\"icon\" href=\"data:,\">\n<style>\n").raw(STYLE);
    html.raw("</style>\n<script>").raw(SCRIPT).raw("</script></head>\n<body>\n<header><h1>").text(name);
    if settings.version {
        html.raw(" version ").text(&row.about.version);
        html.raw(", released ").text(row.about.release_date);
    }
    html.raw(&format!("</h1>\n<h2>Statistics Report for pid {}", row.world.global.pid));
    if let Some(node) = &settings.node {
        html.raw(" on ").text(node);
    }
    if let Some(description) = &settings.description {
        html.raw(": ").text(description);
    }
    html.raw("</h2></header>\n<main>\n<section class=\"top\">\n");
    process(row, html);
    colours(html);
    views(stats, asked, html);
    html.raw("</section>\n");
    if let Some(outcome) = asked.outcome {
        told(stats, asked, outcome, html);
    }
}

/// The process in figures.
fn process(row: &Row<'_>, html: &mut Html<'_>) {
    let n = |name: &str| row.n(name).unwrap_or(0);
    let unlimited = |n: u64| if n == 0 { "unlimited".to_owned() } else { n.to_string() };
    let memory = row.n("Memmax_MB").unwrap_or(0);
    let memory = if memory == 0 { "unlimited".to_owned() } else { format!("{memory} MB") };
    let lines = [
        ("pid", format!("{} (process #1, nbproc = 1, nbthread = {})", n("Pid"), n("Nbthread"))),
        ("uptime", row.s("Uptime").unwrap_or_default().into_owned()),
        ("system limits", format!("memmax = {memory}; ulimit-n = {}", unlimited(n("Ulimit-n")))),
        ("maxsock", format!("{}; maxconn = {}", n("Maxsock"), n("Maxconn"))),
        ("current conns", format!("{}; conn rate = {}/sec", n("CurrConns"), n("ConnRate"))),
        ("running tasks", format!("{}; idle = {} %", n("Tasks"), n("Idle_pct"))),
    ];
    html.raw("<div class=\"card\"><h3>General process information</h3>\n<dl>");
    for (title, text) in lines {
        html.raw("<dt>").raw(title).raw("</dt><dd>").text(&text).raw("</dd>");
    }
    html.raw("</dl></div>\n");
}

fn colours(html: &mut Html<'_>) {
    html.raw("<div class=\"card\"><h3>Colours</h3>\n<ul class=\"lgd\">");
    for (class, text) in COLOURS {
        html.raw("<li><span class=\"").raw(class).raw("\"></span>").raw(text).raw("</li>");
    }
    html.raw("</ul></div>\n");
}

/// Other views of the same.
fn views(stats: &Stats, asked: &Asked<'_>, html: &mut Html<'_>) {
    let uri = &stats.settings.uri;
    let query = asked.query();
    html.raw("<div class=\"card\"><h3>Display option</h3>\n<form method=\"get\"><label>Scope : <input name=\"scope\" size=\"12\" ");
    html.raw("maxlength=\"20\" value=\"").text(asked.scope.unwrap_or_default());
    html.raw("\"></label></form>\n<ul class=\"views\">");
    let mut link = |title: &str, options: &str| {
        html.raw("<li><a href=\"")
            .text(uri)
            .raw(options)
            .text(&query)
            .raw("\">")
            .raw(title)
            .raw("</a></li>\n");
    };
    let mut list = Vec::new();
    let both = if asked.up { "Show all servers" } else { "Hide 'DOWN' servers" };
    list.push((both, asked.options(!asked.up, asked.refresh)));
    if stats.settings.refresh_s > 0 {
        let refresh = if asked.refresh { "Disable refresh" } else { "Enable refresh" };
        list.push((refresh, asked.options(asked.up, !asked.refresh)));
    }
    list.push(("Refresh now", asked.options(asked.up, asked.refresh)));
    list.push(("CSV export", ";csv;norefresh"));
    list.push(("JSON export", ";json;norefresh"));
    list.push(("JSON schema", ";json-schema"));
    for (title, options) in list {
        link(title, options);
    }
    html.raw("</ul></div>\n");
}

/// What became of an order.
fn told(stats: &Stats, asked: &Asked<'_>, outcome: Outcome, html: &mut Html<'_>) {
    let (class, text) = match outcome {
        Outcome::Done => ("active_up", "Action processed successfully."),
        Outcome::Nothing => ("active_no_check", "Nothing has changed."),
        Outcome::Partly => (
            "active_going_down",
            "Action partially processed. Some server names are probably unknown or ambiguous.",
        ),
        Outcome::Invalid => (
            "active_down",
            "Action not processed because of invalid parameters: the action, the backend or the servers are \
             probably unknown or ambiguous.",
        ),
        Outcome::TooLarge => (
            "active_down",
            "Action not processed: the form is larger than a buffer. Retry with fewer servers at a time.",
        ),
        Outcome::Denied => ("active_down", "Action denied."),
    };
    let back = asked.options(asked.up, asked.refresh);
    html.raw("<p class=\"told ").raw(class).raw("\"><a class=\"lfsb\" title=\"Remove this message\" href=\"");
    html.text(&stats.settings.uri).raw(back).text(&asked.query()).raw("\">[X]</a> ").raw(text).raw("</p>\n");
}
