//! `http-request`, `http-response`, `http-after-response`, `tcp-request`, `tcp-response`, `redirect`: rules, kept for
//! `assemble` (manual 4.2, 4.3).

use config::SectionKind;
use state::family::RuleSet;

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::draft::RuleLine;
use crate::number::time_ms;

use super::order::Stage;

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive {
        name: "http-request",
        sections: at::PROXY,
        apply: |cx, line| http(cx, line, RuleSet::HttpRequest),
    },
    Directive {
        name: "http-response",
        sections: at::PROXY,
        apply: |cx, line| http(cx, line, RuleSet::HttpResponse),
    },
    Directive {
        name: "http-after-response",
        sections: at::PROXY,
        apply: |cx, line| http(cx, line, RuleSet::HttpAfterResponse),
    },
    Directive { name: "redirect", sections: at::FRONTEND | at::LISTEN | at::BACKEND, apply: redirect },
    Directive { name: "tcp-request", sections: at::PROXY, apply: tcp_request },
    Directive { name: "tcp-response", sections: at::PROXY, apply: tcp_response },
];

/// Rules stand in `defaults` only if it has a name.
fn anonymous<'a>(cx: &Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.draft.kind == SectionKind::Defaults && cx.draft.name.is_empty() {
        return Err(format!("'{}' not allowed in anonymous 'defaults' section.", line.keyword()));
    }
    Ok(())
}

fn http<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>, set: RuleSet) -> Applied {
    anonymous(cx, line)?;
    if let Some(stage) = Stage::of(set) {
        cx.judge_order(line, stage);
    }
    cx.draft.rules.push(RuleLine { set, line, action: 1 });
    Ok(())
}

/// `redirect ...` is `http-request redirect ...`.
fn redirect<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    cx.judge_order(line, Stage::Redirect);
    cx.draft.has_redirect = true;
    cx.draft.rules.push(RuleLine { set: RuleSet::HttpRequest, line, action: 0 });
    Ok(())
}

fn tcp_request<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let second = word(line, 1);
    if second.is_empty() {
        return Err("missing argument for 'tcp-request' in section".into());
    }
    anonymous(cx, line)?;
    if second == "inspect-delay" {
        cx.draft.inspect_delay = Some(delay(line)?);
        return Ok(());
    }
    let (set, action) = match second {
        "connection" => (RuleSet::TcpRequestConnection, 2),
        "session" => (RuleSet::TcpRequestSession, 2),
        "content" => (RuleSet::TcpRequestContent, 2),
        // The old way to write connection rules.
        _ => (RuleSet::TcpRequestConnection, 1),
    };
    if set != RuleSet::TcpRequestContent && cx.draft.kind == SectionKind::Backend {
        let title = format!("{} {}", cx.draft.kind.keyword(), cx.draft.name);
        return Err(format!("tcp-request {second} is not allowed because {title} is not a frontend"));
    }
    if let Some(stage) = Stage::of(set) {
        cx.judge_order(line, stage);
    }
    cx.draft.rules.push(RuleLine { set, line, action });
    Ok(())
}

fn tcp_response<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    let second = word(line, 1);
    if second.is_empty() {
        return Err("missing argument for 'tcp-response' in section".into());
    }
    anonymous(cx, line)?;
    match second {
        "inspect-delay" => cx.draft.response_delay = Some(delay(line)?),
        "content" if cx.draft.kind == SectionKind::Frontend => {
            let name = cx.draft.name;
            return Err(format!(
                "tcp-response content is not allowed because frontend {name} is not a backend"
            ));
        }
        "content" => {
            cx.judge_response_order(line);
            cx.draft.rules.push(RuleLine { set: RuleSet::TcpResponseContent, line, action: 2 });
        }
        other => {
            return Err(format!(
                "'tcp-response' expects 'inspect-delay' or 'content' in section (got '{other}')"
            ));
        }
    }
    Ok(())
}

fn delay(line: Line<'_>) -> Result<u32, String> {
    let keyword = format!("{} inspect-delay", line.keyword());
    match word(line, 2) {
        "" => Err(format!("'{keyword}' expects a positive delay in milliseconds")),
        text => time_ms(text).map_err(|e| e.explain(text, &keyword)),
    }
}
