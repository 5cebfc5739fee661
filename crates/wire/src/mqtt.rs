//! MQTT 3.1, 3.1.1 and 5.0: the first packet of each side, CONNECT and CONNACK. Whether it is sound, and what stands in it.

use crate::protobuf::varint;

/// A packet of one of the two kinds that are known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    Connect(Box<Connect<'a>>),
    Connack(Box<Connack<'a>>),
}

/// What a client begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connect<'a> {
    pub protocol: &'a [u8],
    pub version: u8,
    pub flags: u8,
    pub keepalive: u16,
    /// Version 5.
    pub properties: Option<Properties<'a>>,
    pub client: &'a [u8],
    /// Version 5, where there is a will.
    pub will_properties: Option<Properties<'a>>,
    pub will_topic: &'a [u8],
    pub will_payload: &'a [u8],
    pub username: &'a [u8],
    pub password: &'a [u8],
}

/// What the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connack<'a> {
    /// 4, or 5 if there are properties.
    pub version: u8,
    pub flags: u8,
    pub reason: u8,
    pub properties: Option<Properties<'a>>,
}

/// Why there is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Incomplete,
    Invalid,
}

/// The value of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property<'a> {
    Number(u32),
    Text(&'a [u8]),
}

/// What a property's value consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A byte that is 0 or 1.
    Flag,
    Two,
    /// Two bytes that are not both 0.
    TwoPositive,
    Four,
    FourPositive,
    Text,
    /// A name and a value.
    Pair,
}

const WILL: [(u8, Shape); 7] = [
    (1, Shape::Flag),
    (2, Shape::Four),
    (3, Shape::Text),
    (8, Shape::Text),
    (9, Shape::Text),
    (24, Shape::Four),
    (USER, Shape::Pair),
];
const CONNECT: [(u8, Shape); 9] = [
    (17, Shape::Four),
    (21, Shape::Text),
    (22, Shape::Text),
    (23, Shape::Flag),
    (25, Shape::Flag),
    (33, Shape::TwoPositive),
    (34, Shape::Two),
    (39, Shape::FourPositive),
    (USER, Shape::Pair),
];
const CONNACK: [(u8, Shape); 17] = [
    (17, Shape::Four),
    (18, Shape::Text),
    (19, Shape::Two),
    (21, Shape::Text),
    (22, Shape::Text),
    (26, Shape::Text),
    (28, Shape::Text),
    (31, Shape::Text),
    (33, Shape::TwoPositive),
    (34, Shape::Two),
    (36, Shape::Flag),
    (37, Shape::Flag),
    (39, Shape::FourPositive),
    (40, Shape::Flag),
    (41, Shape::Flag),
    (42, Shape::Flag),
    (USER, Shape::Pair),
];
/// The one property that may stand there more than once.
const USER: u8 = 38;

/// Whether a CONNECT packet, or the will in it, may have this property, and it can be asked for.
pub fn connect_property(id: u8) -> bool {
    id != USER && (shape(&CONNECT, id).is_some() || shape(&WILL, id).is_some())
}

/// Whether a CONNACK packet may have this property, and it can be asked for.
pub fn connack_property(id: u8) -> bool {
    id != USER && shape(&CONNACK, id).is_some()
}

fn shape(table: &[(u8, Shape)], id: u8) -> Option<Shape> {
    table.iter().find(|(known, _)| *known == id).map(|(_, shape)| *shape)
}

/// The properties of a packet, sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties<'a> {
    table: &'static [(u8, Shape)],
    bytes: &'a [u8],
}

impl<'a> Properties<'a> {
    /// The property of this number: what stands there, or 0 or an empty text. None if there can't be such a one.
    pub fn get(&self, id: u8) -> Option<Property<'a>> {
        let mut input = Input(self.bytes);
        while let Some((have, value)) = input.property(self.table) {
            if have == id {
                return Some(value);
            }
        }
        Some(match shape(self.table, id)? {
            Shape::Text | Shape::Pair => Property::Text(b""),
            _ => Property::Number(0),
        })
    }
}

/// Reads the packet at the front of `bytes`; what follows it is not looked at.
pub fn read(bytes: &[u8]) -> Result<Packet<'_>, Fault> {
    if bytes.len() > 1 && !matches!(bytes.first(), Some(0x10 | 0x20)) {
        return Err(Fault::Invalid);
    }
    let Some(([first, _], after)) = bytes.split_first_chunk::<2>().map(|(head, _)| (head, bytes.get(1..)))
    else {
        return Err(Fault::Incomplete);
    };
    let mut input = Input(after.unwrap_or_default());
    let length = input.length().ok_or(Fault::Invalid)?;
    let body = input.0.get(..length).ok_or(Fault::Incomplete)?;
    let mut input = Input(body);
    let packet = match first {
        0x10 => connect(&mut input).map(|c| Packet::Connect(Box::new(c))),
        0x20 => connack(&mut input).map(|c| Packet::Connack(Box::new(c))),
        _ => None,
    };
    packet.filter(|_| input.0.is_empty()).ok_or(Fault::Invalid)
}

fn connect<'a>(input: &mut Input<'a>) -> Option<Connect<'a>> {
    let mut packet = Connect {
        protocol: input.text()?,
        version: input.byte()?,
        flags: input.byte()?,
        keepalive: input.two()?,
        ..Connect::default()
    };
    let known = matches!(packet.protocol, b"MQTT" | b"MQIsdp");
    if !known || !matches!(packet.version, 3..=5) || packet.flags & 1 != 0 {
        return None;
    }
    let flag = |bit: u8| packet.flags & bit != 0;
    if packet.version == 5 {
        packet.properties = Some(input.properties(&CONNECT)?);
    }
    packet.client = input.text()?;
    if flag(0x04) {
        if packet.version == 5 {
            packet.will_properties = Some(input.properties(&WILL)?);
        }
        packet.will_topic = input.text()?;
        packet.will_payload = input.text()?;
    }
    if flag(0x80) {
        packet.username = input.text()?;
    }
    if flag(0x40) {
        packet.password = input.text()?;
    }
    Some(packet)
}

fn connack<'a>(input: &mut Input<'a>) -> Option<Connack<'a>> {
    let (flags, reason) = (input.byte()?, input.byte()?);
    if flags > 1 {
        return None;
    }
    let properties = if input.0.is_empty() { None } else { Some(input.properties(&CONNACK)?) };
    let version = if properties.is_some() { 5 } else { 4 };
    Some(Connack { version, flags, reason, properties })
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn two(&mut self) -> Option<u16> {
        let (first, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        Some(u16::from_be_bytes(*first))
    }

    fn four(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.two()?;
        self.take(usize::from(length))
    }

    /// A length of at most four bytes.
    fn length(&mut self) -> Option<usize> {
        let (length, rest) = varint(self.0).filter(|_| !self.0.is_empty())?;
        if self.0.len() - rest.len() > 4 {
            return None;
        }
        self.0 = rest;
        usize::try_from(length).ok()
    }

    /// The properties of a packet, of which only those in the table may occur, each once.
    fn properties(&mut self, table: &'static [(u8, Shape)]) -> Option<Properties<'a>> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        let mut input = Input(bytes);
        let mut seen = 0u64;
        while !input.0.is_empty() {
            let (id, _) = input.property(table)?;
            let bit = 1u64.checked_shl(u32::from(id))?;
            if seen & bit != 0 && id != USER {
                return None;
            }
            seen |= bit;
        }
        Some(Properties { table, bytes })
    }

    fn property(&mut self, table: &[(u8, Shape)]) -> Option<(u8, Property<'a>)> {
        let id = self.byte()?;
        let value = match shape(table, id)? {
            Shape::Flag => Property::Number(self.byte().filter(|flag| *flag < 2)?.into()),
            Shape::Two => Property::Number(self.two()?.into()),
            Shape::TwoPositive => Property::Number(self.two().filter(|n| *n > 0)?.into()),
            Shape::Four => Property::Number(self.four()?),
            Shape::FourPositive => Property::Number(self.four().filter(|n| *n > 0)?),
            Shape::Text => Property::Text(self.text()?),
            Shape::Pair => {
                self.text()?;
                Property::Text(self.text()?)
            }
        };
        Some((id, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 3.1.1, with a user and a password.
    const OLD: &[u8] = b"\x10\x18\0\x04MQTT\x04\xc2\0\x3c\0\x03cli\0\x03bob\0\x02pw";
    /// Version 5, with two properties and nothing else.
    const NEW: &[u8] = b"\x10\x16\0\x04MQTT\x05\x02\0\x3c\x06\x19\x01\x15\0\x01A\0\x03cli";

    #[test]
    fn connect_packets() {
        let Ok(Packet::Connect(old)) = read(OLD) else { panic!("no packet") };
        assert_eq!(
            (old.version, old.keepalive, old.username, old.password),
            (4, 60, &b"bob"[..], &b"pw"[..])
        );
        let Ok(Packet::Connect(new)) = read(NEW) else { panic!("no packet") };
        let get = |id| new.properties.and_then(|p| p.get(id));
        assert_eq!((get(25), get(21)), (Some(Property::Number(1)), Some(Property::Text(b"A"))));
        assert_eq!((get(17), get(22), get(36)), (Some(Property::Number(0)), Some(Property::Text(b"")), None));
        for len in 0..OLD.len() {
            assert_eq!(read(OLD.get(..len).unwrap_or_default()), Err(Fault::Incomplete));
        }
        assert!(read(&[OLD, b"more"].concat()).is_ok());
    }

    #[test]
    fn what_is_no_packet() {
        for (at, byte) in [(0, 0x11), (0, 0x30), (8, 9), (9, 0xc3), (7, b'X'), (1, 0x17)] {
            let mut bytes = OLD.to_vec();
            bytes[at] = byte;
            assert_eq!(read(&bytes), Err(Fault::Invalid), "{at} {byte}");
        }
        assert_eq!(read(b"\x10\xff\xff\xff\xff\x01"), Err(Fault::Invalid));
    }

    #[test]
    fn answers() {
        let Ok(Packet::Connack(old)) = read(b"\x20\x02\x01\x05") else { panic!("no packet") };
        assert_eq!((old.version, old.flags, old.reason), (4, 1, 5));
        let Ok(Packet::Connack(new)) = read(b"\x20\x05\0\0\x02\x24\x01") else { panic!("no packet") };
        assert_eq!(new.properties.and_then(|p| p.get(36)), Some(Property::Number(1)));
        assert_eq!(read(b"\x20\x02\x02\0"), Err(Fault::Invalid));
    }
}
