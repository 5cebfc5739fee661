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
    for line in std::mem::take(&mut draft.filters) {
        all.extend(compile(assembly, draft, seat, line));
    }
    imply_compression(assembly, draft, &mut all);
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
