//! Any bytes as a `crt-list`: reading never panics, and a line that was read is read the same when it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use state::tls::list::{Line, List};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let Ok(list) = List::parse(&text) else { return };
    for line in &list.entries {
        let mut written = Vec::new();
        line.show(false, &mut written);
        let written = String::from_utf8(written).unwrap();
        if line.parameters.iter().chain(&line.filters).any(|word| word.contains(['[', ']'])) {
            continue;
        }
        assert_eq!(Line::parse(&written, line.number).as_ref(), Ok(&Some(line.clone())));
    }
});
