//! Finds a value in a JSON text by a path like `$.a.b[2]`, without making a tree of it. As lenient as HAProxy's: what
//! stands behind the value found is not looked at, and keys are compared as they are written. Knows nothing of types of
//! samples.

/// How deep objects and arrays may be nested.
const MOST_DEPTH: usize = 20;

/// A value found, by the bytes it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Between its quotes, escapes not resolved.
    Text(&'a [u8]),
    Number(&'a [u8]),
    Bool(bool),
    Null,
    /// With its brackets.
    Array(&'a [u8]),
    Object(&'a [u8]),
}

/// The value at `path`: `$` for the whole, then `.key` and `[position]` in turn. A backslash takes the next character of
/// a key for itself. `[*]` at an array is its first element.
pub fn find<'a>(text: &'a [u8], path: &[u8]) -> Option<Found<'a>> {
    let mut path = path.strip_prefix(b"$")?;
    let mut at = text;
    let mut depth = 0;
    while let Some((step, rest)) = Step::first(path)? {
        depth += 1;
        if depth > MOST_DEPTH {
            return None;
        }
        at = step.enter(at.trim_ascii_start())?;
        path = rest;
    }
    let (value, _) = value(at.trim_ascii_start(), depth)?;
    Some(value)
}

/// Resolves the escapes of a string into `out`. None for what is no escape, and for characters above U+00FF.
pub fn unescape(text: &[u8], out: &mut impl Extend<u8>) -> Option<()> {
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.extend([*first]);
            continue;
        }
        let (letter, after) = rest.split_first()?;
        rest = after;
        let byte = match letter {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'\\' | b'"' => *letter,
            b'u' => {
                let (digits, after) = rest.split_first_chunk::<4>()?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits.strip_prefix(b"00")?).ok()?, 16).ok()?
            }
            _ => return None,
        };
        out.extend([byte]);
    }
    Some(())
}

/// One part of a path.
enum Step<'p> {
    Key(&'p [u8]),
    Position(usize),
}

impl<'p> Step<'p> {
    /// The part at the front, and the rest; none at the end.
    fn first(path: &'p [u8]) -> Option<Option<(Self, &'p [u8])>> {
        match path.split_first() {
            None => Some(None),
            Some((b'.', rest)) => {
                let end = key_end(rest);
                let (key, rest) = rest.split_at_checked(end)?;
                Some(Some((Self::Key(key), rest)))
            }
            Some((b'[', rest)) => {
                let end = rest.iter().position(|b| *b == b']').unwrap_or(rest.len());
                let (inside, rest) = rest.split_at_checked(end)?;
                let rest = rest.strip_prefix(b"]").unwrap_or(rest);
                if inside.is_empty() && !rest.is_empty() {
                    return None;
                }
                Some(Some((Self::Position(position(inside)?), rest)))
            }
            Some(_) => None,
        }
    }

    /// Where the value begins that this part names in the value at the front of `text`.
    fn enter<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Key(key) => member(text.strip_prefix(b"{")?, key),
            Self::Position(position) => element(text.strip_prefix(b"[")?, *position),
        }
    }
}

fn key_end(path: &[u8]) -> usize {
    let mut escaped = false;
    let ends = |b: &u8| {
        let ends = !escaped && matches!(b, b'.' | b'[');
        escaped = !escaped && *b == b'\\';
        ends
    };
    path.iter().position(ends).unwrap_or(path.len())
}

/// A position as it stands in brackets; without digits, the first.
fn position(inside: &[u8]) -> Option<usize> {
    let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    match inside.first() {
        Some(b' ' | b'-') => None,
        Some(b'0') if digits > 1 => None,
        _ if digits == 0 => Some(0),
        _ => std::str::from_utf8(inside.get(..digits)?).ok()?.parse().ok(),
    }
}

/// Where the value of this key begins, from behind the object's brace.
fn member<'a>(mut text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    loop {
        let (name, rest) = string(text.trim_ascii_start())?;
        let rest = rest.trim_ascii_start().strip_prefix(b":")?;
        if same_key(name, key) {
            return Some(rest);
        }
        let (_, rest) = value(rest.trim_ascii_start(), 1)?;
        text = rest.trim_ascii_start().strip_prefix(b",")?;
    }
}

/// Where the element at this position begins, from behind the array's bracket.
fn element(mut text: &[u8], position: usize) -> Option<&[u8]> {
    for _ in 0..position {
        let (_, rest) = value(text.trim_ascii_start(), 1)?;
        text = rest.trim_ascii_start().strip_prefix(b",")?;
    }
    Some(text)
}

/// Whether a key is what the path means, in which a backslash is there only for the character behind it.
fn same_key(name: &[u8], key: &[u8]) -> bool {
    let mut escaped = false;
    let mut wanted = key.iter().filter(|b| {
        escaped = !escaped && **b == b'\\';
        !escaped
    });
    name.iter().all(|b| wanted.next() == Some(b)) && wanted.next().is_none()
}

/// The value at the front of `text`, and what follows it.
fn value(text: &[u8], depth: usize) -> Option<(Found<'_>, &[u8])> {
    match text.first()? {
        b'"' => string(text).map(|(inside, rest)| (Found::Text(inside), rest)),
        b'-' | b'0'..=b'9' => {
            let (number, rest) = text.split_at_checked(number(text))?;
            Some((Found::Number(number), rest))
        }
        b'{' | b'[' => {
            let end = nested(text, depth)?;
            let (whole, rest) = text.split_at_checked(end)?;
            let found = if text.first() == Some(&b'[') { Found::Array(whole) } else { Found::Object(whole) };
            Some((found, rest))
        }
        _ => {
            let literals: [(&[u8], Found<'_>); 3] =
                [(b"true", Found::Bool(true)), (b"false", Found::Bool(false)), (b"null", Found::Null)];
            literals.into_iter().find_map(|(word, found)| Some((found, text.strip_prefix(word)?)))
        }
    }
}

/// A string at the front of `text` without its quotes, and what follows it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let mut escaped = false;
    for (at, byte) in inside.iter().enumerate() {
        match byte {
            0 => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((inside.get(..at)?, inside.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// The length of the number at the front of `text`; 0 if a sign is all there is of it.
fn number(text: &[u8]) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let sign = usize::from(text.first() == Some(&b'-'));
    let mut end = sign + digits(sign);
    if end == sign {
        return 0;
    }
    if text.get(end) == Some(&b'.') && matches!(text.get(end + 1), Some(b'0'..=b'9' | b'e' | b'E')) {
        end += 1 + digits(end + 1);
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end += 1 + sign + digits(end + 1 + sign);
    }
    end
}

/// What may come next inside objects and arrays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A key, or the end of the object.
    Key,
    Colon,
    Value,
    /// A value, or the end of the array.
    Element,
    /// A comma, or the end.
    Comma,
}

/// The length of the object or array at the front of `text`, which lies `depth` deep.
fn nested(text: &[u8], depth: usize) -> Option<usize> {
    // Which of those open are objects.
    let mut open = [false; MOST_DEPTH];
    let mut used = 0;
    let mut next = Next::Value;
    let mut rest = text;
    loop {
        rest = rest.trim_ascii_start();
        let first = *rest.first()?;
        match (next, first) {
            (Next::Value | Next::Element, b'{' | b'[') => {
                if depth + used >= MOST_DEPTH {
                    return None;
                }
                *open.get_mut(used)? = first == b'{';
                used += 1;
                next = if first == b'{' { Next::Key } else { Next::Element };
                rest = rest.get(1..)?;
            }
            (Next::Key | Next::Comma, b'}') | (Next::Element | Next::Comma, b']') => {
                used = used.checked_sub(1)?;
                if *open.get(used)? != (first == b'}') {
                    return None;
                }
                rest = rest.get(1..)?;
                next = Next::Comma;
                if used == 0 {
                    return Some(text.len() - rest.len());
                }
            }
            (Next::Key, _) => {
                rest = string(rest)?.1;
                next = Next::Colon;
            }
            (Next::Colon, b':') => {
                rest = rest.get(1..)?;
                next = Next::Value;
            }
            (Next::Comma, b',') => {
                rest = rest.get(1..)?;
                next = if *open.get(used.checked_sub(1)?)? { Next::Key } else { Next::Element };
            }
            (Next::Value | Next::Element, _) => {
                let (_, after) = value(rest, MOST_DEPTH)?;
                if after.len() == rest.len() {
                    return None;
                }
                rest = after;
                next = Next::Comma;
            }
            (Next::Colon | Next::Comma, _) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let text = br#"{"a":[1,"x",{"k":"v"},[2]], "o" : {"p.q": -1.5e3},"b":true,"n":null}"#;
        let find = |path: &str| find(text, path.as_bytes());
        assert_eq!(find("$.a[0]"), Some(Found::Number(b"1")));
        assert_eq!(find("$.a[*]"), Some(Found::Number(b"1")));
        assert_eq!(find("$.a[1]"), Some(Found::Text(b"x")));
        assert_eq!(find("$.a[2].k"), Some(Found::Text(b"v")));
        assert_eq!(find("$.a[3]"), Some(Found::Array(b"[2]")));
        assert_eq!(find("$.o.p\\.q"), Some(Found::Number(b"-1.5e3")));
        assert_eq!(find("$.o.p.q"), None);
        assert_eq!(find("$.o"), Some(Found::Object(br#"{"p.q": -1.5e3}"#)));
        assert_eq!((find("$.b"), find("$.n")), (Some(Found::Bool(true)), Some(Found::Null)));
        for path in ["a", "$.x", "$.a[9]", "$.a[-1]", "$.b.c", ""] {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_wrong_before_the_value_hides_it() {
        for text in [r#"{"b":bad,"a":1}"#, r#"{a:1}"#, r#"{"b":[1},"a":1}"#, r#"{"b":"x,"a":1}"#, "", "{"] {
            assert_eq!(find(text.as_bytes(), b"$.a"), None, "{text}");
        }
        assert_eq!(find(br#"{"a":1"#, b"$.a"), Some(Found::Number(b"1")));
        let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert!(find(&deep(20), b"$").is_some() && find(&deep(21), b"$").is_none());
        assert!(find(&vec![b'['; 1 << 20], b"$").is_none());
    }

    #[test]
    fn escapes() {
        let resolved = |text: &[u8]| {
            let mut out = Vec::new();
            unescape(text, &mut out).map(|()| out)
        };
        assert_eq!(resolved(br#"a\"\\\n\u00e9"#).as_deref(), Some(&b"a\"\\\n\xe9"[..]));
        assert_eq!(resolved(br"\u20ac"), None);
        assert_eq!(resolved(br"\/"), None);
    }
}
