//! Model to World: the configuration made into what runs.
//!
//! [`build`] takes what `config` read and gives a [`World`], all remarks, and the reasons why this version must not be
//! started with it. It is a pure function of the text and of what [`Environment`] answers.
//!
//! A directive is one row of a table in a file of its own: `directive/balance.rs`, `directive/bind.rs`. Words that the
//! language has and Sluice does not run are said by name, a warning each; where leaving one out would serve somebody
//! wrongly (`ssl` on a `bind` line, a rule that denies), the configuration stays valid and starting it is refused.
//!
//! What it deliberately doesn't know: sockets, threads, the order of events.
//!
//! Reading order: [`environment`]; `ctx` (the shape of a directive), `draft` (a proxy while it is read), `section`
//! (which lines go where), `directive/*`, `assemble` (drafts into the World), `compile` (expressions, ACLs, rules).

mod address;
mod assemble;
pub mod compile;
mod ctx;
mod directive;
mod draft;
pub mod environment;
pub mod inherit;
pub mod known;
mod number;
mod remarks;
mod section;
mod server_state;
mod tls;

use config::{Diagnostic, Loaded};
use state::World;
use state::tls::Store;

pub use environment::Environment;

/// What became of a configuration.
#[derive(Debug)]
pub struct Built {
    /// None if there is an alert, among the diagnostics here or those of reading.
    pub world: Option<World>,
    /// Remarks beyond those of reading, in the order in which HAProxy makes them.
    pub diagnostics: Vec<Diagnostic>,
    /// Why this version of Sluice must not run it although it is valid. Checking (`-c`) passes, starting is refused.
    pub unserved: Vec<Diagnostic>,
}

/// What a World takes over from.
#[derive(Clone, Copy, Debug)]
pub struct Before<'w> {
    pub world: &'w World,
    /// The files of TLS, if they are not to be read anew.
    pub files: Option<&'w Store>,
}

/// Makes a World of what was read.
pub fn build(loaded: &Loaded, env: &Environment) -> Built {
    build_after(loaded, env, None)
}

/// As [`build`], for a World that is to take over from another ([`inherit`]): names of variables keep their numbers, and
/// lists of patterns whose text is the same are the same lists.
pub fn build_after(loaded: &Loaded, env: &Environment, before: Option<Before<'_>>) -> Built {
    let mut read = section::read(loaded, env, before);
    let world = assemble::world(&mut read);
    let valid = !loaded.has_errors() && !read.plan.remarks.has_alerts();
    let (diagnostics, unserved) = read.plan.remarks.into_parts();
    Built { world: world.filter(|_| valid), diagnostics, unserved }
}
