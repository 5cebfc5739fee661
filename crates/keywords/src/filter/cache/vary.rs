//! What responses may vary on, and which of them is right for a request (RFC 9111 section 4.1): the encodings the client
//! accepts, the referring page and the origin (manual 6.1).

use http::header_value::{list, trim};
use http::{Known, Message};
use state::cache::{Asked, Cache, Variant};

/// The content codings there are; the bit of one is its place. `identity` is the first one.
const CODINGS: &[&str] = &[
    "identity",
    "gzip",
    "deflate",
    "br",
    "zstd",
    "compress",
    "x-gzip",
    "x-compress",
    "aes128gcm",
    "exi",
    "pack200-gzip",
    "dcb",
    "dcz",
];
const IDENTITY: u32 = 1;
/// All others a client may name.
const OTHER: u32 = 1 << 31;
/// The most encodings a client may name.
const MOST: usize = 16;

/// What a request says of all this.
pub(crate) fn asked(cache: &Cache, request: &Message) -> Asked {
    Asked {
        encodings: accepted(request),
        referer: cache.hash(request.find(Known::Referer)),
        origin: cache.hash(request.find("origin")),
    }
}

/// What a response varies on; none if nobody can tell for whom else it is right, or it isn't even right for this request.
pub(crate) fn variant(response: &Message, asked: &Asked) -> Option<Variant> {
    let mut variant = Variant::default();
    for part in response.values(Known::Vary) {
        let is = |name: &[u8]| part.bytes.eq_ignore_ascii_case(name);
        if is(b"accept-encoding") {
            variant.encodings = Some(encodings(response)?);
        } else if is(b"referer") {
            variant.referer = Some(asked.referer);
        } else if is(b"origin") {
            variant.origin = Some(asked.origin);
        } else if !part.bytes.is_empty() {
            return None;
        }
    }
    variant.suits(asked).then_some(variant)
}

/// The encodings of a response; none if one is unknown.
fn encodings(response: &Message) -> Option<u32> {
    let mut bits = 0;
    for part in response.values(Known::ContentEncoding) {
        bits |= bit(part.bytes)?;
    }
    Some(if bits == 0 { IDENTITY } else { bits })
}

/// The encodings that a client accepts: all if it says nothing, `identity` unless it says otherwise.
fn accepted(request: &Message) -> Option<u32> {
    if !request.has(Known::AcceptEncoding) {
        return Some(u32::MAX);
    }
    let (mut yes, mut no, mut star, mut count) = (0u32, 0u32, None, 0);
    for item in request.iterate(Known::AcceptEncoding).flat_map(|line| list(line.value)) {
        if item.is_empty() {
            continue;
        }
        count += 1;
        let (token, refused) = item_of(item);
        match token {
            b"*" => star = Some(!refused),
            token => *(if refused { &mut no } else { &mut yes }) |= bit(token).unwrap_or(OTHER),
        }
    }
    let rest = match star {
        Some(true) => u32::MAX,
        Some(false) => 0,
        None => IDENTITY,
    };
    (count <= MOST).then_some(yes | rest & !no)
}

/// The token of an item, and whether its weight is 0.
fn item_of(item: &[u8]) -> (&[u8], bool) {
    let mut parts = item.split(|byte| *byte == b';').map(trim);
    let token = parts.next().unwrap_or_default();
    let weight = parts.find_map(|p| p.strip_prefix(b"q=").or_else(|| p.strip_prefix(b"Q=")));
    let zero = weight.is_some_and(|w| w.first() == Some(&b'0') && w.iter().all(|b| matches!(b, b'0' | b'.')));
    (token, zero)
}

fn bit(token: &[u8]) -> Option<u32> {
    let at = CODINGS.iter().position(|coding| token.eq_ignore_ascii_case(coding.as_bytes()))?;
    Some(1 << at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Version;

    fn suits(accepts: Option<&str>, encodings: &str) -> bool {
        let (mut request, mut response) = (Message::new(), Message::new());
        request.start_request(b"GET", b"/", Version::HTTP_11).unwrap();
        response.start_response(200, b"OK", Version::HTTP_11).unwrap();
        if let Some(accepts) = accepts {
            request.add_header(Known::AcceptEncoding, accepts.as_bytes()).unwrap();
        }
        response.add_header(Known::Vary, b"Accept-Encoding").unwrap();
        if !encodings.is_empty() {
            response.add_header(Known::ContentEncoding, encodings.as_bytes()).unwrap();
        }
        let asked = Asked { encodings: accepted(&request), ..Asked::default() };
        variant(&response, &asked).is_some()
    }

    #[test]
    fn encodings_suit_who_accepts_them() {
        for (accepts, encodings, expected) in [
            (None, "gzip", true),
            (Some(""), "gzip", false),
            (Some(""), "", true),
            (Some("gzip"), "gzip", true),
            (Some("GZIP"), "gzip", true),
            (Some("first"), "gzip", false),
            (Some("first"), "", true),
            (Some("deflate;q=0.8, gzip;q=0"), "gzip", false),
            (Some("gzip  ; q=0.8"), "gzip", true),
            (Some("deflate, identity;q=0"), "", false),
            (Some("*"), "br", true),
            (Some("gzip;q=0, deflate,*"), "br", true),
            (Some("gzip;q=0, deflate,*"), "gzip", false),
            (Some("gzip;q=0, deflate,*;q=0.1,identity;q=0"), "br", true),
            (Some("gzip;q=0, deflate,*;q=0"), "br", false),
            (Some("gzip;q=0.8, deflate"), "deflate, gzip", true),
            (Some("gzip, first"), "unknown", false),
            (Some("a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16,gzip"), "gzip", false),
        ] {
            assert_eq!(suits(accepts, encodings), expected, "{accepts:?} {encodings}");
        }
    }
}
