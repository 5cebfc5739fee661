//! Reading certificates: names, times, keys, in the forms that rules and logs show. A field that can't be read is none.

use std::fmt::Write as _;

use rustls::pki_types::CertificateDer;
use x509_parser::asn1_rs::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// Which of the two names of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Subject,
    Issuer,
}

/// How a distinguished name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `/C=FR/O=Example/CN=name`
    Slashes,
    /// `CN=name,O=Example,C=FR` (RFC 2253).
    Rfc2253,
}

fn with<R>(der: &[u8], look: impl FnOnce(&X509Certificate<'_>) -> Option<R>) -> Option<R> {
    let (_, certificate) = parse_x509_certificate(der).ok()?;
    look(&certificate)
}

/// The names a certificate is for: its DNS names and its common name, lower case.
pub fn names(der: &[u8]) -> Vec<Box<str>> {
    let found = with(der, |certificate| {
        let mut names = alternatives(certificate);
        let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        for name in common {
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(names)
    });
    found.unwrap_or_default().into_iter().map(Into::into).collect()
}

fn alternatives(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let dns = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(dns).collect()
}

/// The alternative names, as `openssl x509 -text` lists them.
pub fn alternative_names(der: &[u8]) -> Option<String> {
    with(der, |certificate| {
        let extension = certificate.subject_alternative_name().ok()??;
        let mut out = String::new();
        for name in &extension.value.general_names {
            let before = out.len();
            let separator = if before == 0 { "" } else { ", " };
            let _ = match name {
                GeneralName::DNSName(name) => write!(out, "{separator}DNS:{name}"),
                GeneralName::RFC822Name(name) => write!(out, "{separator}email:{name}"),
                GeneralName::URI(name) => write!(out, "{separator}URI:{name}"),
                GeneralName::IPAddress(bytes) => match ip(bytes) {
                    Some(ip) => write!(out, "{separator}IP Address:{ip}"),
                    None => Ok(()),
                },
                _ => Ok(()),
            };
        }
        Some(out)
    })
}

fn ip(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Into::into),
        16 => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
        _ => None,
    }
}

/// The addresses among the alternative names.
pub fn addresses(der: &[u8]) -> Vec<std::net::IpAddr> {
    with(der, |certificate| {
        let extension = certificate.subject_alternative_name().ok()??;
        let of = |name: &GeneralName<'_>| match name {
            GeneralName::IPAddress(bytes) => ip(bytes),
            _ => None,
        };
        Some(extension.value.general_names.iter().filter_map(of).collect())
    })
    .unwrap_or_default()
}

/// The public key with its algorithm, as it stands in the certificate.
pub fn public_key(der: &[u8]) -> Option<Box<[u8]>> {
    with(der, |certificate| Some(certificate.public_key().raw.into()))
}

/// The subject as it stands in the certificate.
pub fn subject(der: &CertificateDer<'_>) -> Option<Box<[u8]>> {
    with(der, |certificate| Some(certificate.subject().as_raw().into()))
}

/// The issuer as it stands in the certificate.
pub fn issuer(der: &CertificateDer<'_>) -> Option<Box<[u8]>> {
    with(der, |certificate| Some(certificate.issuer().as_raw().into()))
}

/// A distinguished name, all of it.
pub fn name(der: &[u8], party: Party, style: Style) -> Option<String> {
    with(der, |certificate| {
        let parts = parts(named(certificate, party));
        let mut out = String::new();
        match style {
            Style::Slashes => {
                for (key, value) in &parts {
                    let _ = write!(out, "/{key}={value}");
                }
            }
            Style::Rfc2253 => {
                for (at, (key, value)) in parts.iter().rev().enumerate() {
                    let separator = if at == 0 { "" } else { "," };
                    let _ = write!(out, "{separator}{key}={}", escaped(value));
                }
            }
        }
        Some(out)
    })
}

/// One entry of a distinguished name: the `occurrence`th of that key, counted from the end if negative; 0 is the first.
pub fn entry(der: &[u8], party: Party, key: &str, occurrence: i64) -> Option<String> {
    with(der, |certificate| {
        let mut values: Vec<String> = parts(named(certificate, party))
            .into_iter()
            .filter(|(have, _)| have.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
            .collect();
        if occurrence < 0 {
            values.reverse();
        }
        let at = usize::try_from(occurrence.unsigned_abs().max(1) - 1).ok()?;
        values.into_iter().nth(at)
    })
}

fn named<'c>(certificate: &'c X509Certificate<'_>, party: Party) -> &'c X509Name<'c> {
    match party {
        Party::Subject => certificate.subject(),
        Party::Issuer => certificate.issuer(),
    }
}

fn parts(name: &X509Name<'_>) -> Vec<(String, String)> {
    name.iter_attributes()
        .map(|attribute| {
            let value = attribute.as_str().map_or_else(
                |_| attribute.attr_value().data.iter().map(|b| char::from(*b)).collect(),
                str::to_owned,
            );
            (short(attribute.attr_type()), value)
        })
        .collect()
}

/// The short names of what stands in distinguished names (RFC 4514, X.520, PKCS #9).
const SHORT: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];

fn short(oid: &Oid<'_>) -> String {
    let dotted = oid.to_id_string();
    SHORT.iter().find(|(have, _)| *have == dotted).map_or(dotted.clone(), |(_, name)| (*name).to_owned())
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.chars().enumerate() {
        let special =
            matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') || at == 0 && matches!(c, '#' | ' ');
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The serial number, without the zero in front that only keeps it positive.
pub fn serial(der: &[u8]) -> Option<Box<[u8]>> {
    with(der, |certificate| Some(significant(certificate.raw_serial()).into()))
}

/// 1 to 3.
pub fn version(der: &[u8]) -> Option<i64> {
    with(der, |certificate| Some(i64::from(certificate.version().0) + 1))
}

/// From when and until when it is valid, as `YYMMDDhhmmssZ` where that can be said so.
pub fn validity(der: &[u8]) -> Option<(Option<String>, Option<String>)> {
    with(der, |c| Some((stamp(c.validity().not_before), stamp(c.validity().not_after))))
}

/// A time as OpenSSL prints it: `Sep  7 14:01:20 2048 GMT`.
pub fn printed(time: ASN1Time) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let at = time.to_datetime();
    let month = MONTHS.get(usize::from(u8::from(at.month())) - 1).unwrap_or(&"");
    let (day, hour, minute, second, year) = (at.day(), at.hour(), at.minute(), at.second(), at.year());
    format!("{month} {day:2} {hour:02}:{minute:02}:{second:02} {year} GMT")
}

/// From when and until when it is valid, as OpenSSL prints it.
pub fn dates(der: &[u8]) -> Option<(String, String)> {
    with(der, |c| Some((printed(c.validity().not_before), printed(c.validity().not_after))))
}

/// Whether its time is over at `now_s`, seconds since 1970.
pub fn is_over(der: &[u8], now_s: i64) -> bool {
    with(der, |c| Some(now_s > c.validity().not_after.timestamp())).unwrap_or(false)
}

/// The kind and the size of its key: `RSA2048`, `EC256`.
pub fn key_size(der: &[u8]) -> Option<String> {
    with(der, |certificate| {
        let key = certificate.public_key();
        Some(match key.parsed().ok()? {
            PublicKey::RSA(key) => format!("RSA{}", key.key_size()),
            PublicKey::EC(point) => format!("EC{}", point.key_size()),
            PublicKey::DSA(_) => "DSA".to_owned(),
            _ => "UNKNOWN".to_owned(),
        })
    })
}

/// A revocation list in words, as HAProxy prints it.
pub fn revocations(der: &[u8]) -> Option<String> {
    let (_, list) = CertificateRevocationList::from_der(der).ok()?;
    let version = list.version().map_or(1, |version| version.0 + 1);
    let algorithm = long_name(&list.signature_algorithm.algorithm);
    let issuer: String = parts(list.issuer()).iter().map(|(key, value)| format!("/{key}={value}")).collect();
    let mut out = format!("Version {version}\nSignature Algorithm: {algorithm}\nIssuer: {issuer}\n");
    let _ = writeln!(out, "Last Update: {}", printed(list.last_update()));
    let next = list.next_update().map_or_else(|| "NONE".to_owned(), printed);
    let _ = writeln!(out, "Next Update: {next}");
    let mut any = false;
    for revoked in list.iter_revoked_certificates() {
        if !any {
            out.push_str("Revoked Certificates:\n");
        }
        any = true;
        let serial: String = significant(revoked.raw_serial()).iter().map(|b| format!("{b:02X}")).collect();
        let _ = writeln!(out, "    Serial Number: {serial}");
        let _ = writeln!(out, "        Revocation Date: {}", printed(revoked.revocation_date));
    }
    if !any {
        out.push_str("No Revoked Certificates.\n");
    }
    Some(out)
}

/// A name as OpenSSL prints it: `C = FR, O = Example`.
pub fn spaced(name: &X509Name<'_>) -> String {
    let parts: Vec<String> = parts(name).iter().map(|(key, value)| format!("{key} = {value}")).collect();
    parts.join(", ")
}

/// A number without the zero in front that only keeps it positive.
pub fn significant(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

/// OpenSSL's long name of a way of signing.
pub fn long_name(oid: &Oid<'_>) -> String {
    match algorithm(oid).strip_prefix("RSA-") {
        Some(hash) => format!("{}WithRSAEncryption", hash.to_ascii_lowercase()),
        None => algorithm(oid),
    }
}

/// Whether the certificate's own time is yet to come or over at `now_s`, seconds since 1970.
pub fn is_out_of_time(der: &[u8], now_s: i64) -> bool {
    let judge = |certificate: &X509Certificate<'_>| {
        let span = certificate.validity();
        Some(now_s < span.not_before.timestamp() || now_s > span.not_after.timestamp())
    };
    with(der, judge).unwrap_or(false)
}

fn stamp(time: ASN1Time) -> Option<String> {
    let at = time.to_datetime();
    let year = at.year();
    // Two digits of the year: those of a century that isn't theirs would be misread.
    if !(1950..2100).contains(&year) {
        return None;
    }
    let year = format!("{:02}", year % 100);
    let (month, day) = (u8::from(at.month()), at.day());
    Some(format!("{year}{month:02}{day:02}{:02}{:02}{:02}Z", at.hour(), at.minute(), at.second()))
}

/// Names of algorithms as OpenSSL writes them.
const SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.4", "RSA-MD5"),
    ("1.2.840.113549.1.1.5", "RSA-SHA1"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "RSA-SHA256"),
    ("1.2.840.113549.1.1.12", "RSA-SHA384"),
    ("1.2.840.113549.1.1.13", "RSA-SHA512"),
    ("1.2.840.113549.1.1.14", "RSA-SHA224"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "ED25519"),
    ("1.3.101.113", "ED448"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.10045.2.1", "id-ecPublicKey"),
];

fn algorithm(oid: &Oid<'_>) -> String {
    let dotted = oid.to_id_string();
    SIGNATURES.iter().find(|(have, _)| *have == dotted).map_or(dotted.clone(), |(_, name)| (*name).to_owned())
}

/// With what it is signed.
pub fn signature_algorithm(der: &[u8]) -> Option<String> {
    with(der, |c| Some(algorithm(&c.signature_algorithm.algorithm)))
}

/// What kind of key it has.
pub fn key_algorithm(der: &[u8]) -> Option<String> {
    with(der, |c| Some(algorithm(&c.public_key().algorithm.algorithm)))
}

/// The identifiers of its policies.
pub fn policies(der: &[u8]) -> Option<Vec<String>> {
    with(der, |certificate| {
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::CertificatePolicies(policies) => {
                Some(policies.iter().map(|policy| policy.policy_id.to_id_string()).collect())
            }
            _ => None,
        })
    })
}

/// Whether a certificate's name covers a host name: equal, or a `*.` in front that stands for one label.
pub fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        None => name.eq_ignore_ascii_case(host),
        Some(domain) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain)),
    }
}
