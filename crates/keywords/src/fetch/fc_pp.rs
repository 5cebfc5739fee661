//! `fc_rcvd_proxy`, `fc_pp_authority`, `fc_pp_tlv`, `fc_pp_unique_id`: what came in front of the client's connection in a
//! header of the PROXY protocol (manual 7.3.3).

use wire::proxy::{Tlvs, kind};

use super::prelude::*;

const GIVEN: &str = "GET / HTTP/1.1\r\n\r\n";

/// The types that have names.
const NAMES: &[(&str, i64)] = &[
    ("ALPN", kind::ALPN as i64),
    ("AUTHORITY", kind::AUTHORITY as i64),
    ("CRC32C", kind::CRC32C as i64),
    ("NETNS", kind::NETNS as i64),
    ("NOOP", kind::NOOP as i64),
    ("SSL", kind::SSL as i64),
    ("SSL_CIPHER", kind::SSL_CIPHER as i64),
    ("SSL_CN", kind::SSL_CN as i64),
    ("SSL_KEY_ALG", kind::SSL_KEY_ALG as i64),
    ("SSL_SIG_ALG", kind::SSL_SIG_ALG as i64),
    ("SSL_VERSION", kind::SSL_VERSION as i64),
    ("UNIQUE_ID", kind::UNIQUE_ID as i64),
];

pub(super) const KEYWORDS: &[Fetch] = &[
    Fetch {
        name: "fc_pp_authority",
        args: &[],
        gives: Type::Str,
        needs: Needs::Client,
        doc: "The host name that the sender of the PROXY protocol header passed on.",
        examples: &[Example { given: GIVEN, expr: "fc_pp_authority", gives: "-" }],
        get: |_, cx| first(cx, kind::AUTHORITY),
        each: None,
    },
    Fetch {
        name: "fc_pp_tlv",
        args: &[ArgSpec::required("id", ArgKind::IntOrName(NAMES))],
        gives: Type::Str,
        needs: Needs::Session,
        doc: "The value of the first TLV of this type (0 to 255, or a name of the specification) in the PROXY protocol \
              header. An ACL looks at every one of the type.",
        examples: &[
            Example { given: GIVEN, expr: "fc_pp_tlv(0xE1)", gives: "-" },
            Example { given: GIVEN, expr: "fc_pp_tlv(SSL_CN)", gives: "-" },
        ],
        get: |args, cx| first(cx, wanted(args)?),
        each: Some(|args, cx, visit| {
            let Some(wanted) = wanted(args) else { return };
            let all = Tlvs::new(&cx.session.tlvs).iter();
            for (_, value) in all.filter(|(kind, _)| *kind == wanted) {
                if visit(Value::Str(value)).is_break() {
                    return;
                }
            }
        }),
    },
    Fetch {
        name: "fc_pp_unique_id",
        args: &[],
        gives: Type::Str,
        needs: Needs::Client,
        doc: "The unique id that the sender of the PROXY protocol header gave to the connection.",
        examples: &[Example { given: GIVEN, expr: "fc_pp_unique_id", gives: "-" }],
        get: |_, cx| first(cx, kind::UNIQUE_ID),
        each: None,
    },
    Fetch {
        name: "fc_rcvd_proxy",
        args: &[],
        gives: Type::Bool,
        needs: Needs::Client,
        doc: "Whether the connection began with a header of the PROXY protocol.",
        examples: &[Example { given: GIVEN, expr: "fc_rcvd_proxy", gives: "0" }],
        get: |_, cx| Some(Value::Bool(cx.session.proxied)),
        each: None,
    },
];

fn wanted(args: &Args) -> Option<u8> {
    args.int(0).and_then(|kind| u8::try_from(kind).ok())
}

fn first<'a>(cx: &Ctx<'a>, kind: u8) -> Option<Value<'a>> {
    Tlvs::new(&cx.session.tlvs).find(kind).map(Value::Str)
}
