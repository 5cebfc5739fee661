//! A request, read from its wire form: decoded path, query, headers that matter, body.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The segments of the path, decoded. Empty ones don't count: a slash at the end changes nothing.
    pub(crate) segments: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    /// By their names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Whether the client is known already: by a certificate that stands for credentials, or by having been asked.
    pub(crate) certified: bool,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect();
        // Clients join queries carelessly; a second question mark begins another pair.
        let pairs = query.split(['&', '?']).filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(&value.replace('+', " ")))
        });
        Self { method: method.to_owned(), segments, query: pairs.collect(), ..Self::default() }
    }

    /// A parameter of the query that says something.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a parameter is true.
    pub(crate) fn asks(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn careless_queries_are_read() {
        let request = Request::new("GET", "/v3//a%20b/?skip_reload=true?&version=42&x&y=1+2");
        assert_eq!(request.segments, ["v3", "a b"]);
        assert_eq!(request.query("version"), Some("42"));
        assert!(request.asks("skip_reload") && request.query("x").is_none());
        assert_eq!(request.query("y"), Some("1 2"));
    }
}
