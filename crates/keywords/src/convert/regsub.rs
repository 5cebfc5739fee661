//! `regsub`: replacing what a regular expression finds (manual 7.3.1).

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "regsub",
    args: &[
        ArgSpec::required("regex", ArgKind::Regex),
        ArgSpec::required("subst", ArgKind::Str),
        ArgSpec::optional("flags", ArgKind::RegexFlags),
    ],
    takes: Type::Str,
    gives: Type::Str,
    doc: "The text with the first match of a regular expression, or all of them with the flag `g`, replaced; `\\1` to `\\9` in the replacement stand for the groups, `\\0` for the whole match. The flag `i` ignores case.",
    examples: &[
        Example { given: "", expr: "str(/a//b),regsub('/+','-')", gives: "-a//b" },
        Example { given: "", expr: "str(/a//b),regsub('/+','-',g)", gives: "-a-b" },
        Example { given: "", expr: "str(FOO12),regsub('(foo)([0-9]+)','\\2-\\1',i)", gives: "12-FOO" },
        Example { given: "", expr: "str(abc),regsub(z,y)", gives: "abc" },
    ],
    run: |args, value, cx| {
        let text = value.bytes()?;
        let replacement = args.str(1).unwrap_or_default();
        let all = args.str(2).is_some_and(|f| f.contains(&b'g'));
        let mut out = bumpalo::collections::Vec::with_capacity_in(text.len(), cx.arena);
        let mut done = 0;
        for groups in args.regex(0)?.captures_iter(text) {
            let whole = groups.get(0)?;
            out.extend_from_slice(text.get(done..whole.start())?);
            crate::bytes::expand(&groups, replacement, &mut |part| out.extend_from_slice(part));
            done = whole.end();
            if !all {
                break;
            }
        }
        out.extend_from_slice(text.get(done..)?);
        Some(Value::Str(out.into_bump_slice()))
    },
}];
