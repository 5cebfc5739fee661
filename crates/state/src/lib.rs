//! The nouns: what the configuration becomes ([`World`] and what hangs from it), what one client connection
//! ([`Session`]) and one exchange ([`Stream`]) consist of, and the shapes of the keyword families
//! ([`family`]), whose instances live in `keywords`.
//!
//! This crate holds data and the small operations that keep it consistent. It deliberately doesn't know
//! haproxy.cfg (that is `plan`'s business), sockets, time or the order in which things happen (`engine`'s).
//!
//! Reading order: [`world`], [`frontend`], [`backend`], [`server`], [`cookie`], [`table`], [`stick`]; [`session`], [`stream`],
//! [`tracking`]; [`expr`], [`reference`], [`acl`], [`format`], [`forwarded`], [`rule`], [`screen`], [`route`], [`filter`], [`compression`];
//! [`cache`]; [`log`], [`ring`]; [`tls`]; [`family`]; [`about`], [`malformed`].

pub mod about;
pub mod acl;
pub mod adjust;
pub mod administer;
pub mod auth;
pub mod backend;
pub mod cache;
pub mod captured;
pub mod check;
pub mod clear;
pub mod compression;
pub mod cookie;
pub mod counters;
pub mod endpoint;
pub mod expr;
pub mod family;
pub mod fault;
pub mod filter;
pub mod format;
pub mod forwarded;
pub mod frontend;
pub mod http2;
pub mod jose;
pub mod link;
pub mod log;
pub mod log_forward;
pub mod mail;
pub mod malformed;
pub mod numbers;
pub mod options;
pub mod reference;
pub mod reply;
pub mod resolvers;
pub mod restore;
pub mod ring;
pub mod route;
pub mod rule;
pub mod screen;
pub mod server;
pub mod session;
pub mod stats;
pub mod stick;
pub mod stream;
pub mod table;
pub mod termination;
pub mod timer;
pub mod tls;
pub mod tracking;
pub mod turn;
pub mod unique_id;
pub mod vars;
pub mod world;

pub use about::About;
pub use acl::{Acl, AclTest, Cond, Term};
pub use backend::Backend;
pub use endpoint::Endpoint;
pub use expr::{Ctx, Expr, Side};
pub use format::Format;
pub use frontend::Frontend;
pub use reference::{Patterns, Reference, References};
pub use rule::{Act, Action, Farewell, Rule, Rules, Verdict};
pub use server::Server;
pub use session::Session;
pub use stream::Stream;
pub use table::Table;
pub use timer::Timer;
pub use world::World;
