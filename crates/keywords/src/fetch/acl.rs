//! `acl`: whether named ACLs hold (manual 7.3.2).

use sample::Arg;

use super::prelude::*;

const ALSO: ArgSpec = ArgSpec::optional("acl", ArgKind::Acl);

pub(super) const KEYWORDS: &[Fetch] = &[Fetch {
    name: "acl",
    args: &[
        ArgSpec::required("acl", ArgKind::Acl),
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
        ALSO,
    ],
    gives: Type::Bool,
    needs: Needs::Constant,
    doc: "Whether all of the named ACLs hold; one behind `!` must not hold.",
    examples: &[
        Example { given: "POST / HTTP/1.1\r\n\r\n", expr: "acl(METH_POST,TRUE)", gives: "1" },
        Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "acl(!METH_POST,FALSE)", gives: "0" },
    ],
    get: |args, cx| {
        let holds = |arg: &Arg| match arg {
            Arg::Acl(number, negated) => {
                cx.world.acls.get(*number as usize).is_some_and(|acl| acl.holds(cx)) != *negated
            }
            _ => true,
        };
        Some(Value::Bool((0..args.len()).filter_map(|i| args.at(i)).all(holds)))
    },
    each: None,
}];
