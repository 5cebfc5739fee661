//! What the servers of a backend are checked with: the lines of `directive::check` into steps (manual 4.2).

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use config::{Diagnostic, Place};
use keywords::check::{self, Asked, Rule};
use state::Server;
use state::check::{Does, Expect, External, Pattern, Probe, Protocol, Ruleset, Step};
use state::frontend::BindAddress;
use state::server::Address;

use super::{Assembly, Seat};
use crate::compile::{Compile, Site};
use crate::ctx::{Line, word, words_from};
use crate::directive::check::{CheckSettings, Kind};
use crate::directive::server_param;
use crate::draft::Draft;
use crate::known;

/// Makes it; one for all backends that have the same plain one from the same `defaults`.
pub(super) fn make<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, seat: Seat) -> Arc<Probe> {
    let check = Rc::clone(&draft.settings.check);
    if matches!(check.kind, Kind::External) {
        return Arc::new(Probe::External(external(assembly, draft, &check)));
    }
    let words = check.option.map_or(0, |line| words_from(line, 2).len());
    if !check.rules.is_empty() || words > 3 {
        let made = ruleset(assembly, draft.name, seat, &check);
        remarks(assembly, draft, &check);
        return Arc::new(Probe::Rules(made));
    }
    let key = Rc::as_ptr(&check);
    if let Some((_, made)) = assembly.probes.get(&key) {
        return Arc::clone(made);
    }
    let made = Arc::new(Probe::Rules(ruleset(assembly, draft.name, seat, &check)));
    assembly.probes.insert(key, (check, Arc::clone(&made)));
    made
}

/// The check of a `healthcheck` section, for servers of this backend.
pub(super) fn section<'a>(
    assembly: &mut Assembly<'_, 'a>,
    check: &CheckSettings<'a>,
    backend: &str,
    seat: Seat,
) -> Arc<Probe> {
    Arc::new(Probe::Rules(ruleset(assembly, backend, seat, check)))
}

/// Judges the checks of `healthcheck` sections and of `defaults`, which nobody may use.
pub(super) fn judge<'a>(assembly: &mut Assembly<'_, 'a>, defaults: &[Rc<Draft<'a>>]) {
    let sections: Vec<_> = assembly.plan.healthchecks.values().map(Rc::clone).collect();
    let checks = sections.iter().chain(defaults.iter().map(|draft| &draft.settings.check));
    for check in checks.filter(|check| !check.rules.is_empty() || check.option.is_some()) {
        let _ = ruleset(assembly, "", Seat::NOWHERE, check);
    }
}

/// Rules that have no effect, and what a program needs.
fn remarks(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, check: &CheckSettings<'_>) {
    if assembly.plan.remarks.has_alerts() {
        return;
    }
    for (keyword, option, used) in [
        ("tcp-check", "tcp-check", matches!(check.kind, Kind::Tcp)),
        ("http-check", "httpchk", matches!(check.kind, Kind::Http)),
    ] {
        if !used && check.rules.iter().any(|line| line.keyword() == keyword) {
            assembly.plan.remarks.warn_bare(format!(
                "backend '{}' uses {keyword} rules without 'option {option}', so the rules are ignored.",
                draft.name
            ));
        }
    }
}

fn external<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, check: &CheckSettings<'a>) -> External {
    let title = format!("Proxy '{}' : 'option external-check'", draft.name);
    let plan = &mut *assembly.plan;
    if plan.remarks.has_alerts() {
        return External::default();
    }
    if !plan.external_check.allowed {
        plan.remarks.alert_bare(format!("{title} unable to find required 'global.external-check'."));
    }
    if check.command.is_none() {
        plan.remarks.alert_bare(format!("{title} unable to find required 'external-check command'."));
    }
    if !plan.external_check.may_fork {
        plan.remarks.warn_bare(format!(
            "Proxy '{}' : 'insecure-fork-wanted' not enabled in the global section, 'option external-check' will likely \
             fail.",
            draft.name
        ));
    }
    External {
        command: check.command.unwrap_or_default().into(),
        path: check.path.map(Into::into),
        keep_environment: plan.external_check.keep_environment,
        bind: draft.binds.first().map(|(bind, _)| told(&bind.address)),
    }
}

/// An address of a `bind` line as programs are told it, and its port.
fn told(address: &BindAddress) -> (Box<str>, Option<Box<str>>) {
    match address {
        BindAddress::Inet(at) => (at.ip().to_string().into(), Some(at.port().to_string().into())),
        BindAddress::Unix(path) => (path.clone(), None),
        _ => (Box::default(), None),
    }
}

/// What is missing to know the ports that a server is checked at.
pub(super) fn lacking_port(server: &Server) -> Option<&'static str> {
    let check = server.check.as_ref()?;
    let ported = !matches!(server.address, Address::Inet(at) if at.port() == 0 && !at.ip().is_unspecified());
    let Probe::Rules(ruleset) = &*check.probe else { return None };
    if ported || check.port.is_some() {
        return None;
    }
    let mut steps = ruleset.steps.iter().filter(|step| !matches!(step.does, Does::Act(_)));
    let has_port = |step: &Step| match &step.does {
        Does::Connect(connect) => connect.port.is_some(),
        _ => true,
    };
    match steps.next() {
        None => Some("service port nor check port"),
        Some(first) if !matches!(first.does, Does::Connect(_)) || !has_port(first) => {
            Some("service port nor check port nor tcp_check rule 'connect' with port information")
        }
        Some(_) if !steps.all(has_port) => {
            Some("service port nor check port, and a tcp_check rule 'connect' with no port information")
        }
        Some(_) => None,
    }
}

/// Compiles the rules of one backend.
struct Rules<'r, 'p, 'a> {
    assembly: &'r mut Assembly<'p, 'a>,
    name: &'r str,
    seat: Seat,
    steps: Vec<Step>,
    /// A comment for the next step.
    comment: Option<Box<str>>,
    /// Rules seen so far, comments included.
    seen: u32,
}

fn ruleset<'a>(
    assembly: &mut Assembly<'_, 'a>,
    name: &str,
    seat: Seat,
    check: &CheckSettings<'a>,
) -> Ruleset {
    let mut rules = Rules { assembly, name, seat, steps: Vec::new(), comment: None, seen: 0 };
    // Rules without effect may be wrong as well.
    let tcp = rules.tcp(check);
    let http = rules.http(check);
    let protocol = match check.kind {
        Kind::Connection | Kind::External => return Ruleset::default(),
        Kind::Tcp => {
            rules.steps = tcp;
            Protocol::Tcp
        }
        Kind::Http => {
            rules.steps = http;
            Protocol::Http
        }
        Kind::Other(option) => {
            let line = check.option;
            let words = line.map(|line| words_from(line, 2)).unwrap_or_default();
            match (option.make)(&words) {
                Ok(steps) => {
                    let step = |(number, does)| Step { number, comment: None, does };
                    rules.steps = (0u32..).zip(steps).map(step).collect();
                }
                Err(message) => {
                    if let Some(line) = line {
                        // A `healthcheck` section says `type` where proxies say `option`.
                        let own = format!("'{} ", line.keyword());
                        rules.alert(line, message.replacen("'option ", &own, 1));
                    }
                }
            }
            Protocol::Other
        }
    };
    let flags = check.flags;
    Ruleset {
        protocol,
        explicit: true,
        steps: rules.steps.into_boxed_slice(),
        disable_on_404: flags.disable_on_404,
        send_state: flags.send_state,
    }
}

impl<'a> Rules<'_, '_, 'a> {
    /// Says what is wrong, once for all who share the line.
    fn alert(&mut self, line: Line<'a>, message: String) {
        if self.assembly.plan.remarks.is_wrong(line.span()) {
            return;
        }
        self.assembly.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::Parsing));
    }

    /// Compiles with what may stand in checks; says what is wrong.
    fn compile<T>(
        &mut self,
        line: Line<'a>,
        make: impl FnOnce(&mut Compile<'_>) -> Result<T, String>,
    ) -> Option<T> {
        let mut compile = Compile::new(&mut self.assembly.names, self.seat.home(self.name));
        compile.site = Site::Check;
        match make(&mut compile) {
            Ok(made) => Some(made),
            Err(message) => {
                match known::not_run(&message) {
                    Some(what) => {
                        let what = format!("'{}', which asks for {what},", line.keyword());
                        self.assembly.plan.remarks.unserved(line.span(), &what);
                    }
                    None => self.alert(line, message),
                }
                None
            }
        }
    }

    fn tcp(&mut self, check: &CheckSettings<'a>) -> Vec<Step> {
        for line in check.rules.iter().filter(|line| line.keyword() == "tcp-check") {
            let words = words_from(*line, 1);
            self.look_up(&words);
            let rule = self.compile(*line, |compile| check::tcp_rule(&words, compile));
            self.rule(*line, rule, "tcp-check connect");
        }
        self.take()
    }

    /// The steps so far, for another list to begin.
    fn take(&mut self) -> Vec<Step> {
        (self.comment, self.seen) = (None, 0);
        std::mem::take(&mut self.steps)
    }

    fn http(&mut self, check: &CheckSettings<'a>) -> Vec<Step> {
        let option = check.option.filter(|_| matches!(check.kind, Kind::Http));
        let mut asked = option.and_then(|line| {
            let words = words_from(line, 2);
            self.compile(line, |compile| check::asked(&words, compile))
        });
        let first_send = check.rules.iter().find(|line| word(**line, 1) == "send");
        if let (Some(asked), Some(option), Some(send)) = (&mut asked, option, first_send) {
            asked.last = option.span().line > send.span().line;
        }
        let lines: Vec<Line<'a>> =
            check.rules.iter().filter(|line| line.keyword() == "http-check").copied().collect();
        // The option's request is sent if no rule says what is: where a rule connects, after that.
        let has = |what: &str| lines.iter().any(|line| word(*line, 1) == what);
        let connects = |step: &Step| matches!(step.does, Does::Connect(_));
        let mut implicit = if has("send") { None } else { asked.take() };
        if !has("connect")
            && let Some(asked) = implicit.take()
        {
            self.implicit(self.steps.len(), asked);
        }
        for line in lines {
            let words = words_from(line, 1);
            self.look_up(&words);
            let rule = self.compile(line, |compile| check::http_rule(&words, compile, &mut asked));
            if let Some(Rule::Step(does, _)) = &rule
                && matches!(check.kind, Kind::Http)
                && let Some(missing) = self.missing(does)
            {
                self.lacks(line, words.first().copied().unwrap_or_default(), missing);
                continue;
            }
            self.rule(line, rule, "http-check connect");
        }
        if let (Some(asked), Some(at)) = (implicit, self.steps.iter().position(connects)) {
            self.implicit(at + 1, asked);
        }
        let last = self.steps.iter().rfind(|step| !matches!(step.does, Does::Act(_)));
        if matches!(last.map(|step| &step.does), Some(Does::Request(_))) {
            let good = Expect::plain(Pattern::Status([(200, 399)].into()));
            self.steps.push(Step { number: 0, comment: None, does: Does::Expect(Box::new(good)) });
        }
        self.take()
    }

    /// The request of `option httpchk` alone, to be sent as this step.
    fn implicit(&mut self, at: usize, asked: Asked) {
        let does = Does::Request(Box::new(asked.request()));
        self.steps.insert(at, Step { number: 0, comment: None, does });
    }

    /// Says that a rule needs another one in front of it.
    fn lacks(&mut self, line: Line<'a>, first: &str, missing: &str) {
        // HAProxy doesn't count the request that a connection would cut off.
        let counts = |does: &Does| match does {
            Does::Act(_) => false,
            Does::Request(_) => first != "connect",
            Does::Connect(_) | Does::Expect(_) | Does::Send(_) => true,
        };
        let at = 1 + self.steps.iter().filter(|step| counts(&step.does)).count();
        let message = format!(
            "'http-check {first}' : unable to add http-check {first} rule at step {at} (missing {missing} rule).."
        );
        self.alert(line, message);
    }

    /// What must stand between the last step and this one in HTTP.
    fn missing(&self, does: &Does) -> Option<&'static str> {
        let last = self.steps.iter().rfind(|step| !matches!(step.does, Does::Act(_)));
        match (last.map(|step| &step.does), does) {
            (Some(Does::Request(_) | Does::Expect(_)), Does::Request(_)) => Some("connect"),
            (Some(Does::Connect(_)), Does::Expect(_)) => Some("send"),
            (Some(Does::Connect(_) | Does::Request(_)), Does::Connect(_)) => Some("expect"),
            _ => None,
        }
    }

    fn rule(&mut self, line: Line<'a>, rule: Option<Rule>, connect: &str) {
        self.seen += 1;
        let (does, comment) = match rule {
            None => return,
            Some(Rule::NotRun(what)) => {
                return self.assembly.plan.remarks.unserved(line.span(), &what);
            }
            Some(Rule::Comment(text)) => {
                self.comment = Some(text);
                return;
            }
            Some(Rule::Step(does, comment)) => (does, comment),
        };
        let late = |step: &Step| step.number > 0 && !matches!(step.does, Does::Act(_) | Does::Connect(_));
        let begun = self.steps.iter().any(|step| matches!(step.does, Does::Connect(_)));
        if matches!(does, Does::Connect(_)) && !begun && self.steps.iter().any(late) {
            let message = format!(
                "'{connect}' : first step MUST also be a 'connect', optionally preceded by a 'set-var', an 'unset-var' or \
                 a 'comment', when there is a 'connect' step in the tcp-check ruleset."
            );
            return self.alert(line, message);
        }
        let before = self.comment.take();
        self.steps.push(Step { number: self.seen, comment: comment.or(before), does });
    }

    /// Looks addresses up that a rule names.
    fn look_up(&mut self, words: &[&str]) {
        for pair in words.windows(2).filter(|pair| pair.first() == Some(&"addr")) {
            let Some(text) = pair.get(1) else { continue };
            let found = server_param::check_address(self.assembly.plan, text)
                .map(|(ip, port)| SocketAddr::new(ip, port.unwrap_or(0)));
            self.assembly.names.addresses.insert((*text).into(), found);
        }
    }
}
