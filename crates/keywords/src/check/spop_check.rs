//! `option spop-check` (manual 4.2; the protocol of stream processing agents, `doc/SPOE.txt` section 3).

use super::prelude::*;

pub(super) const KEYWORDS: &[CheckOption] = &[CheckOption {
    name: "spop-check",
    doc: "Says hello to a stream processing agent, which must speak version 2.0 of the protocol.",
    examples: &[""],
    make: |words| {
        no_words("spop-check", words)?;
        Ok(vec![Does::Connect(Connect::as_server()), Does::Send(Data::Bytes(hello().into())), answer(judge)])
    },
}];

const HAPROXY_HELLO: u8 = 1;
const AGENT_HELLO: u8 = 101;
const AGENT_DISCONNECT: u8 = 102;
/// Types of values.
mod kind {
    pub(super) const BOOL: u8 = 1;
    pub(super) const INT32: u8 = 2;
    pub(super) const UINT32: u8 = 3;
    pub(super) const INT64: u8 = 4;
    pub(super) const UINT64: u8 = 5;
    pub(super) const IPV4: u8 = 6;
    pub(super) const IPV6: u8 = 7;
    pub(super) const STRING: u8 = 8;
    pub(super) const BINARY: u8 = 9;
}
/// Bytes of a frame at most, as the hello says.
const FRAME_MAX: usize = 16_380;
/// The frame is whole.
const FIN: u32 = 1;
/// A boolean that is true.
const TRUE: u8 = 0x10 | kind::BOOL;

/// HAPROXY-HELLO of a check: version 2.0, frames of up to 16380 bytes, no capabilities.
fn hello() -> Vec<u8> {
    let mut body = vec![HAPROXY_HELLO];
    body.extend_from_slice(&FIN.to_be_bytes());
    // Of no stream, of no frame.
    body.extend_from_slice(&[0, 0]);
    let name = |body: &mut Vec<u8>, name: &[u8]| {
        body.push(u8::try_from(name.len()).unwrap_or(0));
        body.extend_from_slice(name);
    };
    name(&mut body, b"supported-versions");
    body.push(kind::STRING);
    name(&mut body, b"2.0");
    name(&mut body, b"max-frame-size");
    body.extend_from_slice(&[kind::UINT32, 0xfc, 0xf0, 0x06]);
    name(&mut body, b"capabilities");
    body.extend_from_slice(&[kind::STRING, 0]);
    name(&mut body, b"healthcheck");
    body.push(TRUE);
    let mut out = u32::try_from(body.len()).unwrap_or(0).to_be_bytes().to_vec();
    out.extend_from_slice(&body);
    out
}

fn judge(input: &[u8], ended: bool) -> Judged {
    let invalid = || wrong(Status::L7Response, 0, "invalid frame received");
    let Some((length, rest)) = input.split_first_chunk::<4>() else {
        return if ended { invalid() } else { Judged::Open };
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if !(7..=FRAME_MAX).contains(&length) {
        return invalid();
    }
    let Some(frame) = rest.get(..length) else {
        return if ended { invalid() } else { Judged::Open };
    };
    let Some((kind, pairs)) = head(frame) else { return invalid() };
    let Some(found) = Found::read(pairs) else { return invalid() };
    match kind {
        AGENT_HELLO if found.version.as_deref() != Some(b"2.0".as_slice()) => {
            let words =
                if found.version.is_some() { "unsupported version" } else { "version value not found" };
            wrong(Status::L7Response, 0, words)
        }
        AGENT_HELLO if !found.sized => wrong(Status::L7Response, 0, "max-frame-size value not found"),
        AGENT_HELLO => passed("SPOA server is ok"),
        AGENT_DISCONNECT => wrong(Status::L7Response, 0, String::from_utf8_lossy(&found.message)),
        _ => invalid(),
    }
}

/// The type of a whole frame that is of no stream, and its names with values.
fn head(frame: &[u8]) -> Option<(u8, &[u8])> {
    let (kind, rest) = frame.split_first()?;
    let (flags, rest) = rest.split_first_chunk::<4>()?;
    let pairs = rest.strip_prefix(&[0, 0])?;
    (u32::from_be_bytes(*flags) & FIN != 0).then_some((*kind, pairs))
}

/// What a hello or a leave says.
#[derive(Default)]
struct Found {
    version: Option<Vec<u8>>,
    sized: bool,
    message: Vec<u8>,
}

impl Found {
    fn read(mut rest: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        while !rest.is_empty() {
            let (name, behind) = text(rest)?;
            let (kind, behind) = behind.split_first()?;
            let value;
            (value, rest) = match kind & 0x0f {
                kind::BOOL | 0 => (&[] as &[u8], behind),
                kind::INT32 | kind::UINT32 | kind::INT64 | kind::UINT64 => (&[] as &[u8], number(behind)?.1),
                kind::IPV4 => behind.split_at_checked(4)?,
                kind::IPV6 => behind.split_at_checked(16)?,
                kind::STRING | kind::BINARY => text(behind)?,
                _ => return None,
            };
            match name {
                b"version" => found.version = Some(value.to_vec()),
                b"max-frame-size" => found.sized = true,
                b"message" => found.message = value.to_vec(),
                _ => {}
            }
        }
        Some(found)
    }
}

/// A length and as many bytes.
fn text(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(input)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// A number of variable length: 4 bits in a first byte from 240 on, then 7 bits a byte.
fn number(input: &[u8]) -> Option<(u64, &[u8])> {
    let (first, mut rest) = input.split_first()?;
    let mut value = u64::from(*first);
    let mut shift = 4;
    let mut more = *first >= 240;
    while more {
        let (byte, behind) = rest.split_first()?;
        value = value.checked_add(u64::from(*byte).checked_shl(shift)?)?;
        (more, rest) = (*byte >= 128, behind);
        shift += 7;
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[u8] = b"\x00\x00\x00\x36\x65\x00\x00\x00\x01\x00\x00\x07version\x08\x032.0\x0emax-frame-size\x03\xfc\xf0\x06\
                          \x0ccapabilities\x08\x00";

    #[test]
    fn frames() {
        assert_eq!((hello().len(), hello()[3]), (82, 0x4e));
        assert_eq!(judge(GOOD, false), passed("SPOA server is ok"));
        assert_eq!(judge(&GOOD[..20], false), Judged::Open);
        let invalid = wrong(Status::L7Response, 0, "invalid frame received");
        assert_eq!(judge(b"\x00\x00\x00\x00", false), invalid);
        assert_eq!(judge(b"\x00\x00\x00\x07\x65\x00\x00\x00\x00\x00\x00", false), invalid);
        let old = b"\x00\x00\x00\x14\x65\x00\x00\x00\x01\x00\x00\x07version\x08\x031.0";
        assert_eq!(judge(old, false), wrong(Status::L7Response, 0, "unsupported version"));
        for length in 0..GOOD.len() {
            judge(&GOOD[..length], true);
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"\xfc\xf0\x06"), Some((16380, &b""[..])));
        assert_eq!(number(b"\xef"), Some((239, &b""[..])));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
    }
}
