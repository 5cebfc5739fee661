//! Whether a cache between the proxy and the client might keep a response, judged as HAProxy does: by the request's
//! method, the status, and what the response says of its freshness.

use crate::known::Known;
use crate::message::Message;
use crate::method::Method;

/// What a shared cache might keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The response.
    pub response: bool,
    /// Its cookies, too.
    pub cookies: bool,
}

/// Whether a shared cache might keep the response to a request with this method. `status`: the one it came with.
pub fn may_be_cached(method: Method, status: u16, response: &Message) -> bool {
    kept(method, status, response).response
}

/// What a shared cache might keep of the response to a request with this method. `status`: the one it came with.
pub fn kept(method: Method, status: u16, response: &Message) -> Kept {
    let safe = matches!(method, Method::Get | Method::Head | Method::Options | Method::Trace);
    let keepable = matches!(status, 200 | 203 | 204 | 206 | 300 | 301 | 404 | 405 | 410 | 414 | 501);
    let pragma = response.values(Known::Pragma).any(|part| part.bytes.eq_ignore_ascii_case(b"no-cache"));
    let mut dated = [Known::Etag, Known::LastModified, Known::Expires].iter().any(|name| response.has(*name));
    let mut allowed = safe && keepable;
    let mut cookies = true;
    let mut stale = pragma;
    for part in response.values(Known::CacheControl) {
        match directive(part.bytes) {
            Said::Never => allowed = false,
            Said::Public => (allowed, cookies) = (true, true),
            Said::NoCookies => cookies = false,
            Said::Stale => (stale, dated) = (true, true),
            Said::Fresh { shared } => {
                dated = true;
                stale &= !shared || pragma;
            }
            Said::Nothing => {}
        }
    }
    let response = dated && allowed && !stale;
    Kept { response, cookies: response && cookies }
}

enum Said {
    /// Not for shared caches.
    Never,
    /// For them whatever was asked and answered.
    Public,
    /// For them, without its cookies.
    NoCookies,
    /// For no time, unless shared caches are told another.
    Stale,
    /// For how long it is fresh; in shared caches.
    Fresh {
        shared: bool,
    },
    Nothing,
}

fn directive(text: &[u8]) -> Said {
    let equals = text.iter().position(|b| *b == b'=').unwrap_or(text.len());
    let (name, value) = text.split_at_checked(equals).unwrap_or_default();
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    if is(b"private") || is(b"no-store") {
        return Said::Never;
    }
    if is(b"public") && value.is_empty() {
        return Said::Public;
    }
    if is(b"no-cache") {
        let cookies = value.eq_ignore_ascii_case(b"=\"set-cookie\"");
        return if cookies { Said::NoCookies } else { Said::Never };
    }
    if is(b"max-age") {
        return if value == b"=0" { Said::Stale } else { Said::Fresh { shared: false } };
    }
    if is(b"s-maxage") {
        return if value == b"=0" { Said::Never } else { Said::Fresh { shared: true } };
    }
    Said::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn cached(method: Method, status: u16, headers: &[(&str, &str)]) -> bool {
        let mut response = Message::new();
        response.start_response(status, b"", Version::HTTP_11).unwrap();
        for (name, value) in headers {
            response.add_header(*name, value.as_bytes()).unwrap();
        }
        may_be_cached(method, status, &response)
    }

    #[test]
    fn only_what_says_how_long_it_is_fresh() {
        let get = |headers: &[(&str, &str)]| cached(Method::Get, 200, headers);
        assert!(get(&[("etag", "\"x\"")]) && get(&[("expires", "x")]) && get(&[("last-modified", "x")]));
        assert!(get(&[("cache-control", "public, max-age=3")]) && get(&[("cache-control", "s-maxage=3")]));
        assert!(!get(&[]) && !get(&[("cache-control", "public")]) && !get(&[("vary", "x")]));
    }

    #[test]
    fn what_keeps_a_response_out_of_caches() {
        let with = |control: &str| cached(Method::Get, 200, &[("etag", "x"), ("cache-control", control)]);
        let never = [
            "private",
            "PRIVATE",
            "private=\"x\", max-age=3",
            "no-store",
            "no-cache",
            "no-cache=\"set-cookie, foo\"",
            "no-cache=set-cookie",
            "max-age=0",
            "s-maxage=0",
        ];
        assert!(never.iter().all(|control| !with(control)));
        assert!(["must-revalidate", "privatex", "no-cache=\"set-cookie\""].iter().all(|c| with(c)));
        assert!(!cached(Method::Get, 200, &[("etag", "x"), ("pragma", "no-cache")]));
    }

    #[test]
    fn the_later_word_counts() {
        let with =
            |method: Method, control: &str| cached(method, 200, &[("etag", "x"), ("cache-control", control)]);
        for control in
            ["public", "private, public", "no-store, public", "s-maxage=0, public", "max-age=0, s-maxage=5"]
        {
            assert!(with(Method::Get, control), "{control}");
        }
        for control in
            ["public, private", "max-age=0, public", "s-maxage=5, max-age=0", "max-age=0, max-age=5"]
        {
            assert!(!with(Method::Get, control), "{control}");
        }
        assert!(with(Method::Post, "public") && !with(Method::Post, "max-age=5"));
        assert!(!cached(Method::Get, 200, &[("pragma", "no-cache"), ("cache-control", "s-maxage=5")]));
    }

    #[test]
    fn cookies_may_be_left_out() {
        let cookies = |control: &str| {
            let mut response = Message::new();
            response.start_response(200, b"", Version::HTTP_11).unwrap();
            response.add_header("etag", b"x").unwrap();
            response.add_header("cache-control", control.as_bytes()).unwrap();
            kept(Method::Get, 200, &response)
        };
        assert_eq!(cookies("no-cache=\"set-cookie\""), Kept { response: true, cookies: false });
        assert_eq!(cookies("no-cache=\"set-cookie\", public"), Kept { response: true, cookies: true });
        assert_eq!(cookies("private"), Kept::default());
    }

    #[test]
    fn methods_and_statuses() {
        let etag = [("etag", "x")];
        assert!(cached(Method::Head, 404, &etag) && cached(Method::Options, 501, &etag));
        assert!(!cached(Method::Post, 200, &etag) && !cached(Method::Get, 302, &etag));
    }
}
