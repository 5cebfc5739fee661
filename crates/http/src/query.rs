//! Parameters of a query string, and URL decoding.

/// All `name=value` pairs of a query, in order, not decoded; a parameter without `=` has no value. `&`, `;` and
/// `delimiter` (`?` unless a rule names another) separate.
pub fn params(query: &[u8], delimiter: u8) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
    let separates = move |byte: &u8| matches!(byte, b'&' | b';') || *byte == delimiter;
    query.split(separates).filter(|pair| !pair.is_empty()).map(|pair| match memchr::memchr(b'=', pair) {
        Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..)),
        None => (pair, None),
    })
}

/// The value of the first parameter with this name (`url_param`), not decoded. A parameter without `=` is none.
pub fn url_param<'a>(query: &'a [u8], name: &[u8], delimiter: u8) -> Option<&'a [u8]> {
    params(query, delimiter).find_map(|(key, value)| value.filter(|_| key == name))
}

/// Decodes `%xx` into `out` (appended); with `plus`, `+` is a space, as in forms and queries.
/// False, with nothing said about what was appended, if a `%` isn't followed by two hexadecimal digits.
pub fn url_decode(text: &[u8], plus: bool, out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [b'%', high, low, rest @ ..] => {
                let (Some(high), Some(low)) = (hex(*high), hex(*low)) else { return false };
                out.push(high << 4 | low);
                rest
            }
            [b'%', ..] => return false,
            [b'+', rest @ ..] if plus => {
                out.push(b' ');
                rest
            }
            [byte, rest @ ..] => {
                out.push(*byte);
                rest
            }
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_order() {
        let query = b"a=1&b&c=&a=2&=x";
        let all: Vec<_> = params(query, b'&').collect();
        assert_eq!(all.len(), 5);
        assert_eq!(all[1], (b"b".as_slice(), None));
        assert_eq!(url_param(query, b"a", b'&'), Some(b"1".as_slice()));
        assert_eq!(url_param(query, b"b", b'?'), None);
        assert_eq!(url_param(query, b"c", b'?'), Some(b"".as_slice()));
        assert_eq!(url_param(b"a=1;b=2?c==3", b"b", b'?'), Some(b"2".as_slice()));
        assert_eq!(url_param(b"a=1;b=2?c==3", b"c", b'?'), Some(b"=3".as_slice()));
        assert_eq!(url_param(b"A=1", b"a", b'?'), None);
        assert_eq!(url_param(query, b"d", b'&'), None);
    }

    #[test]
    fn decoding() {
        let decode = |text: &[u8], plus| {
            let mut out = Vec::new();
            url_decode(text, plus, &mut out).then_some(out)
        };
        assert_eq!(decode(b"a%20b+c%2F", true).unwrap(), b"a b c/");
        assert_eq!(decode(b"a+b", false).unwrap(), b"a+b");
        assert_eq!(decode(b"%zz", true), None);
        assert_eq!(decode(b"%2", true), None);
    }
}
