//! Header compression (RFC 7541). What comes is decoded with the peer's dynamic table; what goes is written without a
//! table of its own (names by the static table, values as they are), so that a connection holds no state for it and no
//! list depends on the one before.

mod decode;
mod encode;
pub mod huffman;
mod table;

pub use decode::{Bad, Decoder, Sink};
pub use encode::{indexed, literal, status};
pub use table::static_index;

/// Bytes that each entry counts for beside its name and its value (RFC 7541 section 4.1).
const OVERHEAD: usize = 32;
