//! `healthcheck`: a check that servers of any backend can be given (manual 12.9).

use std::rc::Rc;

use config::Section;

use crate::ctx::{Line, Plan, word};
use crate::directive::check::{CheckSettings, Kind};

const KINDS: &str = "'tcp-check', 'httpchk', 'ssl-hello-chk', 'smtpchk', 'pgsql-check', 'redis-check', 'mysql-check', \
                     'ldap-check', 'spop-check'";

/// Reads one.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let mut check = CheckSettings::default();
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        if line.keyword() != "type" && !fits(plan, line, &check) {
            continue;
        }
        match line.keyword() {
            "type" => kind(plan, line, &mut check),
            "http-check" => match word(line, 1) {
                "disable-on-404" => check.flags.disable_on_404 = true,
                "send-state" => check.flags.send_state = true,
                _ => check.rules.push(line),
            },
            "tcp-check" => check.rules.push(line),
            _ => {}
        }
    }
    let name = section.name().unwrap_or_default();
    let is_right = section.directives().all(|line| !plan.remarks.is_wrong(line.span()));
    if let (Kind::Connection, Some(line), true) = (check.kind, check.rules.first(), is_right) {
        let kind = line.keyword();
        // HAProxy calls it an alert, and takes the file all the same.
        plan.remarks.warn(
            section.span(),
            format!(
                "healthcheck section '*healthcheck-{name}' : {kind} rules without 'type {kind}', so the rules are ignored."
            ),
        );
    }
    plan.healthchecks.insert(name, Rc::new(check));
}

fn kind<'a>(plan: &mut Plan<'a>, line: Line<'a>, check: &mut CheckSettings<'a>) {
    let name = word(line, 1);
    if check.option.is_some() {
        plan.remarks.alert(line.span(), "healthcheck type already defined.");
        return;
    }
    let before = check.rules.first().map(config::Directive::keyword);
    match Kind::named(name).filter(|kind| !matches!(kind, Kind::External)) {
        Some(kind) if before.is_some_and(|keyword| !fits_keyword(kind, keyword)) => {
            let rules = before.unwrap_or_default();
            plan.remarks.alert(line.span(), format!("cannot set '{name}' type with '{rules}' rules"));
        }
        Some(kind) => (check.kind, check.option) = (kind, Some(line)),
        None => {
            plan.remarks.alert(line.span(), format!("unknown healthcheck type '{name}' (expects {KINDS})."));
        }
    }
}

/// Whether a rule is of the section's kind of check; says so if not.
fn fits<'a>(plan: &mut Plan<'a>, line: Line<'a>, check: &CheckSettings<'a>) -> bool {
    let keyword = line.keyword();
    if check.rules.first().is_some_and(|before| before.keyword() != keyword) {
        plan.remarks.alert(line.span(), "cannot mix 'tcp-check' and 'http-check' rules");
        return false;
    }
    if fits_keyword(check.kind, keyword) {
        return true;
    }
    let other = match check.kind {
        Kind::Tcp => "TCP".to_owned(),
        Kind::Http => "HTTP".to_owned(),
        Kind::Other(option) => match option.name {
            "smtpchk" => "SMTP".to_owned(),
            "ssl-hello-chk" => "SSL3".to_owned(),
            name => name.trim_end_matches("-check").to_ascii_uppercase(),
        },
        _ => return true,
    };
    plan.remarks
        .alert(line.span(), format!("unable to configure '{keyword}' rule for '{other}' healthcheck"));
    false
}

fn fits_keyword(kind: Kind, keyword: &str) -> bool {
    match kind {
        Kind::Tcp => keyword == "tcp-check",
        Kind::Http => keyword == "http-check",
        Kind::Other(_) => false,
        Kind::Connection | Kind::External => true,
    }
}
