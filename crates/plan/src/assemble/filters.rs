//! The filters of a proxy: its `filter` lines compiled, in the order of each side, and those that other lines imply
//! (manual 9).

use std::sync::Arc;

use config::Diagnostic;
use state::family::{FilterKind, Parse, RuleSet, Words};
use state::filter::{Filter, Filters};
use state::options::Mode;

use super::{Assembly, Seat};
use crate::compile::{Compile, Site};
use crate::ctx::{Line, words_from};
use crate::draft::Draft;
use crate::known;

/// Filters beside which those that are implied need no line of their own.
const QUIET: &[&str] = &["cache", "fcgi-app"];
const COMPRESSION: &[&str] = &["compression", "comp-req", "comp-res"];

/// Makes them.
pub(super) fn make<'a>(assembly: &mut Assembly<'_, 'a>, draft: &mut Draft<'a>, seat: Seat) -> Filters {
    let mut all: Vec<Arc<dyn Filter>> = Vec::new();
    let by_rules = std::mem::take(&mut assembly.names.used_caches);
    let limits = std::mem::take(&mut assembly.names.used_limiters);
    for line in std::mem::take(&mut draft.filters) {
        let Some(filter) = compile(assembly, draft, seat, line) else { continue };
        if filter.cache().is_some() && all.iter().any(|other| other.cache() == filter.cache()) {
            let (proxy, name) = (draft.name, crate::ctx::word(line, 2));
            let message =
                format!("'filter' : {proxy}: multiple explicit declarations of the cache filter '{name}'");
            assembly.plan.remarks.push(Diagnostic::alert(line.span(), message));
        }
        if filter.limiter().is_some() && all.iter().any(|other| other.limiter() == filter.limiter()) {
            let (proxy, name) = (draft.name, crate::ctx::word(line, 2));
            let message = format!("'filter' : bwlim filter '{name}' already declared for proxy '{proxy}'\n");
            assembly.plan.remarks.push(Diagnostic::alert(line.span(), message));
        }
        all.push(filter);
    }
    assembly.names.used_caches.clear();
    missing_caches(assembly, draft);
    assembly.names.used_limiters.clear();
    for (name, limiter) in limits {
        if !all.iter().any(|filter| filter.limiter() == Some(limiter)) {
            assembly.plan.remarks.alert_bare(format!(
                "Proxy '{}': unable to find bwlim filter '{name}' referenced by set-bandwidth-limit rule.",
                draft.name
            ));
        }
    }
    imply_caches(assembly, draft, &by_rules, &mut all);
    imply_compression(assembly, draft, &mut all);
    in_right_order(assembly, draft, &all);
    let mut ordered = |side: &str, list: Option<&str>| match list {
        None => all.clone().into(),
        Some(list) => in_order(assembly, draft.name, side, list, &all).into(),
    };
    let [request, response] = draft.filter_order;
    Filters { request: ordered("request", request), response: ordered("response", response) }
}

fn compile<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    seat: Seat,
    line: Line<'a>,
) -> Option<Arc<dyn Filter>> {
    let words = words_from(line, 1);
    let (name, rest) = words.split_first()?;
    let kind: &FilterKind = keywords::filter::find(name)?;
    let mut compile = Compile::new(&mut assembly.names, seat.home(draft.name));
    compile.site = Site::Rules(RuleSet::HttpRequest);
    let mut parse = Parse {
        set: RuleSet::HttpRequest,
        word: name,
        inside: None,
        words: Words::new(rest),
        compiler: &mut compile,
    };
    let made = (kind.parse)(&mut parse);
    let left = parse.words.peek();
    let error = match (made, left) {
        (Ok(filter), None) => return Some(filter),
        (Ok(_), Some(word)) => format!("'filter {name}' : unknown keyword '{word}'."),
        (Err(error), _) => match known::not_run(&error) {
            Some(what) => {
                let what = format!("'filter {name}', which asks for {what},");
                assembly.plan.remarks.unserved(line.span(), &what);
                return None;
            }
            None => format!("'filter' : {error}"),
        },
    };
    assembly.plan.remarks.push(Diagnostic::alert(line.span(), error));
    None
}

/// Says which caches that rules and filters name don't exist.
fn missing_caches(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>) {
    let mut missing = std::mem::take(&mut assembly.names.missing_caches);
    missing.dedup();
    for name in missing {
        assembly.plan.remarks.alert_bare(format!(
            "config: proxy '{}': unable to find the cache '{name}' referenced by the filter 'cache'.",
            draft.name
        ));
    }
}

/// Rules of a cache bring their filter along, before compression.
fn imply_caches(
    assembly: &mut Assembly<'_, '_>,
    draft: &Draft<'_>,
    by_rules: &[u32],
    all: &mut Vec<Arc<dyn Filter>>,
) {
    let mut at = 0;
    for cache in by_rules {
        if all.iter().any(|filter| filter.cache() == Some(*cache)) {
            continue;
        }
        let compression = all.iter().any(|filter| COMPRESSION.contains(&filter.name()));
        let quiet = |name: &str| QUIET.contains(&name) || COMPRESSION.contains(&name);
        match all.iter().all(|filter| quiet(filter.name())) {
            // In the wrong order, which is said then.
            true if compression => all.push(keywords::filter::cache::implied(*cache)),
            true => {
                all.insert(at, keywords::filter::cache::implied(*cache));
                at += 1;
            }
            false => {
                let (proxy, name) = (draft.name, cache_name(assembly, *cache));
                assembly.plan.remarks.alert_bare(format!(
                    "config: proxy '{proxy}': require an explicit filter declaration to use the cache '{name}'."
                ));
            }
        }
    }
}

fn cache_name(assembly: &Assembly<'_, '_>, position: u32) -> String {
    let cache = usize::try_from(position).ok().and_then(|at| assembly.plan.caches.get(at));
    cache.map(|cache| cache.name.to_string()).unwrap_or_default()
}

/// What is stored is not compressed.
fn in_right_order(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, all: &[Arc<dyn Filter>]) {
    let Some(compression) = all.iter().position(|filter| COMPRESSION.contains(&filter.name())) else {
        return;
    };
    let late: Vec<u32> = all.iter().skip(compression).filter_map(|filter| filter.cache()).collect();
    let (proxy, words) = (draft.name, "unable to enable the compression filter before");
    if !late.is_empty() {
        assembly.plan.remarks.alert_bare(format!("config: proxy '{proxy}': {words} any cache filter."));
    }
    for cache in late {
        let name = cache_name(assembly, cache);
        assembly.plan.remarks.alert_bare(format!("config: proxy '{proxy}': {words} the cache '{name}'."));
    }
}

/// `compression` lines bring their filter along, behind all others.
fn imply_compression(assembly: &mut Assembly<'_, '_>, draft: &Draft<'_>, all: &mut Vec<Arc<dyn Filter>>) {
    let wanted = draft.settings.compression.is_some() && draft.settings.mode == Mode::Http;
    if !wanted || all.iter().any(|filter| COMPRESSION.contains(&filter.name())) {
        return;
    }
    if all.iter().all(|filter| QUIET.contains(&filter.name())) {
        all.push(keywords::filter::compression::implied());
        return;
    }
    assembly.plan.remarks.alert_bare(format!(
        "config: proxy '{}': require an explicit filter declaration to use HTTP compression",
        draft.name
    ));
}

/// `filter-sequence`: what isn't named takes no part.
fn in_order(
    assembly: &mut Assembly<'_, '_>,
    proxy: &str,
    side: &str,
    list: &str,
    all: &[Arc<dyn Filter>],
) -> Vec<Arc<dyn Filter>> {
    let mut ordered = Vec::new();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        match all.iter().find(|filter| filter.name() == name) {
            Some(filter) => ordered.push(Arc::clone(filter)),
            None => assembly.plan.remarks.alert_bare(format!(
                "{proxy}: error while postparsing {side} filter-sequence '{list}' : invalid filter name: '{name}' is not \
                 defined on the proxy"
            )),
        }
    }
    ordered
}
