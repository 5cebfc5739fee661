//! The answer that `return`, `deny` and `tarpit` describe in the same words: status, headers, body (manual 4.4
//! "return"). Holds no keyword itself.

use std::sync::Arc;

use http::{Full, Message, Version};
use state::reply::{Page, Pages, Stand};

use super::prelude::*;

/// The largest body a file may give.
const LARGEST_FILE: usize = 8 << 20;

/// Statuses that have a page of their own when none is configured.
const WITH_PAGE: &[u16] = &[
    200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504,
];

/// A described answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Box<[Header]>,
    content_type: Option<Box<[u8]>>,
    payload: Payload,
    /// Whether `status` was said, not only `deny_status`: without anything else that is an answer without a body.
    described: bool,
}

#[derive(Debug)]
enum Payload {
    /// Nothing was said: for `deny` the page of the status, for `return` no body.
    Unsaid,
    /// `default-errorfiles`: the page of the status, as configured.
    Configured,
    Bytes(Arc<[u8]>),
    Computed(Format),
    /// `errorfile`: a whole answer.
    Whole(Arc<Page>),
    /// `errorfiles`: the pages of an `http-errors` section.
    Section(Arc<Pages>),
}

/// A header's name and its value.
type Header = (Box<[u8]>, Format);

/// Reads the description up to the condition, or to a word that is none of it.
pub(super) fn parse(p: &mut Parse<'_>, default_status: u16) -> Result<Answer, String> {
    let mut answer = Answer {
        status: default_status,
        headers: Box::default(),
        content_type: None,
        payload: Payload::Unsaid,
        described: false,
    };
    let mut headers = Vec::new();
    let mut said = None;
    while let Some(word) = p.words.peek().filter(|_| !p.words.at_end()) {
        match word {
            "status" | "deny_status" => {
                answer.described |= word == "status";
                answer.status = status(p)?;
            }
            "content-type" => {
                p.words.advance(1);
                let kind = p.words.next().ok_or("'content-type' expects <ctype> as argument")?;
                answer.content_type = Some(sample::text::boxed(kind));
            }
            "hdr" => headers.extend(header(p)?),
            "default-errorfiles" | "errorfile" | "errorfiles" | "file" | "lf-file" | "string"
            | "lf-string" => {
                if let Some(said) = said {
                    return Err(format!("unexpected '{word}' argument, '{said}' already defined"));
                }
                said = Some(word);
                p.words.advance(1);
                answer.payload = payload(word, answer.status, p)?;
            }
            _ => break,
        }
    }
    answer.check()?;
    answer.warn(!headers.is_empty(), p.compiler);
    answer.headers = headers.into_boxed_slice();
    Ok(answer)
}

fn status(p: &mut Parse<'_>) -> Result<u16, String> {
    p.words.advance(1);
    let word = p.words.next().ok_or("'status' expects <status_code> as argument")?;
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = word.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let found = u16::try_from(number).ok().filter(|n| (200..=599).contains(n));
    found.ok_or_else(|| format!("Unexpected status code '{number}'"))
}

/// A header, unless it is one that the answer makes itself.
fn header(p: &mut Parse<'_>) -> Result<Option<Header>, String> {
    let expects = "'hdr' expects <name> and <value> as arguments";
    p.words.advance(1);
    let name = p.words.next().ok_or(expects)?;
    let text = p.words.next().ok_or(expects)?;
    if ["content-length", "content-type", "transfer-encoding"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
    {
        p.compiler.warn(format!("header '{name}' always ignored by the http reply."));
        return Ok(None);
    }
    Ok(Some((sample::text::boxed(name), p.compiler.format(text)?)))
}

/// The body that a keyword and its argument stand for.
fn payload(word: &str, status: u16, p: &mut Parse<'_>) -> Result<Payload, String> {
    if word == "default-errorfiles" {
        return Ok(Payload::Configured);
    }
    let what = match word {
        "string" => "str",
        "errorfiles" => "name",
        "file" | "lf-file" => "file",
        _ => "fmt",
    };
    let argument = p.words.next().ok_or_else(|| format!("'{word}' expects <{what}> as argument"))?;
    Ok(match word {
        "errorfiles" => Payload::Section(p.compiler.http_errors(argument, status)?),
        "string" => Payload::Bytes(sample::text::boxed(argument).into()),
        "lf-string" => Payload::Computed(p.compiler.body(argument)?),
        "errorfile" => {
            let bytes = read(p, argument).map_err(|e| format!("{e}."))?;
            let page = Page::from_wire(&bytes).map_err(|e| format!("'{argument}': {e}"))?;
            Payload::Whole(Arc::new(page))
        }
        "lf-file" => {
            let text = String::from_utf8(read(p, argument)?);
            let text = text.map_err(|_| format!("file '{argument}' is no text"))?;
            Payload::Computed(p.compiler.body(&text)?)
        }
        _ => Payload::Bytes(read(p, argument)?.into()),
    })
}

fn read(p: &mut Parse<'_>, path: &str) -> Result<Vec<u8>, String> {
    let bytes = p.compiler.file(path).map_err(|_| format!("error opening file '{path}'"))?;
    if bytes.len() > LARGEST_FILE {
        return Err(format!("file '{path}' exceeds {LARGEST_FILE} bytes"));
    }
    Ok(bytes)
}

impl Answer {
    fn check(&self) -> Result<(), String> {
        let body = match &self.payload {
            Payload::Bytes(bytes) => !bytes.is_empty(),
            Payload::Computed(_) => true,
            _ => false,
        };
        if body && matches!(self.status, 204 | 304) {
            return Err(format!("No body expected for {} responses", self.status));
        }
        if self.content_type.is_none() && matches!(self.payload, Payload::Computed(_)) {
            return Err("a content type must be defined with a log-format payload".to_owned());
        }
        if body && self.content_type.is_none() {
            return Err("a content type must be defined when non-empty payload is configured".to_owned());
        }
        match &self.payload {
            Payload::Configured if !WITH_PAGE.contains(&self.status) => Err(format!(
                "status code '{}' not handled by default with 'default-errorfiles' argument.",
                self.status
            )),
            _ => Ok(()),
        }
    }

    /// Says what of it is left aside.
    fn warn(&self, headers: bool, compiler: &mut dyn state::family::Compiler) {
        let page = matches!(self.payload, Payload::Configured | Payload::Whole(_) | Payload::Section(_));
        let kind = self.content_type.as_deref().map(|kind| String::from_utf8_lossy(kind).into_owned());
        if page && headers {
            compiler.warn("hdr parameters ignored by the http reply when used with an errorfile.".to_owned());
        }
        if let Some(kind) = kind.filter(|_| page || matches!(self.payload, Payload::Unsaid)) {
            let why = if page {
                "when used with an errorfile."
            } else {
                "because neither errorfile nor payload defined."
            };
            compiler.warn(format!("content-type '{kind}' ignored by the http reply {why}"));
        }
    }

    /// Whether nothing was said but what is to be denied with, so that the page of the status is the answer.
    pub(super) fn is_page(&self) -> bool {
        match self.payload {
            Payload::Configured => true,
            Payload::Unsaid => !self.described && self.headers.is_empty() && self.content_type.is_none(),
            _ => false,
        }
    }

    /// Whether a page exists for the status when only that was said.
    pub(super) fn has_page(&self) -> bool {
        WITH_PAGE.contains(&self.status)
    }

    /// Puts the answer into the stream's response.
    pub(super) fn give<'w>(&'w self, act: &mut Act<'w>) -> Result<(), Full> {
        let headers = act
            .arena
            .alloc_slice_fill_iter(self.headers.iter().map(|(name, value)| (&**name, act.text(value))));
        let body: Arc<[u8]> = match &self.payload {
            Payload::Whole(page) => return give_page(act, page, self.status),
            Payload::Section(pages) => match pages.page(self.status) {
                Some(page) => return give_page(act, page, self.status),
                None => Arc::default(),
            },
            Payload::Bytes(bytes) => Arc::clone(bytes),
            Payload::Computed(format) => act.text(format).into(),
            Payload::Configured => return give_configured(act, self.status),
            Payload::Unsaid => Arc::default(),
        };
        let Some(stream) = act.stream.as_deref_mut() else { return Ok(()) };
        let response = &mut stream.response;
        response.start_response(
            self.status,
            http::reply::reason(self.status).as_bytes(),
            Version::HTTP_11,
        )?;
        // A header whose format gives nothing is left out.
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            response.add_header(*name, value)?;
        }
        let mut digits = [0; 20];
        let length = http::reply::decimal(body.len() as u64, &mut digits);
        response.add_header(http::Known::ContentLength, length)?;
        if let Some(kind) = self.content_type.as_deref().filter(|_| !body.is_empty()) {
            response.add_header(http::Known::ContentType, kind)?;
        }
        stream.reply_body = Some(body);
        stream.has_response = true;
        Ok(())
    }

    /// The answer as a page, for an answer that has to wait.
    pub(super) fn as_page<'w>(&'w self, act: &mut Act<'w>) -> Option<Arc<Page>> {
        self.give(act).ok()?;
        let stream = act.stream.as_deref_mut()?;
        let response: &Message = &stream.response;
        let page = Page {
            status: response.status(),
            version: response.version(),
            reason: Some(response.reason().into()),
            headers: response.headers().map(|h| (h.name.into(), h.value.into())).collect(),
            body: stream.reply_body.take().unwrap_or_default(),
        };
        stream.has_response = false;
        stream.response.clear();
        Some(Arc::new(page))
    }
}

/// The page of a status: the backend's, the frontend's, or the built-in one.
pub(super) fn give_configured(act: &mut Act<'_>, status: u16) -> Result<(), Full> {
    let world = act.world;
    let Some(stream) = act.stream.as_deref_mut() else { return Ok(()) };
    let backend = stream.backend.and_then(|b| world.backend(b)).and_then(|b| b.pages.get(status));
    let frontend = || world.frontend(stream.frontend).and_then(|f| f.pages.get(status));
    match backend.or_else(frontend) {
        Some(Stand::Page(page)) => return give_page(act, page, status),
        Some(Stand::Made(made)) => {
            return if made.run(act) == Verdict::Failed { Err(Full) } else { Ok(()) };
        }
        None => {}
    }
    let Some(reply) = http::reply::error(status) else { return Ok(()) };
    reply.fill(&mut stream.response)?;
    stream.reply_body = Some(reply.body.as_bytes().into());
    stream.has_response = true;
    Ok(())
}

/// An answer that is whole already. Logs show the status that the rule names, whatever the answer says.
fn give_page(act: &mut Act<'_>, page: &Page, status: u16) -> Result<(), Full> {
    let Some(stream) = act.stream.as_deref_mut() else { return Ok(()) };
    stream.status = status;
    stream.has_response = page.status != 0;
    stream.reply_body = Some(Arc::clone(&page.body));
    page.fill(&mut stream.response)
}
