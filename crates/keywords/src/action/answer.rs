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
    headers: Box<[(Box<[u8]>, Format)]>,
    content_type: Option<Box<[u8]>>,
    payload: Payload,
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

/// Reads the description up to the condition.
pub(super) fn parse(p: &mut Parse<'_>, default_status: u16) -> Result<Answer, String> {
    let mut answer = Answer {
        status: default_status,
        headers: Box::default(),
        content_type: None,
        payload: Payload::Unsaid,
    };
    let mut headers = Vec::new();
    while !p.words.at_end() {
        let word = p.words.next().unwrap_or_default();
        match word {
            "status" | "deny_status" => answer.status = status(p)?,
            "content-type" => answer.content_type = Some(p.need("the content type")?.as_bytes().into()),
            "hdr" => {
                let name = p.need("the name after 'hdr'")?.as_bytes().into();
                let text = p.words.next().ok_or("'hdr' expects <name> and <value> as arguments")?;
                headers.push((name, p.compiler.format(text)?));
            }
            other => {
                let Some(payload) = payload(other, &mut p.words, p.compiler)? else {
                    // HAProxy leaves an unknown word to the condition's parser, which refuses it.
                    return Err(format!("unexpected argument '{other}'"));
                };
                if !matches!(answer.payload, Payload::Unsaid) {
                    return Err(format!("unexpected '{other}' argument, payload already defined"));
                }
                answer.payload = payload;
            }
        }
    }
    answer.headers = headers.into_boxed_slice();
    answer.check()?;
    Ok(answer)
}

fn status(p: &mut Parse<'_>) -> Result<u16, String> {
    let word = p.need("the status")?;
    let found = word.parse().ok().filter(|n: &u16| (200..=599).contains(n));
    found.ok_or_else(|| format!("Unexpected status code '{word}'."))
}

/// The body that a keyword and its argument stand for; none for other words.
fn payload(
    word: &str,
    words: &mut state::family::Words<'_>,
    compiler: &mut dyn state::family::Compiler,
) -> Result<Option<Payload>, String> {
    if word == "default-errorfiles" {
        return Ok(Some(Payload::Configured));
    }
    if !matches!(word, "errorfile" | "errorfiles" | "file" | "lf-file" | "string" | "lf-string") {
        return Ok(None);
    }
    let argument = words.next().ok_or_else(|| format!("'{word}' expects an argument"))?;
    Ok(Some(match word {
        "errorfiles" => Payload::Section(compiler.http_errors(argument)?),
        "string" => Payload::Bytes(argument.as_bytes().into()),
        "lf-string" => Payload::Computed(compiler.body(argument)?),
        _ => {
            let bytes = compiler.file(argument)?;
            if bytes.len() > LARGEST_FILE {
                return Err(format!("file '{argument}' exceeds {LARGEST_FILE} bytes"));
            }
            match word {
                "errorfile" => Payload::Whole(Arc::new(
                    Page::from_wire(&bytes).map_err(|e| format!("'{argument}': {e}"))?,
                )),
                "lf-file" => {
                    let text =
                        String::from_utf8(bytes).map_err(|_| format!("file '{argument}' is no text"))?;
                    Payload::Computed(compiler.body(&text)?)
                }
                _ => Payload::Bytes(bytes.into()),
            }
        }
    }))
}

impl Answer {
    fn check(&self) -> Result<(), String> {
        let body = match &self.payload {
            Payload::Bytes(bytes) => !bytes.is_empty(),
            Payload::Computed(_) => true,
            _ => false,
        };
        if body && matches!(self.status, 204 | 304) {
            return Err(format!("No body expected for {} responses.", self.status));
        }
        if body && self.content_type.is_none() {
            return Err("a content type must be defined when non-empty payload is configured".to_owned());
        }
        match &self.payload {
            Payload::Configured if !WITH_PAGE.contains(&self.status) => Err(format!(
                "status code '{}' not handled by default with 'default-errorfiles' argument",
                self.status
            )),
            Payload::Section(pages) if pages.get(self.status).is_none() => {
                Err(format!("status code '{}' not declared in the http-errors section", self.status))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing but the status was said, so that the page of the status is the answer.
    pub(super) fn is_page(&self) -> bool {
        match self.payload {
            Payload::Configured => true,
            Payload::Unsaid => self.headers.is_empty() && self.content_type.is_none(),
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
