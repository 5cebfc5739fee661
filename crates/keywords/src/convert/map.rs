//! `map`, `map_<method>`, `map_<method>_<output>`: looking a sample up in a map (manual 7.3.1 "map"). The names are
//! regular: each matching method with each output.

use sample::arg::Output;
use sample::{MatchKind, View};

use super::prelude::*;

/// The arguments by output: the map's file, then what is given where no key matches.
macro_rules! args {
    (Key, $view:expr) => {
        &[ArgSpec::required("map", ArgKind::Map($view, Output::Key))]
    };
    ($output:ident, $view:expr) => {
        &[
            ArgSpec::required("map", ArgKind::Map($view, Output::$output)),
            ArgSpec::optional("default", default_kind(Output::$output)),
        ]
    };
}

macro_rules! map {
    ($name:literal, $kind:ident, $output:ident, $doc:literal, $($expr:literal => $gives:literal),+) => {{
        const GROUPS: bool = matches!($name.as_bytes(), b"map_regm");
        const VIEW: View = View { kind: MatchKind::$kind, fold: false, groups: GROUPS };
        Converter {
            name: $name,
            args: args!($output, VIEW),
            takes: VIEW.kind.expects(),
            gives: gives(Output::$output),
            doc: $doc,
            examples: &[$(Example { given: "", expr: $expr, gives: $gives }),+],
            run: |args, value, cx| look_up(VIEW, Output::$output, args, value, cx),
        }
    }};
}

/// The manual's table, line by line.
#[rustfmt::skip]
pub(super) const KEYWORDS: &[Converter] = &[
    map!("map", Str, Str, "The value of the key that is exactly the text in the map; the default, or nothing, where there is none.", "str(example.com),map(names.map)" => "shop", "str(none),map(names.map,other)" => "other"),
    map!("map_str", Str, Str, "The value of the key that is exactly the text in the map; the default, or nothing, where there is none.", "str(example.com),map_str(names.map)" => "shop", "str(none),map_str(names.map,other)" => "other"),
    map!("map_str_int", Str, Int, "As `map_str`, with the value as an integer.", "str(example.com),map_str_int(numbers.map),add(1)" => "13", "str(none),map_str_int(numbers.map,-1)" => "-1"),
    map!("map_str_ip", Str, Ip, "As `map_str`, with the value as an address.", "str(example.com),map_str_ip(addresses.map)" => "192.0.2.7", "str(none),map_str_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_str_key", Str, Key, "As `map_str`, but gives the key that matched instead of its value.", "str(example.com),map_str_key(names.map)" => "example.com", "str(none),map_str_key(names.map)" => "-"),
    map!("map_beg", Beg, Str, "The value of the longest key that the text begins with in the map; the default, or nothing, where there is none.", "str(/static/a.css),map_beg(names.map)" => "files", "str(none),map_beg(names.map,other)" => "other"),
    map!("map_beg_int", Beg, Int, "As `map_beg`, with the value as an integer.", "str(/static/a.css),map_beg_int(numbers.map),add(1)" => "4", "str(none),map_beg_int(numbers.map,-1)" => "-1"),
    map!("map_beg_ip", Beg, Ip, "As `map_beg`, with the value as an address.", "str(/static/a.css),map_beg_ip(addresses.map)" => "2001:db8::7", "str(none),map_beg_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_beg_key", Beg, Key, "As `map_beg`, but gives the key that matched instead of its value.", "str(/static/a.css),map_beg_key(names.map)" => "/static/", "str(none),map_beg_key(names.map)" => "-"),
    map!("map_sub", Sub, Str, "The value of the first key that is a part of the text in the map; the default, or nothing, where there is none.", "str(www.example.com:80),map_sub(names.map)" => "shop", "str(none),map_sub(names.map,other)" => "other"),
    map!("map_sub_int", Sub, Int, "As `map_sub`, with the value as an integer.", "str(www.example.com:80),map_sub_int(numbers.map),add(1)" => "13", "str(none),map_sub_int(numbers.map,-1)" => "-1"),
    map!("map_sub_ip", Sub, Ip, "As `map_sub`, with the value as an address.", "str(www.example.com:80),map_sub_ip(addresses.map)" => "192.0.2.7", "str(none),map_sub_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_sub_key", Sub, Key, "As `map_sub`, but gives the key that matched instead of its value.", "str(www.example.com:80),map_sub_key(names.map)" => "example.com", "str(none),map_sub_key(names.map)" => "-"),
    map!("map_dir", Dir, Str, "The value of the first key that stands between slashes of the text in the map; the default, or nothing, where there is none.", "str(/www/example.com/x),map_dir(names.map)" => "shop", "str(none),map_dir(names.map,other)" => "other"),
    map!("map_dir_int", Dir, Int, "As `map_dir`, with the value as an integer.", "str(/www/example.com/x),map_dir_int(numbers.map),add(1)" => "13", "str(none),map_dir_int(numbers.map,-1)" => "-1"),
    map!("map_dir_ip", Dir, Ip, "As `map_dir`, with the value as an address.", "str(/www/example.com/x),map_dir_ip(addresses.map)" => "192.0.2.7", "str(none),map_dir_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_dir_key", Dir, Key, "As `map_dir`, but gives the key that matched instead of its value.", "str(/www/example.com/x),map_dir_key(names.map)" => "example.com", "str(none),map_dir_key(names.map)" => "-"),
    map!("map_dom", Dom, Str, "The value of the first key that stands between dots, colons, slashes or question marks of the text in the map; the default, or nothing, where there is none.", "str(www.example.com:80),map_dom(names.map)" => "shop", "str(none),map_dom(names.map,other)" => "other"),
    map!("map_dom_int", Dom, Int, "As `map_dom`, with the value as an integer.", "str(www.example.com:80),map_dom_int(numbers.map),add(1)" => "13", "str(none),map_dom_int(numbers.map,-1)" => "-1"),
    map!("map_dom_ip", Dom, Ip, "As `map_dom`, with the value as an address.", "str(www.example.com:80),map_dom_ip(addresses.map)" => "192.0.2.7", "str(none),map_dom_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_dom_key", Dom, Key, "As `map_dom`, but gives the key that matched instead of its value.", "str(www.example.com:80),map_dom_key(names.map)" => "example.com", "str(none),map_dom_key(names.map)" => "-"),
    map!("map_end", End, Str, "The value of the first key that the text ends with in the map; the default, or nothing, where there is none.", "str(/a.css),map_end(names.map)" => "style", "str(none),map_end(names.map,other)" => "other"),
    map!("map_end_int", End, Int, "As `map_end`, with the value as an integer.", "str(/a.css),map_end_int(numbers.map),add(1)" => "-3", "str(none),map_end_int(numbers.map,-1)" => "-1"),
    map!("map_end_ip", End, Ip, "As `map_end`, with the value as an address.", "str(/a.css),map_end_ip(addresses.map)" => "192.0.2.8", "str(none),map_end_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_end_key", End, Key, "As `map_end`, but gives the key that matched instead of its value.", "str(/a.css),map_end_key(names.map)" => ".css", "str(none),map_end_key(names.map)" => "-"),
    map!("map_reg", Reg, Str, "The value of the first key that, as a regular expression, matches the text in the map; the default, or nothing, where there is none.", "str(/fr/x),map_reg(names.map)" => "page-\\1", "str(none),map_reg(names.map,other)" => "other"),
    map!("map_regm", Reg, Str, "As `map_reg`, with `\\1` to `\\9` in the value standing for what the groups of the regular expression matched.", "str(/fr/x),map_regm(names.map)" => "page-fr", "str(none),map_regm(names.map)" => "-"),
    map!("map_reg_int", Reg, Int, "As `map_reg`, with the value as an integer.", "str(example.com),map_reg_int(numbers.map),add(1)" => "13", "str(none),map_reg_int(numbers.map,-1)" => "-1"),
    map!("map_reg_ip", Reg, Ip, "As `map_reg`, with the value as an address.", "str(example.com),map_reg_ip(addresses.map)" => "192.0.2.7", "str(none),map_reg_ip(addresses.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_reg_key", Reg, Key, "As `map_reg`, but gives the key that matched instead of its value.", "str(example.com),map_reg_key(names.map)" => "example.com", "str(none),map_reg_key(names.map)" => "-"),
    map!("map_int", Int, Str, "The value of the first key, a number or a range such as `500:599`, that the number is in in the map; the default, or nothing, where there is none.", "int(503),map_int(codes.map)" => "broken", "int(7),map_int(codes.map,other)" => "other"),
    map!("map_int_int", Int, Int, "As `map_int`, with the value as an integer.", "int(503),map_int_int(codes_int.map),add(1)" => "6", "int(7),map_int_int(codes_int.map,-1)" => "-1"),
    map!("map_int_ip", Int, Ip, "As `map_int`, with the value as an address.", "int(503),map_int_ip(codes_ip.map)" => "192.0.2.5", "int(7),map_int_ip(codes_ip.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_int_key", Int, Key, "As `map_int`, but gives the key that matched instead of its value.", "int(503),map_int_key(codes.map)" => "500:599", "int(7),map_int_key(codes.map)" => "-"),
    map!("map_ip", Ip, Str, "The value of the finest network that the address is in in the map; the default, or nothing, where there is none.", "ipv4(10.1.2.3),map_ip(networks.map)" => "lab", "ipv4(192.0.2.1),map_ip(networks.map,other)" => "other"),
    map!("map_ip_int", Ip, Int, "As `map_ip`, with the value as an integer.", "ipv4(10.1.2.3),map_ip_int(networks_int.map),add(1)" => "17", "ipv4(192.0.2.1),map_ip_int(networks_int.map,-1)" => "-1"),
    map!("map_ip_ip", Ip, Ip, "As `map_ip`, with the value as an address.", "ipv4(10.1.2.3),map_ip_ip(networks_ip.map)" => "10.1.0.1", "ipv4(192.0.2.1),map_ip_ip(networks_ip.map,192.0.2.99)" => "192.0.2.99"),
    map!("map_ip_key", Ip, Key, "As `map_ip`, but gives the key that matched instead of its value.", "ipv4(10.1.2.3),map_ip_key(networks.map)" => "10.1.0.0/16", "ipv4(192.0.2.1),map_ip_key(networks.map)" => "-"),
];

const fn default_kind(output: Output) -> ArgKind {
    match output {
        Output::Int => ArgKind::Sint,
        Output::Ip => ArgKind::MapAddress,
        Output::Str | Output::Key => ArgKind::Str,
    }
}

const fn gives(output: Output) -> Type {
    match output {
        Output::Int => Type::Sint,
        Output::Ip => Type::Addr,
        Output::Str | Output::Key => Type::Str,
    }
}

/// The value of the key that matches, as what is asked for; the default where none does.
fn look_up<'a>(
    view: View,
    output: Output,
    args: &'a Args,
    value: Value<'a>,
    cx: &Ctx<'a>,
) -> Option<Value<'a>> {
    let list = cx.world.references.at(args.map(0)?)?;
    let now = list.now();
    let Some(found) = now.find(view, value, cx.arena) else { return default(args) };
    // Another version of the list may be in force before the sample is used.
    let own = |text: &[u8]| -> &'a [u8] { cx.arena.alloc_slice_copy(text) };
    if output == Output::Key {
        return Some(Value::Str(own(found.key)));
    }
    if let Some(regex) = found.regex(view).filter(|_| view.groups) {
        let arena: &'a Bump = cx.arena;
        let text = value.bytes()?;
        let mut out = bumpalo::collections::Vec::new_in(arena);
        let groups = regex.captures(text)?;
        crate::bytes::expand(&groups, found.value, &mut |part| out.extend_from_slice(part));
        return Some(Value::Str(out.into_bump_slice()));
    }
    Some(match output.read(found.value)? {
        Value::Str(text) => Value::Str(own(text)),
        Value::Sint(n) => Value::Sint(n),
        Value::Ipv4(a) => Value::Ipv4(a),
        Value::Ipv6(a) => Value::Ipv6(a),
        Value::Bool(_) | Value::Bin(_) | Value::Meth(_) => return None,
    })
}

fn default(args: &Args) -> Option<Value<'_>> {
    Some(match args.at(1)? {
        Arg::Str(text) => Value::Str(text),
        Arg::Sint(n) => Value::Sint(*n),
        Arg::Ipv4(a) => Value::Ipv4(*a),
        Arg::Ipv6(a) => Value::Ipv6(*a),
        _ => return None,
    })
}
