//! `prometheus-exporter`: all figures in the text format of Prometheus (version 0.0.4), under HAProxy's names. The query
//! may narrow them: `scope=global|frontend|listener|backend|server|sticktable|resolver|*` (several), `metrics=NAME,-NAME`, `no-maint`,
//! or ask for more (`extra-counters`).

mod more;
mod series;

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::{Full, Known, Message, Method, Version};
use state::family::{Begun, Body, Flow, Object, Row, Serve, Service};
use state::server::admin;
use state::turn::Health;
use state::world::Level;
use state::{Act, Ctx, Server};

use crate::metric::{Columns, Proxy, extra, find, proxies};
use series::Series;

pub(super) const KEYWORDS: &[Service] = &[Service {
    name: "prometheus-exporter",
    doc: "All figures of statistics in the text format of Prometheus.",
    make: || Arc::new(Exporter),
}];

/// A part of an answer is sent when it is this long.
const PART: usize = 32 * 1024;

#[derive(Debug)]
struct Exporter;

impl Serve for Exporter {
    fn name(&self) -> &'static str {
        "<PROMEX>"
    }

    fn wants_body(&self, _: Method) -> bool {
        false
    }

    fn begin(&self, act: &mut Act<'_>, _: Body) -> Begun {
        let Some(stream) = act.stream.as_deref_mut() else { return Begun::Failed };
        if Asked::read(stream.request.target_bytes()).is_none() {
            return Begun::Page(400);
        }
        match head(&mut stream.response) {
            Ok(()) => Begun::Parts,
            Err(Full) => Begun::Failed,
        }
    }

    fn part(&self, cx: &Ctx<'_>, from: u64, out: &mut Vec<u8>) -> Flow {
        let asked = cx.stream.and_then(|stream| Asked::read(stream.request.target_bytes()));
        let Some(asked) = asked else { return Flow::Done };
        export(cx, &asked, from, out)
    }
}

fn head(message: &mut Message) -> Result<(), Full> {
    message.start_response(200, http::reply::reason(200).as_bytes(), Version::HTTP_11)?;
    message.add_header(Known::CacheControl, b"no-cache")?;
    message.add_header(Known::ContentType, b"text/plain; version=0.0.4")
}

/// Kinds of objects: how names begin, what the scope is called, the series.
const KINDS: &[(Kind, &str, &str, &[Series])] = &[
    (Kind::Process, "process", "global", series::PROCESS),
    (Kind::Frontend, "frontend", "frontend", series::FRONTEND),
    (Kind::Listener, "listener", "listener", series::LISTENER),
    (Kind::Backend, "backend", "backend", series::BACKEND),
    (Kind::Server, "server", "server", series::SERVER),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Process,
    Frontend,
    Listener,
    Backend,
    Server,
}

/// What a request asks for.
#[derive(Debug, Default)]
struct Asked<'a> {
    /// The scopes named; none if all are wanted.
    scopes: Option<Vec<&'a str>>,
    no_maintenance: bool,
    /// The columns of `show stat` that belong to single protocols, too.
    extra: bool,
    /// The only metrics wanted, if there are some, and those not wanted.
    only: Vec<&'a str>,
    without: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads the query of a target; none where it makes no sense.
    fn read(target: &'a [u8]) -> Option<Self> {
        let mut asked = Self::default();
        let query = memchr::memchr(b'?', target).and_then(|at| target.get(at + 1..)).unwrap_or_default();
        let query = std::str::from_utf8(query).ok()?;
        let query = query.split('#').next().unwrap_or_default();
        for field in query.split('&') {
            match field.split_once('=') {
                Some(("scope", "*")) => asked.scopes = None,
                Some(("scope", scope)) => {
                    let known = ["", "sticktable", "resolver"].contains(&scope)
                        || KINDS.iter().any(|(_, _, name, _)| *name == scope);
                    asked.scopes.get_or_insert_default().push(known.then_some(scope)?);
                }
                None if field == "scope" => return None,
                None if field == "no-maint" => asked.no_maintenance = true,
                None if field == "extra-counters" => asked.extra = true,
                Some(("metrics", names)) => {
                    for name in names.split(',').filter(|name| !name.is_empty()) {
                        match name.strip_prefix('-') {
                            Some(name) => asked.without.push(name),
                            None => asked.only.push(name.strip_prefix('+').unwrap_or(name)),
                        }
                    }
                }
                _ => {}
            }
        }
        Some(asked)
    }

    fn wants(&self, kind: &str, name: &str) -> bool {
        let named = |list: &[&str]| {
            list.iter().any(|full| {
                let rest = full.strip_prefix("haproxy_").and_then(|rest| rest.strip_prefix(kind));
                rest.and_then(|rest| rest.strip_prefix('_')) == Some(name)
            })
        };
        (self.only.is_empty() || named(&self.only)) && !named(&self.without)
    }

    fn wants_scope(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope))
    }
}

/// One part. `from` counts series, and within one of them objects in its lower half.
fn export(cx: &Ctx<'_>, asked: &Asked<'_>, from: u64, out: &mut Vec<u8>) -> Flow {
    let Some(about) = cx.world.process.about.get() else { return Flow::Done };
    let proxies = proxies(cx.world);
    let (first, begun) = (from >> 32, from & u64::from(u32::MAX));
    let mut position = 0u64;
    for (kind, prefix, scope, list) in KINDS {
        for (name, metric, counter) in list.iter().copied().chain(extras(*kind, asked)) {
            position += 1;
            if position <= first || !asked.wants_scope(scope) || !asked.wants(prefix, name) {
                continue;
            }
            let Some(found) = find(metric) else { continue };
            let begun = if position == first + 1 { begun } else { 0 };
            let mut titled = begun > 0;
            for (object, next) in objects(*kind, &proxies, asked).zip(1u64..).skip(begun as usize) {
                let row = Row { world: cx.world, about, level: Level::Operator, object, now_ns: cx.now_ns };
                let line = Line { prefix, name, metric, row: &row };
                let before = out.len();
                if !titled {
                    let kind = if counter { "counter" } else { "gauge" };
                    let _ = writeln!(out, "# HELP haproxy_{prefix}_{name} {}", found.doc);
                    let _ = writeln!(out, "# TYPE haproxy_{prefix}_{name} {kind}");
                }
                if line.write(out) {
                    titled = true;
                } else {
                    out.truncate(before);
                }
                if out.len() >= PART {
                    return Flow::More(((position - 1) << 32) | next);
                }
            }
        }
    }
    for series in more::ALL {
        position += 1;
        if position > first && asked.wants_scope(series.scope) && asked.wants(series.kind, series.name) {
            series.write(cx.world, out);
            if out.len() >= PART {
                return Flow::More(position << 32);
            }
        }
    }
    Flow::Done
}

/// Protocols with columns of their own, in the order in which they are exported.
const MODULES: &[&str] = &["h2", "ssl", "h1"];

/// Series of single protocols, where they are wanted. All count as counters.
fn extras(kind: Kind, asked: &Asked<'_>) -> impl Iterator<Item = Series> {
    let modules = if asked.extra && kind != Kind::Process { MODULES } else { &[] };
    modules.iter().flat_map(|module| extra(module)).map(|metric| (metric.name, metric.name, true))
}

/// The objects of a kind.
fn objects<'w>(
    kind: Kind,
    proxies: &'w [Proxy<'w>],
    asked: &'w Asked<'_>,
) -> Box<dyn Iterator<Item = Object<'w>> + 'w> {
    if kind == Kind::Process {
        return Box::new(std::iter::once(Object::Process));
    }
    Box::new(proxies.iter().flat_map(|proxy| proxy.objects()).filter(move |object| match object {
        Object::Process => false,
        Object::Frontend(_) => kind == Kind::Frontend,
        Object::Listener(..) => kind == Kind::Listener,
        Object::Backend(_) => kind == Kind::Backend,
        Object::Server(_, server) => {
            kind == Kind::Server && !(asked.no_maintenance && server.in_maintenance())
        }
    }))
}

/// One metric of one object: a line, or several that differ by a label.
struct Line<'a> {
    prefix: &'a str,
    name: &'a str,
    metric: &'a str,
    row: &'a Row<'a>,
}

/// Results of checks, in the order in which they are exported.
const RESULTS: &[&str] = &[
    "HANA", "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK", "L6TOUT", "L6RSP", "L7TOUT", "L7RSP", "L7OK",
    "L7OKC", "L7STS", "PROCERR", "PROCTOUT", "PROCOK",
];
/// States of servers, likewise.
const STATES: &[&str] = &["DOWN", "UP", "MAINT", "DRAIN", "NOLB"];
const CLASSES: &[(&str, &str)] = &[
    ("1xx", "hrsp_1xx"),
    ("2xx", "hrsp_2xx"),
    ("3xx", "hrsp_3xx"),
    ("4xx", "hrsp_4xx"),
    ("5xx", "hrsp_5xx"),
    ("other", "hrsp_other"),
];
/// What is shown as no number where it doesn't apply; others are left out then.
const NOT_A_NUMBER: &[&str] = &["chkfail", "chkdown", "downtime", "qlimit", "throttle", "slim", "src_ilim"];

impl Line<'_> {
    /// Whether there was something to write.
    fn write(&self, out: &mut Vec<u8>) -> bool {
        let row = self.row;
        match (self.metric, row.object) {
            ("status", Object::Server(_, server)) => {
                self.states(STATES, |state| u64::from(state_of(server) == state), out)
            }
            ("status", Object::Listener(..)) => {
                let is_open = row.s("status").as_deref() == Some("OPEN");
                let now = if is_open { "OPEN" } else { "WAITING" };
                self.states(&["WAITING", "OPEN", "FULL"], |state| u64::from(state == now), out)
            }
            ("status", _) => {
                let up = row.s("status").is_some_and(|s| s.starts_with("UP") || s == "OPEN");
                let now = if up { "UP" } else { "DOWN" };
                self.states(&["DOWN", "UP"], |state| u64::from(state == now), out)
            }
            (metric, Object::Backend(backend))
                if metric.starts_with("agg_") && backend.servers.is_empty() =>
            {
                false
            }
            ("agg_server_status" | "agg_server_check_status", Object::Backend(backend)) => {
                let count =
                    |state: &str| backend.servers.iter().filter(|s| state_of(s) == state).count() as u64;
                self.states(STATES, count, out)
            }
            ("agg_check_status", Object::Backend(backend)) => {
                let found: Vec<_> = backend
                    .servers
                    .iter()
                    .filter_map(|server| {
                        let object = Object::Server(backend, server);
                        Row { object, ..*row }.s("check_status").map(Cow::into_owned)
                    })
                    .collect();
                let count = |state: &str| found.iter().filter(|have| **have == state).count() as u64;
                self.states(RESULTS, count, out)
            }
            ("check_status", _) => {
                let Some(now) = row.s("check_status") else { return false };
                self.states(RESULTS, |state| u64::from(now == state), out)
            }
            ("hrsp_1xx", _) => self.classes(out),
            ("node" | "Build info", _) => {
                let label = if self.metric == "node" { "node" } else { "version" };
                let value = row.s(self.metric).unwrap_or_default();
                self.line(&[(label, &value)], "1", out);
                true
            }
            _ => self.number(out),
        }
    }

    fn number(&self, out: &mut Vec<u8>) -> bool {
        let row = self.row;
        let text = match row.n(self.metric) {
            Some(ms) if is_ms(self.metric) => format!("{}.{:03}000", ms / 1000, ms % 1000),
            Some(n) => n.to_string(),
            None if self.metric == "check_code" && row.s("check_status").is_some() => "0".to_owned(),
            None if self.metric == "lastsess" && row.backend().is_some() => "-1".to_owned(),
            None if NOT_A_NUMBER.contains(&self.metric) && row.backend().is_some() => "NaN".to_owned(),
            None => return false,
        };
        match self.module() {
            Some(module) => self.line(&[("mod", module)], &text, out),
            None => self.line(&[], &text, out),
        }
        true
    }

    /// The protocol that has this series to itself.
    fn module(&self) -> Option<&'static str> {
        let is_of =
            |module: &&&str| self.name.strip_prefix(**module).is_some_and(|rest| rest.starts_with('_'));
        MODULES.iter().find(is_of).copied().filter(|_| self.name == self.metric)
    }

    fn states(&self, states: &[&str], value: impl Fn(&str) -> u64, out: &mut Vec<u8>) -> bool {
        for state in states {
            self.line(&[("state", state)], &value(state).to_string(), out);
        }
        true
    }

    fn classes(&self, out: &mut Vec<u8>) -> bool {
        let mut any = false;
        for (class, metric) in CLASSES {
            if let Some(n) = self.row.n(metric) {
                self.line(&[("code", class)], &n.to_string(), out);
                any = true;
            }
        }
        any
    }

    fn line(&self, labels: &[(&str, &str)], value: &str, out: &mut Vec<u8>) {
        let _ = write!(out, "haproxy_{}_{}", self.prefix, self.name);
        let own = self.row.s("svname").unwrap_or_default();
        let proxy = self.row.s("pxname").unwrap_or_default();
        let place: &[(&str, &str)] = match self.row.object {
            Object::Process => &[],
            Object::Frontend(_) | Object::Backend(_) => &[("proxy", &proxy)],
            Object::Listener(..) => &[("proxy", &proxy), ("listener", &own)],
            Object::Server(..) => &[("proxy", &proxy), ("server", &own)],
        };
        let mut before = '{';
        for (label, text) in place.iter().chain(labels) {
            let _ = write!(out, "{before}{label}=\"{}\"", escaped(text));
            before = ',';
        }
        if before == ',' {
            out.push(b'}');
        }
        let _ = writeln!(out, " {value}");
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\\', '"', '\n']) {
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
    } else {
        text.into()
    }
}

/// Metrics that hold milliseconds, which are exported in seconds.
fn is_ms(metric: &str) -> bool {
    matches!(
        metric,
        "check_duration"
            | "qtime"
            | "ctime"
            | "rtime"
            | "ttime"
            | "qtime_max"
            | "ctime_max"
            | "rtime_max"
            | "ttime_max"
    )
}

fn state_of(server: &Server) -> &'static str {
    let draining = server.live.admin.load(Relaxed) & admin::ANY_DRAIN != 0;
    match Health::of(server) {
        _ if server.in_maintenance() => "MAINT",
        Health::Down => "DOWN",
        Health::Stopping => "NOLB",
        Health::Up if draining => "DRAIN",
        Health::Up => "UP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let read = |query: &str| {
            let target = format!("/metrics{query}");
            Asked::read(target.as_bytes()).map(|asked| {
                let scopes = KINDS.iter().filter(|(_, _, scope, _)| asked.wants_scope(scope)).count();
                (scopes, asked.no_maintenance, asked.wants("server", "status"))
            })
        };
        for (query, expected) in [
            ("", Some((5, false, true))),
            ("?scope=", Some((0, false, true))),
            ("?scope=server&scope=global&no-maint", Some((2, true, true))),
            ("?scope=sticktable", Some((0, false, true))),
            ("?scope=server&scope=*", Some((5, false, true))),
            ("?metrics=haproxy_server_status,haproxy_server_weight", Some((5, false, true))),
            ("?metrics=-haproxy_server_status", Some((5, false, false))),
            ("?metrics=haproxy_backend_status", Some((5, false, false))),
            ("?scope", None),
            ("?scope=nothing", None),
        ] {
            assert_eq!(read(query), expected, "{query}");
        }
    }

    #[test]
    fn names_stand_once() {
        for (_, prefix, _, list) in KINDS {
            let mut names: Vec<_> = list.iter().map(|(name, ..)| name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|w| w[0] != w[1]), "{prefix}");
        }
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
