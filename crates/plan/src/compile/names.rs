//! What a name in an expression may refer to, as numbers. Filled by whoever builds the World, before anything is
//! compiled: proxies may refer to each other in any order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use state::reply::Pages;
use state::table::{KeyKind, Kind};
use state::{Acl, Reference, References, World};

/// The numbers behind names, for a whole configuration.
#[derive(Debug, Default)]
pub struct Names {
    /// Position in `World::frontends`.
    pub frontends: HashMap<Box<str>, u32>,
    /// Position in `World::backends`.
    pub backends: HashMap<Box<str>, u32>,
    /// By backend: position of a server by its name.
    pub servers: Vec<HashMap<Box<str>, u32>>,
    /// Stick tables by the name of their proxy or section: position in `World::tables`, and what they are keyed by.
    pub tables: HashMap<Box<str>, (u32, KeyKind)>,
    /// `tune.stick-counters`.
    pub stick_counters: u32,
    pub userlists: HashMap<Box<str>, u32>,
    /// `http-errors` sections.
    pub http_errors: HashMap<Box<str>, Arc<Pages>>,
    /// Position in `World::log_profiles`.
    pub log_profiles: HashMap<Box<str>, u32>,
    /// By stick table: the kinds of data it holds.
    pub table_kinds: Vec<Vec<Kind>>,
    /// Bandwidth limitation filters by the names of their proxy and their own; those that rules of the proxy at hand name.
    pub limiters: HashMap<(Box<str>, Box<str>), u32>,
    pub used_limiters: Vec<(Box<str>, u32)>,
    /// Position in `World::resolvers`.
    pub resolvers: HashMap<Box<str>, u32>,
    /// Position in `World::caches`.
    pub caches: HashMap<Box<str>, u32>,
    /// Caches that the proxy at hand uses, by position; names of those that don't exist.
    pub used_caches: Vec<u32>,
    pub missing_caches: Vec<Box<str>>,
    /// Which frontends and backends look into the bodies of requests and of responses.
    pub looking: Looking,
    /// What keywords made of files, by their paths, for `World::kept`.
    pub kept: HashMap<Box<str>, sample::arg::Made>,
    pub certificates: Certificates,
    pub rings: HashSet<Box<str>>,
    /// Where relative file names start (`default-path`); the process's own directory if none.
    pub base: Option<std::path::PathBuf>,
    /// Lists of patterns met so far.
    pub references: References,
    /// Those of the World before.
    pub known_lists: References,
    /// Lists of the values on lines, by file, line and how many of that line came before.
    pub line_lists: HashMap<(u32, u32, u32), Arc<Reference>>,
    /// ACLs that expressions name, by the number in their arguments.
    pub acls: Vec<Arc<Acl>>,
    /// Names of lists that rules change.
    pub changed_lists: HashSet<Box<str>>,
    /// Addresses that rules name, looked up.
    pub addresses: HashMap<Box<str>, Result<std::net::SocketAddr, String>>,
    vars: HashMap<Box<str>, u32>,
    var_names: Vec<Box<str>>,
}

/// Certificates by the names of their files, for tokens.
#[derive(Debug, Default)]
pub struct Certificates {
    /// Whether tokens may be verified and decrypted with each.
    pub known: HashMap<Box<str>, bool>,
    /// Those that may be, whether they are known or not.
    pub wanted: BTreeSet<Box<str>>,
    /// No file is read: what isn't known has been taken away while traffic flows.
    pub sealed: bool,
}

/// Who looks into bodies, by position in the World: requests', responses'.
#[derive(Debug, Default)]
pub struct Looking {
    pub frontends: [HashSet<u32>; 2],
    pub backends: [HashSet<u32>; 2],
    /// Which frontends, which backends look into the heads of requests before these are read as such.
    pub heads: [HashSet<u32>; 2],
}

impl Looking {
    /// What a proxy at this position looks into.
    pub fn of(sets: &[HashSet<u32>; 2], position: Option<u32>) -> [bool; 2] {
        [0, 1].map(|side| sets.get(side).is_some_and(|set| Self::in_it(set, position)))
    }

    pub fn in_it(set: &HashSet<u32>, position: Option<u32>) -> bool {
        position.is_some_and(|p| set.contains(&p))
    }
}

impl Names {
    /// Gives what a World has the numbers that it has there.
    pub fn seed(&mut self, old: &World) {
        for name in &old.var_names {
            self.var(name);
        }
        self.known_lists = old.references.clone();
    }

    /// The number of a variable's name (without its scope), given at its first use.
    pub fn var(&mut self, name: &str) -> u32 {
        if let Some(id) = self.vars.get(name) {
            return *id;
        }
        let id = u32::try_from(self.var_names.len()).unwrap_or(u32::MAX);
        self.vars.insert(name.into(), id);
        self.var_names.push(name.into());
        id
    }

    /// The names behind the numbers given so far, for `World::var_names`.
    pub fn var_names(&self) -> &[Box<str>] {
        &self.var_names
    }

    /// The position of a server in a backend.
    pub fn server(&self, backend: u32, name: &str) -> Option<u32> {
        self.servers.get(usize::try_from(backend).ok()?)?.get(name).copied()
    }

    /// The content of a file that the configuration names.
    pub fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        match &self.base {
            Some(base) => std::fs::read(base.join(path)),
            None => std::fs::read(path),
        }
    }
}
