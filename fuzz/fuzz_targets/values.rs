//! What converters look for in hostile bytes: JSON, protocol buffers, MQTT, FIX, packet headers. The first byte chooses,
//! the second says where the input is cut: what is found lies in the input, and what is judged stays judged.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::packet::{Ethernet, Ip, Tcp};
use wire::{fix, json, mqtt, protobuf};

fuzz_target!(|data: &[u8]| {
    let [choice, cut, input @ ..] = data else { return };
    let cut = usize::from(*cut).min(input.len());
    match choice % 5 {
        0 => query(input, cut),
        1 => fields(input),
        2 => packets(input, cut),
        3 => messages(input, cut),
        _ => headers(input),
    }
});

/// The path is what stands in front of the cut.
fn query(input: &[u8], cut: usize) {
    let (path, text) = input.split_at(cut);
    let path = [b"$", path].concat();
    match json::find(text, &path) {
        Some(json::Found::Text(inside)) => {
            let mut out = Vec::new();
            let whole = json::unescape(inside, &mut out).is_some();
            assert!(!whole || out.len() <= inside.len());
        }
        Some(json::Found::Array(whole) | json::Found::Object(whole)) => {
            assert!(json::find(whole, b"$").is_some());
        }
        _ => {}
    }
}

fn fields(input: &[u8]) {
    for path in [&[1][..], &[1, 2], &[3, 1, 1], &[0], &[u64::MAX]] {
        for field in [protobuf::find(input, path), protobuf::find_grpc(input, path)].into_iter().flatten() {
            assert!(field.content.len() <= input.len());
        }
    }
}

fn packets(input: &[u8], cut: usize) {
    let whole = mqtt::read(input);
    let part = mqtt::read(&input[..cut]);
    match part {
        Ok(_) => assert_eq!(part, whole),
        Err(mqtt::Fault::Invalid) => assert!(whole.is_err()),
        Err(mqtt::Fault::Incomplete) => {}
    }
    if let Ok(mqtt::Packet::Connect(packet)) = &whole {
        for id in 0..=u8::MAX {
            let _ = packet.properties.and_then(|p| p.get(id));
        }
    }
}

fn messages(input: &[u8], cut: usize) {
    let (whole, part) = (fix::judge(input), fix::judge(&input[..cut]));
    assert!(part != fix::Judgement::Valid || whole == part);
    for (_, tag) in fix::TAGS {
        let _ = fix::value(input, tag);
    }
}

fn headers(input: &[u8]) {
    let frame = Ethernet(input);
    let _ = (frame.header(), frame.protocol(), frame.vlan());
    for bytes in [Some(input), frame.data()].into_iter().flatten() {
        let packet = Ip(bytes);
        let _ = (packet.fingerprint(), packet.source(), packet.hops(), packet.header());
        for bytes in [Some(bytes), packet.data()].into_iter().flatten() {
            let tcp = Tcp(bytes);
            let _ = (tcp.kinds().map(Iterator::count), tcp.number(2, 2), tcp.number(8, 4), tcp.window());
        }
    }
}
