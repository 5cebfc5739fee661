//! The documentation of what is served, as one page that needs nothing else: made of the contract.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::beyond::OPERATIONS;

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Data Plane API</title>\
<meta name=\"viewport\" content=\"width=device-width\"><style>\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}\
code{font-size:.95em}b{display:inline-block;width:4.5em}summary{cursor:pointer;font-weight:600}ul{list-style:none;padding:0 1rem}\
</style><h1>Data Plane API</h1><p>Paths are below <code>/v3</code>. The contract for machines: \
<a href=\"specification_openapiv3\">specification_openapiv3</a>, <a href=\"specification\">specification</a>.";

/// The page.
pub(super) fn page() -> String {
    let mut groups: BTreeMap<&str, Vec<&api::Operation>> = BTreeMap::new();
    for operation in &api::contract().operations {
        groups.entry(group(&operation.path)).or_default().push(operation);
    }
    let mut page = HEAD.to_owned();
    page += "<details open><summary>beyond the original</summary><ul>";
    for (method, path, sentence) in OPERATIONS {
        let _ = write!(page, "<li><b>{method}</b><code>{path}</code> {sentence}");
    }
    page += "</ul></details>";
    for (name, operations) in groups {
        let _ = write!(page, "<details><summary>{}</summary><ul>", escaped(name));
        for operation in operations {
            write_operation(&mut page, operation);
        }
        page += "</ul></details>";
    }
    page
}

/// The part of a path that operations are grouped by.
fn group(path: &str) -> &str {
    let inside = path.strip_prefix("/services/haproxy/").unwrap_or(path).trim_start_matches('/');
    let inside = inside.strip_prefix("configuration/").unwrap_or(inside);
    let named = inside.split('/').rfind(|part| !part.starts_with('{'));
    named.filter(|name| !name.is_empty()).unwrap_or("discovery")
}

fn write_operation(page: &mut String, operation: &api::Operation) {
    let (method, path) = (&operation.method, escaped(&operation.path));
    let _ = write!(page, "<li><b>{method}</b><code>{path}</code> {}", escaped(&operation.id));
    let query: Vec<String> =
        operation.parameters.iter().filter(|p| p.place == "query").map(|p| escaped(&p.name)).collect();
    if !query.is_empty() {
        let _ = write!(page, " <small>?{}</small>", query.join(", "));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_on_the_page() {
        let page = page();
        assert!(api::contract().operations.iter().all(|operation| page.contains(&escaped(&operation.path))));
        assert!(!page.contains("http://") && !page.contains("https://"), "it works offline");
    }
}
