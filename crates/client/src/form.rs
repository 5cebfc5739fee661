//! The shape of a line, written as the line with its properties in braces; one text reads and writes it.
//!
//! ```text
//! (no) option forwardfor ?forwardfor.enabled [except {forwardfor.except}] [if-none ?forwardfor.ifnone]
//! http-request =type:set-var set-var({var_scope}.{var_name}) {var_expr*} <cond>
//! server {name} <addr:address> @server ...
//! ```
//!
//! - a word stands for itself; `{p}` is one word, as written in the file, quotes included; inside a word it is
//!   what stands up to the next fixed character;
//! - `{p"}` one word without its quotes; `{p*}` the words up to the next part, as written; `{p+}` the same as a
//!   list; `{p,}` one word, a list with commas;
//! - `?p` and `!p` are no words: that the line is there makes `p` true (`enabled`) or false (`disabled`);
//! - `=p:v` is no word: lines of this form have the value `v` in `p`; `p=v` is the word `v` and that;
//! - `[…]` may be missing, and those in a row come in any order; `[p[]: …]` may come many times, each an entry;
//! - `<cond>` is `if` or `unless` with the rest of the line; `<cond:a,b>` with these properties;
//! - `<addr:p>` is an address in `p` with the port in `port`, a range of ports in `port-range-end` too;
//! - `(no)` in front: the line may be negated; `@name` takes in another text; `...` at the end: words that
//!   aren't known are passed over, and kept where the line is written again;
//! - `p[]:` in front: each such line is an entry of the list `p`.
//!
//! What a property is (a number, a time, a switch) the contract says. Read `shape.rs`, then `read.rs`, `write.rs`.

mod read;
mod shape;
mod value;
mod write;

pub(crate) use read::{Line, read};
pub(crate) use shape::{Form, forms};
pub use value::milliseconds;
pub(crate) use value::{get, present, set};
pub(crate) use write::{Written, write};
