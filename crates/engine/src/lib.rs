//! The order of events: a client connects, its requests are read, judged, routed, sent to a server, answered, counted
//! and logged.
//!
//! It deliberately doesn't know haproxy.cfg (a [`state::World`] is all it sees) nor what a keyword does (`keywords`),
//! and it makes no system call of its own (`net` does).
//!
//! Reading order, which is that of a request: [`thread`] and [`worker`] (what a thread has), [`listener`], [`session`], [`preamble`],
//! [`stream`] (the table of phases), [`request`], [`inspect`], [`rules`], [`route`], [`persist`], [`assign`] with [`queue`], [`redir`], [`connect`] with [`dial`], [`borrow`] and [`contact`],
//! [`preface`], [`respond`], [`filter`] with [`chain`], [`forward`] with [`pump`], [`alter`] and [`spelling`], [`reply`], [`serve`], [`finish`] with [`log`]; [`tunnel`] for TCP; [`health`], [`cli`],
//! [`announce`], [`at_work`], [`roll`], [`malformed`] and [`explain`] beside it all.

pub mod alter;
pub mod announce;
pub mod assign;
pub mod at_work;
pub mod borrow;
pub mod buffer;
pub mod chain;
pub mod cli;
pub mod connect;
pub mod contact;
pub mod content;
pub mod dial;
pub mod exchange;
pub mod explain;
pub mod failure;
pub mod filter;
pub mod finish;
pub mod forward;
pub mod h2;
pub mod handshake;
pub mod health;
pub mod idle;
pub mod inspect;
pub mod listener;
pub mod log;
pub(crate) mod mail;
pub mod malformed;
pub mod observe;
pub mod persist;
pub mod preamble;
pub mod preface;
pub mod pump;
pub mod queue;
pub mod redir;
pub mod reply;
pub mod request;
pub mod resolve;
pub mod respond;
pub mod roll;
pub mod route;
pub mod rules;
pub mod secure;
pub mod serve;
pub mod session;
mod sieve;
pub mod socks4;
pub mod spelling;
pub mod stick;
pub mod stream;
pub mod thread;
pub mod track;
pub mod tunnel;
pub mod worker;
