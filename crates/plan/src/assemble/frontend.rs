//! A draft's front half.

use std::sync::Arc;

use config::{Diagnostic, Place, Span};
use state::family::RuleSet;
use state::frontend::{Bind, Listening, Live};
use state::options::Mode;
use state::route::Switching;
use state::{Format, Frontend, Rules};

use super::rules::{Sealed, Sets, asks_destination};
use super::{Assembly, Seat, log, stats};
use crate::compile::{Compile, Looking, Site};
use crate::ctx::{Line, Plan, kind_name, word};
use crate::directive::compression;
use crate::draft::Draft;
use crate::{known, tls};

/// Makes it.
pub(super) fn make<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &mut Draft<'a>,
    seat: Seat,
    sets: &mut Sets,
    rules: &Sealed,
) -> Frontend {
    let log = log::setup(assembly, draft, true);
    let stats = stats::page(assembly, draft, seat);
    let unique_id = draft
        .settings
        .unique_id
        .and_then(|line| unique_id(assembly, draft, seat, line, Site::Rules(RuleSet::HttpRequest)));
    let settings = &draft.settings;
    assembly.wants_destination |= settings.options.original_to.is_some();
    let most = assembly.plan.global.cookie_len;
    if let Some(cookie) = draft.captures.cookie.as_mut().filter(|c| c.len > most) {
        cookie.len = most;
        let title = format!("{} '{}'", kind_name(draft.kind), draft.name);
        assembly.plan.remarks.warn_bare(format!("truncating capture length to {most} bytes for {title}."));
    }
    let steps = std::mem::take(&mut sets.steps);
    serve_tls(assembly.plan, draft);
    judge_threads(assembly.plan, draft);
    let binds = binds(draft);
    let settings = &draft.settings;
    let global = &assembly.plan.global;
    let inherited_delay = draft.rules_of_defaults().and_then(|d| d.inspect_delay);
    Frontend {
        name: draft.name.into(),
        id: seat.id,
        guid: draft.guid.map(Into::into),
        mode: settings.mode,
        disabled: settings.disabled,
        description: draft.description.as_deref().map(Into::into),
        maxconn: settings.maxconn.filter(|n| *n > 0).unwrap_or(global.maxconn),
        rate_limit: settings.rate_limit,
        backlog: settings.backlog.filter(|n| *n > 0),
        tcp_connection: Rules::clone(&rules.tcp_connection),
        tcp_session: Rules::clone(&rules.tcp_session),
        tcp_content: Rules::clone(&rules.tcp_content),
        inspect_delay: draft.inspect_delay.or(inherited_delay),
        http_request: Rules::clone(&rules.http_request),
        redirects: Rules::clone(&rules.redirects),
        http_response: Rules::clone(&rules.http_response),
        http_after_response: Rules::clone(&rules.http_after_response),
        filters: sets.filters.clone(),
        compression: compression::settled(settings.compression.as_ref()),
        switching: Switching {
            steps: steps.steps,
            default: steps.default.or(seat.backend),
            own: seat.backend,
            force: steps.force.into_boxed_slice(),
        },
        back: seat.backend,
        stats,
        monitor_uri: settings.monitor_uri.map(|w| w.bytes().into()),
        monitor_fail: std::mem::take(&mut sets.monitor_fail).into_boxed_slice(),
        timeouts: settings.timeouts,
        options: Arc::clone(&settings.options),
        looks: Looking::of(&assembly.names.looking.frontends, seat.frontend),
        looks_early: Looking::in_it(&assembly.names.looking.heads[0], seat.frontend),
        pages: Arc::clone(&settings.pages),
        log,
        unique_id,
        unique_id_header: settings.unique_id_header.map(|w| w.bytes().to_ascii_lowercase().into()),
        captures: std::mem::take(&mut draft.captures),
        listening: listening(&binds, global.threads, settings.options.socket_stats),
        live: Arc::new(Live::new(usize::from(global.threads))),
        binds,
    }
}

/// Says which addresses nobody would listen at: the threads they are for are not there.
fn judge_threads(plan: &mut Plan<'_>, draft: &Draft<'_>) {
    let threads = plan.global.threads;
    let nobody = |bind: &Bind| !(1..=threads).any(|thread| bind.threads.has(thread));
    let lines: Vec<Span> =
        draft.binds.iter().filter(|(bind, _)| nobody(bind)).map(|(_, span)| *span).collect();
    for span in lines {
        let (file, line) = plan.loaded.location(span);
        let words = String::from_utf8_lossy(plan.loaded.source_line(span));
        let words = words.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let message = format!(
            "{} '{}': 'thread' directive only references non-existing threads in '{words}' at [{file}:{line}].",
            kind_name(draft.kind),
            draft.name
        );
        plan.remarks.alert_bare(message);
    }
}

/// Its addresses.
fn binds(draft: &mut Draft<'_>) -> Vec<Bind> {
    let settings = &draft.settings;
    let smart = settings.options.smart_accept.unwrap_or(settings.mode == Mode::Http);
    let own = |(bind, _)| Bind { quickack_off: smart, ..bind };
    std::mem::take(&mut draft.binds).into_iter().map(own).collect()
}

/// Makes what its addresses serve over TLS.
fn serve_tls<'a>(plan: &mut Plan<'a>, draft: &mut Draft<'a>) {
    for (addresses, spec, text) in std::mem::take(&mut draft.bind_tls) {
        let Some(span) = draft.binds.get(addresses.start).map(|(_, span)| *span) else { continue };
        match tls::bind::serve(plan, &spec, draft.settings.mode, span, (draft.name, text)) {
            Ok(served) => {
                let served = Arc::new(served);
                for (bind, _) in draft.binds.get_mut(addresses).unwrap_or_default() {
                    bind.tls = Some(Arc::clone(&served));
                }
            }
            Err(messages) => messages.into_iter().for_each(|message| plan.remarks.alert_bare(message)),
        }
    }
}

/// Compiles a `unique-id-format`.
pub(super) fn unique_id<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    seat: Seat,
    line: Line<'a>,
    site: Site,
) -> Option<Format> {
    let text = word(line, 1);
    assembly.wants_destination |= asks_destination(text);
    let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
    compile.site = site;
    assembly.plan.put_place(line.span(), &mut compile.place);
    let error = match compile.id_format(text) {
        Ok(format) => return Some(format),
        Err(error) => error,
    };
    match known::not_run(&error) {
        Some(what) => {
            assembly.plan.remarks.not_run(line.span(), &format!("unique-id-format, which asks for {what},"));
        }
        None => {
            let alert = Diagnostic::alert(line.span(), format!("failed to parse unique-id : {error}."));
            assembly.plan.remarks.push(alert.at(Place::ParsingCapital));
        }
    }
    None
}

fn listening(binds: &[Bind], threads: u16, counted: bool) -> Box<[Arc<Listening>]> {
    binds.iter().map(|_| Arc::new(Listening::new(usize::from(threads), counted))).collect()
}
