//! `set-var`, `unset-var`: variables in the middle of an expression (manual 2.8, 7.3.1).

use super::prelude::*;
use crate::fetch::var::put;
use crate::vars::Condition;

const CONDITION: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| Ok(Arg::own(Condition::read(written.text)?)),
});
const ARGS: &[ArgSpec] = &[
    ArgSpec::required("var", ArgKind::Var),
    ArgSpec::optional("cond", CONDITION),
    ArgSpec::optional("cond", CONDITION),
    ArgSpec::optional("cond", CONDITION),
    ArgSpec::optional("cond", CONDITION),
];

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "set-var",
        args: ARGS,
        takes: Type::Any,
        gives: Type::Any,
        doc: "Sets a variable to the input and passes it on, if all conditions hold (see the action `set-var`); else \
              there is no sample, nor where the variable's scope doesn't exist.",
        examples: &[
            Example {
                given: "GET / HTTP/1.1\r\n\r\n",
                expr: "int(5),set-var(txn.x),add(txn.x)",
                gives: "10",
            },
            Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "str(a),set-var(txn.x,ifexists)", gives: "-" },
        ],
        run: |args, value, cx| {
            let var = args.var(0)?;
            let conditions = (1..5).filter_map(|position| args.own::<Condition>(position));
            let allowed = Condition::all_hold(conditions, var, value, cx);
            (allowed && put(var, Some(value), cx)).then_some(value)
        },
    },
    Converter {
        name: "unset-var",
        args: &[ArgSpec::required("var", ArgKind::Var)],
        takes: Type::Any,
        gives: Type::Any,
        doc: "Forgets a variable and passes the input on.",
        examples: &[Example {
            given: "GET / HTTP/1.1\r\n\r\n",
            expr: "str(a),set-var(txn.x),unset-var(txn.x),concat(,txn.x)",
            gives: "a",
        }],
        run: |args, value, cx| put(args.var(0)?, None, cx).then_some(value),
    },
];
