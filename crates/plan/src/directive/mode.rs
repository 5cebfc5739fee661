//! `mode`, `disabled`, `enabled`, `description` (manual 4.2).

use config::SectionKind;
use state::options::Mode;

use crate::ctx::{Directive, at, no_more, word, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "mode",
        sections: at::PROXY,
        apply: |cx, line| {
            cx.draft.settings.mode = match word(line, 1) {
                "http" => Mode::Http,
                "tcp" => Mode::Tcp,
                "log" if cx.draft.kind == SectionKind::Frontend => {
                    return Err("mode syslog is only applicable on proxies with backend capability.".into());
                }
                "log" => Mode::Log,
                "spop" => Mode::Spop,
                "haterm" => {
                    cx.plan.remarks.unserved(line.span(), "'mode haterm'");
                    Mode::Http
                }
                other => return Err(format!("unknown proxy mode '{other}'.")),
            };
            no_more(line, 1)
        },
    },
    Directive {
        name: "disabled",
        sections: at::PROXY,
        apply: |cx, line| {
            cx.draft.settings.disabled = true;
            no_more(line, 0)
        },
    },
    Directive {
        name: "enabled",
        sections: at::PROXY,
        apply: |cx, line| {
            cx.draft.settings.disabled = false;
            no_more(line, 0)
        },
    },
    Directive {
        name: "description",
        sections: at::FRONTEND | at::LISTEN | at::BACKEND,
        apply: |cx, line| {
            if line.word(1).is_none() {
                return Err("'description' expects a string.".into());
            }
            cx.draft.description = Some(words_from(line, 1).join(" "));
            Ok(())
        },
    },
];
