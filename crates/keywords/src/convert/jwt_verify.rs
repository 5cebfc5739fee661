//! `jwt_verify`: the signature of a JSON Web Token (manual 7.3.1).

use super::prelude::*;
use crate::fetch::var::lookup;
use crate::jose::verify::{Algorithm, Key, Outcome, PublicKey, verify};

/// The name of an algorithm, or a variable that holds one.
const ALGORITHM: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, reading| {
        if let Ok(var) = reading.var(written.text) {
            return Ok(Arg::Var(var));
        }
        let algorithm = Algorithm::of(written.text.as_bytes());
        let algorithm = algorithm.ok_or_else(|| format!("unknown JWT algorithm: {}", written.text))?;
        Ok(Arg::own(algorithm))
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

pub(super) const KEYWORDS: &[Converter] = &[Converter {
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
}];

fn outcome<'a>(args: &'a Args, token: &[u8], cx: &Ctx<'a>) -> Option<Outcome> {
    let algorithm = match args.at(0)? {
        Arg::Var(var) => Algorithm::of(lookup(*var, cx)?.bytes()?),
        _ => args.own::<Algorithm>(0).copied(),
    };
    let key = match args.at(1)? {
        Arg::Var(var) => lookup(*var, cx)?.bytes()?,
        Arg::Str(text) => text,
        _ => return None,
    };
    let Some(algorithm) = algorithm else { return Some(Outcome::UnknownAlgorithm) };
    if !algorithm.is_asymmetric() {
        return Some(verify(token, algorithm, Key::Secret(key)));
    }
    let known = std::str::from_utf8(key).ok().and_then(|path| cx.world.kept.get(path)?.get::<PublicKey>());
    Some(known.map_or(Outcome::UnknownKey, |key| verify(token, algorithm, Key::Public(key))))
}
