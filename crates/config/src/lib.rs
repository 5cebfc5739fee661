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
//! What it knows: how a line becomes words ([`words`]), conditions and variables ([`parse`]), which words
//! exist where ([`vocabulary`]), and what can be found wrong without knowing what a word does
//! ([`check`]). What it deliberately doesn't know: any behaviour. `plan` gives the words a meaning.
//!
//! Read [`words`] first, then [`document`] (the text and its edits), [`loaded`] (what a reader gets),
//! [`parse`] (how it comes to be).

mod check;
mod condition;
mod context;
mod diagnostic;
mod document;
pub mod literal;
mod load;
mod loaded;
mod parse;
mod section;
pub mod vocabulary;
mod words;

pub use condition::{ConditionError, check_condition};
pub use context::{Context, Env, LOG_FORMATS, VERSION};
pub use diagnostic::{Diagnostic, Place, Severity, closing_lines};
pub use document::{Document, SectionText};
pub use load::{LoadError, load, read_sources};
pub use loaded::{Directive, File, FileId, Loaded, Section, Span, Word, Words};
pub use parse::{MAX_SOURCE_BYTES, Source, parse_sources};
pub use section::SectionKind;
pub use words::{LexError, LexErrorKind, MAX_WORDS, quote};
