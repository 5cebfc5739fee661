//! `jwt_verify`, `jwt_verify_cert`: the signature of a JSON Web Token (manual 7.3.1).

use state::tls::store::Stored;

use super::prelude::*;
use crate::fetch::var::lookup;
use crate::jose::verify::{Algorithm, Key, Outcome, PublicKey, verify};

/// The name of an algorithm, or a variable that holds one.
const ALGORITHM: ArgKind = ArgKind::Own(&Own { kind: "string", absent: false, read: algorithm });

/// The same of those that need no secret.
const PUBLIC_ALGORITHM: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| match algorithm(written, reading)? {
        Arg::Own(made) if made.get::<Algorithm>().is_some_and(|a| a.is_hmac()) => {
            Err("HMAC-signed tokens can't be processed by this converter".into())
        }
        read => Ok(read),
    },
});

fn algorithm(written: &Written<'_>, reading: &mut dyn Reading) -> Result<Arg, Unread> {
    if let Ok(var) = reading.var(written.text) {
        return Ok(Arg::Var(var));
    }
    let algorithm = Algorithm::of(written.text.as_bytes());
    let algorithm = algorithm.ok_or_else(|| format!("unknown JWT algorithm: {}", written.text))?;
    Ok(Arg::own(algorithm))
}

/// The path of a certificate, or a variable that holds one.
const CERTIFICATE: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| {
        if let Ok(var) = reading.var(written.text) {
            return Ok(Arg::Var(var));
        }
        reading.verify_with(written.text);
        Ok(Arg::Str(sample::text::boxed(written.text)))
    },
});

/// A secret, the path of a public key, or a variable that holds one of these. What can be read as a key is, so that
/// variables can name it.
const KEY: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| {
        if let Ok(var) = reading.var(written.text) {
            return Ok(Arg::Var(var));
        }
        let algorithm = match written.before.first() {
            Some(Some(Arg::Own(made))) => made.get::<Algorithm>().copied(),
            _ => None,
        };
        if algorithm.is_none_or(|algorithm| !algorithm.is_hmac()) {
            let key = reading.file(written.text).ok().and_then(|pem| PublicKey::from_pem(&pem));
            match key {
                Some(key) => reading.keep(written.text, sample::arg::Made::new(key)),
                None if algorithm.is_none() => {}
                None => return Err(format!("no public key in file '{}'", written.text).into()),
            }
        }
        Ok(Arg::Str(sample::text::boxed(written.text)))
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "jwt_verify",
        args: &[ArgSpec::required("alg", ALGORITHM), ArgSpec::required("key", KEY)],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "Whether the signature of a JSON Web Token in the compact form is right, by an algorithm (`HS256`, `RS384`, `ES512`, \
          `PS256`, ...) and a secret or the file of a public key, each of which a variable may hold: 1 if it is, 0 if not, \
          -1 for an unknown algorithm, -3 for what is no such token, -5 for a key that is not known. Files that only \
          variables name must be named by another `jwt_verify` as well.",
        examples: &[
            Example {
                given: "",
                expr: concat!(
                    "str(",
                    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.",
                    "x_LaXzLC1KXBJNpuEZJTxsTVMEWSXDEqRuuVB7jUnOo",
                    "),jwt_verify(HS256,secret)"
                ),
                gives: "0",
            },
            Example { given: "", expr: "str(e30.e30.YQ),jwt_verify(HS256,secret)", gives: "0" },
            Example { given: "", expr: "str(e30.e30),jwt_verify(HS256,secret)", gives: "-3" },
        ],
        run: |args, value, cx| Some(Value::Sint(outcome(args, value.bytes()?, cx)? as i64)),
    },
    Converter {
        name: "jwt_verify_cert",
        args: &[ArgSpec::required("alg", PUBLIC_ALGORITHM), ArgSpec::required("cert", CERTIFICATE)],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "Whether the signature of a JSON Web Token in the compact form is right, by an algorithm as in `jwt_verify`, except \
              those with secrets, and the file of a certificate, each of which a variable may hold. It gives the numbers of \
              `jwt_verify`, -2 for an algorithm with a secret, and -7 for a certificate that is not said to be for tokens: \
              by `jwt on` in a `crt-store`, by `add ssl jwt`, or by standing here, where it is loaded if it has to be.",
        examples: &[
            Example { given: "", expr: "str(e30.e30),jwt_verify_cert(RS256,none.pem)", gives: "-3" },
            Example { given: "", expr: "str(e30.e30.YQ),jwt_verify_cert(RS256,none.pem)", gives: "-5" },
            Example { given: "", expr: "str(e30.e30.),jwt_verify_cert(none,none.pem)", gives: "1" },
        ],
        run: |args, value, cx| Some(Value::Sint(outcome_by_certificate(args, value.bytes()?, cx)? as i64)),
    },
];

fn outcome<'a>(args: &'a Args, token: &[u8], cx: &Ctx<'a>) -> Option<Outcome> {
    let (algorithm, key) = (asked(args, cx)?, named(args, 1, cx)?);
    let Some(algorithm) = algorithm else { return Some(Outcome::UnknownAlgorithm) };
    if !algorithm.is_asymmetric() {
        return Some(verify(token, algorithm, Key::Secret(key)));
    }
    let known = std::str::from_utf8(key).ok().and_then(|path| cx.world.kept.get(path)?.get::<PublicKey>());
    Some(verify(token, algorithm, known.map_or(Key::None(Outcome::UnknownKey), Key::Public)))
}

fn outcome_by_certificate<'a>(args: &'a Args, token: &[u8], cx: &Ctx<'a>) -> Option<Outcome> {
    let (algorithm, name) = (asked(args, cx)?, named(args, 1, cx)?);
    let Some(algorithm) = algorithm else { return Some(Outcome::UnknownAlgorithm) };
    if algorithm.is_hmac() {
        return Some(Outcome::UnfitAlgorithm);
    }
    let key = match certificate(name, cx) {
        None => Err(Outcome::UnknownKey),
        Some(stored) if !stored.for_tokens => Err(Outcome::UnusableKey),
        Some(stored) => {
            let leaf = stored.chain().into_iter().next();
            leaf.and_then(|leaf| PublicKey::from_certificate(&leaf)).ok_or(Outcome::UnknownKey)
        }
    };
    Some(verify(token, algorithm, key.as_ref().map_or_else(|why| Key::None(*why), Key::Public)))
}

/// The algorithm; no inner one if it is unknown.
fn asked<'a>(args: &'a Args, cx: &Ctx<'a>) -> Option<Option<Algorithm>> {
    match args.at(0)? {
        Arg::Var(var) => Some(Algorithm::of(lookup(*var, cx)?.bytes()?)),
        _ => Some(args.own::<Algorithm>(0).copied()),
    }
}

/// What a text or a variable says.
pub(super) fn named<'a>(args: &'a Args, position: usize, cx: &Ctx<'a>) -> Option<&'a [u8]> {
    match args.at(position)? {
        Arg::Var(var) => lookup(*var, cx)?.bytes(),
        Arg::Str(text) => Some(text),
        _ => None,
    }
}

/// The certificate of this name.
pub(super) fn certificate<'a>(name: &[u8], cx: &Ctx<'a>) -> Option<&'a Stored> {
    let file = cx.world.tls.certificates.get(std::str::from_utf8(name).ok()?)?;
    Some(&*file.content)
}
