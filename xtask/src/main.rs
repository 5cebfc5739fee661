//! Chores that are not the product: `cargo xtask tidy|bench|regtests|parity`.
fn main() {}
