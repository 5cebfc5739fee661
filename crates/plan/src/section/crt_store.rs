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
    let mut parts = Parts::default();
    let (mut crt, mut alias) = ("", None);
    let mut words = line.words();
    words.next();
    for used in split_params(words, LOAD) {
        let Some(param) = used.param else {
            return Err(format!("'load' unknown keyword '{}'.", used.word.lossy()));
        };
        let value = used.value().and_then(|w| w.str()).unwrap_or_default();
        match param.name {
            "crt" => crt = value,
            "key" => parts.key = Some(files::path(key_base, value)),
            "ocsp" => parts.ocsp = Some(files::path(crt_base, value)),
            "issuer" => parts.issuer = Some(files::path(crt_base, value)),
            "alias" => alias = Some(value),
            "ocsp-update" if value == "off" => {}
            "acme" => plan.remarks.unserved(line.span(), "'acme' of 'load'"),
            other => plan.remarks.not_run(line.span(), &format!("'{other}' of 'load'")),
        }
    }
    if crt.is_empty() {
        return Err("'load' requires a 'crt' parameter.".to_owned());
    }
    parts.crt = files::path(crt_base, crt);
    let own = if store.is_empty() { parts.crt.clone() } else { format!("@{store}/{crt}") };
    for name in alias.map(|alias| format!("@{store}/{alias}")).into_iter().chain([own]) {
        if !plan.tls.loaded.insert(name.clone()) {
            return Err(format!("'load' : '{name}' is already in use."));
        }
        files::load(plan, &name, parts.clone()).map_err(|e| format!("'load' : {e}"))?;
    }
    Ok(())
}
