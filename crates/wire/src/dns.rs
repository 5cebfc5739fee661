//! Messages of the Domain Name System (RFC 1035, RFC 2782, RFC 3596, RFC 6891): questions about a name, and what answers
//! say of it. Knows no sockets and no caches. Nothing is trusted: lengths, pointers and counts are checked, and an answer
//! must repeat its question.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most bytes of a name, and of one of its labels.
const NAME_MAX: usize = 255;
const LABEL_MAX: usize = 63;
/// Jumps that a compressed name may make.
const JUMPS_MAX: usize = 32;
/// Records of an answer that are looked at.
const RECORDS_MAX: usize = 256;
/// The most bytes of a message over UDP without extensions.
pub const PLAIN_MAX: u16 = 512;

const HEAD: usize = 12;
const CLASS_IN: u16 = 1;
const CNAME: u16 = 5;
const OPT: u16 = 41;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Kind {
    A = 1,
    Aaaa = 28,
    Srv = 33,
}

/// A name in the form of messages, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(Box<[u8]>);

impl Name {
    /// Reads a name as it is written; none for what can't be one.
    pub fn read(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.split(|b| *b == b'.') {
            let length =
                u8::try_from(label.len()).ok().filter(|n| (1..=LABEL_MAX).contains(&usize::from(*n)))?;
            if !label.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
                return None;
            }
            wire.push(length);
            wire.extend(label.to_ascii_lowercase());
        }
        wire.push(0);
        (wire.len() <= NAME_MAX).then(|| Self(wire.into()))
    }

    /// As it is written.
    pub fn text(&self) -> String {
        let mut labels = Vec::new();
        let mut rest = &*self.0;
        while let Some((length, after)) = rest.split_first() {
            let Some((label, after)) = after.split_at_checked(usize::from(*length)) else { break };
            if label.is_empty() {
                break;
            }
            labels.push(String::from_utf8_lossy(label).into_owned());
            rest = after;
        }
        labels.join(".")
    }
}

/// A question. `payload`: the most bytes that an answer may have.
pub fn question(id: u16, name: &Name, kind: Kind, payload: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + name.0.len() + 15);
    out.extend(id.to_be_bytes());
    // A recursive search is desired.
    out.extend([1, 0]);
    for count in [1u16, 0, 0, 1] {
        out.extend(count.to_be_bytes());
    }
    out.extend(&*name.0);
    out.extend((kind as u16).to_be_bytes());
    out.extend(CLASS_IN.to_be_bytes());
    // The root's name, then what replaces class and lifetime in this record: the size, and flags.
    out.push(0);
    out.extend(OPT.to_be_bytes());
    out.extend(payload.to_be_bytes());
    out.extend([0; 6]);
    out
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Addresses, each with the seconds that it may be kept.
    Addresses(Vec<(IpAddr, u32)>),
    Services(Vec<Service>),
    /// There is no such name, nobody may know, something else is wrong, by the number of the answer.
    Refused(u8),
    /// It didn't fit into the message.
    Truncated,
    /// The name has nothing of this kind.
    Empty,
}

/// Where a service is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub target: Name,
    pub lifetime: u32,
    /// The target's address, where the message tells it, too.
    pub address: Option<IpAddr>,
}

/// Reads the answer to a question; none for what is no answer to it.
pub fn answer(message: &[u8], id: u16, name: &Name, kind: Kind) -> Option<Answer> {
    let mut reader = Reader { message, at: 0 };
    if reader.u16()? != id {
        return None;
    }
    let flags = reader.u16()?;
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    let (authorities, additional) = (reader.u16()?, reader.u16()?);
    // An answer, to a plain question, to just one.
    if flags & 0x8000 == 0 || flags & 0x7800 != 0 || questions != 1 {
        return None;
    }
    let asked = (reader.name()?, reader.u16()?, reader.u16()?);
    if asked != (name.clone(), kind as u16, CLASS_IN) {
        return None;
    }
    if flags & 0x0200 != 0 {
        return Some(Answer::Truncated);
    }
    match u8::try_from(flags & 0xf) {
        Ok(0) => {
            let mut said = reader.records(answers, name, kind)?;
            if let Answer::Services(services) = &mut said {
                // What is odd behind the answers takes nothing away from them.
                let _ = reader.addresses(authorities, additional, services);
            }
            Some(said)
        }
        Ok(code) => Some(Answer::Refused(code)),
        Err(_) => None,
    }
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// What the records say of the name, through its other names.
    fn records(&mut self, count: u16, name: &Name, kind: Kind) -> Option<Answer> {
        let mut alias = name.clone();
        let (mut addresses, mut services) = (Vec::new(), Vec::new());
        for _ in 0..usize::from(count).min(RECORDS_MAX) {
            let owner = self.name()?;
            let (of, class) = (self.u16()?, self.u16()?);
            let lifetime = u32::from(self.u16()?) << 16 | u32::from(self.u16()?);
            let length = usize::from(self.u16()?);
            let data = self.at;
            let bytes = self.take(length)?;
            if class != CLASS_IN || owner != alias {
                continue;
            }
            let mut inside = Reader { message: self.message, at: data };
            match (of, bytes.len()) {
                (CNAME, _) => alias = inside.name()?,
                (1, 4) if kind == Kind::A => {
                    let octets = <[u8; 4]>::try_from(bytes).ok()?;
                    addresses.push((IpAddr::V4(Ipv4Addr::from(octets)), lifetime));
                }
                (28, 16) if kind == Kind::Aaaa => {
                    let octets = <[u8; 16]>::try_from(bytes).ok()?;
                    addresses.push((IpAddr::V6(Ipv6Addr::from(octets)), lifetime));
                }
                (33, 7..) if kind == Kind::Srv => services.push(Service {
                    priority: inside.u16()?,
                    weight: inside.u16()?,
                    port: inside.u16()?,
                    target: inside.name()?,
                    lifetime,
                    address: None,
                }),
                // An address of another length is none.
                (1 | 28, _) if of == kind as u16 => return None,
                _ => {}
            }
        }
        Some(match (addresses.is_empty(), services.is_empty()) {
            (false, _) => Answer::Addresses(addresses),
            (_, false) => Answer::Services(services),
            _ => Answer::Empty,
        })
    }

    /// Reads what the message tells beside the answers: addresses of the services.
    fn addresses(&mut self, authorities: u16, additional: u16, services: &mut [Service]) -> Option<()> {
        let all = usize::from(authorities) + usize::from(additional);
        for number in 0..all.min(RECORDS_MAX) {
            let owner = self.name()?;
            let (kind, class) = (self.u16()?, self.u16()?);
            self.skip(4)?;
            let length = usize::from(self.u16()?);
            let bytes = self.take(length)?;
            if class != CLASS_IN || number < usize::from(authorities) {
                continue;
            }
            let address = match kind {
                1 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
                28 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
                _ => None,
            };
            for service in services.iter_mut().filter(|service| service.target == owner) {
                service.address = service.address.or(address);
            }
        }
        Some(())
    }

    /// A name, small letters made of great ones. A pointer leads to where the rest of it stands.
    fn name(&mut self) -> Option<Name> {
        let mut wire = Vec::new();
        let (mut at, mut behind) = (self.at, None);
        for _ in 0..=JUMPS_MAX + NAME_MAX / 2 {
            let length = *self.message.get(at)?;
            match length {
                0 => {
                    wire.push(0);
                    self.at = behind.unwrap_or(at + 1);
                    return Some(Name(wire.into()));
                }
                1..64 => {
                    let label = self.message.get(at + 1..at + 1 + usize::from(length))?;
                    wire.push(length);
                    wire.extend(label.to_ascii_lowercase());
                    at += 1 + usize::from(length);
                    if wire.len() >= NAME_MAX {
                        return None;
                    }
                }
                192.. => {
                    let low = *self.message.get(at + 1)?;
                    behind.get_or_insert(at + 2);
                    at = usize::from(length & 0x3f) << 8 | usize::from(low);
                }
                _ => return None,
            }
        }
        None
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.take(bytes).map(|_| ())
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let taken = self.message.get(self.at..self.at.checked_add(bytes)?)?;
        self.at += bytes;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::read(text.as_bytes()).unwrap_or(Name(Box::default()))
    }

    /// The answer to a question about `a.example` with these flags and records.
    fn message(kind: Kind, flags: u16, records: &[Vec<u8>]) -> Vec<u8> {
        let mut out = question(7, &name("a.example"), kind, PLAIN_MAX);
        out.truncate(out.len() - 11);
        out.splice(2..4, flags.to_be_bytes());
        out.splice(6..8, u16::try_from(records.len()).unwrap_or(0).to_be_bytes());
        out.splice(10..12, [0, 0]);
        out.extend(records.concat());
        out
    }

    /// A record of the name in the question, or behind it.
    fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
        let mut out = owner.to_vec();
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn names() {
        assert_eq!(name("A.Example.").text(), "a.example");
        let long = format!("{}.x", "a".repeat(64));
        for text in ["", ".", "a..b", "a b", "a:80", &long, &"a.".repeat(128)] {
            assert_eq!(Name::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_question() {
        let asked = question(0x1234, &name("v4.example"), Kind::A, 1400);
        let expected =
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\x01\x02v4\x07example\0\0\x01\0\x01\0\0\x29\x05\x78\0\0\0\0\0\0";
        assert_eq!(asked, expected);
    }

    #[test]
    fn addresses_through_another_name() {
        let cname = record(&[0xc0, 12], CNAME, b"\x01b\xc0\x0e");
        let at = record(b"\x01B\x07example\0", 1, &[127, 0, 0, 9]);
        let other = record(b"\x01c\x07example\0", 1, &[127, 0, 0, 10]);
        let found = answer(&message(Kind::A, 0x8180, &[cname, other, at]), 7, &name("a.example"), Kind::A);
        assert_eq!(found, Some(Answer::Addresses(vec![([127, 0, 0, 9].into(), 60)])));
    }

    #[test]
    fn services() {
        let srv = record(&[0xc0, 12], 33, b"\0\x01\0\x02\x1f\x90\x01s\xc0\x0e");
        let found = answer(&message(Kind::Srv, 0x8180, &[srv]), 7, &name("a.example"), Kind::Srv);
        let target = name("s.example");
        let mut service = Service { priority: 1, weight: 2, port: 8080, target, lifetime: 60, address: None };
        assert_eq!(found, Some(Answer::Services(vec![service.clone()])));
        let mut more =
            message(Kind::Srv, 0x8180, &[record(&[0xc0, 12], 33, b"\0\x01\0\x02\x1f\x90\x01s\xc0\x0e")]);
        more.splice(10..12, [0, 2]);
        more.extend(record(b"\x01x\x07example\0", 1, &[127, 0, 0, 8]));
        more.extend(record(b"\x01s\x07example\0", 1, &[127, 0, 0, 9]));
        service.address = Some([127, 0, 0, 9].into());
        let found = answer(&more, 7, &name("a.example"), Kind::Srv);
        assert_eq!(found, Some(Answer::Services(vec![service])));
    }

    #[test]
    fn what_is_no_answer() {
        let asked = name("a.example");
        let good = message(Kind::A, 0x8180, &[]);
        assert_eq!(answer(&good, 7, &asked, Kind::A), Some(Answer::Empty));
        assert_eq!(answer(&good, 8, &asked, Kind::A), None);
        assert_eq!(answer(&good, 7, &name("b.example"), Kind::A), None);
        assert_eq!(answer(&good, 7, &asked, Kind::Aaaa), None);
        assert_eq!(answer(&message(Kind::A, 0x0180, &[]), 7, &asked, Kind::A), None);
        assert_eq!(answer(&message(Kind::A, 0x8183, &[]), 7, &asked, Kind::A), Some(Answer::Refused(3)));
        assert_eq!(answer(&message(Kind::A, 0x8380, &[]), 7, &asked, Kind::A), Some(Answer::Truncated));
        // A pointer to itself, and an address that is too long.
        let own = record(&[0xc0, 27], 1, &[1, 2, 3, 4]);
        assert_eq!(answer(&message(Kind::A, 0x8180, &[own]), 7, &asked, Kind::A), None);
        let long = record(&[0xc0, 12], 1, &[0; 5]);
        assert_eq!(answer(&message(Kind::A, 0x8180, &[long]), 7, &asked, Kind::A), None);
        for end in 0..good.len() {
            assert_eq!(answer(good.get(..end).unwrap_or_default(), 7, &asked, Kind::A), None);
        }
    }
}
