//! What a proxy logs: targets and compiled lines, one for all proxies that have them from the same `defaults`.

use std::rc::Rc;
use std::sync::Arc;

use config::{Diagnostic, LOG_FORMATS, Place};
use state::Format;
use state::log::Setup;
use state::options::Mode;

use super::Assembly;
use super::rules::asks_destination;
use crate::compile::{Compile, Site};
use crate::ctx::{Line, kind_name, word};
use crate::directive::log::{LineFormat, Logger};
use crate::draft::Draft;
use crate::known;

/// The setup of one half of a proxy. Backends have no lines of their own.
pub(super) fn setup<'a>(assembly: &mut Assembly<'_, 'a>, draft: &Draft<'a>, front: bool) -> Arc<Setup> {
    let settings = Rc::clone(&draft.settings.log);
    let key = (Rc::as_ptr(&settings), front, draft.settings.mode == Mode::Http);
    if let Some((_, setup)) = assembly.setups.get(&key) {
        return Arc::clone(setup);
    }
    let mut targets = Vec::new();
    for logger in &settings.loggers {
        match logger {
            Logger::Own(position) => targets.push(*position),
            Logger::Global => targets.extend(&assembly.plan.global_logs),
        }
    }
    let mut setup = Setup {
        targets: targets.into(),
        tag: settings.tag.map(|t| Arc::from(t.as_bytes())),
        ..Setup::default()
    };
    if front {
        setup.line = match settings.line {
            LineFormat::Short => None,
            LineFormat::Standard(variable, line) => {
                let variable = fitting(assembly, draft, variable, line);
                let text = LOG_FORMATS.iter().find(|(name, _)| *name == variable).map_or("", |(_, t)| *t);
                if setup.targets.is_empty() { None } else { format(assembly, draft, text, None) }
            }
            LineFormat::Own(line) => format(assembly, draft, word(line, 1), Some(line)),
        };
        setup.error_line =
            settings.error_line.and_then(|line| format(assembly, draft, word(line, 1), Some(line)));
        setup.structured =
            settings.structured.and_then(|line| format(assembly, draft, word(line, 1), Some(line)));
        setup.at_end =
            setup.line.as_ref().is_some_and(|line| line.at_end()) && !draft.settings.options.log_as_soon;
    }
    let setup = Arc::new(setup);
    assembly.setups.insert(key, (settings, Arc::clone(&setup)));
    setup
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
    assembly.wants_destination |= asks_destination(text);
    // Position 0: what is shared by several frontends must not depend on which of them compiles it.
    let home = crate::compile::Home { name: draft.name, frontend: Some(0), backend: None };
    let mut compile = Compile::new(&mut assembly.names, home);
    compile.site = Site::Log;
    let error = match compile.log_format(text) {
        Ok(format) => return Some(Arc::new(format)),
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
