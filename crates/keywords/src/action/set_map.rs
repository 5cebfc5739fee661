//! `set-map`, `del-map`, `add-acl`, `del-acl`: changing a list of patterns (manual 4.4). Every request sees the change at
//! once. A name that no ACL and no map uses stands for nothing, and changing it does nothing, as in HAProxy.

use sample::pattern::Which;

use super::prelude::*;

/// Where HAProxy lets the entries of an ACL be added and removed.
const MESSAGES: &[RuleSet] = &[RuleSet::HttpRequest, RuleSet::HttpResponse];

pub(super) const KEYWORDS: &[ActionKind] = &[
    ActionKind {
        name: "add-acl",
        parenthesised: true,
        sets: MESSAGES,
        doc: "Adds a pattern to the file of an ACL, as long as it is loaded, unless it is there.",
        examples: &["add-acl(virt@seen) %[src]", "add-acl(hosts.lst) %[req.hdr(host)] if { path /enter }"],
        parse: |p| parse(p, Change::Add),
    },
    ActionKind {
        name: "del-acl",
        parenthesised: true,
        sets: HTTP,
        doc: "Removes a pattern from the file of an ACL, as long as it is loaded.",
        examples: &["del-acl(virt@seen) %[src]"],
        parse: |p| parse(p, Change::Delete),
    },
    ActionKind {
        name: "del-map",
        parenthesised: true,
        sets: HTTP,
        doc: "Removes a key from a map, as long as it is loaded.",
        examples: &["del-map(virt@routes) %[req.hdr(host)]"],
        parse: |p| parse(p, Change::Delete),
    },
    ActionKind {
        name: "set-map",
        parenthesised: true,
        sets: HTTP,
        doc: "Gives a key of a map a value, or adds it, as long as the map is loaded.",
        examples: &["set-map(virt@routes) %[req.hdr(host)] %[req.hdr(x-backend)]"],
        parse: |p| parse(p, Change::Set),
    },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Add,
    Delete,
    Set,
}

fn parse(p: &mut Parse<'_>, change: Change) -> Result<Box<dyn Action>, String> {
    let (count, expected) = match change {
        Change::Set => (2, "expects exactly 2 arguments"),
        Change::Add | Change::Delete => (1, "expects exactly 1 arguments"),
    };
    // What looks like a condition is an argument all the same.
    if p.words.rest().len() < count {
        return Err(expected.to_owned());
    }
    let list = p.compiler.changes(p.inside.unwrap_or_default());
    let key = p.compiler.format(p.words.next().unwrap_or_default())?;
    let value = match change {
        Change::Set => Some(p.compiler.format(p.words.next().unwrap_or_default())?),
        Change::Add | Change::Delete => None,
    };
    Ok(Box::new(ChangeList { list, key, value, change }))
}

#[derive(Debug)]
struct ChangeList {
    list: Box<str>,
    key: Format,
    value: Option<Format>,
    change: Change,
}

impl Action for ChangeList {
    fn run<'w>(&'w self, act: &mut Act<'w>) -> Verdict {
        let Some(list) = act.world.references.by_name(&self.list) else { return Verdict::Next };
        let key = act.text(&self.key);
        if act.session.rehearsal {
            return Verdict::Next;
        }
        // What can't be a pattern or a value of this list is not added: the request goes on, as in HAProxy.
        let _ = match self.change {
            Change::Add => list.add_new(key, b""),
            Change::Set => list.put(key, self.value.as_ref().map_or(&[], |v| act.text(v))),
            Change::Delete => {
                list.remove(Which::Key(key));
                Ok(())
            }
        };
        Verdict::Next
    }
}
