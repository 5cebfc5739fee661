//! `ipmask`: networks (manual 7.3.1).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::prelude::*;

pub(super) const KEYWORDS: &[Converter] = &[Converter {
    name: "ipmask",
    args: &[ArgSpec::required("mask4", ArgKind::Mask4), ArgSpec::optional("mask6", ArgKind::Mask6)],
    takes: Type::Addr,
    gives: Type::Addr,
    doc: "The address with all bits outside of the mask cleared. None for an IPv6 address without a `mask6`.",
    examples: &[
        Example { given: "", expr: "ipv4(192.0.2.77),ipmask(24)", gives: "192.0.2.0" },
        Example { given: "", expr: "ipv4(192.0.2.77),ipmask(255.0.0.0)", gives: "192.0.0.0" },
        Example { given: "", expr: "ipv6(2001:db8::1),ipmask(24,32)", gives: "2001:db8::" },
        Example { given: "", expr: "ipv6(2001:db8::1),ipmask(24)", gives: "-" },
        Example { given: "", expr: "ipv6(2001:db8::1),ipmask(24,ffff:ffff::1)", gives: "2001:db8::1" },
    ],
    run: |args, value, _| match (plain(value), args.at(0)?, args.at(1)) {
        (Value::Ipv4(a), Arg::Ipv4(m), _) => Some(Value::Ipv4(Ipv4Addr::from(u32::from(a) & u32::from(*m)))),
        (Value::Ipv6(a), _, Some(Arg::Ipv6(m))) => {
            Some(Value::Ipv6(Ipv6Addr::from(u128::from(a) & u128::from(*m))))
        }
        _ => None,
    },
}];

/// An IPv6 address that stands for an IPv4 one as that.
fn plain(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Ipv6(a) => match a.segments() {
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x2002, high, low, ..] => {
                Value::Ipv4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
            }
            _ => value,
        },
        _ => value,
    }
}
