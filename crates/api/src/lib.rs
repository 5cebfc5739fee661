//! The contracts: what the Data Plane API accepts and answers, as data.
//!
//! - [`contract`]: the operations and schemas of the specification (`contract.json`, made by `cargo xtask
//!   contract`).
//! - [`validate`]: a value against a schema, with the path of the field that doesn't fit.
//! - [`Kind`]: what a property is, for those who read and write it elsewhere.
//!
//! It knows no configuration, no file and no socket.

mod contract;
mod field;
mod kind;
mod order;
mod validate;

pub use contract::{Body, Contract, Operation, Parameter, Route, contract};
pub use field::{field, put, text};
pub use kind::{Kind, kind, properties};
pub use order::{echoed, ordered};
pub use validate::{Violation, validate, validate_part};
