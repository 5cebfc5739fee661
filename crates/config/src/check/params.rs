//! The parameters of `bind` and `server` lines: that they exist and have their values.

use super::{Remarks, hint, invalid_char};
use crate::diagnostic::{Place, Severity};
use crate::loaded::{Directive, Section};
use crate::section::SectionKind;
use crate::vocabulary::missing;
use crate::vocabulary::{BIND, LOAD, Param, ParamUse, Params, SERVER, nearest, split_params};

pub(super) fn check<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    match directive.keyword() {
        "bind" | "default-bind" | "dgram-bind" => bind(remarks, section, directive),
        "server" => server(remarks, section, directive, 3),
        "server-template" => server(remarks, section, directive, 4),
        "default-server" => {
            // `default-server name <name>` makes a set of its own (manual 5.2, "from").
            let named = directive.text(1) == b"name";
            server(remarks, section, directive, if named { 3 } else { 1 });
        }
        _ => {}
    }
}

fn near(param: &ParamUse<'_>, table: &'static [Param]) -> Option<&'static str> {
    nearest(param.word.bytes(), table.iter().map(|row| row.name))
}

/// The parameters of a line whose first `skip` words are something else.
fn params<'a>(directive: Directive<'a>, skip: usize, table: &'static [Param]) -> Params<'a> {
    let mut words = directive.words();
    if let Some(last) = skip.checked_sub(1) {
        let _ = words.nth(last);
    }
    split_params(words, table)
}

fn bind<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>) {
    let kind = section.kind();
    let keyword = directive.keyword();
    // In a peers section the address may be missing: it is the local peer's.
    let skip = if keyword == "default-bind" { 1 } else { 2 };
    let Some(address) = directive.word(1) else {
        if kind.is_proxy() {
            let message = "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments."
                .to_owned();
            remarks.alert(directive.span(), message);
        }
        return;
    };
    if kind == SectionKind::Peers && keyword == "bind" && BIND.iter().any(|row| address.is(row.name)) {
        return;
    }
    for param in params(directive, skip, BIND) {
        let text = param.word.lossy();
        let address = address.lossy();
        if param.param.is_none() {
            let near = near(&param, BIND);
            let end = if near.is_none() { ".".to_owned() } else { hint(near) };
            let message = if keyword == "dgram-bind" {
                format!("unknown keyword '{text}' in '{kind}' section{}", hint(near))
            } else {
                format!("'{keyword} {address}' in section '{kind}': unknown keyword '{text}'{end}")
            };
            remarks.alert(param.word.span(), message);
            return;
        }
        if let ("process", Some(value)) = (param.name(), param.value()) {
            let message = format!(
                "'{keyword} {address}' in section '{kind}' : 'process {}' on 'bind' lines is not supported anymore, \
                 please use 'thread' instead.",
                value.lossy()
            );
            remarks.alert(param.word.span(), message);
        }
        if param.truncated {
            let missing = missing::on_bind(&text);
            let message = format!("'{keyword} {address}' in section '{kind}' : {missing}");
            remarks.alert(param.word.span(), message);
        }
        if matches!(param.name(), "ktls" | "nbconn") && !remarks.experimental {
            let word = if param.name() == "ktls" { " directive" } else { "" };
            let message = format!(
                "'{keyword} {address}' in section '{kind}' : '{text}'{word} is experimental, must be allowed via a \
                 global 'expose-experimental-directives'"
            );
            remarks.alert(param.word.span(), message);
        }
    }
}

fn server<'a>(remarks: &mut Remarks<'a>, section: Section<'a>, directive: Directive<'a>, skip: usize) {
    let keyword = directive.keyword();
    let proxy = section.kind().is_proxy();
    let addressed = keyword != "default-server";
    let span = directive.full_span();
    if directive.len() < skip && !addressed {
        let message = "default-server name: missing value.".to_owned();
        remarks.add(Severity::Alert, span, Place::Bracket, message);
        return;
    }
    if directive.len() < skip {
        // Peers may leave the address out.
        if proxy {
            let message = if keyword == "server" {
                "'server' expects <name> and <addr>[:<port>] as arguments."
            } else {
                "'server-template' expects <prefix> <nb | range> <addr>[:<port>] as arguments."
            };
            remarks.add(Severity::Alert, span, Place::Bracket, message.to_owned());
        }
        return;
    }
    let own = String::from_utf8_lossy(directive.text(1));
    if let Some((name, bad)) =
        directive.word(1).filter(|_| addressed).and_then(|name| Some((name, invalid_char(name)?)))
    {
        let message = format!("character '{bad}' is not permitted in server name '{own}'.");
        remarks.add(Severity::Alert, name.span(), Place::Bracket, message);
        return;
    }
    let owner = section.name().unwrap_or_default();
    let intro = || if addressed { format!("'{keyword} {owner}/{own}' : ") } else { String::new() };
    for param in params(directive, skip, SERVER) {
        let text = param.word.lossy();
        let span = param.word.span();
        if param.param.is_none() {
            let near = near(&param, SERVER);
            let end = if near.is_none() { ".".to_owned() } else { hint(near) };
            let intro = intro();
            let hint = if addressed { "" } else { " Hint: no address was expected for this server." };
            let message = match &*text {
                "usesrc" => format!("{intro}'usesrc' only allowed after a 'source' statement.."),
                _ => format!("{intro}unknown keyword '{text}'{end}{hint}"),
            };
            remarks.add(Severity::Alert, span, Place::Bracket, message);
            return;
        }
        if param.truncated && param.name() != "set-proxy-v2-tlv-fmt" {
            let message = format!("{}{}", intro(), missing::on_server(&text));
            remarks.add(Severity::Alert, span, Place::Bracket, message);
        }
        if param.name() == "ktls" && !remarks.experimental {
            let message = format!(
                "{}'{text}' directive is experimental, must be allowed via a global \
                 'expose-experimental-directives'.",
                intro()
            );
            remarks.add(Severity::Alert, span, Place::Bracket, message);
        }
    }
}

/// `stats socket <address> [param*]` in the global section.
pub(super) fn stats_socket<'a>(remarks: &mut Remarks<'a>, directive: Directive<'a>) {
    if directive.len() < 3 {
        let message =
            "'stats socket' in global section expects an address or a path to a UNIX socket".to_owned();
        remarks.alert(directive.full_span(), message);
    }
    for param in params(directive, 3, BIND) {
        if param.param.is_none() {
            let near = near(&param, BIND);
            let end = near.map_or_else(String::new, |name| format!(" Did you mean '{name}' maybe ?"));
            let message = format!("'stats socket' : unknown keyword '{}'.{end}", param.word.lossy());
            remarks.alert(param.word.span(), message);
            return;
        }
    }
}

/// `load [crt <file>] [param*]` in a `crt-store` section.
pub(super) fn load<'a>(remarks: &mut Remarks<'a>, directive: Directive<'a>) {
    if directive.keyword() != "load" {
        return;
    }
    for param in params(directive, 1, LOAD) {
        if param.param.is_none() {
            let (text, at) = (param.word.lossy(), remarks.at(param.word.span()));
            let near = near(&param, LOAD);
            let message =
                format!("parsing [{at}] : 'load {text}' in section 'crt-store': unknown keyword '{text}'.");
            remarks.alert(param.word.span(), message).help =
                near.map(|name| format!("did you mean '{name}'?"));
            return;
        }
    }
}
