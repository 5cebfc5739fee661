//! The native client: haproxy.cfg under management, by transactions and typed objects.
//!
//! - [`Store`]: one file, its version, its transactions, atomic and judged changes.
//! - [`Check`]: the proxy's own judgement of a text.
//!
//! What a change doesn't touch stays byte for byte: comments, order, `.if` blocks, words unknown here. It knows
//! how objects of the contract stand in a configuration, never what they do; nothing here speaks HTTP.
//!
//! Read `store.rs` first.

mod disk;
mod error;
mod header;
mod store;
mod transaction;
mod validate;

pub use error::{Error, Kind};
pub use header::md5_hex;
pub use store::{Base, Settings, Store};
pub use transaction::{Status, Transaction};
pub use validate::Check;
