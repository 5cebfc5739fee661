//! `jwt_decrypt_cert`, `jwt_decrypt_jwk`, `jwt_decrypt_secret`: the content of encrypted JSON Web Tokens (manual 7.3.1).

use super::jwt_verify::{certificate, named};
use super::prelude::*;
use crate::fetch::var::lookup;
use crate::jose::decrypt::decrypt;
use crate::jose::key::Key;

const SECRET: ArgKind = secret!("failed to parse secret");

/// A key as a text, or a variable that holds one.
const JWK: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| {
        if let Ok(var) = reading.var(written.text) {
            return Ok(Arg::Var(var));
        }
        Ok(Arg::own(Key::from_jwk(written.text.as_bytes())?))
    },
});

/// The name of a certificate that is for tokens, or a variable that holds one.
const CERTIFICATE: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: true,
    read: |written, reading| {
        let name = written.text;
        if let Ok(var) = reading.var(name) {
            return Ok(Arg::Var(var));
        }
        match reading.may_decrypt_with(name) {
            Some(true) => Ok(Arg::Str(sample::text::boxed(name))),
            Some(false) => {
                Err(format!("unusable certificate {name} (\"jwt\" option not set to \"on\")").into())
            }
            None => Err(format!("unknown certificate {name}").into()),
        }
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "jwt_decrypt_cert",
        args: &[ArgSpec::required("cert", CERTIFICATE)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The content of an encrypted JSON Web Token in the compact form, decrypted with the key of a certificate that is \
              for tokens (`jwt on` in a `crt-store`, or `add ssl jwt`) or a variable that holds its name; nothing if it can't \
              be. See `jwt_decrypt_jwk`.",
        examples: &[Example { given: "", expr: "str(x),jwt_decrypt_cert(txn.certificate)", gives: "-" }],
        run: |args, value, cx| {
            let stored = certificate(named(args, 0, cx)?, cx).filter(|stored| stored.for_tokens)?;
            opened(value.bytes()?, Key::from_private(&stored.private_key()?).as_ref(), cx)
        },
    },
    Converter {
        name: "jwt_decrypt_jwk",
        args: &[ArgSpec::required("jwk", JWK)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The content of an encrypted JSON Web Token in the compact form, decrypted with a JSON Web Key of type `oct`, `RSA` \
              or `EC` or a variable that holds one; nothing if it can't be. `jwt.decrypt_alg_list` and `jwt.decrypt_enc_list` \
              say which algorithms may be used.",
        examples: &[
            Example {
                given: "",
                expr: concat!(
                    "str(eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkD",
                    "THzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvce",
                    "FICbCVQ),",
                    r#"jwt_decrypt_jwk('{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"}')"#
                ),
                gives: "Live long and prosper.",
            },
            Example { given: "", expr: r#"str(x),jwt_decrypt_jwk('{"kty":"oct","k":"YQ"}')"#, gives: "-" },
        ],
        run: |args, value, cx| {
            let read = match args.at(0)? {
                Arg::Var(var) => lookup(*var, cx).and_then(|v| Key::from_jwk(v.bytes()?).ok()),
                _ => None,
            };
            opened(value.bytes()?, read.as_ref().or_else(|| args.own::<Key>(0)), cx)
        },
    },
    Converter {
        name: "jwt_decrypt_secret",
        args: &[ArgSpec::required("secret", SECRET)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The content of an encrypted JSON Web Token in the compact form, decrypted with a secret in base 64 or a variable \
              that holds one; nothing if it can't be. See `jwt_decrypt_jwk`.",
        examples: &[
            Example {
                given: "",
                expr: concat!(
                    "str(eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkD",
                    "THzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvce",
                    "FICbCVQ),",
                    "jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg==)"
                ),
                gives: "Live long and prosper.",
            },
            Example { given: "", expr: "str(e30.e30.YQ),jwt_decrypt_secret(c2VjcmV0)", gives: "-" },
        ],
        run: |args, value, cx| {
            let key = secret_bytes(args, 0, cx).map(|secret| Key::Secret(secret.to_vec()));
            opened(value.bytes()?, key.as_ref(), cx)
        },
    },
];

/// What the token holds; nothing if it can't be opened.
fn opened<'a>(token: &[u8], key: Option<&Key>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let content = decrypt(token, key?, cx.world.global.jose)?;
    Some(Value::Bin(cx.arena.alloc_slice_copy(&content)))
}
