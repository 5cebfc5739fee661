//! The sluice binary: command line, start, stop.
fn main() {}
