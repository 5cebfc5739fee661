//! Judging what came against what is expected.

use state::check::{Connect, Does, Expect, Header, Judged, Matching, Pattern, Port, Protocol, Status, Step};

use super::finding::{Finding, printable};
use super::run::{Run, Stop};

/// What a pattern says of what came so far.
enum Seen {
    /// More may change it.
    Open,
    Yes,
    No,
}

impl Run<'_> {
    /// Waits for what a step expects; a finding ends the check.
    pub(super) async fn expect(&mut self, step: &Step, expect: &Expect) -> Result<Option<Finding>, Stop> {
        loop {
            if self.rules.protocol == Protocol::Http {
                self.asked_for(step, expect).await?;
                self.look_at_answer()?;
            }
            self.show_input();
            if let Some(judged) = self.judge(step, expect) {
                return judged.map(|finding| finding.map(|f| *f));
            }
            self.read(step, expect.timeout).await?;
        }
    }

    /// Lets expressions see what came.
    fn show_input(&mut self) {
        let (raw, content) = match self.rules.protocol {
            Protocol::Http => (false, self.answer.body(&self.input)),
            Protocol::Tcp | Protocol::Other => (true, self.input.as_slice().into()),
        };
        let body = &mut self.stream.response_body;
        body.content.clear();
        body.content.extend_from_slice(&content);
        body.raw = raw;
        body.buffered = u64::try_from(self.input.len()).unwrap_or(u64::MAX);
        body.size = u64::try_from(body.content.len()).unwrap_or(u64::MAX);
        body.more = !self.ended;
    }

    /// What follows from what came; none: wait for more.
    fn judge(&self, step: &Step, expect: &Expect) -> Option<Result<Option<Box<Finding>>, Stop>> {
        if let Pattern::Judge(judge) = expect.pattern {
            return match (judge.0)(&self.input, self.ended) {
                Judged::Open => None,
                Judged::Next => Some(Ok(None)),
                Judged::Done { status, code, words } => {
                    let words = printable(words.as_bytes());
                    Some(Ok(Some(Box::new(Finding { status, code, words }))))
                }
            };
        }
        if let Some(finding) = self.disabled(&expect.pattern) {
            return Some(Ok(Some(finding)));
        }
        let seen = match &expect.pattern {
            Pattern::Status(_) | Pattern::StatusRegex(_) | Pattern::Header(_) => self.head(&expect.pattern),
            pattern => self.content(pattern, expect)?,
        };
        match seen {
            Seen::Open => None,
            Seen::Yes if !expect.negated => Some(Ok(None)),
            Seen::No if expect.negated => Some(Ok(None)),
            Seen::Yes | Seen::No => Some(Err(self.mismatch(step, expect))),
        }
    }

    /// `disable-on-404`, which goes before what is expected; only a server that is up can be about to stop.
    fn disabled(&self, pattern: &Pattern) -> Option<Box<Finding>> {
        let up = self.server.live.healthy.load(std::sync::atomic::Ordering::Relaxed);
        let here = self.rules.protocol == Protocol::Http && self.rules.disable_on_404 && up;
        let judged = self.answer.is_head_complete() && !matches!(pattern, Pattern::Judge(_));
        (here && judged && self.stream.response.status() == 404)
            .then(|| Box::new(Finding { status: Status::L7OkConditionally, code: 404, words: String::new() }))
    }

    fn head(&self, pattern: &Pattern) -> Seen {
        if !self.answer.is_head_complete() {
            return Seen::Open;
        }
        let response = &self.stream.response;
        let status = response.status();
        let found = match pattern {
            Pattern::Status(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&status)),
            Pattern::StatusRegex(regex) => regex.is_match(response.status_bytes()),
            Pattern::Header(header) => self.header(header),
            _ => false,
        };
        if found { Seen::Yes } else { Seen::No }
    }

    fn header(&self, header: &Header) -> bool {
        let (how, name) = (&header.name.0, self.bytes(&header.name.1).to_ascii_lowercase());
        let value = header.value.as_ref().map(|(how, format)| (how, self.bytes(format)));
        let response = &self.stream.response;
        response.headers().filter(|line| matches(how, &name, line.name)).any(|line| {
            let Some((how, wanted)) = &value else { return true };
            if header.full {
                return matches(how, wanted, line.value);
            }
            http::header_value::list(line.value).any(|part| matches(how, wanted, part))
        })
    }

    /// A pattern on bytes. None: wait for more.
    fn content(&self, pattern: &Pattern, expect: &Expect) -> Option<Seen> {
        let http = self.rules.protocol == Protocol::Http;
        if http && !self.answer.is_head_complete() {
            return None;
        }
        let content = &self.stream.response_body.content;
        let ended = self.ended || http && self.answer.is_complete();
        let wanted = match pattern {
            Pattern::Text(text) | Pattern::Binary(text) => text.to_vec(),
            Pattern::TextFormat(format) => self.bytes(format),
            Pattern::BinaryFormat(format) => {
                sample::pattern::unhex(&self.bytes(format)).map(Into::into).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if content.is_empty() && !ended {
            return None;
        }
        let has_enough = expect.min_recv.is_none_or(|min| content.len() >= min);
        if !has_enough && !ended {
            return None;
        }
        let found = match pattern {
            Pattern::Regex(regex) => regex.is_match(content),
            Pattern::BinaryRegex(regex) => regex.is_match(&upper_hex(content)),
            _ => !wanted.is_empty() && content.windows(wanted.len()).any(|part| part == wanted),
        };
        // Without a match more bytes could bring one.
        if !found && !ended && expect.min_recv.is_none() {
            return None;
        }
        Some(if found { Seen::Yes } else { Seen::No })
    }

    /// It isn't what was expected.
    fn mismatch(&self, step: &Step, expect: &Expect) -> Stop {
        let http = self.rules.protocol == Protocol::Http;
        let head =
            matches!(expect.pattern, Pattern::Status(_) | Pattern::StatusRegex(_) | Pattern::Header(_));
        let usual = if head { Status::L7Status } else { Status::L7Response };
        let mut words = match &expect.on_error {
            Some(format) => self.text(format),
            None if head => printable(self.stream.response.reason()),
            None if http && expect.negated => "HTTP check matched unwanted content".to_owned(),
            None if http => "HTTP content check did not match".to_owned(),
            None if self.input.is_empty() && self.ended => {
                format!("TCPCHK got an empty response at step {}", step.number)
            }
            None => {
                let how = if expect.negated { "matched unwanted" } else { "did not match" };
                format!("TCPCHK {how} content {} at step {}", named(&expect.pattern), step.number)
            }
        };
        if let Some(comment) = step.comment.as_ref().filter(|_| expect.on_error.is_none() && !head) {
            words.push_str(&format!(" comment: {comment}"));
        }
        let (status, code) = (expect.error.unwrap_or(usual), self.code(expect));
        Box::new(Finding { status, code, words })
    }
}

fn upper_hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|b| format!("{b:02X}").into_bytes()).collect()
}

fn matches(how: &Matching, wanted: &[u8], have: &[u8]) -> bool {
    match how {
        Matching::Exact => have == wanted,
        Matching::Prefix => have.starts_with(wanted),
        Matching::Suffix => have.ends_with(wanted),
        Matching::Contains => wanted.is_empty() || have.windows(wanted.len()).any(|part| part == wanted),
        Matching::Regex(regex) => regex.is_match(have),
    }
}

/// How messages call a pattern that was judged.
fn named(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        Pattern::Binary(_) => "(binary)".to_owned(),
        Pattern::Regex(_) => "(regex)".to_owned(),
        Pattern::BinaryRegex(_) => "(binary regex)".to_owned(),
        Pattern::BinaryFormat(_) => "(log-format binary)".to_owned(),
        _ => "(log-format string)".to_owned(),
    }
}

/// Where in the rules of `option tcp-check` something happened; no step: at the connection in front of them.
pub(super) fn place(step: Option<&Step>) -> String {
    let Some(step) = step else { return " at initial connection step of tcp-check".to_owned() };
    let what = match &step.does {
        Does::Connect(Connect { port: Some(Port::Fixed(port)), .. }) => format!("connect port {port}"),
        Does::Connect(_) => "connect".to_owned(),
        Does::Expect(expect) => match &expect.pattern {
            Pattern::Text(text) => format!("expect string '{}'", String::from_utf8_lossy(text)),
            Pattern::Binary(bytes) => {
                format!("expect binary '{}'", String::from_utf8_lossy(&upper_hex(bytes)))
            }
            Pattern::Regex(_) => "expect regex".to_owned(),
            Pattern::BinaryRegex(_) => "expect binary regex".to_owned(),
            Pattern::BinaryFormat(_) => "expect log-format binary".to_owned(),
            _ => "expect log-format string".to_owned(),
        },
        _ => "send".to_owned(),
    };
    let comment = step.comment.as_ref().map(|text| format!(" comment: '{text}'")).unwrap_or_default();
    format!(" at step {} of tcp-check ({what}){comment}", step.number)
}
