//! `ip.*`: the header of an IP packet (manual 7.3.1), as `fc_saved_syn` or `eth.data` gives it.

use std::net::IpAddr;

use wire::packet::Ip;

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[
    Converter {
        name: "ip.data",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "What an IP packet carries, behind options and extension headers.",
        examples: &[Example {
            given: "",
            expr: "bin(62e000000008004020010000000000000000000000000001200100000000000000000000000000020600010400000000),ip.data,length",
            gives: "0",
        }],
        run: |_, value, _| Ip(value.bytes()?).data().map(Value::Bin),
    },
    Converter {
        name: "ip.df",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "1 if an IP packet may not be fragmented, as no IPv6 packet may; else 0.",
        examples: &[Example {
            given: "",
            expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.df",
            gives: "1",
        }],
        run: |_, value, _| Ip(value.bytes()?).unfragmented().map(|df| Value::Sint(df.into())),
    },
    Converter {
        name: "ip.dst",
        args: &[],
        takes: Type::Bin,
        gives: Type::Addr,
        doc: "The address an IP packet goes to.",
        examples: &[Example {
            given: "",
            expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.dst",
            gives: "10.0.0.2",
        }],
        run: |_, value, _| Ip(value.bytes()?).destination().map(address),
    },
    Converter {
        name: "ip.fp",
        args: &[ArgSpec::optional("mode", ArgKind::Sint)],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "What the IP and TCP headers of a host's connections have in common, in eight bytes: service, family and flags, lengths and scaling, window, segment size, options. The sum of 1, 2 and 4 adds the time to live, the kinds of the TCP options, the source.",
        examples: &[
            Example {
                given: "",
                expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.fp,hex",
                gives: "1050A8FAF005B447",
            },
            Example {
                given: "",
                expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.fp(7),hex",
                gives: "1050A8FAF005B4473C02040801030A000001",
            },
        ],
        run: |args, value, cx| fingerprint(args, Ip(value.bytes()?), cx),
    },
    Converter {
        name: "ip.hdr",
        args: &[],
        takes: Type::Bin,
        gives: Type::Bin,
        doc: "The header of an IP packet with options and extension headers.",
        examples: &[
            Example {
                given: "",
                expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.hdr,hex,length",
                gives: "40",
            },
            Example {
                given: "",
                expr: "bin(62e000000008004020010000000000000000000000000001200100000000000000000000000000020600010400000000),ip.hdr,hex,length",
                gives: "96",
            },
        ],
        run: |_, value, _| Ip(value.bytes()?).header().map(Value::Bin),
    },
    Converter {
        name: "ip.proto",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "What an IP packet carries, as the number of the protocol: 6 is TCP.",
        examples: &[Example {
            given: "",
            expr: "bin(62e000000008004020010000000000000000000000000001200100000000000000000000000000020600010400000000),ip.proto",
            gives: "6",
        }],
        run: |_, value, _| Ip(value.bytes()?).protocol().map(number),
    },
    Converter {
        name: "ip.src",
        args: &[],
        takes: Type::Bin,
        gives: Type::Addr,
        doc: "The address an IP packet comes from.",
        examples: &[Example {
            given: "",
            expr: "bin(62e000000008004020010000000000000000000000000001200100000000000000000000000000020600010400000000),ip.src",
            gives: "2001::1",
        }],
        run: |_, value, _| Ip(value.bytes()?).source().map(address),
    },
    Converter {
        name: "ip.tos",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The type of service or traffic class of an IP packet.",
        examples: &[Example {
            given: "",
            expr: "bin(62e000000008004020010000000000000000000000000001200100000000000000000000000000020600010400000000),ip.tos",
            gives: "46",
        }],
        run: |_, value, _| Ip(value.bytes()?).service().map(number),
    },
    Converter {
        name: "ip.ttl",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The time to live or hop limit of an IP packet.",
        examples: &[Example {
            given: "",
            expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.ttl",
            gives: "60",
        }],
        run: |_, value, _| Ip(value.bytes()?).hops().map(number),
    },
    Converter {
        name: "ip.ver",
        args: &[],
        takes: Type::Bin,
        gives: Type::Sint,
        doc: "The version of an IP packet.",
        examples: &[Example {
            given: "",
            expr: "bin(4510003c000140003c0600000a0000010a00000204d20050fedcba9800000000a002faf000000000020405b40402080adeadbeef0000000001030307),ip.ver",
            gives: "4",
        }],
        run: |_, value, _| Ip(value.bytes()?).version().map(number),
    },
];

fn number<'a>(n: u8) -> Value<'a> {
    Value::Sint(n.into())
}

fn address<'a>(address: IpAddr) -> Value<'a> {
    match address {
        IpAddr::V4(a) => Value::Ipv4(a),
        IpAddr::V6(a) => Value::Ipv6(a),
    }
}

fn fingerprint<'a>(args: &Args, packet: Ip<'_>, cx: &Ctx<'a>) -> Option<Value<'a>> {
    let mode = args.int(0).unwrap_or(0);
    let (mark, tcp) = packet.fingerprint()?;
    let mut out = bumpalo::collections::Vec::with_capacity_in(mark.len(), cx.arena);
    out.extend_from_slice(&mark);
    if mode & 1 != 0 {
        out.push(packet.hops()?);
    }
    if mode & 2 != 0 {
        out.extend(tcp.kinds()?);
    }
    if mode & 4 != 0 {
        match packet.source()? {
            IpAddr::V4(a) => out.extend_from_slice(&a.octets()),
            IpAddr::V6(a) => out.extend_from_slice(&a.octets()),
        }
    }
    Some(Value::Bin(out.into_bump_slice()))
}
