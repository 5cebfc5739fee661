//! `balance`, `hash-type`, `hash-balance-factor`, `hash-preserve-affinity` (manual 4.2): the lines; their words are
//! compiled with the backend.

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::draft::Settings;
use crate::number::count;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "balance",
        sections: at::PROXY,
        apply: |cx, line| {
            if !cx.lacks_backend(line, "balance") {
                cx.draft.settings.balance = Some(line);
            }
            Ok(())
        },
    },
    Directive {
        name: "hash-type",
        sections: at::PROXY,
        apply: |cx, line| keep(cx, line, "hash-type", hash_type, |s| &mut s.hash_type),
    },
    Directive {
        name: "hash-balance-factor",
        sections: at::PROXY,
        apply: |cx, line| keep(cx, line, "hash-balance-factor", factor, |s| &mut s.hash_balance_factor),
    },
    Directive {
        name: "hash-preserve-affinity",
        sections: at::PROXY,
        apply: |cx, line| keep(cx, line, "hash-preserve-affinity", affinity, |s| &mut s.hash_affinity),
    },
];

fn keep<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    name: &str,
    check: fn(Line<'a>) -> Applied,
    slot: for<'s> fn(&'s mut Settings<'a>) -> &'s mut Option<Line<'a>>,
) -> Applied {
    if !cx.lacks_backend(line, name) {
        check(line)?;
        *slot(&mut cx.draft.settings) = Some(line);
    }
    Ok(())
}

fn hash_type(line: Line<'_>) -> Applied {
    if !matches!(word(line, 1), "consistent" | "map-based") {
        return Err("'hash-type' only supports 'consistent' and 'map-based'.".into());
    }
    if !matches!(word(line, 2), "" | "sdbm" | "djb2" | "crc32" | "wt6" | "none") {
        return Err("'hash-type' only supports 'sdbm', 'djb2', 'crc32', or 'wt6' hash functions.".into());
    }
    if !matches!(word(line, 3), "" | "avalanche") {
        return Err("'hash-type' only supports 'avalanche' as a modifier for hash functions.".into());
    }
    Ok(())
}

fn factor(line: Line<'_>) -> Applied {
    let text = word(line, 1);
    if text.is_empty() {
        return Err("'hash-balance-factor' expects an integer argument.".into());
    }
    if matches!(count(text), 1..=100) {
        return Err("'hash-balance-factor' must be 0 or greater than 100.".into());
    }
    Ok(())
}

fn affinity(line: Line<'_>) -> Applied {
    match word(line, 1) {
        "always" | "maxconn" | "maxqueue" => Ok(()),
        "" => {
            Err("'hash-preserve-affinity' needs a keyword to specify when to preserve hash affinity".into())
        }
        other => Err(format!("'hash-preserve-affinity': unknown keyword '{other}'")),
    }
}
