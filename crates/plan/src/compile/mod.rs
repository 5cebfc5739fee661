//! Words to expressions: sample expressions, log formats, ACLs and conditions, rules, the tables behind `use_backend`.
//!
//! A [`Compile`] serves one section: it knows the section's ACLs, where the line at hand stands ([`Site`]) and, through
//! [`Names`], what names of proxies, servers and variables mean. Compile every `acl` line of a section first, then its
//! rules. Errors are sentences for the user, without file and line, in HAProxy's words where tools may look for them.
//!
//! This module doesn't know sections, directives or defaults (the rest of `plan`), nor what a keyword does.

mod acl;
mod arg;
mod expr;
mod format;
mod names;
mod nearest;
mod rule;
mod site;
mod switching;

use std::collections::HashMap;
use std::sync::Arc;

use sample::arg::VarRef;
use state::expr::Side;
use state::family::{Compiler, Words};
use state::frontend::{Capture, Captures};
use state::reply::Pages;
use state::{Acl, Expr, Format};

pub use arg::{duration_ms, size};
pub use names::Names;
pub use nearest::nearest;
pub use site::Site;
pub use switching::{Switchboard, switching};

/// The proxy whose lines are compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    pub name: &'a str,
    /// Its position in `World::frontends`, if it has a front half.
    pub frontend: Option<u32>,
    /// Its position in `World::backends`, if it has a back half.
    pub backend: Option<u32>,
}

/// The compiler of one section.
#[derive(Debug)]
pub struct Compile<'a> {
    pub names: &'a mut Names,
    pub home: Home<'a>,
    /// Where the line at hand stands; set it before each line.
    pub site: Site,
    /// Captured headers of the section; `capture` rules add slots of their own. Take them when the section is done.
    pub captures: Captures,
    /// What the user should know which is no error. Take them after each line.
    pub warnings: Vec<String>,
    acls: HashMap<Box<str>, Arc<Acl>>,
}

impl<'a> Compile<'a> {
    pub fn new(names: &'a mut Names, home: Home<'a>) -> Self {
        Self {
            names,
            home,
            site: Site::Nowhere,
            captures: Captures::default(),
            warnings: Vec::new(),
            acls: HashMap::new(),
        }
    }
}

impl Compiler for Compile<'_> {
    fn expr(&mut self, words: &mut Words<'_>) -> Result<Expr, String> {
        let expr = self.expr_words(words)?;
        self.legal(&expr)?;
        Ok(expr)
    }

    fn format(&mut self, text: &str) -> Result<Format, String> {
        self.head_format(text)
    }

    fn body(&mut self, text: &str) -> Result<Format, String> {
        self.body_format(text)
    }

    fn var(&mut self, name: &str) -> Result<VarRef, String> {
        arg::var(self.names, name)
    }

    fn regex(&mut self, text: &str, fold: bool) -> Result<regex::bytes::Regex, String> {
        sample::pattern::regex(text.as_bytes(), fold).map_err(|e| e.0)
    }

    fn file(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.names.read(path).map_err(|e| format!("failed to open file '{path}' : {e}"))
    }

    fn http_errors(&mut self, section: &str) -> Result<Arc<Pages>, String> {
        let found = self.names.http_errors.get(section).cloned();
        found.ok_or_else(|| format!("unable to find the http-errors section '{section}'"))
    }

    fn capture(&mut self, side: Side, len: usize) -> Result<u32, String> {
        if self.home.frontend.is_none() {
            return Err(format!("proxy '{}' has no frontend capability", self.home.name));
        }
        let slots = match side {
            Side::Request => &mut self.captures.request,
            Side::Response => &mut self.captures.response,
        };
        slots.push(Capture { name: Box::default(), len });
        u32::try_from(slots.len() - 1).map_err(|_| "too many captures".to_owned())
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }
}
