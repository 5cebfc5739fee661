//! `regsub`: replacing what a regular expression finds (manual 7.3.1).

use std::ops::ControlFlow;

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
        Example { given: "", expr: "str(foo1-foo2),regsub('foo(?!1)','bar',g)", gives: "foo1-bar2" },
    ],
    run: |args, value, cx| {
        let text = value.bytes()?;
        let replacement = args.str(1).unwrap_or_default();
        let all = args.str(2).is_some_and(|f| f.contains(&b'g'));
        let mut out = bumpalo::collections::Vec::with_capacity_in(text.len(), cx.arena);
        let mut done = 0;
        args.regex(0)?.each(text, &mut |groups| {
            let Some((start, end)) = groups.span() else { return ControlFlow::Break(()) };
            out.extend_from_slice(text.get(done..start).unwrap_or_default());
            crate::bytes::expand(&groups, replacement, &mut |part| out.extend_from_slice(part));
            done = end;
            if all { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        out.extend_from_slice(text.get(done..)?);
        Some(Value::Str(out.into_bump_slice()))
    },
}];
