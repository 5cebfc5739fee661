//! `redirect`: sends the client elsewhere (manual 4.2 "redirect", 4.4).

use http::{Full, Known};

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "redirect",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
    doc: "Answers with a redirect: to a `location`, to the same target behind a `prefix`, or to the same URL under \
          another `scheme`. `code` is 302 if not given. In responses only `location` makes sense.",
    examples: &[
        "redirect scheme https code 301 if { path /a }",
        "redirect location https://%[req.hdr(host)]/new",
        "redirect prefix https://example.com drop-query append-slash set-cookie SEEN=1",
        "redirect location / clear-cookie USERID=",
        "redirect location / set-cookie-fmt FROM=%[src]",
        "redirect location %[req.hdr(x-to)] ignore-empty",
    ],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let mut kind = None;
    let mut redirect = Redirect {
        kind: Kind::Location,
        target: Format::default(),
        status: 302,
        cookie: Cookie::None,
        drop_query: false,
        keep_query: false,
        append_slash: false,
        ignore_empty: false,
    };
    while !p.words.at_end() {
        let word = p.words.next().unwrap_or_default();
        let mut argument = || p.words.next().ok_or_else(|| format!("missing argument for '{word}'"));
        match word {
            "location" => (kind, redirect.target) = (Some(Kind::Location), p.compiler.format(argument()?)?),
            "prefix" => (kind, redirect.target) = (Some(Kind::Prefix), p.compiler.format(argument()?)?),
            "scheme" => (kind, redirect.target) = (Some(Kind::Scheme), p.compiler.format(argument()?)?),
            "code" => redirect.status = status(argument()?)?,
            "set-cookie" => redirect.cookie = Cookie::Fixed(cookie(argument()?, "")),
            "set-cookie-fmt" => {
                let text = format!("{}; path=/;", argument()?);
                redirect.cookie = Cookie::Computed(p.compiler.format(&text)?);
            }
            "clear-cookie" => redirect.cookie = Cookie::Fixed(cookie(argument()?, " Max-Age=0;")),
            "drop-query" => redirect.drop_query = true,
            "keep-query" => redirect.keep_query = true,
            "append-slash" => redirect.append_slash = true,
            "ignore-empty" => redirect.ignore_empty = true,
            other => {
                return Err(format!(
                    "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', 'set-cookie-fmt', \
                     'clear-cookie', 'drop-query', 'keep-query', 'ignore-empty' or 'append-slash' (was '{other}')"
                ));
            }
        }
    }
    redirect.kind = kind.ok_or("redirection type expected ('prefix', 'location', or 'scheme')")?;
    if p.set == RuleSet::HttpResponse && redirect.kind != Kind::Location {
        return Err("response only supports redirect type 'location'".to_owned());
    }
    Ok(Box::new(redirect))
}

fn status(word: &str) -> Result<u16, String> {
    match word {
        "301" | "302" | "303" | "307" | "308" => word.parse().map_err(|_| format!("'{word}' is no status")),
        _ => {
            Err(format!("'code': unsupported HTTP code '{word}' (must be one of 301, 302, 303, 307 or 308)"))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Location,
    Prefix,
    Scheme,
}

/// The value of the `set-cookie` header.
#[derive(Debug)]
enum Cookie {
    None,
    Fixed(Box<[u8]>),
    Computed(Format),
}

fn cookie(text: &str, end: &str) -> Box<[u8]> {
    format!("{text}; path=/;{end}").into_bytes().into()
}

#[derive(Debug)]
struct Redirect {
    kind: Kind,
    target: Format,
    status: u16,
    cookie: Cookie,
    drop_query: bool,
    keep_query: bool,
    append_slash: bool,
    ignore_empty: bool,
}

impl Action for Redirect {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let target = act.text(&self.target);
        if self.ignore_empty && target.is_empty() {
            return Verdict::Next;
        }
        let mut location = bumpalo::collections::Vec::with_capacity_in(target.len() + 128, act.arena);
        {
            let Some(stream) = act.stream.as_deref() else { return Verdict::Next };
            self.write(target, &stream.request, &mut location);
        }
        let cookie = match &self.cookie {
            Cookie::None => None,
            Cookie::Fixed(cookie) => Some(&**cookie),
            Cookie::Computed(format) => Some(act.text(format)),
        };
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        stream.has_response = true;
        stream.reply_body = None;
        match self.answer(&location, cookie, &mut stream.response) {
            Ok(()) => Verdict::Reply { denied: false },
            Err(Full) => Verdict::Failed,
        }
    }
}

impl Redirect {
    /// Writes the `location`.
    fn write(&self, target: &[u8], request: &http::Message, out: &mut bumpalo::collections::Vec<'_, u8>) {
        let query = request.query().filter(|_| !self.drop_query);
        let old = if self.drop_query { request.path() } else { request.pathq() }.unwrap_or(b"/");
        match self.kind {
            Kind::Location => {
                out.extend_from_slice(target);
                if let Some(query) = query.filter(|q| self.keep_query && !q.is_empty()) {
                    out.push(if target.contains(&b'?') { b'&' } else { b'?' });
                    out.extend_from_slice(query);
                }
                return;
            }
            Kind::Prefix => {
                // A prefix of one slash only removes the scheme and the host of the target.
                if target != b"/" {
                    out.extend_from_slice(target);
                }
            }
            Kind::Scheme => {
                out.extend_from_slice(target);
                out.extend_from_slice(b"://");
                out.extend_from_slice(request.find(Known::Host).unwrap_or_default());
            }
        }
        out.extend_from_slice(old);
        if self.append_slash && out.last() != Some(&b'/') {
            out.push(b'/');
        }
    }

    fn answer(
        &self,
        location: &[u8],
        cookie: Option<&[u8]>,
        response: &mut http::Message,
    ) -> Result<(), Full> {
        http::reply::redirect(response, self.status, location)?;
        match cookie {
            Some(cookie) => response.add_header(Known::SetCookie, cookie),
            None => Ok(()),
        }
    }
}
