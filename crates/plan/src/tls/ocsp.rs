//! `ocsp-update`: whether all lines that name a certificate say the same of it (manual 5.1, 12.7). Responses are not
//! fetched by this version, which is said where it is asked for.

use std::fmt::Write as _;

use super::TlsPlan;

/// What was said of a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// `ocsp-update`; none: nothing.
    update: Option<bool>,
    /// Whether a `crt` parameter named it, not a line of a list.
    by_crt: bool,
}

const fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Notes what a line says of a certificate. Errors: what differs from what was said before, as HAProxy lists it.
pub(crate) fn note(
    tls: &mut TlsPlan<'_>,
    certificate: &str,
    update: Option<bool>,
    by_crt: bool,
) -> Result<(), String> {
    if tls.loaded.contains(certificate) {
        return Ok(());
    }
    let default = tls.updates_ocsp;
    let before = *tls.said_of_ocsp.entry(certificate.into()).or_insert(Said { update, by_crt });
    let shown = |update: Option<bool>| match update {
        Some(on) => format!("'{}'", word(on)),
        None => format!("'default' (ocsp-update.mode {})", word(default)),
    };
    let mut told = match (before.update, update) {
        (None, None) => return Ok(()),
        (Some(was), Some(is)) if was == is => return Ok(()),
        (Some(_), Some(_)) => " ".to_owned(),
        (None, Some(_)) => {
            "   Can't use the certificate previously defined without any keyword with these keywords:\n"
                .to_owned()
        }
        (Some(_), None) => {
            "   Can't use the certificate previously defined with keywords without these keywords:\n"
                .to_owned()
        }
    };
    if before.update.is_none() && before.by_crt {
        for (what, end) in [("key", ""), ("ocsp", ".ocsp"), ("issuer", ".issuer"), ("sctl", ".sctl")] {
            // Writing to a string can't fail.
            let _ = writeln!(
                told,
                "  - different parameter '{what}' : previously '{certificate}{end}' vs '(null)'"
            );
        }
    }
    if before.update.unwrap_or(default) != update.unwrap_or(default) {
        let (was, is) = (shown(before.update), shown(update));
        let _ = write!(told, "  - different parameter 'ocsp-update' : previously {was} vs {is}");
    }
    Err(told.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_listed() {
        let mut tls = TlsPlan::default();
        assert!(note(&mut tls, "a", None, true).is_ok() && note(&mut tls, "a", None, false).is_ok());
        let told = note(&mut tls, "a", Some(true), false).unwrap_err();
        assert!(told.contains("without any keyword") && told.contains("'a.sctl' vs '(null)'"), "{told}");
        assert!(told.ends_with("previously 'default' (ocsp-update.mode off) vs 'on'"), "{told}");
        assert!(note(&mut tls, "b", Some(false), false).is_ok());
        assert_eq!(
            note(&mut tls, "b", Some(true), false).unwrap_err(),
            "   - different parameter 'ocsp-update' : previously 'off' vs 'on'"
        );
        let told = note(&mut tls, "b", None, false).unwrap_err();
        assert!(told.ends_with("without these keywords:"), "{told}");
    }
}
