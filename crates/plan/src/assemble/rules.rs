//! The rules of a proxy, those of its `defaults` first (manual 4, "defaults").

use std::rc::Rc;
use std::sync::Arc;

use config::{Diagnostic, Place, Severity};
use state::family::RuleSet;
use state::options::Mode;
use state::reply::Stand;
use state::{Rule, Rules, Side};

use super::{Assembly, Seat};
use crate::compile::{Compile, Part, RuleFault, Site, screened};
use crate::ctx::{Line, Plan, kind_name, words_from};
use crate::draft::{Draft, RuleLine};
use crate::known;

/// The compiled lines of one proxy.
#[derive(Default)]
pub(super) struct Sets {
    pub(super) tcp_connection: Vec<Rule>,
    pub(super) tcp_session: Vec<Rule>,
    pub(super) tcp_content: Vec<Rule>,
    pub(super) tcp_response: Vec<Rule>,
    pub(super) http_request: Vec<Rule>,
    pub(super) redirects: Vec<Rule>,
    pub(super) http_response: Vec<Rule>,
    pub(super) http_after_response: Vec<Rule>,
    pub(super) steps: super::switching::Steps,
    pub(super) use_server: Vec<state::backend::UseServer>,
    pub(super) monitor_fail: Vec<state::Cond>,
    pub(super) persist_rules: Vec<state::cookie::PersistRule>,
    pub(super) stick: Option<Box<state::stick::Stick>>,
    pub(super) filters: state::filter::Filters,
}

impl Sets {
    fn of(&mut self, line: &RuleLine<'_>) -> &mut Vec<Rule> {
        match line.set {
            _ if line.is_redirect() => &mut self.redirects,
            RuleSet::TcpRequestConnection => &mut self.tcp_connection,
            RuleSet::TcpRequestSession => &mut self.tcp_session,
            RuleSet::TcpRequestContent => &mut self.tcp_content,
            RuleSet::TcpResponseContent => &mut self.tcp_response,
            RuleSet::HttpRequest => &mut self.http_request,
            RuleSet::HttpResponse => &mut self.http_response,
            RuleSet::HttpAfterResponse => &mut self.http_after_response,
        }
    }
}

/// The rules in their final form, for one half of a proxy or for both.
pub(super) struct Sealed {
    pub(super) tcp_connection: Rules,
    pub(super) tcp_session: Rules,
    pub(super) tcp_content: Rules,
    pub(super) tcp_response: Rules,
    pub(super) http_request: Rules,
    pub(super) redirects: Rules,
    pub(super) http_response: Rules,
    pub(super) http_after_response: Rules,
}

impl Sets {
    /// Takes the rules out.
    pub(super) fn seal(&mut self) -> Sealed {
        let take = |rules: &mut Vec<Rule>| Rules::new(screened(std::mem::take(rules)));
        Sealed {
            tcp_connection: take(&mut self.tcp_connection),
            tcp_session: take(&mut self.tcp_session),
            tcp_content: take(&mut self.tcp_content),
            tcp_response: take(&mut self.tcp_response),
            http_request: take(&mut self.http_request),
            redirects: take(&mut self.redirects),
            http_response: take(&mut self.http_response),
            http_after_response: take(&mut self.http_after_response),
        }
    }
}

/// Actions without which the exchange is the same for everybody: only counted, logged or tuned differently.
const HARMLESS: &[&str] = &[
    "capture",
    "close",
    "do-log",
    "early-hint",
    "set-nice",
    "set-timeout",
    "strict-mode",
    "wait-for-handshake",
];

/// Actions behind which no rule of the set is reached.
const FINAL: &[&str] = &["allow", "auth", "deny", "redirect", "return", "tarpit"];

/// Compiles everything that a proxy's lines say.
pub(super) fn compile<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat) -> Sets {
    let mut sets = Sets::default();
    let mode = if may_upgrade(assembly, draft) { Mode::Http } else { draft.settings.mode };
    if let Some(defaults) = draft.defaults.as_ref().filter(|d| !d.rules.is_empty()).map(Rc::clone) {
        let mut section = Section::new(assembly, &defaults, seat, draft.name);
        section.http = draft.settings.mode == Mode::Http;
        section.waits |= draft.inspect_delay.is_some();
        section.rules(&mut sets, &defaults.rules, mode);
        let captures = section.compile.captures;
        draft.captures.request.extend(captures.request);
        draft.captures.response.extend(captures.response);
    }
    let rules = std::mem::take(&mut draft.rules);
    let inherited = draft.rules_of_defaults().is_some_and(|d| d.inspect_delay.is_some());
    let mut section = Section::new(assembly, draft, seat, draft.name);
    section.waits |= inherited;
    section.compile.captures = std::mem::take(&mut draft.captures);
    section.rules(&mut sets, &rules, mode);
    sets.steps = section.switching(draft);
    sets.use_server = section.use_server(draft, seat);
    sets.monitor_fail = section.monitor_fail(&draft.monitor_fail);
    section.replies(draft);
    sets.persist_rules = section.persist_rules(draft);
    sets.stick = section.stick(draft);
    section.judge_captures();
    draft.captures = std::mem::take(&mut section.compile.captures);
    draft.rules = rules;
    sets
}

/// Whether a frontend for TCP may come to speak HTTP: by `switch-mode`, or since it leads to a backend that does.
pub(super) fn may_upgrade(assembly: &Assembly<'_, '_>, draft: &Draft<'_>) -> bool {
    if draft.settings.mode != Mode::Tcp || !draft.kind.has_frontend() {
        return false;
    }
    let switches = draft.rules.iter().any(|r| words_from(r.line, r.action).first() == Some(&"switch-mode"));
    let names = draft.use_backend.iter().map(|line| crate::ctx::word(*line, 1));
    let default = draft.settings.default_backend.and_then(|name| name.str());
    let speaks_http = |name: &str| assembly.peers.iter().any(|p| p.name == name && p.mode == Mode::Http);
    switches || names.chain(default).any(speaks_http)
}

/// Compiles the rules of `defaults` sections for what there is to say of them, whether a proxy inherits them or not:
/// what they leave out (`srv_conn(www)`) can't be filled in from a proxy.
/// Their home is a proxy of either kind that has no server.
pub(super) fn judge_defaults<'a>(assembly: &mut Assembly<'_, 'a>, defaults: &[Rc<Draft<'a>>]) {
    for section in defaults.iter().filter(|d| !d.rules.is_empty() || !d.acls.is_empty()) {
        let mut sets = Sets::default();
        Section::new(assembly, section, Seat::NOWHERE, section.name).rules(
            &mut sets,
            &section.rules,
            section.settings.mode,
        );
    }
}

/// One section's lines under compilation.
pub(super) struct Section<'c, 'a> {
    pub(super) plan: &'c mut Plan<'a>,
    pub(super) peers: &'c mut Vec<super::Peer<'a>>,
    pub(super) compile: Compile<'c>,
    /// `frontend 'web'`, for messages.
    pub(super) title: String,
    /// Whether the proxy speaks HTTP; whether `tcp-request content` rules wait for what they look at.
    pub(super) http: bool,
    pub(super) waits: bool,
    wants_destination: &'c mut bool,
    wants_server_ends: &'c mut bool,
    /// ACLs that ask for what is not run: rules that use them can't be decided.
    undecidable: Vec<(&'a str, String)>,
}

impl<'c, 'a> Section<'c, 'a> {
    /// Compiles the ACLs of `draft`, at home in the proxy `name`.
    pub(super) fn new(
        assembly: &'c mut Assembly<'_, 'a>,
        draft: &Draft<'a>,
        seat: Seat,
        name: &'c str,
    ) -> Self {
        let Assembly { plan, names, peers, wants_destination, wants_server_ends, .. } = assembly;
        let mut section = Self {
            plan,
            peers,
            compile: Compile::new(names, seat.home(name)),
            title: format!("{} '{}'", kind_name(draft.kind), draft.name),
            http: draft.settings.mode == Mode::Http,
            waits: draft.inspect_delay.is_some(),
            wants_destination,
            wants_server_ends,
            undecidable: Vec::new(),
        };
        for line in &draft.acls {
            section.acl(*line);
        }
        section.compile.settle_acls();
        section
    }

    fn acl(&mut self, line: Line<'a>) {
        if self.plan.remarks.is_wrong(line.span()) {
            return;
        }
        let words = words_from(line, 1);
        self.note_destination(&words);
        self.stand(line);
        let result = self.compile.acl(&words);
        self.warnings(line);
        let Err(error) = result else { return };
        match known::not_run(&error) {
            Some(what) => {
                self.plan.remarks.not_run(line.span(), &what);
                self.undecidable.push((words.first().copied().unwrap_or_default(), what));
            }
            None => self.plan.remarks.alert(line.span(), error),
        }
    }

    fn rules(&mut self, sets: &mut Sets, rules: &[RuleLine<'a>], mode: Mode) {
        let mut ended = Vec::new();
        for rule in rules {
            self.judge_reach(rule, &mut ended);
            if let Some(compiled) = self.rule(rule)
                && (mode == Mode::Http || !is_http(rule.set))
            {
                sets.of(rule).push(compiled);
            }
        }
    }

    /// Says that no rule comes behind one that always ends its set. `ended`: the sets whose last rule so far is one.
    fn judge_reach(&mut self, rule: &RuleLine<'a>, ended: &mut Vec<RuleSet>) {
        if !is_http(rule.set) || rule.is_redirect() {
            return;
        }
        if ended.contains(&rule.set) {
            let message = format!(
                "previous '{}' action is final and has no condition attached, further entries are NOOP.",
                rule.set.words()
            );
            let span = Some(rule.line.span());
            self.plan.remarks.push(Diagnostic::new(Severity::Warning, span, Place::ParsingTight, message));
        }
        ended.retain(|set| *set != rule.set);
        let words = words_from(rule.line, rule.action);
        // A redirect to nowhere is none.
        let open = words.iter().any(|word| matches!(*word, "if" | "unless" | "ignore-empty"));
        if !open && words.first().is_some_and(|action| FINAL.contains(action)) {
            ended.push(rule.set);
        }
    }

    /// Compiles one; `None` when it can't be had, which has been said then.
    pub(super) fn rule(&mut self, rule: &RuleLine<'a>) -> Option<Rule> {
        let line = rule.line;
        if self.plan.remarks.is_wrong(line.span()) {
            return None;
        }
        let words = words_from(line, rule.action);
        let action = words.first().copied().unwrap_or_default();
        let set = rule.set.words();
        if keywords::action::find(rule.set, action).is_none() {
            let known = config::vocabulary::actions(set).unwrap_or_default();
            if config::vocabulary::action_known(known, action.as_bytes()) {
                self.judge_condition(rule, &words);
                self.left_out(line, action, &format!("'{set} {action}'"));
                return None;
            }
        }
        if let Some(what) = self.undecidable_in(&words) {
            self.left_out(line, action, &format!("'{set} {action}', which asks for {what},"));
            return None;
        }
        self.note_destination(&words);
        if words.contains(&"use-large-buffer") && self.plan.global.large_buffer == 0 {
            self.lacks_large_buffers(line);
        }
        self.stand(line);
        let result = self.compile.rule(rule.set, &words);
        self.warnings(line);
        match result {
            Ok(mut compiled) if compiled.action.is_run() => {
                // Of the old `redirect` lines nothing is told.
                compiled.place = (rule.action > 0).then(|| self.plan.at(line.span()));
                self.advise(rule, &compiled);
                Some(compiled)
            }
            Ok(_) => {
                self.left_out(line, action, &format!("'{set} {action}'"));
                None
            }
            Err(fault) => {
                match known::not_run(&fault.text) {
                    Some(what) => {
                        self.left_out(line, action, &format!("'{set} {action}', which asks for {what},"));
                    }
                    None if fault.text.starts_with("unable to find table")
                        && self.lacks_table(line, &words) => {}
                    None if fault.text.contains(" uses a type incompatible with ") => self.late(&fault.text),
                    None => self.fault(rule, action, &fault),
                }
                None
            }
        }
    }

    fn lacks_large_buffers(&mut self, line: Line<'a>) {
        let (name, place) = (self.compile.home.name, self.plan.place(line.span()));
        self.plan.late.push(format!(
            "Proxy '{name}': unable to use large buffers at {place}, 'tune.bufsize.large' global parameter must be set."
        ));
    }

    /// Says what is wrong with a rule, in HAProxy's sentence around it, which differs by rule set and part.
    fn fault(&mut self, rule: &RuleLine<'a>, action: &str, fault: &RuleFault) {
        let (set, title, text) = (rule.set.words(), &self.title, fault.text.as_str());
        let (mut place, mut message) = (Place::Parsing, text.to_owned());
        match fault.part {
            Part::Name => {}
            _ if rule.is_redirect() => {
                let what = if fault.part == Part::Condition { "error in condition: " } else { "" };
                message = format!("error detected in {title} while parsing redirect rule : {what}{text}.");
            }
            Part::Arguments if is_http(rule.set) => {
                message = format!("error detected in {title} while parsing '{set} {action}' rule : {text}.");
            }
            Part::Arguments => {}
            Part::Extra if is_http(rule.set) => {
                place = Place::ParsingTight;
                message = format!(
                    "'{set} {action}' expects either 'if' or 'unless' followed by a condition but found '{text}'."
                );
            }
            Part::Extra => {
                message =
                    format!("'{set} {action}' only accepts 'if' or 'unless', in {title} (got '{text}')");
            }
            Part::Condition if is_http(rule.set) => {
                message = format!("error detected while parsing an '{set} {action}' condition : {text}.");
            }
            Part::Condition => {
                let words = words_from(rule.line, rule.action);
                let keyword = if words.contains(&"unless") { "unless" } else { "if" };
                message = format!(
                    "'{set} {action}' : error detected in {title} while parsing '{keyword}' condition : {text}"
                );
            }
        }
        let word = rule.line.word(rule.action + fault.at).or_else(|| rule.line.word(rule.action));
        let span = word.map_or_else(|| rule.line.span(), |word| word.span());
        self.plan.remarks.push(Diagnostic::new(Severity::Alert, Some(span), place, message));
    }

    /// Whether the slots for captured headers exist that rules name.
    fn judge_captures(&mut self) {
        for (side, id) in std::mem::take(&mut self.compile.wanted_captures) {
            let (slots, rules) = match side {
                Side::Request => (&self.compile.captures.request, "http-request"),
                Side::Response => (&self.compile.captures.response, "http-response"),
            };
            if id >= slots.len() {
                let name = self.compile.home.name;
                self.plan.late.push(format!(
                    "Proxy '{name}': unable to find capture id '{id}' referenced by {rules} capture rule."
                ));
            }
        }
    }

    /// Looks at the condition of a rule that is not run: what is wrong with it is wrong all the same.
    fn judge_condition(&mut self, rule: &RuleLine<'a>, words: &[&str]) {
        let Some(at) = words.iter().position(|w| matches!(*w, "if" | "unless")) else { return };
        let condition = words.get(at..).unwrap_or_default();
        if self.undecidable_in(words).is_some() {
            return;
        }
        self.compile.site = Site::Rules(rule.set);
        let result = self.compile.cond(condition);
        self.compile.warnings.clear();
        let Err(error) = result else { return };
        if known::not_run(&error).is_none() {
            let action = words.first().copied().unwrap_or_default();
            let at = words.len() - condition.len();
            self.fault(rule, action, &RuleFault { at, part: Part::Condition, text: error });
        }
    }

    /// Whether the table that a `track-sc` rule needs is missing, which has been said then.
    fn lacks_table(&mut self, line: Line<'a>, words: &[&'a str]) -> bool {
        let Some(action) = words.first().filter(|w| w.starts_with("track-sc")) else { return false };
        let table = words.iter().position(|w| *w == "table").map(|at| words.get(at + 1));
        let Some(table) = table.unwrap_or(Some(&self.compile.home.name)) else { return false };
        let lacks = !self.compile.names.tables.contains_key(*table);
        if lacks && !self.plan.remarks.is_wrong(line.span()) {
            self.late(&format!("unable to find table '{table}' referenced by {action}."));
        }
        lacks
    }

    /// Says what HAProxy says of a proxy when everything is read.
    pub(super) fn late(&mut self, error: &str) {
        let message = format!("Proxy '{}': {error}", self.compile.home.name);
        if !self.plan.late.contains(&message) {
            self.plan.late.push(message);
        }
    }

    /// Says that a rule is not run, and whether that can be borne.
    fn left_out(&mut self, line: Line<'a>, action: &str, what: &str) {
        let name = action.split('(').next().unwrap_or(action);
        if HARMLESS.contains(&name) {
            self.plan.remarks.not_run(line.span(), what);
        } else {
            self.plan.remarks.unserved(line.span(), what);
        }
    }

    /// What an ACL in a condition asks for that is not run.
    pub(super) fn undecidable_in(&self, words: &[&str]) -> Option<&str> {
        let at = words.iter().position(|w| matches!(*w, "if" | "unless"))?;
        let condition = words.get(at + 1..)?;
        let named = |name: &str| condition.iter().any(|w| w.trim_start_matches('!') == name);
        self.undecidable.iter().find(|(name, _)| named(name)).map(|(_, what)| what.as_str())
    }

    /// A condition at the end of a line; `None` when it can't be had, which has been said then.
    pub(super) fn cond(
        &mut self,
        line: Line<'a>,
        words: &[&str],
        site: Site,
        rule: &str,
    ) -> Option<Option<state::Cond>> {
        self.compile.site = site;
        self.stand(line);
        self.note_destination(words);
        if let Some(what) = self.undecidable_in(words).map(str::to_owned) {
            self.plan.remarks.unserved(line.span(), &format!("'{}', which asks for {what},", line.keyword()));
            return None;
        }
        let result = self.compile.cond(words);
        self.warnings(line);
        match result {
            Ok(cond) => {
                if let Some(cond) = &cond {
                    self.advise_raw(line, cond);
                }
                Some(cond)
            }
            Err(error) => {
                match known::not_run(&error) {
                    Some(what) => {
                        let what = format!("'{}', which asks for {what},", line.keyword());
                        self.plan.remarks.unserved(line.span(), &what);
                    }
                    None => {
                        let message = format!("error detected while parsing {rule} : {error}.");
                        self.plan.remarks.alert(line.span(), message);
                    }
                }
                None
            }
        }
    }

    /// The conditions of `monitor fail`.
    fn monitor_fail(&mut self, lines: &[Line<'a>]) -> Vec<state::Cond> {
        let compiled = lines.iter().filter_map(|line| {
            let words = words_from(*line, 2);
            self.cond(*line, &words, Site::Answer, "a 'monitor fail' condition").flatten()
        });
        compiled.collect()
    }

    /// Makes pages of `http-error` lines.
    fn replies(&mut self, draft: &mut Draft<'a>) {
        for (status, line) in std::mem::take(&mut draft.settings.replies) {
            if self.plan.remarks.is_wrong(line.span()) {
                continue;
            }
            self.stand(line);
            let result = self.compile.answer(&words_from(line, 1));
            self.warnings(line);
            match result {
                Ok(answer) => {
                    let pages = Arc::make_mut(&mut draft.settings.pages);
                    pages.put(status, Stand::Made(Arc::from(answer)));
                }
                Err(error) => match known::not_run(&error) {
                    Some(what) => {
                        let what = format!("'http-error', which asks for {what},");
                        self.plan.remarks.unserved(line.span(), &what);
                    }
                    None => self.plan.remarks.alert(line.span(), format!("http-error : {error}")),
                },
            }
        }
    }

    pub(super) fn warnings(&mut self, line: Line<'a>) {
        for warning in std::mem::take(&mut self.compile.warnings) {
            self.plan.remarks.push(Diagnostic::warning(line.span(), warning));
        }
        for (severity, text) in std::mem::take(&mut self.compile.late) {
            match severity {
                Severity::Alert if self.plan.late.contains(&text) => {}
                Severity::Alert => self.plan.late.push(text),
                _ => self.plan.remarks.warn_bare(text),
            }
        }
    }

    /// Says where the line at hand stands.
    pub(super) fn stand(&mut self, line: Line<'a>) {
        self.plan.put_place(line.span(), &mut self.compile.place);
    }

    /// Remembers that something asks where the client connected to.
    pub(super) fn note_destination(&mut self, words: &[&str]) {
        *self.wants_destination |= words.iter().any(|w| asks_destination(w));
        *self.wants_server_ends |= words.iter().any(|w| asks_server_ends(w));
    }
}

/// Whether a word may name the destination: a fetch or alias about it, in whatever expression.
pub(super) fn asks_destination(word: &str) -> bool {
    ["dst", "%fi", "%fp", "%[fi", "fc_"].iter().any(|name| word.contains(name))
}

/// Whether a word may name an end of the server's connection, likewise.
pub(super) fn asks_server_ends(word: &str) -> bool {
    let letters = |at: usize| {
        let mut alias = word.get(at + 1..).unwrap_or_default();
        // Flags and a name may come before it.
        for (open, close) in [('{', '}'), ('(', ')'), ('{', '}')] {
            let behind = alias.strip_prefix(open).and_then(|rest| rest.split_once(close));
            alias = behind.map_or(alias, |(_, behind)| behind);
        }
        ["bi", "bp", "si", "sp"].iter().any(|name| alias.starts_with(name))
    };
    word.contains("bc_src") || word.contains("bc_dst") || word.match_indices('%').any(|(at, _)| letters(at))
}

const fn is_http(set: RuleSet) -> bool {
    matches!(set, RuleSet::HttpRequest | RuleSet::HttpResponse | RuleSet::HttpAfterResponse)
}
