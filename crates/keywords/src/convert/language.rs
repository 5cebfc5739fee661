//! `language`: which of some languages the client wants most (manual 7.3.1, RFC 9110 section 12.5.4).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "language",
    args: &[ArgSpec::required("value", ArgKind::Str), ArgSpec::optional("default", ArgKind::Str)],
    takes: Type::Str,
    gives: Type::Str,
    doc: "The one of the listed languages (`es;fr;en`) that the input, a value of `accept-language`, prefers: the \
          first with the highest weight above 0. A language with a variant (`fr-CH`) that is not listed counts as the \
          language alone. The default, if there is one, where none is listed.",
    examples: &[
        Example { given: "", expr: "str('es;q=0.5, fr'),language(es;fr;en)", gives: "fr" },
        Example { given: "", expr: "str('fr-CH'),language(es;fr)", gives: "fr" },
        Example { given: "", expr: "str('fr;q=0'),language(es;fr)", gives: "-" },
        Example { given: "", expr: "str(de),language(es;fr,en)", gives: "en" },
    ],
    run: |args, value, _| {
        let listed = args.str(0).unwrap_or_default();
        let mut best = None;
        let mut most = 0;
        for item in value.bytes()?.split(|b| *b == b',') {
            let (tag, weight) = weighed(item.trim_ascii());
            if weight > most
                && let Some(found) = find(listed, tag)
            {
                (best, most) = (Some(found), weight);
            }
        }
        best.or_else(|| args.str(1)).map(Value::Str)
    },
}];

/// A language and its weight in thousandths: 1000 where none is given or what is given is no number.
fn weighed(item: &[u8]) -> (&[u8], u32) {
    let mut parts = item.split(|b| *b == b';');
    let tag = parts.next().unwrap_or_default().trim_ascii_end();
    let weight = parts
        .next()
        .map(<[u8]>::trim_ascii)
        .and_then(|p| p.strip_prefix(b"q"))
        .and_then(|p| p.trim_ascii_start().strip_prefix(b"=").map(<[u8]>::trim_ascii_start));
    (tag, weight.map_or(1000, thousandths))
}

/// `0.5` as 500, from at most three digits behind the point.
fn thousandths(text: &[u8]) -> u32 {
    let Some((whole, rest)) = text.split_first() else { return 1000 };
    match (whole, rest.split_first()) {
        (b'0', Some((b'.', digits))) => {
            let digits = digits.iter().take(3).take_while(|d| d.is_ascii_digit());
            digits.fold((0, 100), |(sum, unit), d| (sum + u32::from(d - b'0') * unit, unit / 10)).0
        }
        (b'0', _) => 0,
        _ => 1000,
    }
}

/// The listed language that a tag means.
fn find<'l>(listed: &'l [u8], tag: &[u8]) -> Option<&'l [u8]> {
    let whole = |wanted: &[u8]| listed.split(|b| *b == b';').find(|l| !l.is_empty() && *l == wanted);
    let mut tag = tag;
    loop {
        if let Some(found) = whole(tag) {
            return Some(found);
        }
        tag = tag.get(..tag.iter().rposition(|b| *b == b'-')?)?;
    }
}
