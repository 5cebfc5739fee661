//! Responses of OCSP (RFC 6960): which certificate one is about, and what it says, in the words that OpenSSL prints. They
//! are stapled as they are; whether to believe them is the client's business.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use sha1::{Digest as _, Sha1};
use x509_parser::asn1_rs::{Any, Class, FromDer as _, Oid};
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use super::x509;

/// What is said of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// Which certificate that is, see [`key`].
    pub id: Id,
    pub status: Status,
    pub this_update: ASN1Time,
    pub next_update: Option<ASN1Time>,
}

/// Names a certificate by its issuer and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// All of it, as it stands in the response.
    pub der: Vec<u8>,
    pub issuer_name_hash: Vec<u8>,
    pub issuer_key_hash: Vec<u8>,
    pub serial: Vec<u8>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Good,
    /// From when on.
    Revoked(ASN1Time),
    Unknown,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    responder: String,
    produced: ASN1Time,
    pub singles: Vec<Single>,
    nonce: Option<Vec<u8>>,
    algorithm: String,
    signature: Vec<u8>,
    /// Certificates that come with it.
    certificates: Vec<Vec<u8>>,
}

/// The parts of something in DER, one behind the other; none if it is something else.
fn parts(mut data: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let (rest, part) = Any::from_der(data).ok()?;
        found.push(part);
        data = rest;
    }
    Some(found)
}

fn is_tagged(part: &Any<'_>, number: u32) -> bool {
    part.header.class() == Class::ContextSpecific && part.header.tag().0 == number
}

fn time(part: &Any<'_>) -> Option<ASN1Time> {
    let der = encoded(0x18, part.data);
    ASN1Time::from_der(&der).ok().map(|(_, time)| time)
}

/// DER of these bytes under a tag; no more than 64 KiB.
fn encoded(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    match (high, low) {
        (0, short @ 0..=127) => out.push(short),
        (0, long) => out.extend([0x81, long]),
        (high, low) => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(content);
    out
}

/// Names a certificate as requests and responses do, by SHA-1.
pub fn key(leaf: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Option<Vec<u8>> {
    /// `SEQUENCE { OID 1.3.14.3.2.26, NULL }`
    const SHA1: [u8; 11] = [0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00];
    let (_, leaf) = parse_x509_certificate(leaf).ok()?;
    let (_, issuer) = parse_x509_certificate(issuer).ok()?;
    let mut content = SHA1.to_vec();
    content.extend(encoded(0x04, &Sha1::digest(leaf.issuer().as_raw())));
    content.extend(encoded(0x04, &Sha1::digest(&issuer.public_key().subject_public_key.data)));
    content.extend(encoded(0x02, leaf.raw_serial()));
    Some(encoded(0x30, &content))
}

impl Id {
    /// Reads one.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, whole) = Any::from_der(der).ok()?;
        let fields = parts(whole.data)?;
        let [_, name, key, serial] = fields.as_slice() else { return None };
        Some(Self {
            der: encoded(0x30, whole.data),
            issuer_name_hash: name.data.to_vec(),
            issuer_key_hash: key.data.to_vec(),
            serial: x509::significant(serial.data).to_vec(),
        })
    }

    /// Hashes and number, a line each.
    pub fn text(&self, indent: &str) -> String {
        format!(
            "{indent}Issuer Name Hash: {}\n{indent}Issuer Key Hash: {}\n{indent}Serial Number: {}\n",
            upper(&self.issuer_name_hash),
            upper(&self.issuer_key_hash),
            upper(&self.serial)
        )
    }
}

fn upper(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// Reads a response; none if it is none, or not a successful basic one.
pub fn parse(der: &[u8]) -> Option<Response> {
    let (_, whole) = Any::from_der(der).ok()?;
    let fields = parts(whole.data)?;
    let [status, rest] = fields.as_slice() else { return None };
    if status.data != [0] || !is_tagged(rest, 0) {
        return None;
    }
    let (_, typed) = Any::from_der(rest.data).ok()?;
    let typed = parts(typed.data)?;
    let [_, octets] = typed.as_slice() else { return None };
    let (_, basic) = Any::from_der(octets.data).ok()?;
    let basic = parts(basic.data)?;
    let [data, algorithm, signature, more @ ..] = basic.as_slice() else { return None };
    let mut response = answers(data.data)?;
    let oid = parts(algorithm.data)?;
    response.algorithm = oid.first().map(|oid| x509::long_name(&Oid::new(oid.data.into())))?;
    response.signature = signature.data.get(1..)?.to_vec();
    if let Some(certificates) = more.first() {
        let (_, list) = Any::from_der(certificates.data).ok()?;
        let all = parts(list.data)?;
        response.certificates = all.iter().map(|one| encoded(0x30, one.data)).collect();
    }
    Some(response)
}

/// What is signed of it.
fn answers(data: &[u8]) -> Option<Response> {
    let mut fields = parts(data)?.into_iter().peekable();
    fields.next_if(|field| is_tagged(field, 0));
    let responder = fields.next()?;
    let responder = match responder.header.tag().0 {
        1 => X509Name::from_der(responder.data).ok().map(|(_, name)| x509::spaced(&name))?,
        _ => upper(Any::from_der(responder.data).ok()?.1.data),
    };
    let produced = time(&fields.next()?)?;
    let singles = parts(fields.next()?.data)?.iter().map(|one| single(one.data)).collect::<Option<_>>()?;
    let nonce = fields.next().and_then(|extensions| nonce(extensions.data));
    let (algorithm, signature, certificates) = (String::new(), Vec::new(), Vec::new());
    Some(Response { responder, produced, singles, nonce, algorithm, signature, certificates })
}

/// The content of the extension that answers to a number in the request.
fn nonce(extensions: &[u8]) -> Option<Vec<u8>> {
    /// 1.3.6.1.5.5.7.48.1.2
    const NONCE: [u8; 9] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02];
    let (_, list) = Any::from_der(extensions).ok()?;
    parts(list.data)?.iter().find_map(|extension| {
        let fields = parts(extension.data)?;
        let named = fields.first().is_some_and(|oid| oid.data == NONCE);
        fields.last().filter(|_| named).map(|value| value.data.to_vec())
    })
}

fn single(data: &[u8]) -> Option<Single> {
    let fields = parts(data)?;
    let [id, status, this, more @ ..] = fields.as_slice() else { return None };
    let status = match status.header.tag().0 {
        0 => Status::Good,
        1 => Status::Revoked(time(parts(status.data)?.first()?)?),
        _ => Status::Unknown,
    };
    let next = more.iter().find(|field| is_tagged(field, 0));
    let next_update = next.and_then(|field| time(&Any::from_der(field.data).ok()?.1));
    Some(Single { id: Id::parse(&encoded(0x30, id.data))?, status, this_update: time(this)?, next_update })
}

/// What a response says, as OpenSSL prints it; of certificates that come with it only the PEM form. None if it can't be
/// read.
pub fn text(der: &[u8]) -> Option<String> {
    let response = parse(der)?;
    let mut out = format!(
        "OCSP Response Data:\n    OCSP Response Status: successful (0x0)\n    Response Type: Basic OCSP Response\n    \
         Version: 1 (0x0)\n    Responder Id: {}\n    Produced At: {}\n    Responses:\n",
        response.responder,
        x509::printed(response.produced)
    );
    for single in &response.singles {
        let _ = write!(out, "    Certificate ID:\n      Hash Algorithm: sha1\n{}", single.id.text("      "));
        let _ = match single.status {
            Status::Good => writeln!(out, "    Cert Status: good"),
            Status::Unknown => writeln!(out, "    Cert Status: unknown"),
            Status::Revoked(at) => {
                writeln!(out, "    Cert Status: revoked\n    Revocation Time: {}", x509::printed(at))
            }
        };
        let _ = writeln!(out, "    This Update: {}", x509::printed(single.this_update));
        if let Some(next) = single.next_update {
            let _ = writeln!(out, "    Next Update: {}", x509::printed(next));
        }
        out.push_str(" \n");
    }
    if let Some(nonce) = &response.nonce {
        let _ = writeln!(out, "    Response Extensions:\n        OCSP Nonce: \n            {}", upper(nonce));
    }
    let _ = writeln!(out, "    Signature Algorithm: {}\n    Signature Value:", response.algorithm);
    let lines = response.signature.chunks(18);
    let last = lines.len().saturating_sub(1);
    for (at, line) in lines.enumerate() {
        let bytes: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
        let _ = writeln!(out, "        {}{}", bytes.join(":"), if at < last { ":" } else { "" });
    }
    for certificate in &response.certificates {
        out.push_str(&pem("CERTIFICATE", &STANDARD.encode(certificate)));
    }
    Some(out)
}

/// Base64 as PEM has it.
pub fn pem(label: &str, base64: &str) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        let _ = writeln!(out, "{line}");
        rest = more;
    }
    let _ = writeln!(out, "-----END {label}-----");
    out
}
