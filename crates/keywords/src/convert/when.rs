//! `when`: the input under a condition (manual 7.3.1).

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use state::Acl;

use super::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Stopping,
    Normal,
    Error,
    Forwarded,
    ToApplet,
    Processed,
    Acl,
}

/// The names in the order in which messages list them.
const NAMES: [(&str, What); 7] = [
    ("stopping", What::Stopping),
    ("normal", What::Normal),
    ("error", What::Error),
    ("forwarded", What::Forwarded),
    ("toapplet", What::ToApplet),
    ("processed", What::Processed),
    ("acl", What::Acl),
];

/// A condition, and whether it must not hold.
#[derive(Clone, Copy, Debug)]
struct Condition {
    what: What,
    negated: bool,
}

const CONDITION: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let name = written.text.strip_prefix('!');
        let (negated, name) = (name.is_some(), name.unwrap_or(written.text));
        let Some((_, what)) = NAMES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
            let names = names.join(",");
            return Err(format!("expects a supported keyword among {{{names}}} but got '{name}'").into());
        };
        Ok(Arg::own(Condition { what: *what, negated }))
    },
});
const ACL: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: true,
    read: |written, reading| {
        let asked = match written.before.first() {
            Some(Some(Arg::Own(made))) => made.get::<Condition>().is_some_and(|c| c.what == What::Acl),
            _ => false,
        };
        match written.text {
            "" if asked => Err("'acl' selector requires an extra argument with the ACL name".into()),
            name if asked => {
                let acl = reading.acl(name).map_err(|_| format!("ACL '{name}' not found"))?;
                Ok(Arg::Own(acl))
            }
            text => Ok(Arg::Str(text.as_bytes().into())),
        }
    },
});

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "when",
    args: &[
        ArgSpec::required("condition", CONDITION),
        ArgSpec::optional("args", ACL),
        ArgSpec::optional("args", ArgKind::Str),
    ],
    takes: Type::Any,
    gives: Type::Any,
    doc: "The input, if a condition holds, which `!` negates: `error` and `normal`, as `option dontlog-normal` tells them \
          apart; `forwarded` to a server, `toapplet`, `processed` by either; `stopping`; `acl` and the name of one.",
    examples: &[
        Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "str(x),when(normal)", gives: "x" },
        Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "str(x),when(!normal)", gives: "-" },
        Example { given: "GET / HTTP/1.1\r\n\r\n", expr: "str(x),when(acl,METH_GET)", gives: "x" },
    ],
    run: |args, value, cx| {
        let condition = args.own::<Condition>(0)?;
        (holds(condition.what, args, cx) != condition.negated).then_some(value)
    },
}];

fn holds(what: What, args: &Args, cx: &Ctx<'_>) -> bool {
    let stream = cx.stream;
    let wrong = || stream.is_some_and(state::Stream::went_wrong);
    let forwarded = || stream.is_some_and(|s| s.times.connected != 0);
    let to_applet = || stream.is_some_and(|s| s.service_name.is_some());
    match what {
        What::Stopping => cx.world.process.about.get().is_some_and(|about| about.stopping.load(Relaxed)),
        What::Normal => !wrong(),
        What::Error => wrong(),
        What::Forwarded => forwarded(),
        What::ToApplet => to_applet(),
        What::Processed => forwarded() || to_applet(),
        What::Acl => args.own::<Arc<Acl>>(1).is_some_and(|acl| acl.holds(cx)),
    }
}
