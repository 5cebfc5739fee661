//! What compression asks of a message's head before it works on the body, and what it says there of its work.

use http::header_value::{has_token, trim};
use http::{Known, Message, Version};
use state::compression::Algorithm;
use state::filter::Shape;
use state::rule::Act;

use super::Said;

/// Whether the response is to be compressed; then its head says so. None leaves it as it is. Of the status the
/// server's own word counts, not what rules made of it.
pub(super) fn response(
    act: &mut Act<'_>,
    shape: &Shape,
    said: &Said<'_>,
    algorithm: Algorithm,
) -> Option<()> {
    let stream = act.stream.as_deref_mut()?;
    let response = &mut stream.response;
    let status = if stream.server_status == 0 { response.status() } else { stream.server_status };
    let suitable = (200..=203).contains(&status)
        && stream.request.version() >= Version::HTTP_11
        && is_suitable(response, shape, said.first(|c| (c.min_size > 0).then_some(c.min_size)))
        && is_of_type(response, said.first(|c| Some(&*c.types).filter(|t| !t.is_empty())))
        && !response.iterate(Known::CacheControl).any(|line| has_token(line.value, b"no-transform"))
        && has_fitting_etag(response);
    if !suitable {
        return None;
    }
    weaken(response).ok()?;
    announce(response, algorithm).ok()
}

/// As [`response`], for a request.
pub(super) fn request(act: &mut Act<'_>, shape: &Shape, said: &Said<'_>, algorithm: Algorithm) -> Option<()> {
    let stream = act.stream.as_deref_mut()?;
    let request = &mut stream.request;
    let least = said.first(|c| (c.request_min_size > 0).then_some(c.request_min_size));
    let types = said.first(|c| Some(&*c.request_types).filter(|t| !t.is_empty()));
    if !is_suitable(request, shape, least) || !is_of_type(request, types) {
        return None;
    }
    announce(request, algorithm).ok()
}

/// Whether there is a body that is worth it and may come in chunks. Of one whose length isn't known, what has come
/// already decides.
fn is_suitable(message: &Message, shape: &Shape, least: Option<u64>) -> bool {
    message.version() >= Version::HTTP_11
        && shape.delimited
        && shape.length != Some(0)
        && shape.length.unwrap_or(shape.came) >= least.unwrap_or(0)
        && !message.has(Known::ContentEncoding)
}

/// Whether the media type begins as one of those asked for; where none are, any is right that isn't made of parts.
fn is_of_type(message: &Message, types: Option<&[Box<str>]>) -> bool {
    let Some(own) = message.find(Known::ContentType) else { return types.is_none() };
    let begins = |with: &str| own.get(..with.len()).is_some_and(|o| o.eq_ignore_ascii_case(with.as_bytes()));
    !begins("multipart") && types.is_none_or(|types| types.iter().any(|t| begins(t)))
}

/// Whether there is no entity tag, or one that can be made weak.
fn has_fitting_etag(message: &Message) -> bool {
    let mut tags = message.iterate(Known::Etag);
    match (tags.next(), tags.next()) {
        (None, _) => true,
        (Some(line), None) => {
            let strong = line.value.strip_prefix(b"W/").unwrap_or(line.value);
            strong.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).is_some()
        }
        (Some(_), Some(_)) => false,
    }
}

/// Makes a strong entity tag weak: the bytes are others now (RFC 9110 section 8.8.1).
fn weaken(message: &mut Message) -> Result<(), http::Full> {
    let Some(at) = message.position(Known::Etag, 0) else { return Ok(()) };
    let Some(tag) = message.header(at).map(|h| h.value).filter(|tag| tag.starts_with(b"\"")) else {
        return Ok(());
    };
    let weak = [b"W/", tag].concat();
    message.replace_value(at, &weak)
}

/// Says that the body comes in chunks, depends on what the client accepts, and is encoded.
fn announce(message: &mut Message, algorithm: Algorithm) -> Result<(), http::Full> {
    const VARY: &[u8] = b"Accept-Encoding";
    message.del_header(Known::ContentLength);
    if !message.has(Known::TransferEncoding) {
        message.add_header(Known::TransferEncoding, b"chunked")?;
    }
    if !message.iterate(Known::Vary).any(|line| has_token(line.value, VARY)) {
        match message.iterate(Known::Vary).next_back().map(|line| (line.index, trim(line.value).to_vec())) {
            None => message.add_header(Known::Vary, VARY)?,
            Some((at, value)) if value.is_empty() => message.replace_value(at, VARY)?,
            Some((at, value)) => message.replace_value(at, &[&value, &b","[..], VARY].concat())?,
        }
    }
    if algorithm == Algorithm::Identity {
        return Ok(());
    }
    message.add_header(Known::ContentEncoding, algorithm.token().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_with(headers: &[(&str, &str)]) -> Message {
        let mut message = Message::new();
        message.start_response(200, b"OK", Version::HTTP_11).unwrap();
        for (name, value) in headers {
            message.add_header(*name, value.as_bytes()).unwrap();
        }
        message
    }

    #[test]
    fn entity_tags() {
        for (tag, fits) in [
            ("\"123\"", true),
            ("W/\"123\"", true),
            ("\"invalid", false),
            ("invalid\"", false),
            ("invalid", false),
            ("W/\"invalid", false),
            ("W/invalid\"", false),
            ("W/invalid", false),
            ("\"", false),
        ] {
            assert_eq!(has_fitting_etag(&response_with(&[("etag", tag)])), fits, "{tag}");
        }
        let mut message = response_with(&[("etag", "\"1\"")]);
        weaken(&mut message).unwrap();
        weaken(&mut message).unwrap();
        assert_eq!(message.find(Known::Etag), Some(&b"W/\"1\""[..]));
        assert!(!has_fitting_etag(&response_with(&[("etag", "\"1\""), ("etag", "\"1\"")])));
    }

    #[test]
    fn what_depends_on_the_encodings_accepted_says_so() {
        for (given, expected) in [
            (&[][..], &["Accept-Encoding"][..]),
            (&["Other"], &["Other,Accept-Encoding"]),
            (&["a", "accept-encoding,Other"], &["a", "accept-encoding,Other"]),
            (&["Origin", "X"], &["Origin", "X,Accept-Encoding"]),
            (&[""], &["Accept-Encoding"]),
        ] {
            let headers: Vec<_> = given.iter().map(|value| ("vary", *value)).collect();
            let mut message = response_with(&headers);
            announce(&mut message, Algorithm::Gzip).unwrap();
            let values: Vec<_> = message.iterate(Known::Vary).map(|line| line.value.to_vec()).collect();
            assert_eq!(values, expected.iter().map(|v| v.as_bytes().to_vec()).collect::<Vec<_>>());
        }
    }
}
