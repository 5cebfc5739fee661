//! What `global` says of TLS (manual 3.1, 3.2).

use state::tls::store::Issuer;

use super::files;
use super::spec::Side;
use crate::ctx::{Applied, Ctx, Directive, Line, at, word, words_from};
use crate::number::atol;

pub(crate) const DIRECTIVES: &[Directive] = &[
    Directive { name: "ca-base", sections: at::GLOBAL, apply: base },
    Directive { name: "crt-base", sections: at::GLOBAL, apply: base },
    Directive { name: "key-base", sections: at::GLOBAL, apply: base },
    Directive { name: "ssl-default-bind-options", sections: at::GLOBAL, apply: options },
    Directive { name: "ssl-default-server-options", sections: at::GLOBAL, apply: options },
    Directive { name: "ssl-default-bind-ciphers", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-bind-ciphersuites", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-bind-curves", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-bind-sigalgs", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-bind-client-sigalgs", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-server-sigalgs", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-server-client-sigalgs", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-server-ciphers", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-server-ciphersuites", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-default-server-curves", sections: at::GLOBAL, apply: preset },
    Directive { name: "ssl-server-verify", sections: at::GLOBAL, apply: server_verify },
    Directive { name: "ssl-load-extra-files", sections: at::GLOBAL, apply: extra },
    Directive { name: "ssl-load-extra-del-ext", sections: at::GLOBAL, apply: extra_names },
    Directive { name: "issuers-chain-path", sections: at::GLOBAL, apply: issuers },
    Directive { name: "ocsp-update.mode", sections: at::GLOBAL, apply: ocsp_mode },
    Directive { name: "tune.ssl.cachesize", sections: at::GLOBAL, apply: cache_size },
    Directive { name: "tune.ssl.capture-buffer-size", sections: at::GLOBAL, apply: capture },
    Directive { name: "tune.ssl.capture-cipherlist-size", sections: at::GLOBAL, apply: capture },
    Directive { name: "tune.ssl.default-dh-param", sections: at::GLOBAL, apply: no_dh },
    Directive { name: "ssl-dh-param-file", sections: at::GLOBAL, apply: no_dh },
];

/// Responses are not fetched; what the mode is decides whether other lines contradict it.
fn ocsp_mode<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    match word(line, 1) {
        "on" => {
            cx.plan.tls.updates_ocsp = true;
            cx.not_run(line, "'ocsp-update.mode on'");
        }
        "off" => cx.plan.tls.updates_ocsp = false,
        _ => cx.warn(line, "'ocsp-update.mode' : expecting <on|off>"),
    }
    Ok(())
}

/// There are no parameters of Diffie and Hellman to choose.
fn no_dh<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let keyword = line.keyword();
    cx.warn(line, format!("'{keyword}' changes nothing: keys are agreed on over curves only (ECDHE)."));
    Ok(())
}

fn base<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let keyword = line.keyword();
    let path = word(line, 1);
    let tls = &mut cx.plan.tls;
    let place = match keyword {
        "ca-base" => &mut tls.ca_base,
        "crt-base" => &mut tls.crt_base,
        _ => &mut tls.key_base,
    };
    if path.is_empty() {
        return Err(format!("global statement '{keyword}' expects a directory path as an argument."));
    }
    if place.is_some() {
        return Err(format!("'{keyword}' already specified."));
    }
    *place = Some(path);
    Ok(())
}

fn side(keyword: &str) -> Side {
    if keyword.starts_with("ssl-default-bind-") { Side::Bind } else { Side::Server }
}

fn options<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let keyword = line.keyword();
    let words = words_from(line, 1);
    if words.is_empty() {
        return Err(format!("global statement '{keyword}' expects an option as an argument."));
    }
    let mut words = words.into_iter();
    while let Some(option) = words.next() {
        let value = match option {
            "ssl-min-ver" | "ssl-max-ver" => words.next().unwrap_or_default(),
            _ => "",
        };
        let side = side(keyword);
        if !cx.plan.tls.preset_more(side, line.span(), |spec| spec.word(side, option, value))? {
            return Err(format!("unknown option '{option}' on global statement '{keyword}'."));
        }
    }
    Ok(())
}

fn preset<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let keyword = line.keyword();
    let value = word(line, 1);
    if value.is_empty() {
        return Err(format!("global statement '{keyword}' expects a cipher suite as an argument."));
    }
    let side = side(keyword);
    let name =
        ["ssl-default-bind-", "ssl-default-server-"].iter().find_map(|head| keyword.strip_prefix(head));
    cx.plan.tls.preset_more(side, line.span(), |spec| spec.word(side, name.unwrap_or_default(), value))?;
    Ok(())
}

fn server_verify<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    cx.plan.tls.trusts_servers = match word(line, 1) {
        "none" => true,
        "required" => false,
        _ => return Err("'ssl-server-verify' expects 'none' or 'required'.".to_owned()),
    };
    Ok(())
}

fn extra<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let mut extra = files::Extra { replaces: cx.plan.tls.extra.replaces, ..files::Extra::NONE };
    for kind in words_from(line, 1) {
        match kind {
            "bundle" => extra.bundle = true,
            "key" => extra.key = true,
            "ocsp" => extra.ocsp = true,
            "issuer" => extra.issuer = true,
            "sctl" => {
                extra.sctl = true;
                cx.plan.remarks.not_run(line.span(), "'sctl' of 'ssl-load-extra-files'");
            }
            "none" => {}
            "all" => extra = files::Extra { replaces: extra.replaces, ..files::Extra::ALL },
            other => {
                return Err(format!("unknown option '{other}' on global statement 'ssl-load-extra-files'."));
            }
        }
    }
    cx.plan.tls.extra = extra;
    Ok(())
}

fn extra_names<'a>(cx: &mut Ctx<'_, 'a>, _: Line<'a>) -> Applied {
    cx.plan.tls.extra.replaces = true;
    Ok(())
}

fn issuers<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.plan.tls.sealed {
        return Ok(());
    }
    let path = word(line, 1).trim_end_matches('/');
    let mut names = (cx.plan.env.list)(path).unwrap_or_default();
    names.sort_unstable();
    let mut issuers = Vec::new();
    for name in names {
        let file = format!("{path}/{name}");
        let text = cx.plan.read(&file).unwrap_or_default();
        let found = state::tls::cert::certificates(&text).unwrap_or_default();
        issuers
            .extend(found.into_iter().map(|certificate| Issuer { file: file.clone().into(), certificate }));
    }
    cx.plan.tls.store.issuers = issuers.into();
    Ok(())
}

/// More sessions than this are not kept for one line.
const MOST_SESSIONS: i64 = 1_000_000;

fn cache_size<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    cx.plan.tls.sessions = usize::try_from(atol(word(line, 1)).clamp(0, MOST_SESSIONS)).unwrap_or(0);
    Ok(())
}

fn capture<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    cx.plan.tls.captures = atol(word(line, 1)) > 0;
    Ok(())
}
