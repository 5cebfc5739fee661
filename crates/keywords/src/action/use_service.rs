//! `use-service`: a service answers in a server's place (manual 4.4).

use std::sync::Arc;

use state::family::Serve;

use super::prelude::*;
use crate::service;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "use-service",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::TcpRequestContent],
    doc: "Has the service of this name answer. No service speaks to a client of a TCP proxy.",
    examples: &["use-service prometheus-exporter if { path /metrics }"],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let tcp = p.set == RuleSet::TcpRequestContent;
    let name = p.words.next();
    let name = name.ok_or(if tcp {
        "'tcp-request' expects a service name."
    } else {
        "'use-service' expects a service name."
    })?;
    if tcp {
        return Err("'content' unknown service name.".to_owned());
    }
    let service = service::find(name).ok_or_else(|| format!("'{name}' unknown service name."))?;
    Ok(Box::new(UseService { service: (service.make)() }))
}

#[derive(Debug)]
struct UseService {
    service: Arc<dyn Serve>,
}

impl Action for UseService {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Failed };
        stream.service = Some(Arc::clone(&self.service));
        Verdict::Serve
    }
}
