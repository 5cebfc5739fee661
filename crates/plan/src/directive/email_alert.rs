//! `email-alert`: who is told of servers going up and down (manual 4.2).

use std::rc::Rc;

use state::mail::{EmailAlert, level};

use crate::ctx::{Directive, Plan, at, kind_name, word};
use crate::directive::log::LEVELS;
use crate::draft::Draft;

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "email-alert",
    sections: at::PROXY,
    apply: |cx, line| {
        let (what, value) = (word(line, 1), word(line, 2));
        if what.is_empty() || value.is_empty() {
            return Err("missing argument after 'email-alert'.".into());
        }
        let spec = Rc::make_mut(&mut cx.draft.settings.email);
        match what {
            "from" => spec.from = Some(value),
            "to" => spec.to = Some(value),
            "mailers" => spec.mailers = Some(value),
            "myhostname" => spec.host = Some(value),
            "level" => {
                let found = LEVELS.iter().position(|name| *name == value);
                let level = found.and_then(|at| u8::try_from(at).ok());
                spec.level = Some(level.ok_or_else(|| format!("unknown log level 'level' after '{value}'"))?);
            }
            other => return Err(format!("email-alert: unknown argument '{other}'.")),
        }
        Ok(())
    },
}];

/// What the lines say.
#[derive(Clone, Debug, Default)]
pub(crate) struct EmailSpec<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    mailers: Option<&'a str>,
    host: Option<&'a str>,
    level: Option<u8>,
}

/// What becomes of them: something only where all that is needed was said.
pub(crate) fn make(plan: &mut Plan<'_>, draft: &Draft<'_>) -> Option<Box<EmailAlert>> {
    let EmailSpec { from, to, mailers, host, level: given } = &*draft.settings.email;
    let (from, to, mailers) = match (from, to, mailers) {
        (Some(from), Some(to), Some(mailers)) => (*from, *to, *mailers),
        (None, None, None) if host.is_none() && given.is_none() => return None,
        _ => {
            plan.remarks.warn_bare(format!(
                "'email-alert' will be ignored for {} '{}' (the presence any of 'email-alert from', 'email-alert level' \
                 'email-alert mailers', 'email-alert myhostname', or 'email-alert to' requires each of 'email-alert from', \
                 'email-alert mailers' and 'email-alert to' to be present).",
                kind_name(draft.kind),
                draft.name
            ));
            return None;
        }
    };
    let Some(found) = plan.mailers.iter().find(|section| *section.name == *mailers).cloned() else {
        plan.late.push(format!("Proxy '{}': unable to find mailers '{mailers}'.", draft.name));
        return None;
    };
    Some(Box::new(EmailAlert {
        mailers: found,
        from: from.into(),
        to: to.into(),
        host: host.map(Into::into),
        level: given.unwrap_or(level::ALERT),
    }))
}
