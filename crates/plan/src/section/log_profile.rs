//! `log-profile`: lines that a `log` line has written in another way than its proxy (manual 8.3.5). Formats are compiled
//! when the World is put together.

use config::{Diagnostic, Place, Section};
use state::family::RuleSet;
use state::log::Origin;

use crate::ctx::{Line, Plan, word, words_from};

/// One section.
pub(crate) struct ProfileDraft<'a> {
    pub(crate) name: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) steps: Vec<StepDraft<'a>>,
}

impl<'a> ProfileDraft<'a> {
    /// Several lines about one step add up.
    fn add(&mut self, step: StepDraft<'a>) {
        let Some(old) = self.steps.iter_mut().find(|old| old.origin == step.origin) else {
            self.steps.push(step);
            return;
        };
        old.drop |= step.drop;
        old.format = step.format.or(old.format);
        old.structured = step.structured.or(old.structured);
    }
}

/// What `on` lines say of one step.
pub(crate) struct StepDraft<'a> {
    pub(crate) line: Line<'a>,
    /// [`Origin::Unspecified`] for `any`.
    pub(crate) origin: Origin,
    pub(crate) drop: bool,
    pub(crate) format: Option<&'a str>,
    pub(crate) structured: Option<&'a str>,
}

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let mut profile = ProfileDraft { name: section.name().unwrap_or_default(), tag: None, steps: Vec::new() };
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        match line.keyword() {
            "log-tag" if word(line, 1).is_empty() => {
                plan.remarks.alert(line.span(), "'log-tag' expects a tag for use in syslog.");
            }
            "log-tag" => profile.tag = Some(word(line, 1)),
            _ => match step(line) {
                Ok(step) => profile.add(step),
                Err((message, place)) => {
                    plan.remarks.push(Diagnostic::alert(line.span(), message).at(place));
                }
            },
        }
    }
    plan.log_profiles.push(profile);
}

/// Reads `on <step> [drop] [format <fmt>] [sd <sd_fmt>]`.
fn step<'a>(line: Line<'a>) -> Result<StepDraft<'a>, (String, Place)> {
    let name = word(line, 1);
    let origin = match name {
        "any" => Some(Origin::Unspecified),
        "error" => Some(Origin::SessionError),
        _ => Origin::of_step(name),
    };
    let Some(origin) = origin else {
        let message = format!(
            "'on' expects a log step.\nexpected values are: 'accept', 'request', 'connect', 'response', 'close', \
             'error' or 'any'.\nOr one of the additional log steps: '{}'.",
            rule_steps("', '")
        );
        return Err((message, Place::ParsingTight));
    };
    let expects = || (format!("'on {name}' expects 'drop', 'format' or 'sd'."), Place::Parsing);
    let mut step = StepDraft { line, origin, drop: false, format: None, structured: None };
    let words = words_from(line, 2);
    let mut words = words.iter().peekable();
    step.drop = words.next_if(|w| **w == "drop").is_some();
    while let Some(found) = words.next() {
        let slot = match *found {
            "format" => &mut step.format,
            "sd" => &mut step.structured,
            _ => return Err(expects()),
        };
        let text = words.next().filter(|t| !t.is_empty());
        let missing = || (format!("'on {name} {found}' expects a logformat string."), Place::Parsing);
        *slot = Some(text.ok_or_else(missing)?);
    }
    if !step.drop && step.format.is_none() && step.structured.is_none() {
        return Err(expects());
    }
    Ok(step)
}

/// The steps of `do-log` rules, in the order in which HAProxy names them.
pub(crate) fn rule_steps(between: &str) -> String {
    let sets = [
        RuleSet::HttpRequest,
        RuleSet::HttpResponse,
        RuleSet::HttpAfterResponse,
        RuleSet::TcpRequestConnection,
        RuleSet::TcpRequestSession,
        RuleSet::TcpRequestContent,
        RuleSet::TcpResponseContent,
    ];
    sets.map(|set| Origin::Rule(set).step()).join(between)
}
