//! `option httpchk`, `http-check`, `tcp-check`: what health checks send and expect (manual 4.2).

use std::rc::Rc;

use state::check::{Expect, HttpProbe, Probe};

use crate::ctx::{Applied, Ctx, Directive, Line, at, word, words_from};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "http-check", sections: at::PROXY, apply: http_check },
    Directive {
        name: "tcp-check",
        sections: at::PROXY,
        apply: |cx, line| {
            if cx.lacks_backend(line, "tcp-check") {
                return Ok(());
            }
            if word(line, 1) != "comment" {
                cx.not_run(line, &format!("'tcp-check {}'", word(line, 1)));
            }
            Ok(())
        },
    },
];

/// What a backend checks its servers with.
#[derive(Clone, Default)]
pub(crate) struct CheckSettings<'a> {
    /// `option httpchk`.
    pub(crate) http: bool,
    /// Where `http-check` rules stand, for the remark when they are ignored.
    pub(crate) has_rules: bool,
    method: Option<&'a str>,
    uri: Option<&'a str>,
    version: Option<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    body: Option<&'a str>,
    expect: Expect,
}

impl CheckSettings<'_> {
    /// What it comes to.
    pub(crate) fn probe(&self) -> Probe {
        if !self.http {
            return Probe::Tcp;
        }
        let mut headers: Vec<_> =
            self.headers.iter().map(|(n, v)| (n.as_bytes().into(), v.as_bytes().into())).collect();
        // The old way to give headers: behind the version, with escaped line ends.
        let version = self.version.unwrap_or("HTTP/1.0");
        let mut lines = version.split("\r\n");
        let version = lines.next().unwrap_or("HTTP/1.0");
        for line in lines {
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().as_bytes().into(), value.trim().as_bytes().into()));
            }
        }
        Probe::Http(HttpProbe {
            method: self.method.unwrap_or("OPTIONS").as_bytes().into(),
            uri: self.uri.unwrap_or("/").as_bytes().into(),
            version: version.as_bytes().into(),
            headers,
            body: self.body.unwrap_or_default().as_bytes().into(),
            expect: self.expect.clone(),
        })
    }
}

fn settings<'c, 'a>(cx: &'c mut Ctx<'_, 'a>) -> &'c mut CheckSettings<'a> {
    Rc::make_mut(&mut cx.draft.settings.check)
}

/// `option httpchk [<method>] [<uri>] [<version>]`.
pub(super) fn option_httpchk<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 2);
    let check = settings(cx);
    check.http = !line.negated();
    if line.negated() {
        return Ok(());
    }
    match words.as_slice() {
        [] => {}
        [uri] => check.uri = Some(uri),
        [method, uri, rest @ ..] => {
            (check.method, check.uri) = (Some(*method), Some(*uri));
            check.version = rest.first().copied().or(check.version);
            if let Some(host) = rest.get(1) {
                check.headers.push(("host", host));
            }
        }
    }
    Ok(())
}

fn http_check<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "http-check") {
        return Ok(());
    }
    settings(cx).has_rules = true;
    match word(line, 1) {
        "send" => send(cx, line),
        "expect" => expect(cx, line),
        "comment" => Ok(()),
        // A plain connection before the request is what happens anyway.
        "connect" if words_from(line, 2).iter().all(|w| matches!(*w, "default" | "linger")) => Ok(()),
        other => {
            cx.not_run(line, &format!("'http-check {other}'"));
            Ok(())
        }
    }
}

fn send<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 2);
    let mut words = words.into_iter();
    let mut dynamic = None;
    let check = settings(cx);
    while let Some(word) = words.next() {
        let needs = format!("'http-check send' : '{word}' requires an argument.");
        let mut value = || words.next().ok_or(&needs);
        match word {
            "meth" => check.method = Some(value()?),
            "uri" => check.uri = Some(value()?),
            "ver" => check.version = Some(value()?),
            "body" => check.body = Some(value()?),
            "hdr" => {
                let (name, value) = (value()?, value()?);
                if value.contains('%') {
                    dynamic = Some("'http-check send hdr' with a log-format value");
                }
                check.headers.push((name, value));
            }
            "uri-lf" | "body-lf" => {
                let value = value()?;
                match word {
                    "uri-lf" => check.uri = Some(value),
                    _ => check.body = Some(value),
                }
                if value.contains('%') {
                    dynamic = Some("'http-check send' with a log-format value");
                }
            }
            "comment" => {
                value()?;
            }
            other => {
                return Err(format!(
                    "'http-check send' : expects 'comment', 'meth', 'uri', 'uri-lf', 'ver', 'hdr', 'body' or 'body-lf' \
                     but got '{other}' as argument.."
                ));
            }
        }
    }
    if let Some(what) = dynamic {
        cx.not_run(line, what);
    }
    Ok(())
}

fn expect<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let words = words_from(line, 2);
    let mut words = words.into_iter();
    let mut negated = false;
    while let Some(word) = words.next() {
        let (bang, word) = match word.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, word),
        };
        negated |= bang;
        match word {
            "" => {}
            "comment" => {
                words.next();
            }
            "min-recv" | "ok-status" | "error-status" | "tout-status" | "on-success" | "on-error"
            | "status-code" => {
                words.next();
                cx.not_run(line, &format!("'http-check expect {word}'"));
            }
            "status" => {
                let text = words.next().ok_or("'http-check expect' : 'status' expects a status code.")?;
                settings(cx).expect = Expect::Status { ranges: statuses(text)?, negated };
                return Ok(());
            }
            "string" => {
                let text = words.next().ok_or("'http-check expect' : 'string' expects a string.")?;
                settings(cx).expect = Expect::Text { text: text.as_bytes().into(), negated };
                return Ok(());
            }
            "rstatus" | "rstring" | "string-lf" | "hdr" | "fhdr" => {
                cx.not_run(line, &format!("'http-check expect {word}'"));
                return Ok(());
            }
            other => {
                return Err(format!(
                    "'http-check expect' : 'only supports min-recv, [!]string', '[!]rstring', '[!]string-lf', \
                     '[!]status', '[!]rstatus', [!]hdr, [!]fhdr or comment but got '{other}' as argument.."
                ));
            }
        }
    }
    Ok(())
}

/// `200,201,300-310`.
fn statuses(text: &str) -> Result<Vec<(u16, u16)>, String> {
    let stray = text.chars().find(|c| !c.is_ascii_digit() && !matches!(c, ',' | '-'));
    if let Some(c) = stray {
        return Err(format!("'http-check expect' : invalid character '{c}' in the list of status codes."));
    }
    let wrong = || format!("'http-check expect' : invalid status codes '{text}'.");
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            Ok((low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?))
        })
        .collect()
}
