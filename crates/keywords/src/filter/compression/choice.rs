//! Which encoding a response gets: what the client accepts (RFC 9110 section 12.5.3) among what is offered.

use http::header_value::{list, trim};
use http::{Known, Message};
use state::compression::Algorithm;

/// The weight of an item that gives none, in thousandths.
const WHOLE: u16 = 1000;

/// The encoding of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) algorithm: Algorithm,
    /// Whether the client names it; else it is `identity`, which is right for every client.
    pub(super) named: bool,
}

/// The offered encoding that the client likes best; of several the one it names first. `*` stands for the first one
/// offered.
pub(super) fn choose(request: &Message, offered: &[Algorithm]) -> Option<Choice> {
    if offered.is_empty() || is_old(request) {
        return None;
    }
    let mut best: Option<(u16, Algorithm)> = None;
    for line in request.iterate(Known::AcceptEncoding) {
        for item in list(line.value) {
            let (token, weight) = item_of(item);
            let matching =
                offered.iter().find(|a| token == b"*" || token.eq_ignore_ascii_case(a.token().as_bytes()));
            if let Some(found) = matching.filter(|_| weight > best.map_or(0, |(weight, _)| weight)) {
                best = Some((weight, *found));
            }
        }
    }
    let found = best.map(|(_, algorithm)| Choice { algorithm, named: true });
    let plain = || offered.iter().copied().find(|a| *a == Algorithm::Identity);
    found.or_else(|| plain().map(|algorithm| Choice { algorithm, named: false }))
}

/// Whether the client calls itself one of those that know less than they say.
fn is_old(request: &Message) -> bool {
    /// Where those that are better name themselves: behind `Mozilla/4.0 (compatible; `.
    const NAME_AT: usize = 25;
    let Some(agent) = request.find(Known::UserAgent).filter(|a| a.starts_with(b"Mozilla/4")) else {
        return false;
    };
    let Some(name) = agent.get(NAME_AT..).and_then(|name| name.strip_prefix(b"MSIE ")) else { return true };
    match name.first() {
        Some(b'6') => memchr::memmem::find(name, b"SV1").is_none(),
        Some(version) => !(b'7'..=b'9').contains(version),
        None => true,
    }
}

/// The token of an item and its weight in thousandths.
fn item_of(item: &[u8]) -> (&[u8], u16) {
    let mut parts = item.split(|byte| *byte == b';');
    let token = trim(parts.next().unwrap_or_default());
    let weight = parts.map(trim).find_map(|p| p.strip_prefix(b"q=").or_else(|| p.strip_prefix(b"Q=")));
    (token, weight.map_or(WHOLE, weight_of))
}

/// A weight in thousandths; what is none counts as the whole.
fn weight_of(text: &[u8]) -> u16 {
    let (first, rest) = match text.split_first() {
        Some((b'1', _)) => return WHOLE,
        Some((b'0', rest)) => (0, rest),
        _ => return WHOLE,
    };
    let digits = rest.strip_prefix(b".").unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits.zip([100, 10, 1]).fold(first, |sum, (digit, scale)| sum + u16::from(digit - b'0') * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Algorithm::{Deflate, Gzip, Identity, RawDeflate};
    use http::Version;

    fn choice(accepts: &str, agent: &str, offered: &[Algorithm]) -> Option<Choice> {
        let mut request = Message::new();
        request.start_request(b"GET", b"/", Version::HTTP_11).unwrap();
        if !accepts.is_empty() {
            request.add_header(Known::AcceptEncoding, accepts.as_bytes()).unwrap();
        }
        request.add_header(Known::UserAgent, agent.as_bytes()).unwrap();
        choose(&request, offered)
    }

    fn chosen(accepts: &str, agent: &str, offered: &[Algorithm]) -> Option<Algorithm> {
        choice(accepts, agent, offered).map(|choice| choice.algorithm)
    }

    #[test]
    fn what_the_client_likes_best() {
        let offered = [RawDeflate, Deflate, Gzip];
        for (accepts, expected) in [
            ("", None),
            ("deflate", Some(RawDeflate)),
            ("GZIP", Some(Gzip)),
            ("x-gzip", None),
            ("*", Some(RawDeflate)),
            ("gzip;q=0", None),
            ("gzip;q=0.0, deflate", Some(RawDeflate)),
            ("identity", None),
            ("gzip, deflate", Some(Gzip)),
            ("gzip;q=0.5, deflate;q=0.7", Some(RawDeflate)),
            ("gzip;q=0.5, *;q=0.9", Some(RawDeflate)),
            ("identity;q=1, gzip;q=0.5", Some(Gzip)),
            ("gzip;q=abc", Some(Gzip)),
            ("gzip ; q=0.5 , deflate;q=0.4", Some(Gzip)),
            ("gzip;level=9", Some(Gzip)),
            ("*;q=0", None),
            ("deflate;q=0.3,gzip;q=0.301", Some(Gzip)),
        ] {
            assert_eq!(chosen(accepts, "x", &offered), expected, "{accepts}");
        }
        assert_eq!(choice("gzip", "x", &[Identity]), Some(Choice { algorithm: Identity, named: false }));
        assert_eq!(choice("", "x", &[Identity]), Some(Choice { algorithm: Identity, named: false }));
        assert_eq!(choice("identity", "x", &[Identity]), Some(Choice { algorithm: Identity, named: true }));
    }

    #[test]
    fn clients_that_know_less_than_they_say() {
        for (agent, expected) in [
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", true),
            ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", false),
            ("Mozilla/4.0 (compatible; MSIE 7.0)", true),
            ("Mozilla/4.0 (compatible; MSIE 10.0)", false),
            ("Mozilla/4.0 MSIE 9", false),
            ("Mozilla/40", false),
            ("x Mozilla/4", true),
            ("mozilla/4", true),
        ] {
            assert_eq!(chosen("gzip", agent, &[Gzip]).is_some(), expected, "{agent}");
        }
    }
}
