//! `crt-store`: certificates whose files have names of their own, and names for them (manual 12.7).

use config::Section;
use config::vocabulary::{LOAD, split_params};
use state::tls::store::Parts;

use crate::ctx::{Line, Plan, word};
use crate::tls::files;

/// Reads one. What it names is read when something uses it, or at the end of the section.
pub(super) fn read<'a>(plan: &mut Plan<'a>, section: Section<'a>) {
    let store = section.name().unwrap_or_default();
    let (mut crt_base, mut key_base) = (None, None);
    for line in section.directives() {
        if plan.remarks.is_wrong(line.span()) {
            continue;
        }
        match line.keyword() {
            "crt-base" => crt_base = Some(word(line, 1)),
            "key-base" => key_base = Some(word(line, 1)),
            "load" => {
                let bases = [crt_base.or(plan.tls.crt_base), key_base.or(plan.tls.key_base)];
                if let Err(message) = load(plan, line, store, bases) {
                    plan.remarks.alert(line.span(), message);
                }
            }
            other => plan.remarks.not_run(line.span(), &format!("'{other}' of 'crt-store'")),
        }
    }
}

fn load<'a>(
    plan: &mut Plan<'a>,
    line: Line<'a>,
    store: &str,
    [crt_base, key_base]: [Option<&str>; 2],
) -> Result<(), String> {
    let mut shown = Parts::default();
    let (mut crt, mut alias, mut for_tokens) = ("", None, false);
    let mut words = line.words();
    words.next();
    for used in split_params(words, LOAD) {
        let Some(param) = used.param else {
            return Err(format!("'load' unknown keyword '{}'.", used.word.lossy()));
        };
        let value = used.value().and_then(|w| w.str()).unwrap_or_default();
        match param.name {
            "crt" => crt = value,
            "key" => shown.key = Some(value.to_owned()),
            "ocsp" => shown.ocsp = Some(value.to_owned()),
            "issuer" => shown.issuer = Some(value.to_owned()),
            "alias" => alias = Some(value),
            "jwt" => for_tokens = on_or_off("jwt", value)?,
            "ocsp-update" if !on_or_off("ocsp-update", value)? => {}
            "acme" => plan.remarks.unserved(line.span(), "'acme' of 'load'"),
            other => plan.remarks.not_run(line.span(), &format!("'{other}' of 'load'")),
        }
    }
    if crt.is_empty() {
        return Err("'load' requires a 'crt' parameter.".to_owned());
    }
    shown.crt = crt.to_owned();
    let under = |base, name: &Option<String>| name.as_ref().map(|name| files::path(base, name));
    let parts = Parts {
        crt: files::path(crt_base, crt),
        key: under(key_base, &shown.key),
        ocsp: under(crt_base, &shown.ocsp),
        issuer: under(crt_base, &shown.issuer),
        sctl: None,
    };
    let name = match alias {
        Some(alias) => format!("@{store}/{alias}"),
        None if store.is_empty() => parts.crt.clone(),
        None => format!("@{store}/{}", crt.strip_prefix('/').unwrap_or(crt)),
    };
    if !plan.tls.loaded.insert(name.clone()) {
        return Err(format!("'load' : '{name}' is already in use."));
    }
    files::load_keyless(plan, &name, parts, shown, for_tokens).map_err(|e| format!("'load' : {e}"))
}

fn on_or_off(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("cannot parse '{name}' value '{value}', 'on' or 'off' is expected.")),
    }
}
