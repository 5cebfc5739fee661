//! The native client: haproxy.cfg under management, by transactions and typed objects.
//!
//! - [`Store`]: one file, its version, its transactions, atomic and judged changes. [`Check`]: the proxy's own
//!   judgement of a text.
//! - [`section`], [`family`]: the objects of the contract, by their word in a path; [`sections`],
//!   [`read_section`], [`rows`] and their companions read and edit them in a [`Document`](config::Document).
//! - [`judge_line`]: whether the tables say all of a line.
//! - [`diff`]: which objects differ between two texts.
//! - [`spoe`]: the same for the files of SPOE filters.
//! - [`Runtime`]: the proxy's socket. [`Agent`]: reloads.
//!
//! What a change doesn't touch stays byte for byte: comments, order, `.if` blocks, words unknown here. It knows
//! how objects of the contract stand in a configuration, never what they do; nothing here speaks HTTP.
//!
//! Read `store.rs` first, then `form.rs` (how a line is described), `model.rs` (the tables), `section.rs` and
//! `rows.rs`.

mod diff;
mod disk;
mod error;
mod form;
mod header;
mod line;
mod model;
mod reload;
mod rows;
mod runtime;
mod section;
pub mod spoe;
mod store;
mod transaction;
mod validate;

pub use diff::{Change, diff, same_words};
pub use disk::{random_id, read as read_file, replace as write_file};
pub use error::{Error, Kind};
pub use form::milliseconds;
pub use header::md5_hex;
pub use line::{Verdict, judge_line};
pub use model::{Family, SectionModel, all_sections, family, section, spoe_section};
pub use reload::{Agent, How, Reload, timestamp};
pub use rows::{
    Row, at as row_at, create as create_row, delete as delete_row, find as find_row, insert as insert_row,
    line_of, list as rows, replace as replace_row, replace_all as replace_rows,
};
pub use runtime::Runtime;
pub use section::{
    Found, create as create_section, delete as delete_section, find as find_section, find_all as sections,
    read_section, replace as replace_section,
};
pub use store::{Base, Settings, Store};
pub use transaction::{Status, Transaction};
pub use validate::Check;
