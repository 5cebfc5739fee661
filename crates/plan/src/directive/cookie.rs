//! `cookie`, `dynamic-cookie-key` (manual 4.2): persistence by cookie.

use std::rc::Rc;

use config::{Diagnostic, Place};
use state::cookie::Manner;

use crate::ctx::{Applied, Ctx, Directive, Line, at, word};
use crate::number::{TimeError, time_ms};

pub(super) const DIRECTIVES: &[Directive] = &[
    Directive { name: "cookie", sections: at::PROXY, apply: cookie },
    Directive { name: "dynamic-cookie-key", sections: at::PROXY, apply: dynamic_key },
];

/// A `cookie` line, before the backend's servers are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct CookieSpec<'a> {
    pub(crate) name: &'a str,
    rewrite: bool,
    insert: bool,
    prefix: bool,
    pub(crate) indirect: bool,
    pub(crate) no_cache: bool,
    pub(crate) post_only: bool,
    pub(crate) preserve: bool,
    pub(crate) dynamic: bool,
    http_only: bool,
    secure: bool,
    pub(crate) max_idle: Option<u32>,
    pub(crate) max_life: Option<u32>,
    domains: Vec<&'a str>,
    extra: Vec<&'a str>,
}

impl CookieSpec<'_> {
    pub(crate) fn manner(&self) -> Manner {
        match (self.rewrite, self.insert, self.prefix) {
            (true, ..) => Manner::Rewrite,
            (_, true, _) => Manner::Insert,
            (.., true) => Manner::Prefix,
            _ => Manner::Passive,
        }
    }

    /// What follows the value of a cookie that is inserted.
    pub(crate) fn attributes(&self) -> String {
        let mut text = "; path=/".to_owned();
        for domain in &self.domains {
            text.push_str("; domain=");
            text.push_str(domain);
        }
        let flags = [(self.http_only, "HttpOnly"), (self.secure, "Secure")];
        let flags = flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| name);
        for attribute in flags.chain(self.extra.iter().copied()) {
            text.push_str("; ");
            text.push_str(attribute);
        }
        text
    }
}

fn cookie<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "cookie") {
        return Ok(());
    }
    // Further attributes add up over all lines, those of `defaults` included; nothing else does.
    let extra = cx.draft.settings.cookie.as_ref().map(|c| c.extra.clone()).unwrap_or_default();
    let mut spec = CookieSpec { name: word(line, 1), extra, ..CookieSpec::default() };
    if spec.name.is_empty() {
        return Err("'cookie' expects <cookie_name> as argument.".into());
    }
    let mut at = 2;
    while line.word(at).is_some() {
        if !switch(&mut spec, word(line, at)) {
            match valued(cx, line, at, &mut spec)? {
                Ok(()) => at += 1,
                Err(message) => {
                    let remark = Diagnostic::alert(line.span(), message).at(Place::ParsingTight);
                    cx.plan.remarks.push(remark);
                    return Ok(());
                }
            }
        }
        at += 1;
    }
    fits(&spec)?;
    cx.draft.settings.cookie = Some(Rc::new(spec));
    Ok(())
}

/// Words that stand alone. Whether it was one.
fn switch(spec: &mut CookieSpec<'_>, name: &str) -> bool {
    let flag = match name {
        "rewrite" => &mut spec.rewrite,
        "insert" => &mut spec.insert,
        "prefix" => &mut spec.prefix,
        "indirect" => &mut spec.indirect,
        "nocache" => &mut spec.no_cache,
        "postonly" => &mut spec.post_only,
        "preserve" => &mut spec.preserve,
        "httponly" => &mut spec.http_only,
        "secure" => &mut spec.secure,
        "dynamic" => &mut spec.dynamic,
        _ => return false,
    };
    *flag = true;
    true
}

/// Words with a value, the one at position `at`. The inner error is of those that HAProxy prints in another shape.
fn valued<'a>(
    cx: &mut Ctx<'_, 'a>,
    line: Line<'a>,
    at: usize,
    spec: &mut CookieSpec<'a>,
) -> Result<Applied, String> {
    let (name, value) = (word(line, at), word(line, at + 1));
    let missing = |what: &str| Ok(Err(format!("'{name}' expects {what} as argument.")));
    match name {
        "maxidle" if value.is_empty() => return missing("<idletime> in seconds"),
        "maxlife" if value.is_empty() => return missing("<lifetime> in seconds"),
        "domain" if value.is_empty() => return missing("<domain>"),
        "attr" if value.is_empty() => return missing("<value>"),
        "maxidle" => match seconds(name, value) {
            Ok(seconds) => spec.max_idle = Some(seconds).filter(|s| *s > 0),
            Err(message) => return Ok(Err(message)),
        },
        "maxlife" => match seconds(name, value) {
            Ok(seconds) => spec.max_life = Some(seconds).filter(|s| *s > 0),
            Err(message) => return Ok(Err(message)),
        },
        "domain" => {
            if !value.contains('.') {
                let message = format!(
                    "domain '{value}' contains no embedded dot, this configuration may not work properly (see \
                     RFC6265#5.2.3)."
                );
                cx.plan.remarks.push(Diagnostic::warning(line.span(), message).at(Place::ParsingTight));
            }
            if let Some(c) = value.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')) {
                return Ok(Err(format!("character '{c}' is not permitted in domain name '{value}'.")));
            }
            spec.domains.push(value);
        }
        "attr" => {
            if let Some(b) = value.bytes().find(|b| b.is_ascii_control() || *b == b';') {
                return Ok(Err(format!("character '%x{b:02X}' is not permitted in attribute value.")));
            }
            spec.extra.push(value);
        }
        _ => {
            return Err(
                "'cookie' supports 'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', \
                        'domain', 'maxidle', 'dynamic', 'maxlife' and 'attr' options."
                    .into(),
            );
        }
    }
    Ok(Ok(()))
}

/// A duration in seconds; a bare number is seconds, a fraction of one is rounded up.
fn seconds(name: &str, text: &str) -> Result<u32, String> {
    let bare = text.bytes().all(|b| b.is_ascii_digit());
    let overflow = || {
        format!("timer overflow in argument <{text}> to <{name}>, maximum value is 2147483647 s (~68 years).")
    };
    let units = [("ms", 0), ("us", 0), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let whole = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        (*seconds > 0).then(|| number.saturating_mul(*seconds))
    });
    let number = if bare { text.parse().ok().or(Some(u64::MAX)) } else { whole };
    let number = match number {
        Some(number) => number,
        None => match time_ms(text) {
            Ok(ms) => u64::from(ms).div_ceil(1000),
            Err(TimeError::Overflow) => return Err(overflow()),
            Err(TimeError::Unexpected(c)) => {
                return Err(format!("unexpected character '{c}' in argument to <{name}>."));
            }
        },
    };
    u32::try_from(number).ok().filter(|n| *n <= 2_147_483_647).ok_or_else(overflow)
}

/// Which words go together.
fn fits(spec: &CookieSpec<'_>) -> Applied {
    if spec.rewrite && spec.indirect {
        return Err("cookie 'rewrite' and 'indirect' modes are incompatible.".into());
    }
    if [spec.rewrite, spec.insert, spec.prefix].iter().filter(|mode| **mode).count() > 1 {
        return Err("cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.".into());
    }
    if spec.preserve && !spec.insert && !spec.indirect {
        return Err("cookie 'preserve' requires at least 'insert' or 'indirect'.".into());
    }
    Ok(())
}

fn dynamic_key<'a>(cx: &mut Ctx<'_, 'a>, line: Line<'a>) -> Applied {
    if cx.lacks_backend(line, "dynamic-cookie-key") {
        return Ok(());
    }
    match word(line, 1) {
        "" => Err("'dynamic-cookie-key' expects <secret_key> as argument.".into()),
        key => {
            cx.draft.settings.dynamic_key = Some(key);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds() {
        let seconds = |text| seconds("maxidle", text);
        assert_eq!((seconds("30"), seconds("30m"), seconds("10d")), (Ok(30), Ok(1800), Ok(864_000)));
        assert_eq!((seconds("1500ms"), seconds("1us"), seconds("0")), (Ok(2), Ok(1), Ok(0)));
        assert_eq!(seconds("x").unwrap_err(), "unexpected character 'x' in argument to <maxidle>.");
        assert!(seconds("99999d").unwrap_err().starts_with("timer overflow in argument <99999d>"));
        assert!(seconds("99999999999999999999").unwrap_err().contains("overflow"));
    }
}
