//! What users write for an object, as a path of the API.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a segment can't hold as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'`');

/// What a value of a query can't hold as it is.
const VALUE: &AsciiSet = &SEGMENT.add(b'&').add(b'+').add(b'/');

/// First words that stand beside `configuration` in the API.
const BESIDE: &[&str] =
    &["configuration", "runtime", "storage", "spoe", "sites", "transactions", "reloads", "stats", "events"];
/// First words that stand at the root.
const ROOT: &[&str] = &["info", "health", "service_discovery", "specification", "specification_openapiv3"];

/// `backends/b/servers?x=y` as `/v3/services/haproxy/configuration/backends/b/servers?x=y`.
pub(crate) fn of_object(text: &str) -> String {
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let segments: Vec<String> = path
        .split('/')
        .filter(|s| !s.is_empty())
        .map(|s| utf8_percent_encode(s, SEGMENT).to_string())
        .collect();
    let first = segments.first().map_or("", String::as_str);
    let base = if ROOT.contains(&first) {
        "/v3"
    } else if BESIDE.contains(&first) {
        "/v3/services/haproxy"
    } else {
        "/v3/services/haproxy/configuration"
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base}/{}{query}", segments.join("/"))
}

/// A path with parameters more.
pub(crate) fn with(path: &str, parameters: &[(&str, String)]) -> String {
    let mut path = path.to_owned();
    for (name, value) in parameters {
        let mark = if path.contains('?') { '&' } else { '?' };
        path += &format!("{mark}{name}={}", utf8_percent_encode(value, VALUE));
    }
    path
}

/// Whether changes of it carry the configuration's version.
pub(crate) fn is_versioned(path: &str) -> bool {
    path.contains("/haproxy/configuration/") || path.contains("/haproxy/sites")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_are_paths() {
        assert_eq!(of_object("backends/b c"), "/v3/services/haproxy/configuration/backends/b%20c");
        assert_eq!(of_object("/runtime/info"), "/v3/services/haproxy/runtime/info");
        assert_eq!(of_object("info"), "/v3/info");
        let users = with(&of_object("users?userlist=u"), &[("version", "2".into())]);
        assert_eq!(users, "/v3/services/haproxy/configuration/users?userlist=u&version=2");
        assert!(is_versioned(&users) && !is_versioned("/v3/services/haproxy/runtime/maps"));
    }
}
