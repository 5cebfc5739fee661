//! Words to expressions: sample expressions, log formats, ACLs and conditions, rules, the tables behind `use_backend`.
//!
//! A [`Compile`] serves one section: it knows the section's ACLs, where the line at hand stands ([`Site`]) and, through
//! [`Names`], what names of proxies, servers and variables mean. Compile every `acl` line of a section first, then its
//! rules. Errors are sentences for the user, without file and line, in HAProxy's words where tools may look for them.
//!
//! This module doesn't know sections, directives or defaults (the rest of `plan`), nor what a keyword does.

mod acl;
mod arg;
mod expr;
mod format;
mod list;
mod names;
mod nearest;
mod rule;
mod screen;
mod site;
mod switching;

use std::collections::HashMap;
use std::sync::Arc;

use config::Severity;
use sample::arg::VarRef;
use state::expr::Side;
use state::family::{Compiler, Half, Words};
use state::frontend::{Capture, Captures};
use state::reference::Place;
use state::reply::Pages;
use state::table::{KeyKind, Kind};
use state::{Acl, Expr, Format, Timer};

use crate::known;
use crate::number::time_ms;

pub use arg::{duration_ms, size};
pub use names::{Looking, Names};
pub use nearest::nearest;
pub use rule::{Part, RuleFault};
pub use screen::screened;
pub use site::{COLUMNS, Site, places};
pub use switching::{Switchboard, switching};

/// The proxy whose lines are compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    pub name: &'a str,
    /// Its position in `World::frontends`, if it has a front half.
    pub frontend: Option<u32>,
    /// Its position in `World::backends`, if it has a back half.
    pub backend: Option<u32>,
}

/// The compiler of one section.
#[derive(Debug)]
pub struct Compile<'a> {
    pub names: &'a mut Names,
    pub home: Home<'a>,
    /// Where the line at hand stands; set it before each line.
    pub site: Site,
    /// Where that line stands in the configuration; likewise.
    pub place: Place,
    /// Captured headers of the section; `capture` rules add slots of their own. Take them when the section is done.
    pub captures: Captures,
    /// What the user should know which is no error. Take them after each line.
    pub warnings: Vec<String>,
    /// What is to be said when all was read. Take it after each line.
    pub late: Vec<(Severity, String)>,
    /// The slots for captured headers that rules name by their number.
    pub wanted_captures: Vec<(Side, usize)>,
    acls: HashMap<Box<str>, Arc<Acl>>,
    /// Whether no `acl` line follows; until then, ACLs that expressions name by their numbers in the World.
    settled: bool,
    /// The last list of values on a line: its file, its line, how many lists of that line came before.
    met: (u32, u32, u32),
    unsettled: Vec<(u32, Box<str>)>,
}

impl<'a> Compile<'a> {
    pub fn new(names: &'a mut Names, home: Home<'a>) -> Self {
        Self {
            names,
            home,
            site: Site::Nowhere,
            place: Place::default(),
            captures: Captures::default(),
            warnings: Vec::new(),
            late: Vec::new(),
            wanted_captures: Vec::new(),
            acls: HashMap::new(),
            settled: false,
            met: (0, 0, 0),
            unsettled: Vec::new(),
        }
    }
}

impl Compile<'_> {
    /// Where the line at hand was written, as rules and conditions keep it.
    fn here(&self) -> state::rule::Place {
        let file = u16::try_from(self.place.file_number).unwrap_or(u16::MAX);
        state::rule::Place { file, line: self.place.line }
    }
}

impl Compiler for Compile<'_> {
    fn expr(&mut self, words: &mut Words<'_>) -> Result<Expr, String> {
        let subject = words.peek().unwrap_or_default();
        self.expr_for(subject, words)
    }

    fn expr_for(&mut self, subject: &str, words: &mut Words<'_>) -> Result<Expr, String> {
        let expr = self.expr_words(words)?;
        match self.lacking(&expr) {
            Some(what) => Err(format!(
                "fetch method '{subject}' extracts information from '{what}', none of which is available here"
            )),
            None => Ok(expr),
        }
    }

    fn key(&mut self, words: &mut Words<'_>, at: &str) -> Result<Expr, String> {
        let expr = self.expr_words(words)?;
        match self.lacking(&expr) {
            Some(what) => Err(format!(
                "fetch method '{}' extracts information from '{what}', none of which is available {at}",
                expr.fetch.name
            )),
            None => Ok(expr),
        }
    }

    fn expr_anywhere(&mut self, words: &mut Words<'_>) -> Result<Expr, String> {
        self.expr_words(words)
    }

    fn format(&mut self, text: &str) -> Result<Format, String> {
        self.head_format(text)
    }

    fn body(&mut self, text: &str) -> Result<Format, String> {
        self.body_format(text)
    }

    fn var(&mut self, name: &str) -> Result<VarRef, String> {
        arg::var(self.names, name)
    }

    fn regex(&mut self, text: &str, fold: bool) -> Result<sample::Regex, String> {
        sample::Regex::new(&sample::text::bytes(text), fold).map_err(|e| e.0)
    }

    fn file(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.names.read(path).map_err(|e| format!("failed to open file '{path}' : {e}"))
    }

    fn changes(&mut self, list: &str) -> Box<str> {
        let name: Box<str> = list::list_name(list).into();
        self.names.changed_lists.insert(name.clone());
        name
    }

    fn has_servers(&self) -> bool {
        self.home.backend.is_some()
    }

    fn http_errors(&mut self, section: &str, status: u16) -> Result<Arc<Pages>, String> {
        let (found, name) = (self.names.http_errors.get(section).cloned(), self.home.name);
        match &found {
            None => self.late.push((
                Severity::Alert,
                format!("Proxy '{name}': unknown http-errors section '{section}' referenced by an http reply ."),
            )),
            Some(pages) if pages.get(status).is_none() => self.late.push((
                Severity::Warning,
                format!(
                    "Proxy '{name}': status '{status}' referenced by an http reply not declared in http-errors \
                     section '{section}'."
                ),
            )),
            Some(_) => {}
        }
        Ok(found.unwrap_or_default())
    }

    fn need_capture(&mut self, side: Side, id: usize) {
        if self.home.frontend.is_some() {
            self.wanted_captures.push((side, id));
        }
    }

    fn capture(&mut self, side: Side, len: usize) -> Result<u32, String> {
        if self.home.frontend.is_none() {
            return Err(format!("proxy '{}' has no frontend capability", self.home.name));
        }
        let slots = match side {
            Side::Request => &mut self.captures.request,
            Side::Response => &mut self.captures.response,
        };
        slots.push(Capture { name: Box::default(), len });
        u32::try_from(slots.len() - 1).map_err(|_| "too many captures".to_owned())
    }

    fn log_profile(&mut self, name: &str) -> Result<u32, String> {
        let found = self.names.log_profiles.get(name).copied();
        Ok(found.unwrap_or_else(|| {
            let text = format!("Proxy '{}': do-log action: profile '{name}' is invalid.", self.home.name);
            self.late.push((Severity::Alert, text));
            0
        }))
    }

    fn table(&mut self, name: Option<&str>) -> Result<(u32, KeyKind), String> {
        self.table_at(name.unwrap_or(self.home.name), 1)
    }

    fn proxy(&self) -> &str {
        self.home.name
    }

    fn stick_counters(&self) -> u32 {
        self.names.stick_counters
    }

    fn table_stores(&self, table: u32, kind: Kind) -> bool {
        let kinds = usize::try_from(table).ok().and_then(|at| self.names.table_kinds.get(at));
        kinds.is_some_and(|kinds| kinds.contains(&kind))
    }

    fn limiter(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.names.limiters.len()).unwrap_or(u32::MAX);
        let id = *self.names.limiters.entry((self.home.name.into(), name.into())).or_insert(next);
        self.names.used_limiters.push((name.into(), id));
        id
    }

    fn cache(&mut self, name: &str) -> u32 {
        let Some(found) = self.names.caches.get(name).copied() else {
            self.names.missing_caches.push(name.into());
            return u32::MAX;
        };
        if !self.names.used_caches.contains(&found) {
            self.names.used_caches.push(found);
        }
        found
    }

    fn resolvers(&mut self, name: &str) -> Result<u32, String> {
        let found = self.names.resolvers.get(name).copied();
        found.ok_or_else(|| format!("Can't find resolvers section '{name}' for do-resolve action."))
    }

    fn duration(&mut self, text: &str) -> Option<u32> {
        u32::try_from(duration_ms(text)?).ok()
    }

    fn timer(&mut self, words: &mut Words<'_>, rule: &str) -> Result<Timer, String> {
        let text = words.peek().unwrap_or_default();
        let fault = match time_ms(text) {
            Ok(0) => return Err(format!("null value is not valid for a '{rule}' rule")),
            Ok(ms) => {
                words.advance(1);
                return Ok(Timer::Fixed(ms));
            }
            Err(fault) => fault.of_rule(text, rule),
        };
        let mut after = *words;
        match self.expr_words(&mut after) {
            Ok(expr) => {
                *words = after;
                Ok(Timer::Computed(expr))
            }
            Err(error) if known::not_run(&error).is_some() => Err(error),
            Err(_) => {
                words.advance(1);
                Err(fault)
            }
        }
    }

    fn title(&self) -> String {
        let kind = match (self.home.frontend, self.home.backend) {
            (Some(_), None) => "frontend",
            (None, _) => "backend",
            _ => "proxy",
        };
        format!("{kind} '{}'", self.home.name)
    }

    fn need_half(&self, half: Half) -> Result<(), String> {
        let (there, name) = match half {
            Half::Front => (self.home.frontend.is_some(), "frontend"),
            Half::Back => (self.home.backend.is_some(), "backend"),
        };
        if there { Ok(()) } else { Err(format!("'{}' has no {name} capability", self.home.name)) }
    }

    fn size(&mut self, text: &str) -> Option<u64> {
        size(text)
    }

    fn address(&mut self, text: &str) -> Result<std::net::SocketAddr, String> {
        let found = self.names.addresses.get(text).cloned();
        found.unwrap_or_else(|| Err(format!("invalid address: '{text}'")))
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}

#[cfg(test)]
mod tests {
    use state::family::RuleSet;

    use super::*;

    fn with<T>(site: Site, test: impl FnOnce(&mut Compile<'_>) -> T) -> T {
        let mut names = Names::default();
        names.frontends.insert("f".into(), 0);
        names.backends.insert("b".into(), 0);
        names.servers.push(HashMap::from([("s".into(), 0)]));
        let mut compile = Compile::new(&mut names, Home { name: "f", frontend: Some(0), backend: None });
        compile.site = site;
        test(&mut compile)
    }

    fn words(line: &str) -> Vec<&str> {
        line.split(' ').collect()
    }

    const REQUEST: Site = Site::Rules(RuleSet::HttpRequest);

    #[test]
    fn conditions_that_are_wrong() {
        for (line, expected) in [
            ("if foo", "no such ACL : 'foo'"),
            ("iff TRUE", "expects either 'if' or 'unless' followed by a condition but found 'iff'"),
            (
                "if { pathx 1 }",
                "unknown fetch method 'pathx' (did you mean 'path'?) in ACL expression 'pathx'",
            ),
            ("if { path,lowr 1 }", "ACL keyword 'path' : unknown converter 'lowr' (did you mean 'lower'?)"),
            ("if { path(1) 1 }", "ACL keyword 'path' : expected ')' before '1)'"),
            (
                "if { int(a) 1 }",
                "fetch method 'int' : failed to parse 'a' as type 'integer' at position 1 in ACL expression 'int(a)'",
            ),
            (
                "if { int 1 }",
                "fetch method 'int' : expected type 'integer' at position 1, but got nothing in ACL expression 'int'",
            ),
            (
                "if { str(a,b) a }",
                "fetch method 'str' : expected ')' before ',b)' in ACL expression 'str(a,b)'",
            ),
            ("if { str(a)b /a }", "missing comma after fetch keyword in ACL expression 'str(a)b'"),
            ("if { method,add(1) gt 2 }", "ACL keyword 'method' : converter 'add' cannot be applied"),
            (
                "if { path,field(1) a }",
                "ACL keyword 'path' : invalid arg 2 in converter 'field' : missing arguments (got 1/2), type 'string' \
                 expected",
            ),
            ("if { path_beg /a", "missing closing '}' in condition"),
            ("if { path -m foo a }", "unknown matching method 'foo' when parsing ACL expression"),
            ("if { bin(00) 00 }", "matching method must be specified first (using '-m')"),
            ("if { bool(1) -m ip 1.2.3.4 }", "matching method 'ip' cannot be used with fetch keyword 'bool'"),
            ("if { hdr_cnt(a) gt x }", "'x' is neither a number nor a supported operator"),
            ("if { hdr_cnt(a) 5:3 }", "'5:3' is not a valid number range"),
            ("if { path -x }", "'-x' is not a valid ACL option. Please use '--' before any pattern"),
            ("if { path -f /nonexistent }", "failed to open pattern file </nonexistent>"),
            ("if { nbsrv(zz) 1 }", "unable to find backend 'zz' referenced in arg 1"),
            ("if { srv_is_up(b/zz) }", "unable to find server 'zz' in proxy 'b', referenced in arg 1"),
            ("if { nbsrv 1 }", "proxy 'f' has not backend capability"),
        ] {
            let error = with(REQUEST, |c| c.cond(&words(line))).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn conditions_that_can_never_hold_are_warned_of() {
        let warnings = with(REQUEST, |c| {
            c.cond(&words("if { status 200 }")).unwrap();
            c.acl(&words("empty path_beg")).unwrap();
            std::mem::take(&mut c.warnings)
        });
        assert_eq!(
            warnings[0],
            "'anonymous acl will never match because it uses keyword 'status' which is incompatible with 'frontend \
             http-request header rule'."
        );
        assert!(warnings[1].starts_with("parsing acl keyword 'path_beg' :\n  no pattern to match against"));
    }

    #[test]
    fn formats_that_are_wrong() {
        for (format, expected) in [
            ("%[nope]", "failed to parse sample expression <nope]> : unknown fetch method 'nope'"),
            ("%[path", "missing ']' after 'path'"),
            ("%[str(a)b]", "expected ']' after 'str(a)', but found 'b'"),
            ("%[ path]", "failed to parse sample expression < path]> : missing fetch method"),
            ("50%", "truncated line after '%'"),
            (
                "%nope",
                "no such format alias 'nope'. If you wanted to emit the '%' character verbatim, you need to use",
            ),
            (
                "%[status]",
                "sample fetch <status> may not be reliably used here because it needs 'HTTP response'",
            ),
            ("%{+json}", "parse argument modifier without alias name near '%{+json}'"),
            (
                "%(a:x)ci",
                "unexpected output type 'x' at position 4 line : '%(a:x)ci'. Supported types are: str,",
            ),
            ("%(a b)ci", "invalid character in custom name near ' ' at position 3 line : '%(a b)ci'"),
            ("%[var(a)]", "invalid variable name 'a'. A variable name must start with its scope."),
        ] {
            let error = with(REQUEST, |c| c.format(format)).unwrap_err();
            assert!(error.contains(expected), "{format}: {error}");
        }
    }

    #[test]
    fn rules_that_are_wrong() {
        for (line, expected) in [
            ("set-heade a b", "but got 'set-heade' (did you mean 'set-header'?)"),
            ("set-header a b c", "c"),
            ("set-var(txn.a/b) path", "invalid syntax at char '/'"),
            ("deny deny_status 299", "status code '299' not handled by default"),
            ("deny if foo", "no such ACL : 'foo'"),
            ("redirect location / code 299", "'code': unsupported HTTP code '299'"),
        ] {
            let error = with(REQUEST, |c| c.rule(RuleSet::HttpRequest, &words(line))).unwrap_err();
            assert!(error.text.contains(expected), "{line}: {error:?}");
        }
    }

    #[test]
    fn hosts_and_operators_in_acls() {
        with(REQUEST, |c| {
            c.acl(&words("mixed path -i /A")).unwrap();
            c.acl(&words("mixed path_end .b")).unwrap();
            assert!(c.acl(&words("a/b path /")).unwrap_err().contains("character '/' is not permitted"));
            assert!(c.acl(&words("or path /")).unwrap_err().contains("will never match"));
            let cond = c.cond(&words("unless mixed !TRUE or { int(5) lt 3 gt 1 }")).unwrap().unwrap();
            assert!(cond.unless && cond.any.len() == 2);
            let first: Vec<bool> = cond.any[0].iter().map(|t| t.negated).collect();
            assert_eq!((first, cond.any[0][0].acl.tests.len()), (vec![false, true], 2));
        });
    }
}
