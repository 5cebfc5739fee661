//! `deny`, `tarpit`, `return`: ends the exchange with an answer of the proxy's own (manual 4.4).

use http::Message;

use super::answer::{self, Answer};
use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "deny",
        parenthesised: false,
        sets: &[RuleSet::HttpRequest, RuleSet::HttpResponse],
        doc: "Stops the exchange and answers with the page of the status (403 for requests, 502 for responses if none \
              is given) or with the answer described as for `return`.",
        examples: &[
            "deny",
            "deny deny_status 429 if { src 10.0.0.0/8 }",
            "deny status 404 content-type text/plain string gone",
            "deny hdr x-why %[path]",
        ],
        parse: |p| {
            let default = if p.set == RuleSet::HttpRequest { 403 } else { 502 };
            let answer = refusal(p, default)?;
            Ok(Box::new(Deny { answer }))
        },
    },
    ActionKind {
        name: "return",
        parenthesised: false,
        sets: HTTP,
        doc: "Answers the client: `status` (200), `content-type`, the body as `string`, `lf-string`, `file`, `lf-file`, \
              or a whole answer from `errorfile`, `errorfiles` or `default-errorfiles`, and any number of `hdr`.",
        examples: &[
            "return",
            "return status 200 content-type text/plain string hello if { path /hello }",
            "return content-type text/html lf-string %[path] hdr x-a %[src]",
            "return status 503 default-errorfiles",
        ],
        parse: |p| Ok(Box::new(Return { answer: answer::parse(p, 200)? })),
    },
    ActionKind {
        name: "tarpit",
        parenthesised: false,
        sets: &[RuleSet::HttpRequest],
        doc: "Keeps the client waiting for `timeout tarpit`, then answers as `deny` does, with 500 if nothing else is \
              said.",
        examples: &["tarpit", "tarpit deny_status 429 if { path_beg /wp-admin }"],
        parse: |p| Ok(Box::new(Tarpit { answer: refusal(p, 500)? })),
    },
];

/// An answer that falls back on the page of its status, which must exist then.
fn refusal(p: &mut Parse<'_>, default: u16) -> Result<Answer, String> {
    let answer = answer::parse(p, default)?;
    if answer.is_page() && !answer.has_page() {
        let status = answer.status;
        return Err(format!(
            "status code '{status}' not handled by default with 'default-errorfiles' argument."
        ));
    }
    Ok(answer)
}

#[derive(Debug)]
struct Deny {
    answer: Answer,
}

impl Action for Deny {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if self.answer.is_page() {
            return Verdict::Deny { status: self.answer.status };
        }
        reply(&self.answer, act, true)
    }
}

#[derive(Debug)]
struct Return {
    answer: Answer,
}

impl Action for Return {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        reply(&self.answer, act, false)
    }
}

#[derive(Debug)]
struct Tarpit {
    answer: Answer,
}

impl Action for Tarpit {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        if !self.answer.is_page() {
            let page = without_request(act, self.answer.status, |act| self.answer.as_page(act));
            if let Some(stream) = act.stream.as_deref_mut() {
                stream.reply_page = page;
            }
        }
        Verdict::Tarpit { status: self.answer.status }
    }
}

/// Works without the request's target, headers and body: nobody keeps them as long as the client waits. What logs tell of
/// the request stays, and they know the status.
fn without_request<'w, T>(act: &mut Act<'w>, status: u16, work: impl FnOnce(&mut Act<'w>) -> T) -> T {
    let Some(stream) = act.stream.as_deref_mut() else { return work(act) };
    let mut bare = Message::new();
    let line = bare.start_request(stream.request.method_bytes(), b"", stream.request.version());
    if line.is_err() {
        return work(act);
    }
    std::mem::swap(&mut stream.request, &mut bare);
    let content = std::mem::take(&mut stream.request_body.content);
    let before = std::mem::replace(&mut stream.status, status);
    let done = work(act);
    if let Some(stream) = act.stream.as_deref_mut() {
        (stream.request, stream.request_body.content, stream.status) = (bare, content, before);
    }
    done
}

fn reply<'w>(answer: &'w Answer, act: &mut Act<'w>, denied: bool) -> Verdict {
    if answer.give(act).is_err() { Verdict::Failed } else { Verdict::Reply { denied } }
}
