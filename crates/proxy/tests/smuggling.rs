//! The corpus of `tests/smuggling` against the real program: nothing is forwarded as more than, or other than, what the
//! RFCs say it is.

#![cfg(test)]

use std::path::Path;

use harness::smuggling::{Bench, corpus};

#[test]
fn nothing_is_smuggled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/smuggling");
    let cases = corpus(&folder).unwrap();
    assert!(cases.len() >= 200, "{} cases are not the corpus", cases.len());
    let mut bench = Bench::start(Path::new(env!("CARGO_BIN_EXE_sluice")), true).unwrap();
    let mut wrong = String::new();
    for case in &cases {
        let observed = bench.run(case).unwrap();
        if !observed.fits(case) {
            wrong += &format!(
                "{} ({})\n  wanted: {} / {:?}\n  got:    {} / {:?}\n",
                case.name, case.why, case.client, case.origin, observed.client, observed.origin
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
