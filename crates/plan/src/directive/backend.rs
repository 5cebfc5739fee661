//! `default_backend`, `use_backend`, `use-server`, and which backends rules may lead to (`be-unpublished`,
//! `force-be-switch`): kept for `assemble`, since the proxies they name may come later.

use config::SectionKind;

use crate::ctx::{Directive, at, word};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "be-unpublished",
        sections: at::PROXY,
        apply: |cx, _| {
            if !cx.draft.kind.has_backend() {
                return Err("'be-unpublished' only available in backend or listen section.".into());
            }
            cx.draft.unpublished = true;
            Ok(())
        },
    },
    Directive {
        name: "force-be-switch",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.draft.kind == SectionKind::Defaults {
                return Err("'force-be-switch' not allowed in 'defaults' section.".into());
            }
            if !cx.draft.kind.has_frontend() {
                return Err("'force-be-switch' only available in frontend or listen section.".into());
            }
            if !matches!(word(line, 1), "if" | "unless") {
                let expected = "requires either 'if' or 'unless' followed by a condition.";
                return Err(format!("'force-be-switch' {expected}"));
            }
            cx.draft.force_be_switch.push(line);
            Ok(())
        },
    },
    Directive {
        name: "default_backend",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_frontend(line, "default_backend", "") {
                return Ok(());
            }
            let name = line.word(1).ok_or("'default_backend' expects a backend name.")?;
            cx.draft.settings.default_backend = Some(name);
            Ok(())
        },
    },
    Directive {
        name: "use_backend",
        sections: at::PROXY,
        apply: |cx, line| {
            cx.lacks_frontend(line, "use_backend", "");
            line.word(1).ok_or("'use_backend' expects a backend name.")?;
            cx.draft.use_backend.push(line);
            Ok(())
        },
    },
    Directive {
        name: "use-server",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_backend(line, "use-server") {
                return Ok(());
            }
            line.word(1).ok_or("'use-server' expects a server name.")?;
            if !matches!(word(line, 2), "if" | "unless") {
                return Err("'use-server' requires either 'if' or 'unless' followed by a condition.".into());
            }
            cx.draft.use_server.push(line);
            Ok(())
        },
    },
];
