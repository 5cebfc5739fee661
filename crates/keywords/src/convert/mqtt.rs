//! `mqtt_is_valid`, `mqtt_field_value`: the first packets of MQTT (manual 7.3.1).

use wire::mqtt::{Connack, Connect, Fault, Packet, Property, connack_property, connect_property, read};

use super::prelude::*;

/// The kinds of packets by their numbers.
const KINDS: [&str; 15] = [
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];
const CONNECT: i64 = 1;
const CONNACK: i64 = 2;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Flags,
    ProtocolName,
    ProtocolVersion,
    ClientIdentifier,
    WillTopic,
    WillPayload,
    Username,
    Password,
    Keepalive,
    ReasonCode,
    Property(u8),
}

const OF_CONNECT: [(&str, Wanted); 9] = [
    ("flags", Wanted::Flags),
    ("protocol_name", Wanted::ProtocolName),
    ("protocol_version", Wanted::ProtocolVersion),
    ("client_identifier", Wanted::ClientIdentifier),
    ("will_topic", Wanted::WillTopic),
    ("will_payload", Wanted::WillPayload),
    ("username", Wanted::Username),
    ("password", Wanted::Password),
    ("keepalive", Wanted::Keepalive),
];
const OF_CONNACK: [(&str, Wanted); 3] = [
    ("flags", Wanted::Flags),
    ("protocol_version", Wanted::ProtocolVersion),
    ("reason_code", Wanted::ReasonCode),
];

const KIND: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let named = KINDS.iter().position(|name| name.eq_ignore_ascii_case(written.text)).map(|at| at + 1);
        let number = || written.text.parse().ok().filter(|n| (1..=KINDS.len()).contains(n));
        let kind = named.or_else(number).and_then(|n| i64::try_from(n).ok());
        Ok(Arg::Sint(kind.ok_or_else(|| format!("Unknown MQTT type '{}'", written.text))?))
    },
});
const FIELD: ArgKind = ArgKind::Own(&Own {
    kind: "string",
    absent: false,
    read: |written, _| {
        let kind = match written.before.first() {
            Some(Some(Arg::Sint(n))) => *n,
            _ => 0,
        };
        let wanted = wanted(kind, written.text).ok_or_else(|| {
            let at = usize::try_from(kind).unwrap_or(0).wrapping_sub(1);
            let kind = KINDS.get(at).copied().unwrap_or_default().to_ascii_lowercase();
            format!("Unknown MQTT field name '{}' for packet type '{kind}'", written.text)
        })?;
        Ok(Arg::own(wanted))
    },
});

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "mqtt_field_value",
        args: &[ArgSpec::required("packettype", KIND), ArgSpec::required("fieldname_or_property_ID", FIELD)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "A value, as text, out of the packet CONNECT or CONNACK that the input begins with: `flags`, `protocol_name`, \
              `protocol_version`, `client_identifier`, `will_topic`, `will_payload`, `username`, `password`, `keepalive`, or \
              `flags`, `protocol_version`, `reason_code`, or in version 5 the number of a property. None for empty text.",
        examples: &[
            Example { given: "", expr: CONNECT_USER, gives: "bob" },
            Example { given: "", expr: "bin(20020005),mqtt_field_value(2,reason_code)", gives: "5" },
            Example { given: "", expr: "bin(20020005),mqtt_field_value(connack,17)", gives: "-" },
        ],
        run: |args, value, cx| {
            let wanted = *args.own::<Wanted>(1)?;
            let value = match (args.int(0)?, read(value.bytes()?).ok()?) {
                (CONNECT, Packet::Connect(packet)) => of_connect(&packet, wanted)?,
                (CONNACK, Packet::Connack(packet)) => of_connack(&packet, wanted)?,
                _ => return None,
            };
            Some(Value::Bin(match value {
                Property::Number(n) => sample::cast::text(Value::Sint(n.into()), cx.arena),
                Property::Text(text) => Some(text).filter(|text| !text.is_empty())?,
            }))
        },
    },
    Converter {
        name: "mqtt_is_valid",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bool,
        doc: "Whether the input begins with a sound packet CONNECT or CONNACK of version 3.1, 3.1.1 or 5.0. None while it \
              is not complete.",
        examples: &[
            Example { given: "", expr: "bin(20020000),mqtt_is_valid", gives: "1" },
            Example { given: "", expr: "bin(20020200),mqtt_is_valid", gives: "0" },
            Example { given: "", expr: "bin(200200),mqtt_is_valid", gives: "-" },
        ],
        run: |_, value, _| match read(value.bytes()?) {
            Ok(_) => Some(Value::Bool(true)),
            Err(Fault::Invalid) => Some(Value::Bool(false)),
            Err(Fault::Incomplete) => None,
        },
    },
];

const CONNECT_USER: &str =
    "bin(101800044d51545404c2003c0003636c690003626f6200027077),mqtt_field_value(connect,username)";

fn wanted(kind: i64, text: &str) -> Option<Wanted> {
    let named = |names: &[(&str, Wanted)]| {
        names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, wanted)| *wanted)
    };
    let property = |known: fn(u8) -> bool| text.parse().ok().filter(|id| known(*id)).map(Wanted::Property);
    match kind {
        CONNECT => named(&OF_CONNECT).or_else(|| property(connect_property)),
        CONNACK => named(&OF_CONNACK).or_else(|| property(connack_property)),
        _ => None,
    }
}

fn of_connect<'a>(packet: &Connect<'a>, wanted: Wanted) -> Option<Property<'a>> {
    Some(match wanted {
        Wanted::Flags => Property::Number(packet.flags.into()),
        Wanted::ProtocolName => Property::Text(packet.protocol),
        Wanted::ProtocolVersion => Property::Number(packet.version.into()),
        Wanted::ClientIdentifier => Property::Text(packet.client),
        Wanted::WillTopic => Property::Text(packet.will_topic),
        Wanted::WillPayload => Property::Text(packet.will_payload),
        Wanted::Username => Property::Text(packet.username),
        Wanted::Password => Property::Text(packet.password),
        Wanted::Keepalive => Property::Number(packet.keepalive.into()),
        Wanted::ReasonCode => return None,
        Wanted::Property(id) => {
            let own = packet.properties.and_then(|p| p.get(id));
            return own.or_else(|| packet.will_properties.and_then(|p| p.get(id)));
        }
    })
}

fn of_connack<'a>(packet: &Connack<'a>, wanted: Wanted) -> Option<Property<'a>> {
    match wanted {
        Wanted::Flags => Some(Property::Number(packet.flags.into())),
        Wanted::ProtocolVersion => Some(Property::Number(packet.version.into())),
        Wanted::ReasonCode => Some(Property::Number(packet.reason.into())),
        Wanted::Property(id) => packet.properties.and_then(|p| p.get(id)),
        _ => None,
    }
}
