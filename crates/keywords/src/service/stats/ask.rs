//! What a request for statistics asks for, from its target: `/stats;csv;norefresh?scope=app`. Options may stand anywhere
//! behind the page's own address.

use memchr::memmem;

use super::admin::Outcome;
use crate::metric::Form;

/// The longest part of a proxy's name that is looked for, and the shortest.
const SCOPE_MAX: usize = 20;
const SCOPE_MIN: usize = 2;

/// What the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Page,
    Table(Form),
    Schema,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    pub(super) output: Output,
    /// Only servers that are up or not checked; only those that are not in maintenance.
    pub(super) up: bool,
    pub(super) no_maintenance: bool,
    /// Whether the browser is to load it again by itself.
    pub(super) refresh: bool,
    /// What became of an order.
    pub(super) outcome: Option<Outcome>,
    /// Only proxies with this in their name, whatever the case.
    pub(super) scope: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads a target, which may begin with scheme and authority.
    pub(super) fn read(uri: &str, target: &'a [u8]) -> Self {
        let behind = memmem::find(target, uri.as_bytes()).map_or(0, |at| at + uri.len());
        let rest = target.get(behind..).unwrap_or_default();
        let has = |option: &str| memmem::find(rest, option.as_bytes()).is_some();
        let output = if has(";json-schema") {
            Output::Schema
        } else if has(";json") {
            Output::Table(Form::Json)
        } else if has(";typed") {
            Output::Table(Form::Typed)
        } else if has(";csv") {
            Output::Table(Form::Plain)
        } else {
            Output::Page
        };
        Self {
            output,
            up: has(";up"),
            no_maintenance: has(";no-maint"),
            refresh: !has(";norefresh"),
            outcome: after(rest, ";st=").and_then(Outcome::read),
            scope: after(rest, "scope=").and_then(scope),
        }
    }

    /// Whether a proxy's name fits.
    pub(super) fn wants(&self, proxy: &str) -> bool {
        let Some(scope) = self.scope else { return true };
        proxy.as_bytes().windows(scope.len()).any(|part| part.eq_ignore_ascii_case(scope.as_bytes()))
    }

    /// Where to go after an order: back to the same view, with what became of it.
    pub(super) fn location(&self, uri: &str, outcome: Outcome) -> Vec<u8> {
        format!("{uri};st={}{}{}", outcome.word(), self.options(self.up, self.refresh), self.query()).into()
    }

    /// `;up;norefresh`
    pub(super) fn options(&self, up: bool, refresh: bool) -> &'static str {
        match (up, refresh) {
            (false, true) => "",
            (true, true) => ";up",
            (false, false) => ";norefresh",
            (true, false) => ";up;norefresh",
        }
    }

    /// `?scope=app`
    pub(super) fn query(&self) -> String {
        self.scope.map(|scope| format!("?scope={scope}")).unwrap_or_default()
    }
}

fn after<'a>(text: &'a [u8], word: &str) -> Option<&'a [u8]> {
    text.get(memmem::find(text, word.as_bytes())? + word.len()..)
}

/// A part of a proxy's name: at most [`SCOPE_MAX`] characters that names may have. Anything else is no part of one.
fn scope(text: &[u8]) -> Option<&str> {
    let end = memchr::memchr2(b'&', b';', text).unwrap_or(text.len()).min(SCOPE_MAX);
    let scope = text.get(..end)?;
    let named = scope.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b':'));
    std::str::from_utf8(scope).ok().filter(|scope| named && scope.len() >= SCOPE_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str) -> Asked<'_> {
        Asked::read("/stats", target.as_bytes())
    }

    #[test]
    fn options_stand_anywhere() {
        assert_eq!(read("/stats").output, Output::Page);
        assert_eq!(read("http://a/stats;csv").output, Output::Table(Form::Plain));
        assert_eq!(read("/stats?;csv;json").output, Output::Table(Form::Json));
        assert_eq!(read("/stats;json-schema").output, Output::Schema);
        assert!(read("/stats?x;up").up && !read("/stats?up").up);
        assert!(!read("/statsx;norefresh").refresh && read("/stats").refresh);
    }

    #[test]
    fn scopes() {
        for (target, expected) in [
            ("/stats?scope=app", Some("app")),
            ("/stats;csv;scope=app;up", Some("app")),
            ("/stats?a=b&scope=app&x=y", Some("app")),
            ("/stats?scope=aaaaaaaaaabbbbbbbbbbcccccccccc", Some("aaaaaaaaaabbbbbbbbbb")),
            ("/stats?scope=a", None),
            ("/stats?scope=a%20b", None),
            ("/stats?scope=<script>", None),
            ("/stats?scope=", None),
        ] {
            assert_eq!(read(target).scope, expected, "{target}");
        }
        assert!(read("/stats?scope=PP").wants("my-app") && !read("/stats?scope=px").wants("my-app"));
    }

    #[test]
    fn the_way_back_keeps_the_view() {
        let back = |target| String::from_utf8(read(target).location("/stats", Outcome::Done)).unwrap();
        assert_eq!(back("/stats;up;norefresh?scope=be"), "/stats;st=DONE;up;norefresh?scope=be");
        assert_eq!(back("/stats?;csv;st=ERRP"), "/stats;st=DONE");
    }
}
