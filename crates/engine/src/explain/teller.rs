//! Tells of a walk through rules: each rule as it was written, the parts of its condition with their values, and what it
//! changed.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use sample::Value;
use state::acl::{AclTest, Cond, Term};
use state::expr::Ctx;
use state::log::Origin;
use state::rule::{Act, Farewell, Place, Rule, Verdict};
use state::vars::Living;
use state::{Endpoint, Stream, World};

use crate::rules::Walk;

/// A line of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// `file:line`.
    pub place: String,
    /// As it stands there, without the blanks around it.
    pub text: String,
    pub words: Vec<String>,
}

/// Gives the line of a place.
pub type Source<'s> = dyn Fn(Place) -> Option<Written> + 's;

/// Writes the text.
pub(super) struct Teller<'t> {
    world: &'t World,
    source: &'t Source<'t>,
    pub(super) out: String,
    /// What there was before the rule at hand.
    before: Vec<String>,
    /// The rule that was carried out last.
    pub(super) last: Option<String>,
}

impl<'t> Teller<'t> {
    pub(super) fn new(world: &'t World, source: &'t Source<'t>) -> Self {
        Self { world, source, out: String::new(), before: Vec::new(), last: None }
    }

    /// A line of the text.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    /// A line of the configuration; the text `otherwise` where there is none.
    pub(super) fn written(&mut self, place: Place, otherwise: &str) -> Written {
        let found = (self.source)(place).unwrap_or_default();
        let text = if found.text.is_empty() { otherwise } else { &found.text };
        let place = if found.place.is_empty() { String::new() } else { format!("{}  ", found.place) };
        self.line(format!("  {place}{text}"));
        found
    }

    /// The parts of a condition with their values; whether it holds is not said.
    pub(super) fn parts(&mut self, cond: &Cond, written: &Written, cx: &Ctx<'_>) {
        let labels = labels(&written.words, cond);
        let terms = cond.any.iter().flat_map(|all| all.iter());
        for (term, label) in terms.zip(labels) {
            self.part(term, &label, cx);
        }
    }

    fn part(&mut self, term: &Term, label: &str, cx: &Ctx<'_>) {
        let holds = term.acl.holds(cx) != term.negated;
        let values: Vec<String> =
            term.acl.tests.iter().map(|test| self.test(test, &term.acl.name, cx)).collect();
        let values = if values.is_empty() { "never matches here".to_owned() } else { values.join(", ") };
        self.line(format!("      {label}: {} ({values})", yes(holds)));
    }

    /// A sample and its values; where it was written, if it has a name.
    fn test(&self, test: &AclTest, name: &str, cx: &Ctx<'_>) -> String {
        let mut values = Vec::new();
        test.expr.each(cx, &mut |value| {
            values.push(show(value));
            if values.len() < MOST_VALUES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let mut text = test.expr.fetch.name.to_owned();
        for step in &test.expr.steps {
            let _ = write!(text, ",{}", step.converter.name);
        }
        match values.as_slice() {
            [] => text.push_str(" finds nothing"),
            found => {
                let _ = write!(text, " = {}", found.join(", "));
            }
        }
        let line = if name.is_empty() { None } else { (self.source)(test.place) };
        if let Some(line) = line.filter(|line| line.words.first().is_some_and(|word| word == "acl")) {
            let _ = write!(text, "; {} {}", line.place, line.text);
        }
        text
    }

    /// What a rule's verdict is, in words; nothing for those after which the next rule comes.
    fn verdict(&self, act: &Act<'_>, verdict: Verdict) -> Option<String> {
        let stream = act.stream.as_deref();
        Some(match verdict {
            Verdict::Next => return None,
            Verdict::Stop => "no further rule of this set".to_owned(),
            Verdict::Log { .. } => "a line in the log".to_owned(),
            Verdict::Reply { denied } => {
                let what = if denied { "denied with" } else { "answered with" };
                format!("{what} {}", stream.map(answer).unwrap_or_default())
            }
            Verdict::Deny { status } => format!("denied with the page for status {status}"),
            Verdict::Tarpit { status } => format!("denied with status {status} after the tarpit's time"),
            Verdict::Serve => "a service answers".to_owned(),
            Verdict::Close(Farewell::Close | Farewell::Reset) => "the connection is closed".to_owned(),
            Verdict::Close(_) => "the connection is dropped silently".to_owned(),
            Verdict::Sever => "the server's connection is closed".to_owned(),
            Verdict::Upgrade => "goes on as HTTP".to_owned(),
            Verdict::More => "can't be decided before more bytes come".to_owned(),
            Verdict::Body(_) => "waits for the body".to_owned(),
            Verdict::Pause(ms) => format!("waits {ms} ms"),
            Verdict::Lookup => "asks name servers, which is not done here".to_owned(),
            Verdict::Handshake => "waits for the handshake".to_owned(),
            Verdict::NoRoom => "finds no room in the message".to_owned(),
            Verdict::Invalid => "the request is invalid: status 400".to_owned(),
            Verdict::Failed => "fails: status 500".to_owned(),
        })
    }
}

/// Values of one sample that are shown.
const MOST_VALUES: usize = 8;

impl Walk for Teller<'_> {
    const SEES_ALL: bool = true;

    fn judged(&mut self, act: &Act<'_>, rule: &Rule, holds: Option<bool>) {
        let written = self.written(rule.written, rule.name);
        if let Some(cond) = &rule.cond {
            self.parts(cond, &written, &act.ctx());
        }
        match holds {
            Some(true) => {
                self.before = state_of(act, self.world);
                self.last = Some(match written.place.as_str() {
                    "" => rule.name.to_owned(),
                    place => format!("{place} {}", written.text),
                });
            }
            Some(false) => self.line("    -> no"),
            None => self.line("    -> can't be decided before more bytes come"),
        }
    }

    fn acted(&mut self, act: &Act<'_>, _: &Rule, verdict: Verdict) {
        let after = state_of(act, self.world);
        let mut changes: Vec<String> = Vec::new();
        let gone = self.before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
        changes.extend(gone);
        let new = after.iter().filter(|line| !self.before.contains(line)).map(|line| format!("+ {line}"));
        changes.extend(new);
        match self.verdict(act, verdict) {
            Some(words) => self.line(format!("    -> yes: {words}")),
            None if changes.is_empty() => self.line("    -> yes, nothing changes"),
            None => self.line("    -> yes"),
        }
        for change in changes {
            self.line(format!("      {change}"));
        }
    }

    fn log(&mut self, _: &mut Act<'_>, _: Option<u32>, _: Origin) {}

    fn overflowed(&mut self, _: &Act<'_>) {}
}

/// The answer that stands in a stream.
fn answer(stream: &Stream) -> String {
    let response = &stream.response;
    let mut text = format!("status {}", response.status());
    if let Some(location) = response.find(http::Known::Location) {
        let _ = write!(text, ", location {}", String::from_utf8_lossy(location));
    }
    if let Some(body) = stream.reply_body.as_ref().filter(|body| !body.is_empty()) {
        let _ = write!(text, ", a body of {} bytes", body.len());
    }
    text
}

/// What rules can change, a line each.
fn state_of(act: &Act<'_>, world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    let cx = act.ctx();
    lines.push(format!("client {}", end(cx.source())));
    if let Some(destination) = cx.destination() {
        lines.push(format!("to {}", end(destination)));
    }
    vars(&mut lines, "sess", &act.session.vars, world);
    for number in 0..world.global.stick_counters {
        let Some(entry) = cx.tracked(number) else { continue };
        lines.push(format!(
            "sc{number} counts {} in table {}",
            super::answer::key_of(entry),
            entry.table().name
        ));
    }
    let Some(stream) = act.stream.as_deref() else { return lines };
    if stream.has_response {
        let response = &stream.response;
        lines.push(format!("status {} {}", response.status(), lossy(response.reason())));
        lines.extend(response.headers().map(|h| format!("{}: {}", lossy(h.name), lossy(h.value))));
    }
    let request = &stream.request;
    if stream.has_request {
        lines.push(format!("{} {}", lossy(request.method_bytes()), lossy(request.target_bytes())));
        lines.extend(request.headers().map(|h| format!("{}: {}", lossy(h.name), lossy(h.value))));
    }
    for (scope, living) in [("txn", &stream.txn_vars), ("req", &stream.req_vars), ("res", &stream.res_vars)] {
        vars(&mut lines, scope, living, world);
    }
    let slots = world.frontend(stream.frontend).map_or(0, |f| f.captures.request.len());
    for at in 0..slots {
        let text = stream.captured_request.get(at, act.arena);
        lines.extend(text.map(|text| format!("capture {at}: {}", lossy(text))));
    }
    lines.push(format!("log level {:?}, silent {}", stream.log_level, stream.silent));
    lines.push(format!("timeouts {:?}", stream.timeouts));
    lines.push(format!("priority {} {}", stream.priority_class, stream.priority_offset));
    lines.push(format!("retries {:?}", stream.max_retries));
    lines
}

fn vars(lines: &mut Vec<String>, scope: &str, living: &Living, world: &World) {
    living.each(&mut |id, value| {
        let name = usize::try_from(id).ok().and_then(|at| world.var_names.get(at));
        lines.push(format!("{scope}.{} = {}", name.map_or("?", |name| name), show(value)));
    });
}

pub(super) fn end(endpoint: Endpoint) -> String {
    match endpoint {
        Endpoint::Inet(address) => address.to_string(),
        Endpoint::Unix => "a unix socket".to_owned(),
    }
}

pub(super) fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// A value as people read it.
pub(super) fn show(value: Value<'_>) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Sint(number) => number.to_string(),
        Value::Ipv4(address) => address.to_string(),
        Value::Ipv6(address) => address.to_string(),
        Value::Str(text) | Value::Meth(text) => format!("\"{}\"", lossy(text)),
        Value::Bin(bytes) => bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// Text from outside, with its control characters made visible.
pub(super) fn lossy(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// How the parts of a condition were written, in order.
fn labels(words: &[String], cond: &Cond) -> Vec<String> {
    let count = cond.any.iter().map(|all| all.len()).sum();
    let begin = words.iter().position(|word| matches!(word.as_str(), "if" | "unless"));
    let mut found = Vec::new();
    let mut negation = String::new();
    let mut rest = words.get(begin.map_or(words.len(), |at| at + 1)..).unwrap_or_default().iter();
    while let Some(word) = rest.next() {
        let name = word.trim_start_matches('!');
        negation.extend(word.chars().take(word.len() - name.len()));
        match name {
            "or" | "||" | "" => {}
            "{" => {
                let inside: Vec<&str> =
                    rest.by_ref().map(String::as_str).take_while(|word| *word != "}").collect();
                found.push(format!("{}{{ {} }}", std::mem::take(&mut negation), inside.join(" ")));
            }
            name => found.push(format!("{}{name}", std::mem::take(&mut negation))),
        }
    }
    if found.len() == count {
        return found;
    }
    let terms = cond.any.iter().flat_map(|all| all.iter());
    terms
        .map(|term| if term.acl.name.is_empty() { "{ }".to_owned() } else { term.acl.name.to_string() })
        .collect()
}
