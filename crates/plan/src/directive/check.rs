//! `option httpchk` and its kin, `http-check`, `tcp-check`, `external-check`: what servers are checked with (manual 4.2). The
//! lines are compiled by `assemble::probe`.

use std::rc::Rc;

use state::family::CheckOption;

use crate::ctx::{Applied, Ctx, Directive, Line, at, no_more, word};
use crate::draft::Draft;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "http-check", sections: at::PROXY, apply: http_check },
    Directive {
        name: "tcp-check",
        sections: at::PROXY,
        apply: |cx, line| {
            if !cx.lacks_backend(line, "tcp-check") {
                settings(cx).rules.push(line);
            }
            Ok(())
        },
    },
    Directive { name: "external-check", sections: at::PROXY, apply: external_check },
];

/// What a backend checks its servers with. The option and the rules are one: a section that has some of its own inherits
/// none of the others.
#[derive(Clone, Default)]
pub(crate) struct CheckSettings<'a> {
    pub(crate) kind: Kind,
    /// The line of the option, if this very section has it.
    pub(crate) option: Option<Line<'a>>,
    /// `http-check` and `tcp-check` lines that make a rule.
    pub(crate) rules: Vec<Line<'a>>,
    pub(crate) flags: Flags,
    /// `external-check command`, `external-check path`.
    pub(crate) command: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
}

/// What the last `option` about checks made them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Kind {
    #[default]
    Connection,
    Tcp,
    Http,
    Other(&'static CheckOption),
    External,
}

impl Kind {
    /// The kind that a name stands for.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "tcp-check" => Some(Self::Tcp),
            "httpchk" => Some(Self::Http),
            "external-check" => Some(Self::External),
            other => keywords::check::find(other).map(Self::Other),
        }
    }
}

/// `http-check` lines that make no rule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) disable_on_404: bool,
    pub(crate) send_state: bool,
}

fn shared<'c, 'a>(cx: &'c mut Ctx<'_, 'a>) -> &'c mut CheckSettings<'a> {
    Rc::make_mut(&mut cx.draft.settings.check)
}

/// The settings to add a line of this section to: the first one drops what was inherited.
fn settings<'c, 'a>(cx: &'c mut Ctx<'_, 'a>) -> &'c mut CheckSettings<'a> {
    let first = !std::mem::replace(&mut cx.draft.own_check, true);
    let check = shared(cx);
    if first {
        (check.option, check.rules) = (None, Vec::new());
    }
    check
}

/// Ends a section: its flags hold if it has an option or rules of its own.
pub(crate) fn settle(draft: &mut Draft<'_>) {
    if draft.own_check {
        Rc::make_mut(&mut draft.settings.check).flags = draft.check_flags;
    }
}

/// `option httpchk`, `option smtpchk` and so on; false if the option is none of these.
pub(super) fn option<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, name: &str) -> Result<bool, String> {
    let Some(kind) = Kind::named(name) else { return Ok(false) };
    if matches!(kind, Kind::Tcp | Kind::External)
        && let Some(extra) = line.word(2)
    {
        return Err(format!("'option {name}' cannot handle unexpected argument '{}'.", extra.lossy()));
    }
    let check = settings(cx);
    (check.kind, check.option) = (kind, Some(line));
    Ok(true)
}

fn http_check<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "http-check") {
        return Ok(());
    }
    match word(line, 1) {
        "disable-on-404" => {
            no_more(line, 1)?;
            cx.draft.check_flags.disable_on_404 = true;
        }
        "send-state" => {
            no_more(line, 1)?;
            cx.draft.check_flags.send_state = true;
        }
        _ => settings(cx).rules.push(line),
    }
    Ok(())
}

fn external_check<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "external-check") {
        return Ok(());
    }
    let (which, value) = (word(line, 1), word(line, 2));
    let slot: for<'c> fn(&'c mut CheckSettings<'a>) -> &'c mut Option<&'a str> = match which {
        "command" => |check| &mut check.command,
        "path" => |check| &mut check.path,
        other => {
            return Err(format!("'external-check' only supports 'command' and 'path'. but got '{other}'."));
        }
    };
    if value.is_empty() {
        return Err(format!("missing argument after '{which}'."));
    }
    no_more(line, 2)?;
    *slot(shared(cx)) = Some(value);
    Ok(())
}
