//! `http_auth`, `http_auth_group`, `http_auth_user`, `http_auth_pass`, `http_auth_type`, `http_auth_bearer`: who asks
//! (manual 7.3.6, 12.2).

use state::auth::Userlist;

use super::prelude::*;
use crate::auth::{self, Asked};

const LIST: &[ArgSpec] = &[ArgSpec::required("userlist", ArgKind::Userlist)];
const HEADER: &[ArgSpec] = &[ArgSpec::optional("header", ArgKind::Str)];
const NOBODY: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
/// `Aladdin:open sesame`
const ALADDIN: &str =
    "GET / HTTP/1.1\r\nhost: a\r\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n";
/// `Aladdin:x`
const WRONG: &str = "GET / HTTP/1.1\r\nhost: a\r\nauthorization: Basic QWxhZGRpbjp4\r\n\r\n";
/// `Joe:Hello world!`
const JOE: &str = "GET / HTTP/1.1\r\nhost: a\r\nauthorization: basic  Sm9lOkhlbGxvIHdvcmxkIQ==\r\n\r\n";
const TOKEN: &str =
    "GET / HTTP/1.1\r\nhost: a\r\nauthorization: bearer  abc def\r\nx-auth: Bearer xyz\r\n\r\n";

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "http_auth",
        args: LIST,
        gives: Type::Bool,
        needs: Needs::RequestHead,
        doc: "Whether the client gave a user of the userlist and the user's password; nothing if it gave no credentials of the `Basic` scheme.",
        examples: &[
            Example { given: ALADDIN, expr: "http_auth(people)", gives: "1" },
            Example { given: JOE, expr: "http_auth(people)", gives: "1" },
            Example { given: WRONG, expr: "http_auth(people)", gives: "0" },
            Example { given: NOBODY, expr: "http_auth(people)", gives: "-" },
        ],
        get: |args, cx| {
            let asked = asked(cx)?;
            asked.basic(cx.arena)?;
            Some(Value::Bool(asked.user(list(args, cx)?, cx.arena).is_some()))
        },
        each: None,
    },
    Fetch {
        name: "http_auth_bearer",
        args: HEADER,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The token of the `Bearer` scheme in `authorization`, or in the header named.",
        examples: &[
            Example { given: TOKEN, expr: "http_auth_bearer", gives: "abc def" },
            Example { given: TOKEN, expr: "http_auth_bearer(x-auth)", gives: "xyz" },
            Example { given: ALADDIN, expr: "http_auth_bearer", gives: "-" },
        ],
        get: |args, cx| bearer(args, cx),
        each: None,
    },
    Fetch {
        name: "http_auth_group",
        args: LIST,
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The user's name, if `http_auth` holds. An ACL compares with the names of the user's groups instead.",
        examples: &[
            Example { given: ALADDIN, expr: "http_auth_group(people)", gives: "Aladdin" },
            Example { given: WRONG, expr: "http_auth_group(people)", gives: "-" },
        ],
        get: |args, cx| {
            let (name, _) = asked(cx)?.user(list(args, cx)?, cx.arena)?;
            Some(Value::Str(name))
        },
        each: Some(groups),
    },
    Fetch {
        name: "http_auth_pass",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The password of the `Basic` scheme in `authorization`, whether it is the right one or not.",
        examples: &[
            Example { given: ALADDIN, expr: "http_auth_pass", gives: "open sesame" },
            Example { given: TOKEN, expr: "http_auth_pass", gives: "-" },
        ],
        get: |_, cx| asked(cx)?.basic(cx.arena).map(|(_, password)| Value::Str(password)),
        each: None,
    },
    Fetch {
        name: "http_auth_type",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The scheme in `authorization`: `Basic` or `Bearer`.",
        examples: &[
            Example { given: JOE, expr: "http_auth_type", gives: "Basic" },
            Example { given: TOKEN, expr: "http_auth_type", gives: "Bearer" },
            Example { given: NOBODY, expr: "http_auth_type", gives: "-" },
        ],
        get: |_, cx| scheme(cx),
        each: None,
    },
    Fetch {
        name: "http_auth_user",
        args: &[],
        gives: Type::Str,
        needs: Needs::RequestHead,
        doc: "The user of the `Basic` scheme in `authorization`, whoever it really is.",
        examples: &[
            Example { given: WRONG, expr: "http_auth_user", gives: "Aladdin" },
            Example { given: NOBODY, expr: "http_auth_user", gives: "-" },
        ],
        get: |_, cx| asked(cx)?.basic(cx.arena).map(|(user, _)| Value::Str(user)),
        each: None,
    },
];

fn list<'a>(args: &Args, cx: &Ctx<'a>) -> Option<&'a Userlist> {
    cx.world.userlists.get(usize::try_from(args.userlist(0)?).ok()?)
}

fn asked<'a>(cx: &Ctx<'a>) -> Option<Asked<'a>> {
    Some(Asked::new(cx.world, cx.session.frontend, request(cx)?))
}

fn bearer<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let (scheme, token) = match args.str(0).filter(|name| !name.is_empty()) {
        Some(name) => match request(cx)?.find(name) {
            Some(value) => auth::split(value)?,
            // HAProxy gives an empty token where there is no such header.
            None => return Some(Value::Str(b"")),
        },
        None => asked(cx)?.authorization()?,
    };
    scheme.eq_ignore_ascii_case(b"bearer").then_some(Value::Str(token))
}

fn groups<'a>(args: &'a Args, cx: &Ctx<'a>, visit: &mut dyn FnMut(Value<'a>) -> ControlFlow<()>) {
    let user = || asked(cx)?.user(list(args, cx)?, cx.arena);
    let Some((_, user)) = user() else { return };
    for group in &user.groups {
        if visit(Value::Str(group)).is_break() {
            return;
        }
    }
}

/// As it is written in the specifications, whatever the client wrote; none for credentials that can't be read.
fn scheme<'a>(cx: &Ctx<'a>) -> Option<Value<'a>> {
    let asked = asked(cx)?;
    let (scheme, _) = asked.authorization()?;
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Value::Str(b"Bearer"));
    }
    asked.basic(cx.arena).map(|_| Value::Str(b"Basic"))
}
