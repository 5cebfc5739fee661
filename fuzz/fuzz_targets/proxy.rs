//! The PROXY protocol on hostile bytes: a cut makes no difference, and what was read reads back when written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::proxy::{self, Extra, Parsed};

fuzz_target!(|data: &[u8]| {
    let [cut, input @ ..] = data else { return };
    let whole = proxy::read(input);
    let part = proxy::read(&input[..usize::from(*cut).min(input.len())]);
    if let Parsed::Complete { consumed, header } = whole {
        assert!(consumed <= input.len());
        assert!(part == Parsed::Partial || part == whole);
        header.tlvs.iter().for_each(drop);
        again(header.ends);
    }
    if let Parsed::Invalid(fault) = part {
        assert!(matches!(whole, Parsed::Invalid(_)), "{fault:?}");
    }
});

fn again(ends: Option<proxy::Ends>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    proxy::write_v1(ends, &mut old);
    proxy::write_v2(ends, &Extra { crc32c: true, ..Extra::default() }, &mut new);
    for bytes in [old, new] {
        let Parsed::Complete { consumed, header } = proxy::read(&bytes) else { panic!("{bytes:?}") };
        assert_eq!((consumed, header.ends), (bytes.len(), ends));
    }
}
