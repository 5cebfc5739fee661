//! TLS in haproxy.cfg: the parameters of `bind`, `server` and `crt-list` lines, the defaults of `global`, the files they
//! name (manual 3.1, 5.1, 5.2, 12.7).
//!
//! [`spec`] reads parameters, [`ciphers`] what stands in some of them, [`files`] and [`list`] the files; [`bind`] and
//! [`server`] make of it what runs.

pub(crate) mod bind;
pub(crate) mod ciphers;
pub(crate) mod files;
pub(crate) mod global;
pub(crate) mod list;
pub(crate) mod ocsp;
pub(crate) mod server;
pub(crate) mod spec;

use std::collections::{HashMap, HashSet};

use config::Span;
use state::tls::Store;
use state::tls::store::{Agreement, Sessions};

use self::spec::{Side, Spec};
use crate::Before;

/// What the whole configuration says of TLS, and what was read from files so far.
pub(crate) struct TlsPlan<'a> {
    pub(crate) ca_base: Option<&'a str>,
    pub(crate) crt_base: Option<&'a str>,
    pub(crate) key_base: Option<&'a str>,
    /// `ssl-default-bind-*`, `ssl-default-server-*`: what they say from their line on.
    pub(crate) presets: Vec<(Side, Span, Spec)>,
    /// `ssl-server-verify none`.
    pub(crate) trusts_servers: bool,
    /// `tune.ssl.cachesize`.
    pub(crate) sessions: usize,
    /// `tune.ssl.capture-buffer-size` is not 0.
    pub(crate) captures: bool,
    /// What was read from files.
    pub(crate) store: Store,
    /// Whether everything is in the store, and nothing is read.
    pub(crate) sealed: bool,
    /// Names that `crt-store` sections have given.
    pub(crate) loaded: HashSet<String>,
    /// `ocsp-update.mode`, and what lines say of certificates beside it.
    pub(crate) updates_ocsp: bool,
    pub(crate) said_of_ocsp: HashMap<Box<str>, ocsp::Said>,
    /// What sessions are resumed with from now on.
    pub(crate) agreed: Vec<(Agreement, Sessions)>,
    /// What kinds of files are looked for beside a certificate (`ssl-load-extra-files`).
    pub(crate) extra: files::Extra,
}

impl TlsPlan<'_> {
    /// For a World that takes over from another, with files read anew unless they are kept.
    pub(crate) fn after(before: Option<Before<'_>>) -> Self {
        let kept = before.and_then(|before| before.files);
        let store = match kept {
            Some(kept) => kept.unused(),
            None => {
                let sessions = before.map(|before| before.world.tls.sessions.clone()).unwrap_or_default();
                Store { sessions, ..Store::default() }
            }
        };
        Self { store, sealed: kept.is_some(), ..Self::default() }
    }

    /// What lines of `global` have said in front of a line of this side.
    pub(crate) fn preset(&self, side: Side, at: Span) -> Spec {
        let before = |span: Span| (span.file.0, span.line) < (at.file.0, at.line);
        let said = self.presets.iter().rev().find(|(of, span, _)| *of == side && before(*span));
        said.map(|(_, _, spec)| spec.clone()).unwrap_or_default()
    }

    /// Notes what a line of `global` says, beside what was said before.
    pub(crate) fn preset_more(
        &mut self,
        side: Side,
        at: Span,
        change: impl FnOnce(&mut Spec) -> Result<bool, String>,
    ) -> Result<bool, String> {
        let mut spec = self.preset(side, at);
        let known = change(&mut spec)?;
        self.presets.push((side, at, spec));
        Ok(known)
    }

    /// What was read, for the World.
    pub(crate) fn into_store(self) -> Store {
        Store { sessions: self.agreed, ..self.store }
    }
}

impl Default for TlsPlan<'_> {
    fn default() -> Self {
        Self {
            ca_base: None,
            crt_base: None,
            key_base: None,
            presets: Vec::new(),
            trusts_servers: false,
            sessions: 20_000,
            captures: false,
            store: Store::default(),
            sealed: false,
            loaded: HashSet::new(),
            updates_ocsp: false,
            said_of_ocsp: HashMap::new(),
            agreed: Vec::new(),
            extra: files::Extra::ALL,
        }
    }
}
