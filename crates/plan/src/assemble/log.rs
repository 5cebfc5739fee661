//! What a proxy logs: targets and compiled lines, one for all proxies that have them from the same `defaults`.

use std::rc::Rc;
use std::sync::Arc;

use config::{Diagnostic, LOG_FORMATS, Place};
use state::Format;
use state::family::Known;
use state::log::{Moments, Origin, Override, Profile, Setup};
use state::options::Mode;

use super::Assembly;
use super::rules::{asks_destination, asks_server_ends};
use crate::compile::{Compile, Site};
use crate::ctx::{Line, kind_name, word};
use crate::directive::log::{LineFormat, LogSettings, targets};
use crate::draft::Draft;
use crate::known;
use crate::section::log_profile::ProfileDraft;

/// The setup of one half of a proxy. Backends have no lines of their own.
pub(super) fn setup<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, front: bool) -> Arc<Setup> {
    let settings = Rc::clone(&draft.settings.log);
    let key = (Rc::as_ptr(&settings), front, draft.settings.mode == Mode::Http);
    if let Some((_, setup)) = assembly.setups.get(&key) {
        return Arc::clone(setup);
    }
    let mut setup = Setup {
        targets: targets(assembly.plan, &settings).into(),
        tag: settings.tag.map(|t| Arc::from(sample::text::boxed(t))),
        ..Setup::default()
    };
    if front {
        lines(assembly, draft, &settings, &mut setup);
        setup.moments = moments(draft, &setup);
        setup.partial =
            setup.line.is_some() && matches!(&setup.moments, Moments::Once(at) if *at != Origin::Close);
    }
    let setup = Arc::new(setup);
    assembly.setups.insert(key, (settings, Arc::clone(&setup)));
    setup
}

/// Compiles the lines of a front half.
fn lines<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    settings: &LogSettings<'a>,
    setup: &mut Setup,
) {
    setup.line = match settings.line {
        LineFormat::Short => None,
        LineFormat::Standard(variable, line) => {
            let variable = fitting(assembly, draft, variable, line);
            let text = LOG_FORMATS.iter().find(|(name, _)| *name == variable).map_or("", |(_, t)| *t);
            if setup.targets.is_empty() { None } else { format(assembly, draft, text, None) }
        }
        // A line in which there is nothing counts as none.
        LineFormat::Own(line) => {
            format(assembly, draft, word(line, 1), Some(line)).filter(|line| !line.items.is_empty())
        }
    };
    setup.error_line =
        settings.error_line.and_then(|line| format(assembly, draft, word(line, 1), Some(line)));
    setup.structured =
        settings.structured.and_then(|line| format(assembly, draft, word(line, 1), Some(line)));
}

/// When lines are written: where `log-steps` says so, or as soon as all they tell is known. Like HAProxy, `option logasap`
/// has its own idea of that and leaves `log-steps` aside.
fn moments(draft: &Draft<'_>, setup: &Setup) -> Moments {
    let as_soon = draft.settings.options.log_as_soon;
    if let Some(steps) = draft.settings.log.steps.as_ref().filter(|_| !as_soon) {
        return Moments::Each(if setup.line.is_some() { steps.clone() } else { Box::default() });
    }
    let Some(line) = &setup.line else { return Moments::Once(Origin::Accept) };
    let structured = setup.structured.as_ref().map_or(Known::Always, |s| s.known);
    let http = draft.settings.mode == Mode::Http;
    Moments::Once(match line.known.max(structured) {
        Known::End if !as_soon => Origin::Close,
        _ if !http => Origin::Connect,
        Known::Request => Origin::Request,
        Known::Always | Known::Response | Known::End => Origin::Response,
    })
}

/// Compiles the `log-profile` sections.
pub(super) fn profiles<'a>(assembly: &mut Assembly<'_, 'a>) -> Vec<Profile> {
    let drafts = std::mem::take(&mut assembly.plan.log_profiles);
    drafts.iter().map(|draft| profile(assembly, draft)).collect()
}

fn profile<'a>(assembly: &mut Assembly<'_, 'a>, draft: &ProfileDraft<'a>) -> Profile {
    let mut steps = Vec::new();
    for step in &draft.steps {
        let what = if step.drop {
            Override::Drop
        } else {
            let mut compiled =
                |text: Option<&str>| text.and_then(|text| part(assembly, draft.name, text, step.line));
            Override::Formats { line: compiled(step.format), structured: compiled(step.structured) }
        };
        steps.push((step.origin, what));
    }
    Profile { tag: draft.tag.map(sample::text::boxed), steps }
}

/// Compiles a line of a profile.
fn part<'a>(assembly: &mut Assembly<'_, 'a>, name: &str, text: &str, line: Line<'a>) -> Option<Arc<Format>> {
    let error = match compiled(assembly, name, text, Some(line)) {
        Ok(format) => return Some(format),
        Err(error) => error,
    };
    match known::not_run(&error) {
        Some(what) => {
            let what = format!("a log line, which asks for {what},");
            assembly.plan.remarks.not_run(line.span(), &what);
        }
        None => {
            let message = format!("failed to parse logformat: {error}.");
            assembly.plan.remarks.push(Diagnostic::alert(line.span(), message).at(Place::ParsingCapital));
        }
    }
    None
}

/// A compiled line. What several frontends share must not depend on which of them compiles it: the home is position 0.
fn compiled<'a>(
    assembly: &mut Assembly<'_, 'a>,
    name: &str,
    text: &str,
    line: Option<Line<'a>>,
) -> Result<Arc<Format>, String> {
    assembly.wants_destination |= asks_destination(text);
    assembly.wants_server_ends |= asks_server_ends(text);
    assembly.wants_line_count |= text.contains("lc");
    let home = crate::compile::Home { name, frontend: Some(0), backend: None };
    let mut compile = Compile::new(&mut assembly.names, home);
    compile.site = Site::Log;
    if let Some(line) = line {
        assembly.plan.put_place(line.span(), &mut compile.place);
    }
    compile.log_format(text).map(Arc::new)
}

/// The predefined line, or the one for TCP where that is all the mode gives.
fn fitting<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    variable: &'static str,
    line: Line<'a>,
) -> &'static str {
    if draft.settings.mode == Mode::Http || !variable.starts_with("HAPROXY_HTTP") {
        return variable;
    }
    let (option, instead, standard) = match variable {
        "HAPROXY_HTTP_CLF_LOG_FMT" => ("option httplog clf", "option tcplog clf", "HAPROXY_TCP_CLF_LOG_FMT"),
        "HAPROXY_HTTPS_LOG_FMT" => ("option httpslog", "option tcplog", "HAPROXY_TCP_LOG_FMT"),
        _ => ("option httplog", "option tcplog", "HAPROXY_TCP_LOG_FMT"),
    };
    let place = assembly.plan.place(line.span());
    let title = format!("{} '{}'", kind_name(draft.kind), draft.name);
    assembly.plan.remarks.warn_bare(format!(
        "parsing [{place}] : '{option}' not usable with {title} (needs 'mode http'). Falling back to '{instead}'."
    ));
    standard
}

/// Compiles a line. `line` is where the user wrote it; none for the predefined ones.
fn format<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    text: &str,
    line: Option<Line<'a>>,
) -> Option<Arc<Format>> {
    let error = match compiled(assembly, draft.name, text, line) {
        Ok(format) => return Some(format),
        Err(error) => error,
    };
    let span = line.map_or(draft.span, |l| l.span());
    match (known::not_run(&error), line) {
        (Some(what), _) => {
            let what = format!("a log line, which asks for {what},");
            assembly.plan.remarks.not_run(span, &what);
        }
        (None, Some(line)) => {
            let message = format!("failed to parse {} : {error}.", line.keyword());
            assembly.plan.remarks.push(Diagnostic::alert(span, message).at(Place::ParsingCapital));
        }
        (None, None) => {
            assembly.plan.remarks.not_run(span, &format!("the standard log line ({error})"));
        }
    }
    None
}
