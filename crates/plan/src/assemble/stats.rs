//! The statistics page of a proxy: its rules and conditions compiled (manual 4.2 "stats enable").

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use keywords::service::stats::{Settings, Stats};
use state::auth::{Password, User, Userlist};
use state::family::RuleSet;
use state::options::Mode;
use state::rule::{Place, RuleList, Rules};
use state::stats::StatsPage;
use state::{Cond, Rule};

use super::rules::Section;
use super::{Assembly, Seat};
use crate::compile::Site;
use crate::ctx::{kind_name, words_from};
use crate::directive::stats::StatsSettings;
use crate::draft::Draft;

/// Where the page is and what its realm is called, unless lines say otherwise.
const URI: &str = "/haproxy?stats";
const REALM: &str = "HAProxy Statistics";

/// Makes it, if the proxy has one.
pub(super) fn page<'a>(
    assembly: &mut Assembly<'_, 'a>,
    draft: &Draft<'a>,
    seat: Seat,
) -> Option<Arc<StatsPage>> {
    let lines = Rc::clone(&draft.settings.stats);
    if !lines.enabled {
        return None;
    }
    let http = draft.settings.mode == Mode::Http;
    if http && !lines.rules.is_empty() && (!lines.users.is_empty() || lines.realm.is_some()) {
        assembly.plan.remarks.alert_bare(format!(
            "{} '{}': stats 'auth'/'realm' and 'http-request' can't be used at the same time.",
            kind_name(draft.kind),
            draft.name
        ));
    }
    let (mut rules, mut admin) = (Vec::new(), Vec::new());
    if !lines.rules.is_empty() || !lines.admin.is_empty() {
        let mut section = Section::new(assembly, draft, seat, draft.name);
        rules.extend(lines.rules.iter().filter_map(|rule| section.rule(rule)));
        for line in &lines.admin {
            let words = words_from(*line, 2);
            let site = Site::Rules(RuleSet::HttpRequest);
            admin.extend(section.cond(*line, &words, site, "a 'stats admin' rule"));
        }
    }
    if !http {
        return None;
    }
    if !lines.users.is_empty() {
        let list = accounts(&lines.users);
        let action = keywords::action::gate(list, lines.realm.unwrap_or(REALM));
        rules.push(Rule { cond: None, action, name: "auth", place: None, written: Place::default() });
    }
    let settings = settings(&lines, draft.name, admin);
    Some(Arc::new(StatsPage {
        uri: sample::text::boxed(&settings.uri),
        rules: Rules::new(RuleList::new(rules, None)),
        service: Arc::new(Stats::new(settings)),
    }))
}

fn settings(lines: &StatsSettings<'_>, own: &str, admin: Vec<Option<Cond>>) -> Settings {
    Settings {
        uri: lines.uri.unwrap_or(URI).into(),
        refresh_s: lines.refresh_s,
        scope: lines.scope.iter().map(|name| if *name == "." { own } else { *name }.into()).collect(),
        node: lines.node.as_deref().map(Into::into),
        description: lines.description.as_deref().map(Into::into),
        version: lines.version,
        legends: lines.legends,
        modules: lines.modules,
        admin: admin.into_boxed_slice(),
    }
}

/// The accounts of `stats auth`; of two of one name the first counts.
fn accounts(users: &[(&str, &str)]) -> Userlist {
    let mut list = Userlist { name: Box::default(), users: HashMap::with_capacity(users.len()) };
    for (name, password) in users {
        let user = User { password: Password::Plain(sample::text::boxed(password)), ..User::default() };
        list.users.entry(sample::text::boxed(name)).or_insert(user);
    }
    list
}
