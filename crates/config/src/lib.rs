//! haproxy.cfg: lossless text, sections and directives, edits, diagnostics.
//!
//! ```
//! use config::{Context, Source};
//!
//! let source = Source::new("haproxy.cfg", "global\n  maxconn 100\nfrontend web\n  bind :80\n");
//! let loaded = config::parse_sources(vec![source], &Context::default());
//! for section in loaded.sections() {
//!     for directive in section.directives() {
//!         let (file, line) = loaded.location(directive.span());
//!         println!("{file}:{line} {} {:?}", directive.keyword(), directive.args().next());
//!     }
//! }
//! ```
//!
//! - [`load`] reads paths, [`parse_sources`] texts; both give a [`Loaded`]: files, [`Section`]s of
//!   [`Directive`]s of [`Word`]s (bytes after expansion, with a [`Span`] each), and [`Diagnostic`]s. Reading
//!   never fails and never stops early.
//! - [`Directive`]: `keyword()`, `words()`, `args()`, `text(i)`, `negated()`, `defaulted()`, `span()`.
//! - [`vocabulary`]: `known(kind, word)`, `nearest(word, names)`, `split_params(words, SERVER)`, `actions(rules)`.
//! - [`Loaded::inheritance`]: the `defaults` section of each proxy section.
//! - [`literal`]: times and sizes. [`check_condition`]: `-cc`.
//! - [`Document`]: the text itself, for edits; a span's line less one is its index there.
//!
//! What it knows: how a line becomes words, conditions and variables, which words exist where, and what can be
//! found wrong without knowing what a word does. What it deliberately doesn't know: any behaviour; `plan` gives
//! the words a meaning. It never asks the process for anything; only `load.rs` touches files.
//!
//! Read `words.rs` first, then `document.rs` (the text and its edits), `loaded.rs` (what a reader gets),
//! `parse.rs` (how it comes to be), `check/` and `vocabulary/`.

mod check;
mod condition;
mod context;
mod diagnostic;
mod document;
mod inherit;
pub mod literal;
mod load;
mod loaded;
mod parse;
mod readable;
mod section;
pub mod vocabulary;
mod words;

pub use condition::{ConditionError, check_condition};
pub use context::{Context, Env, LOG_FORMATS, VERSION};
pub use diagnostic::{Diagnostic, Place, Severity, closing_lines};
pub use document::{Document, SectionText, unquote};
pub use load::{LoadError, load, read_sources};
pub use loaded::{Directive, File, FileId, Loaded, Section, Span, Word, Words};
pub use parse::{MAX_SOURCE_BYTES, Source, parse_sources};
pub use section::SectionKind;
pub use words::{LexError, LexErrorKind, MAX_WORDS, quote};
