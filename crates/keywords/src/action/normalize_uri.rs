//! `normalize-uri`: brings targets that mean the same into one form (manual 4.4, RFC 3986 section 6).

use sample::Bump;

use super::prelude::*;

pub(super) const KEYWORDS: &[ActionKind] = &[ActionKind {
    name: "normalize-uri",
    parenthesised: false,
    sets: &[RuleSet::HttpRequest],
    doc: "Brings the request's path or query string into a normal form: `fragment-encode` (`#` becomes `%23`), \
          `fragment-strip` (cuts there), `path-merge-slashes`, `path-strip-dot`, `path-strip-dotdot` (with `full` also at \
          the beginning), `percent-decode-unreserved`, `percent-to-uppercase` (with `strict` a sequence that is none is \
          answered with 400), `query-sort-by-name`.",
    examples: &[
        "normalize-uri path-merge-slashes",
        "normalize-uri path-strip-dotdot full if { path /a }",
        "normalize-uri percent-decode-unreserved strict",
        "normalize-uri query-sort-by-name",
    ],
    parse,
}];

fn parse(p: &mut Parse<'_>) -> Result<Box<dyn Action>, String> {
    let name = p.words.next().ok_or("missing argument <normalizer>")?;
    let how = match name {
        "fragment-encode" => Normalizer::FragmentEncode,
        "fragment-strip" => Normalizer::FragmentStrip,
        "path-merge-slashes" => Normalizer::MergeSlashes,
        "path-strip-dot" => Normalizer::StripDot,
        "path-strip-dotdot" => Normalizer::StripDotDot { full: option(p, name, "full")? },
        "percent-decode-unreserved" => Normalizer::DecodeUnreserved { strict: option(p, name, "strict")? },
        "percent-to-uppercase" => Normalizer::ToUppercase { strict: option(p, name, "strict")? },
        "query-sort-by-name" => Normalizer::SortQuery,
        other => return Err(format!("unknown normalizer '{other}'")),
    };
    Ok(Box::new(NormalizeUri(how)))
}

/// Whether the one option of a normalizer was given.
fn option(p: &mut Parse<'_>, normalizer: &str, option: &str) -> Result<bool, String> {
    if p.words.at_end() {
        return Ok(false);
    }
    match p.words.next() {
        Some(word) if word == option => Ok(true),
        word => Err(format!("unknown argument '{}' for '{normalizer}' normalizer", word.unwrap_or_default())),
    }
}

#[derive(Clone, Copy, Debug)]
enum Normalizer {
    FragmentEncode,
    FragmentStrip,
    MergeSlashes,
    StripDot,
    StripDotDot { full: bool },
    DecodeUnreserved { strict: bool },
    ToUppercase { strict: bool },
    SortQuery,
}

#[derive(Debug)]
struct NormalizeUri(Normalizer);

impl Action for NormalizeUri {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let arena = act.arena;
        let Some(stream) = act.stream.as_deref_mut() else { return Verdict::Next };
        let request = &mut stream.request;
        let Some(old) = request.pathq() else { return Verdict::Next };
        match self.0.apply(old, arena) {
            Err(Invalid) => Verdict::Invalid,
            Ok(new) if new == old => Verdict::Next,
            Ok(new) => match request.set_pathq(new) {
                Ok(()) => Verdict::Next,
                Err(http::Full) => Verdict::NoRoom,
            },
        }
    }
}

/// A percent sign that begins no sequence.
#[derive(Debug, PartialEq, Eq)]
struct Invalid;

type Out<'a> = bumpalo::collections::Vec<'a, u8>;

impl Normalizer {
    /// The normal form of a path with its query string.
    fn apply<'a>(self, old: &[u8], arena: &'a Bump) -> Result<&'a [u8], Invalid> {
        let mut out = Out::with_capacity_in(old.len() + 16, arena);
        let end = old.iter().position(|b| *b == b'?').unwrap_or(old.len());
        let (path, query) = old.split_at_checked(end).unwrap_or((old, &[]));
        match self {
            Self::FragmentEncode => old.iter().for_each(|b| match b {
                b'#' => out.extend_from_slice(b"%23"),
                other => out.push(*other),
            }),
            Self::FragmentStrip => {
                out.extend_from_slice(old.split(|b| *b == b'#').next().unwrap_or_default());
            }
            Self::MergeSlashes => {
                merge_slashes(path, &mut out);
                out.extend_from_slice(query);
            }
            Self::StripDot => {
                strip_dot(path, &mut out);
                out.extend_from_slice(query);
            }
            Self::StripDotDot { full } => {
                strip_dot_dot(path, full, &mut out);
                out.extend_from_slice(query);
            }
            Self::DecodeUnreserved { strict } => percent(old, strict, &mut out, |digits, byte, out| {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    out.push(byte);
                } else {
                    out.extend_from_slice(&[b'%', digits[0], digits[1]]);
                }
            })?,
            Self::ToUppercase { strict } => percent(old, strict, &mut out, |digits, _, out| {
                out.extend_from_slice(&[
                    b'%',
                    digits[0].to_ascii_uppercase(),
                    digits[1].to_ascii_uppercase(),
                ]);
            })?,
            Self::SortQuery => {
                out.extend_from_slice(path);
                sort(query, &mut out);
            }
        }
        Ok(out.into_bump_slice())
    }
}

fn merge_slashes(path: &[u8], out: &mut Out<'_>) {
    for byte in path {
        if *byte != b'/' || out.last() != Some(&b'/') {
            out.push(*byte);
        }
    }
}

/// Leaves out segments that are one dot.
fn strip_dot(path: &[u8], out: &mut Out<'_>) {
    let mut segments = path.split(|b| *b == b'/').peekable();
    let mut first = true;
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match (segment, last) {
            (b".", false) if !first => {}
            (b".", true) if !first => out.push(b'/'),
            _ => {
                if !first {
                    out.push(b'/');
                }
                out.extend_from_slice(segment);
            }
        }
        first = false;
    }
}

/// Joins segments that are two dots with the one in front of them; where there is none they stay, unless `full`.
fn strip_dot_dot(path: &[u8], full: bool, out: &mut Out<'_>) {
    let mut segments = path.split(|b| *b == b'/');
    out.extend_from_slice(segments.next().unwrap_or_default());
    let floor = out.len();
    // Where the part begins that no later segment may take away.
    let mut kept = floor;
    let mut open = false;
    for segment in segments {
        open = false;
        if segment != b".." {
            out.push(b'/');
            out.extend_from_slice(segment);
        } else if out.len() > kept {
            let from = out.iter().rposition(|b| *b == b'/').unwrap_or(floor).max(kept);
            out.truncate(from);
            open = true;
        } else if full {
            open = true;
        } else {
            out.extend_from_slice(b"/..");
            kept = out.len();
            open = true;
        }
    }
    // The last segment named a folder.
    if open {
        out.push(b'/');
    }
}

/// Calls `write` with the two digits of each sequence and the byte they stand for; other bytes stay as they are.
fn percent(
    text: &[u8],
    strict: bool,
    out: &mut Out<'_>,
    write: impl Fn([u8; 2], u8, &mut Out<'_>),
) -> Result<(), Invalid> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let sequence = match after {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)).map(|v| ([*high, *low], v)),
            _ => None,
        };
        match sequence {
            Some((digits, (high, low))) => {
                write(digits, high << 4 | low, out);
                rest = after.get(2..).unwrap_or_default();
            }
            None if *first == b'%' && strict => return Err(Invalid),
            None => out.push(*first),
        }
    }
    Ok(())
}

/// Writes a query string, its question mark included, with its parameters in the order of their names.
fn sort(query: &[u8], out: &mut Out<'_>) {
    let Some((mark, text)) = query.split_first() else { return };
    let mut parameters = bumpalo::collections::Vec::new_in(out.bump());
    parameters.extend(text.split(|b| *b == b'&'));
    parameters.sort_by_key(|parameter| parameter.split(|b| *b == b'=').next());
    out.push(*mark);
    for (i, parameter) in parameters.iter().enumerate() {
        if i > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(parameter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(how: Normalizer, text: &str) -> Result<String, Invalid> {
        let arena = Bump::new();
        how.apply(text.as_bytes(), &arena).map(|b| String::from_utf8_lossy(b).into_owned())
    }

    #[test]
    fn dots() {
        for (given, gives) in [
            ("/.", "/"),
            ("/./bar/", "/bar/"),
            ("/a/./a", "/a/a"),
            ("/.well-known/", "/.well-known/"),
            ("/a/.?x=/./", "/a/?x=/./"),
        ] {
            assert_eq!(apply(Normalizer::StripDot, given), Ok(gives.to_owned()), "{given}");
        }
        for (given, plain, full) in [
            ("/foo/../", "/", "/"),
            ("/foo/../bar/", "/bar/", "/bar/"),
            ("/foo/bar/../", "/foo/", "/foo/"),
            ("/../bar/", "/../bar/", "/bar/"),
            ("/bar/../../", "/../", "/"),
            ("/foo//../", "/foo/", "/foo/"),
            ("/foo/%2E%2E/", "/foo/%2E%2E/", "/foo/%2E%2E/"),
            ("/foo/..", "/", "/"),
            ("/..", "/../", "/"),
            ("/../a/../..", "/../../", "/"),
            ("/../a/..", "/../", "/"),
        ] {
            assert_eq!(
                apply(Normalizer::StripDotDot { full: false }, given),
                Ok(plain.to_owned()),
                "{given}"
            );
            assert_eq!(apply(Normalizer::StripDotDot { full: true }, given), Ok(full.to_owned()), "{given}");
        }
    }

    #[test]
    fn sequences_and_queries() {
        let decode = |strict| Normalizer::DecodeUnreserved { strict };
        assert_eq!(apply(decode(false), "/%61dmin%3F%%36"), Ok("/admin%3F%6".to_owned()));
        assert_eq!(apply(decode(true), "/%%36%36"), Err(Invalid));
        assert_eq!(apply(Normalizer::ToUppercase { strict: false }, "/%6f%zz%a"), Ok("/%6F%zz%a".to_owned()));
        assert_eq!(apply(Normalizer::ToUppercase { strict: true }, "/%a"), Err(Invalid));
        assert_eq!(apply(Normalizer::SortQuery, "/?aaa=3&a=1&aa=2"), Ok("/?a=1&aa=2&aaa=3".to_owned()));
        assert_eq!(
            apply(Normalizer::SortQuery, "/?a=3&b=4&a=1&b=5&a=2"),
            Ok("/?a=3&a=1&a=2&b=4&b=5".to_owned())
        );
        assert_eq!(apply(Normalizer::MergeSlashes, "//a//b?c=//"), Ok("/a/b?c=//".to_owned()));
        assert_eq!(apply(Normalizer::FragmentEncode, "/#foo"), Ok("/%23foo".to_owned()));
        assert_eq!(apply(Normalizer::FragmentStrip, "/#foo"), Ok("/".to_owned()));
    }
}
