//! Whether a response may be kept, and for how long (RFC 9111 section 4.2, as far as HAProxy goes: manual 6.1).

use http::header_value::trim;
use http::{Known, Message, date};

/// What a response says of its freshness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fresh {
    /// It must not be kept.
    Not,
    /// So many seconds.
    For(u64),
    /// Nothing, but it says how to tell whether it is still the same.
    Untold,
}

/// Judges a response that came in this second since 1970.
pub(crate) fn judge(response: &Message, now_s: u64) -> Fresh {
    if response.values(Known::Pragma).any(|part| part.bytes.eq_ignore_ascii_case(b"no-cache")) {
        return Fresh::Not;
    }
    let (mut shared, mut own) = (None, None);
    for part in response.values(Known::CacheControl) {
        let (name, value) = directive(part.bytes);
        if ["private", "no-store", "no-cache"].iter().any(|word| is(name, word)) {
            return Fresh::Not;
        }
        match value.map(seconds) {
            Some(age) if is(name, "s-maxage") => shared = Some(age),
            Some(age) if is(name, "max-age") => own = Some(own.map_or(age, |before: u64| before.min(age))),
            _ => {}
        }
    }
    if let Some(age) = shared.or(own) {
        return if age == 0 { Fresh::Not } else { Fresh::For(age) };
    }
    if let Some(expires) = response.find(Known::Expires) {
        let left = date::parse(expires).and_then(|at| at.checked_sub(now_s));
        return left.filter(|left| *left > 0).map_or(Fresh::Not, Fresh::For);
    }
    if response.has(Known::Etag) || response.has(Known::LastModified) { Fresh::Untold } else { Fresh::Not }
}

/// The age a response had when it came; an error if it isn't a number.
pub(crate) fn age(response: &Message) -> Result<u64, ()> {
    match response.find(Known::Age) {
        None => Ok(0),
        Some(text) => std::str::from_utf8(trim(text)).ok().and_then(|text| text.parse().ok()).ok_or(()),
    }
}

/// Whether a request wants no stored answer.
pub(crate) fn refuses(request: &Message) -> bool {
    let controls = request.values(Known::CacheControl).any(|part| {
        let (name, value) = directive(part.bytes);
        is(name, "no-cache") || is(name, "max-age") && value.map(seconds) == Some(0)
    });
    let pragma = || request.values(Known::Pragma).any(|part| part.bytes.eq_ignore_ascii_case(b"no-cache"));
    controls || !request.has(Known::CacheControl) && pragma()
}

fn is(name: &[u8], word: &str) -> bool {
    name.eq_ignore_ascii_case(word.as_bytes())
}

fn directive(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (trim(text.get(..at).unwrap_or_default()), text.get(at + 1..)),
        None => (text, None),
    }
}

/// The digits at the front, perhaps behind a quote; 0 where there are none.
fn seconds(text: &[u8]) -> u64 {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;

    fn message(lines: &[(&str, &str)]) -> Message {
        let mut message = Message::new();
        message.start_response(200, b"OK", Version::HTTP_11).unwrap();
        for (name, value) in lines {
            message.add_header(*name, value.as_bytes()).unwrap();
        }
        message
    }

    #[test]
    fn what_responses_say() {
        const NOW: u64 = 784_111_777;
        for (lines, expected) in [
            (&[][..], Fresh::Not),
            (&[("cache-control", "max-age=30")], Fresh::For(30)),
            (&[("cache-control", "MAX-AGE=9")], Fresh::For(9)),
            (&[("cache-control", "max-age=\"20\"")], Fresh::For(20)),
            (&[("cache-control", "max-age=20x")], Fresh::For(20)),
            (&[("cache-control", "max-age=0")], Fresh::Not),
            (&[("cache-control", "max-age=9, max-age=0")], Fresh::Not),
            (&[("cache-control", "max-age=0, s-maxage=5")], Fresh::For(5)),
            (&[("cache-control", "max-age=1, s-maxage=5")], Fresh::For(5)),
            (&[("cache-control", "no-cache=\"Set-Cookie\", max-age=10")], Fresh::Not),
            (&[("cache-control", "private"), ("etag", "\"a\"")], Fresh::Not),
            (&[("cache-control", "no-store"), ("etag", "\"a\"")], Fresh::Not),
            (&[("cache-control", "max-age=9"), ("pragma", "no-cache")], Fresh::Not),
            (&[("cache-control", "max-age=9, must-revalidate")], Fresh::For(9)),
            (&[("cache-control", "public")], Fresh::Not),
            (&[("cache-control", "public"), ("etag", "\"a\"")], Fresh::Untold),
            (&[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")], Fresh::Untold),
            (&[("expires", "Sun, 06 Nov 1994 08:49:47 GMT")], Fresh::For(10)),
            (&[("expires", "Sun, 06 Nov 1994 08:49:37 GMT"), ("etag", "\"a\"")], Fresh::Not),
            (&[("expires", "0"), ("etag", "\"a\"")], Fresh::Not),
            (&[("cache-control", "max-age=5"), ("expires", "0")], Fresh::For(5)),
        ] {
            assert_eq!(judge(&message(lines), NOW), expected, "{lines:?}");
        }
    }

    #[test]
    fn ages() {
        assert_eq!(age(&message(&[])), Ok(0));
        assert_eq!(age(&message(&[("age", " 7 ")])), Ok(7));
        assert_eq!(age(&message(&[("age", "abc")])), Err(()));
    }

    #[test]
    fn what_requests_refuse() {
        for (lines, expected) in [
            (&[][..], false),
            (&[("cache-control", "no-cache")], true),
            (&[("cache-control", "max-age=0")], true),
            (&[("cache-control", "max-age=5")], false),
            (&[("cache-control", "no-store")], false),
            (&[("pragma", "no-cache")], true),
            (&[("cache-control", "only-if-cached")], false),
        ] {
            assert_eq!(refuses(&message(lines)), expected, "{lines:?}");
        }
    }
}
