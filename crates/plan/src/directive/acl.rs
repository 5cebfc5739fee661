//! `acl` (manual 7.1): kept for `assemble`, since an ACL may name proxies that come later.

use crate::ctx::{Directive, at};

pub(super) const DIRECTIVES: &[Directive] = &[Directive {
    name: "acl",
    sections: at::PROXY,
    apply: |cx, line| {
        cx.draft.acls.push(line);
        Ok(())
    },
}];
