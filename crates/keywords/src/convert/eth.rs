//! `eth.*`: the header of an Ethernet frame (manual 7.3.1), as `fc_saved_syn` gives it.

use wire::packet::Ethernet;

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "eth.data",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "What an Ethernet frame carries, behind VLAN tags too.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b810000058100f00608004142),eth.data,hex",
            gives: "4142",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).data().map(Value::Bin),
    },
    Converter {
        name: "eth.dst",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The address an Ethernet frame goes to.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b810000058100f00608004142),eth.dst,hex",
            gives: "000102030405",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).destination().map(Value::Bin),
    },
    Converter {
        name: "eth.hdr",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The header of an Ethernet frame with its VLAN tags.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b080041),eth.hdr,hex",
            gives: "000102030405060708090A0B0800",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).header().map(Value::Bin),
    },
    Converter {
        name: "eth.proto",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "What an Ethernet frame carries, as the number of the protocol.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b810000058100f00608004142),eth.proto",
            gives: "2048",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).protocol().map(number),
    },
    Converter {
        name: "eth.src",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The address an Ethernet frame comes from.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b810000058100f00608004142),eth.src,hex",
            gives: "060708090A0B",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).source().map(Value::Bin),
    },
    Converter {
        name: "eth.vlan",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The number in the last VLAN tag of an Ethernet frame; none without a tag.",
        examples: &[Example {
            given: "",
            expr: "bin(000102030405060708090a0b810000058100f00608004142),eth.vlan",
            gives: "6",
        }],
        run: |_, value, _| Ethernet(value.bytes()?).vlan().map(number),
    },
];

fn number<'a>(n: u16) -> Value<'a> {
    Value::Sint(n.into())
}
