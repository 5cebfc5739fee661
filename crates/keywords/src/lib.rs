//! Every keyword family, a file an idea, named as the user writes it: `fetch/path.rs`, `action/set_header.rs`,
//! `balance/roundrobin.rs`. A keyword is a plain `const` (see `state::family` for the shapes) with its documentation
//! and examples, which are also its test.
//!
//! Each family's `mod.rs` keeps the plain list of its files; a test compares it with the folder. To add a keyword:
//! write its file, add its line to the list.
//!
//! This crate deliberately doesn't know haproxy.cfg (`plan` hands it words), nor sockets, nor the order of
//! events (`engine` calls it).

pub mod action;
pub mod alias;
pub mod auth;
pub mod balance;
mod bytes;
pub mod check;
pub mod clock;
pub mod command;
pub mod convert;
pub mod criterion;
pub mod fetch;
pub mod filter;
pub mod forwarded;
mod jose;
pub mod metric;
pub mod service;
pub mod stats_file;
pub mod steady;
mod table;
mod timing;
mod vars;
pub mod websocket;
