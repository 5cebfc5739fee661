//! Keywords whose samples depend on nothing but the heads of the messages and the client's address, so that what they
//! give stays true until one of these is edited: what a screen in front of a rule list may rely on (`state::screen`).
//! A keyword that is missing here is only run more often.

use state::family::{Converter, Fetch};

const FETCHES: &[&str] = &[
    "base",
    "cook",
    "hdr",
    "hdr_cnt",
    "hdr_ip",
    "hdr_val",
    "method",
    "path",
    "pathq",
    "query",
    "req.cook",
    "req.fhdr",
    "req.hdr",
    "req.hdr_cnt",
    "req.hdr_ip",
    "req.hdr_val",
    "res.cook",
    "res.fhdr",
    "res.hdr",
    "res.hdr_cnt",
    "res.hdr_val",
    "src",
    "url",
    "url_param",
    "urlp",
    "urlp_val",
];

/// Converters that look at nothing but their input.
const CONVERTERS: &[&str] =
    &["field", "host_only", "length", "lower", "ltrim", "port_only", "rtrim", "upper", "url_dec", "word"];

pub fn fetch(fetch: &Fetch) -> bool {
    FETCHES.contains(&fetch.name)
}

pub fn converter(converter: &Converter) -> bool {
    CONVERTERS.contains(&converter.name)
}

#[cfg(test)]
mod tests {
    use state::family::Needs;

    use super::*;

    #[test]
    fn each_is_a_keyword_that_looks_at_heads_or_at_the_client() {
        for name in FETCHES {
            let fetch = crate::fetch::find(name).unwrap();
            let steady = matches!(
                fetch.needs,
                Needs::Client | Needs::Request | Needs::RequestHead | Needs::ResponseHead | Needs::EitherHead
            );
            assert!(steady, "{name}: {:?}", fetch.needs);
        }
        assert!(CONVERTERS.iter().all(|name| crate::convert::find(name).is_some()));
    }
}
