//! TLS as the configuration makes it: certificates, who gets which of them, what is accepted on either side, and what
//! is known of a connection. Handshakes and records are `net`'s; where files lie is `plan`'s.
//!
//! Reading order: [`cert`], [`terms`], [`bind`], [`verify`], [`plain`], [`server`], [`known`]; [`store`] and [`list`] hold what was read from files,
//! [`x509`] reads certificates.

pub mod bind;
pub mod cert;
pub mod known;
pub mod list;
pub mod ocsp;
pub mod plain;
pub mod server;
pub mod store;
pub mod terms;
pub mod tickets;
pub mod verdict;
pub mod verify;
pub mod x509;

pub use bind::{Entry, Names, Served, Table};
pub use cert::Certificate;
pub use known::Known;
pub use server::ServerTls;
pub use store::Store;
pub use terms::Terms;
