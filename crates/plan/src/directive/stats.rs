//! `stats` of proxies: the statistics page (manual 4.2 "stats enable" and those after it).

use std::rc::Rc;

use config::{Diagnostic, Place, SectionKind};
use state::family::RuleSet;

use crate::ctx::{Applied, Ctx, Directive, Line, at, word, words_from};
use crate::draft::RuleLine;
use crate::number::{TimeError, time_ms};

pub(super) const DIRECTIVES: &[Directive] = &[Directive { name: "stats", sections: at::PROXY, apply: page }];

/// What the lines of a page say. A proxy with lines of its own inherits none.
#[derive(Clone, Default)]
pub(crate) struct StatsSettings<'a> {
    pub(crate) enabled: bool,
    pub(crate) uri: Option<&'a str>,
    pub(crate) realm: Option<&'a str>,
    /// Users and passwords.
    pub(crate) users: Vec<(&'a str, &'a str)>,
    pub(crate) refresh_s: u32,
    /// Names of proxies; `.` is the one at hand.
    pub(crate) scope: Vec<&'a str>,
    pub(crate) node: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) version: bool,
    pub(crate) legends: bool,
    pub(crate) modules: bool,
    pub(crate) rules: Vec<RuleLine<'a>>,
    pub(crate) admin: Vec<Line<'a>>,
}

fn page<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let draft = &mut *cx.draft;
    if !draft.own_stats {
        draft.own_stats = true;
        draft.settings.stats = Rc::default();
    }
    let mut settings = (*draft.settings.stats).clone();
    settings.enabled = true;
    let applied = apply(cx, line, &mut settings);
    cx.draft.settings.stats = Rc::new(settings);
    applied
}

fn apply<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, settings: &mut StatsSettings<'a>) -> Applied {
    let argument = word(line, 2);
    let need = |message: &str| if argument.is_empty() { Err(message.to_owned()) } else { Ok(argument) };
    match word(line, 1) {
        "uri" => settings.uri = Some(need("'uri' needs an URI prefix.")?),
        "realm" => settings.realm = Some(need("'realm' needs an realm name.")?),
        "auth" => {
            let account = need("'auth' needs a user:password account.")?;
            settings.users.push(account.split_once(':').unwrap_or((account, "")));
        }
        "scope" => settings.scope.push(need("'scope' needs a proxy name.")?),
        "refresh" => settings.refresh_s = refresh(cx, line, argument),
        "admin" => admin(cx, line, settings)?,
        "http-request" => settings.rules.push(RuleLine { set: RuleSet::HttpRequest, line, action: 2 }),
        "hide-version" => settings.version = false,
        "show-version" => settings.version = true,
        "show-legends" => settings.legends = true,
        "show-modules" => settings.modules = true,
        "show-node" => settings.node = node(cx, line),
        "show-desc" => settings.description = description(cx, line),
        // Others were refused while reading.
        _ => {}
    }
    Ok(())
}

fn tight<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, message: impl Into<String>) {
    cx.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingTight));
}

/// A bare number is seconds; what is less than a second counts as one.
fn refresh<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, text: &str) -> u32 {
    let seconds = text.bytes().all(|c| c.is_ascii_digit()) && !text.is_empty();
    let ms = if seconds { time_ms(&format!("{text}s")) } else { time_ms(text) };
    match ms {
        Ok(ms) => ms.div_ceil(1000),
        Err(TimeError::Unexpected(c)) => {
            tight(cx, line, format!("unexpected character '{c}' in argument to stats refresh interval."));
            0
        }
        Err(TimeError::Overflow) => {
            let message = format!(
                "timer overflow in argument '{text}' to stats refresh interval (maximum value is 2147483647 s (~68 \
                 years))."
            );
            tight(cx, line, message);
            0
        }
    }
}

fn admin<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, settings: &mut StatsSettings<'a>) -> Applied {
    if cx.draft.kind == SectionKind::Defaults {
        return Ok(());
    }
    if !matches!(word(line, 2), "if" | "unless") {
        return Err("'stats admin' requires either 'if' or 'unless' followed by a condition.".to_owned());
    }
    settings.admin.push(line);
    Ok(())
}

fn node<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Option<String> {
    let name = word(line, 2);
    if name.is_empty() {
        return Some(cx.plan.global.node.to_string());
    }
    if name.bytes().any(|c| !(c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))) {
        let message = "'stats show-node' invalid node name - should be a stringwith digits(0-9), letters(A-Z, a-z), \
                       hyphen(-) or underscode(_).";
        tight(cx, line, message);
        return None;
    }
    Some(name.to_owned())
}

fn description<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Option<String> {
    let words = words_from(line, 2);
    if !words.is_empty() {
        return Some(words.join(" "));
    }
    let global = cx.plan.global.description.as_deref().map(str::to_owned);
    if global.is_none() {
        let message = "'show-desc' requires a parameter or 'desc' to be set in the global section.";
        cx.plan.remarks.push(Diagnostic::warning(line.span(), message).at(Place::ParsingTight));
    }
    global
}
