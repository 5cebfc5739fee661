//! Scripted peers: they live in the network, see only bytes, and enter what they see in the ledger.

pub mod client;
pub mod origin;
pub mod player;
pub mod tunnel;
