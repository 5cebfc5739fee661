//! What a `bind` line with `ssl` serves: which certificate for which name (manual 5.1 "crt", "crt-list", "strict-sni").

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::ClientHello;
use rustls::{CipherSuite, ServerConfig};

use super::cert::{Certificate, Kind};
use super::terms::Terms;

/// One certificate as one line of the configuration serves it.
pub struct Entry {
    pub certificate: Arc<Certificate>,
    pub terms: Arc<Terms>,
    config: Arc<ServerConfig>,
    /// The same without protocols to choose from, for clients that know none of them.
    silent: Arc<ServerConfig>,
    /// Names it is not for although a wildcard of it covers them.
    pub except: Box<[Box<str>]>,
}

impl Entry {
    fn new(
        certificate: Arc<Certificate>,
        terms: Arc<Terms>,
        except: Box<[Box<str>]>,
    ) -> Result<Self, rustls::Error> {
        let config = terms.config(&certificate)?;
        let silent = if terms.alpn.is_empty() {
            Arc::clone(&config)
        } else {
            let mut silent = ServerConfig::clone(&config);
            silent.alpn_protocols.clear();
            Arc::new(silent)
        };
        Ok(Self { certificate, terms, config, silent, except })
    }

    /// The configuration for what a client says.
    pub fn config_for(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let known = |name: &[u8]| self.terms.alpn.iter().any(|have| have == name);
        let foreign = hello.alpn().is_some_and(|mut offered| !offered.any(known));
        Arc::clone(if foreign { &self.silent } else { &self.config })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.certificate).finish()
    }
}

/// For which names a certificate is served.
#[derive(Clone, Copy, Debug)]
pub enum Names<'n> {
    /// Those of the certificate.
    Own,
    /// Those of the list; `!` in front takes one out again, `*` alone serves it to everybody else.
    Filters(&'n [Box<str>]),
}

/// Certificates by name.
#[derive(Debug, Default)]
pub struct Table {
    exact: HashMap<Box<str>, Vec<Arc<Entry>>>,
    /// Without the `*.`.
    wild: HashMap<Box<str>, Vec<Arc<Entry>>>,
    /// For clients that name no other one, in order.
    defaults: Vec<Arc<Entry>>,
    /// All of them, in order.
    all: Vec<Arc<Entry>>,
}

impl Table {
    /// Adds a certificate. Errors: those of rustls about terms that contradict each other.
    pub fn add(
        &mut self,
        certificate: &Arc<Certificate>,
        terms: Arc<Terms>,
        names: Names<'_>,
    ) -> Result<(), rustls::Error> {
        let filters: &[Box<str>] = match names {
            Names::Filters(filters) if !filters.is_empty() => filters,
            _ => &certificate.names.clone(),
        };
        let except = filters.iter().filter_map(|name| name.strip_prefix('!')).map(Into::into).collect();
        let entry = Arc::new(Entry::new(Arc::clone(certificate), terms, except)?);
        for name in filters {
            match (&**name, name.strip_prefix("*.")) {
                ("*", _) => self.defaults.push(Arc::clone(&entry)),
                (_, Some(domain)) => {
                    self.wild.entry(domain.to_ascii_lowercase().into()).or_default().push(Arc::clone(&entry));
                }
                (excluded, _) if excluded.starts_with('!') => {}
                (exact, _) => {
                    self.exact.entry(exact.to_ascii_lowercase().into()).or_default().push(Arc::clone(&entry));
                }
            }
        }
        self.all.push(entry);
        Ok(())
    }

    /// Without a default of its own, the first certificate (and its siblings of other kinds in the same bundle) serves
    /// whoever names none. `siblings`: how many belong to it.
    pub fn settle(&mut self, siblings: usize) {
        if self.defaults.is_empty() {
            self.defaults = self.all.iter().take(siblings.max(1)).cloned().collect();
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All certificates, in the order of the configuration.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.all
    }

    /// All certificates with the names they are for, in alphabetical order, domains (`*.`) behind hosts; `*` for clients
    /// that name none.
    pub fn by_name(&self) -> Vec<(String, &Arc<Entry>)> {
        let sorted = |names: &'_ HashMap<Box<str>, Vec<Arc<Entry>>>| {
            let mut keys: Vec<Box<str>> = names.keys().cloned().collect();
            keys.sort_unstable();
            keys
        };
        let mut all = Vec::new();
        for name in sorted(&self.exact) {
            all.extend(self.exact.get(&name).into_iter().flatten().map(|entry| (name.to_string(), entry)));
        }
        all.extend(self.defaults.iter().map(|entry| ("*".to_owned(), entry)));
        for name in sorted(&self.wild) {
            all.extend(self.wild.get(&name).into_iter().flatten().map(|entry| (format!("*.{name}"), entry)));
        }
        all
    }

    /// The one for a name, among those of kinds that the client can take: ECDSA first. One for the very name comes before
    /// one for its domain, unless it is of a kind that the client can't take.
    fn find(&self, name: Option<&str>, takes: Takes, strict: bool) -> Option<&Arc<Entry>> {
        let others = || if strict { None } else { best(&[&self.defaults], takes, |_| true) };
        let Some(name) = name else { return others() };
        let exact = self.exact.get(name).map(Vec::as_slice).unwrap_or_default();
        let wild = name.split_once('.').and_then(|(_, domain)| self.wild.get(domain));
        let wild = wild.map(Vec::as_slice).unwrap_or_default();
        let fits = |entry: &Entry| !entry.except.iter().any(|not| not.eq_ignore_ascii_case(name));
        best(&[exact, wild], takes, fits).or_else(others)
    }
}

/// The kinds of certificates that a client can take.
#[derive(Clone, Copy, Debug)]
struct Takes {
    ecdsa: bool,
    rsa: bool,
}

impl Takes {
    fn of(hello: &ClientHello<'_>) -> Self {
        let signs = |wanted: fn(u16) -> bool| hello.signature_schemes().iter().any(|s| wanted(u16::from(*s)));
        // By the names of RFC 8446 section 4.2.3: ecdsa_* end with 3, rsa_pkcs1_* with 1; rsa_pss_* are 0x0804 and on.
        let ecdsa = signs(|scheme| matches!(scheme, 0x0203..=0x0603 if scheme & 0xff == 3));
        let rsa = signs(|scheme| {
            matches!(scheme, 0x0804..=0x0806) || matches!(scheme, 0x0201..=0x0601 if scheme & 0xff == 1)
        });
        // Suites of TLS 1.2 say it too; those of 1.3 (0x13..) are for both.
        let suites = hello.cipher_suites();
        let old = |suite: &CipherSuite| suite.as_str().is_some_and(|name| name.starts_with("TLS_"));
        let new = suites.iter().any(|suite| u16::from(*suite) >> 8 == 0x13);
        let says = |kind: &str| {
            new || suites
                .iter()
                .filter(|suite| old(suite))
                .any(|suite| suite.as_str().is_some_and(|name| name.contains(kind)))
        };
        Self { ecdsa: ecdsa && says("_ECDSA_"), rsa: rsa && says("_RSA_") }
    }
}

/// The first of the kinds that will do, in the first of the lists; of another kind if there is none of them.
fn best<'e>(
    lists: &[&'e [Arc<Entry>]],
    takes: Takes,
    fits: impl Fn(&Entry) -> bool,
) -> Option<&'e Arc<Entry>> {
    let fitting = || lists.iter().flat_map(|list| list.iter()).filter(|entry| fits(entry));
    let of = |kind| fitting().find(|entry| entry.certificate.kind == kind);
    let ecdsa = if takes.ecdsa { of(Kind::Ecdsa) } else { None };
    let rsa = || if takes.rsa { of(Kind::Rsa) } else { None };
    ecdsa.or_else(rsa).or_else(|| fitting().next())
}

/// What a listener serves.
pub struct Served {
    /// Where the line stands: file and number.
    pub place: Box<str>,
    pub table: ArcSwap<Table>,
    /// Whether clients that ask for no known name are refused.
    pub strict: bool,
    /// Whether what clients say first is kept for rules to look at.
    pub capture: bool,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("strict", &self.strict).finish_non_exhaustive()
    }
}

impl PartialEq for Served {
    /// Two are the same only if they are one.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Served {}

impl Served {
    pub fn new(place: Box<str>, table: Table, strict: bool, capture: bool) -> Self {
        Self { place, table: ArcSwap::from_pointee(table), strict, capture }
    }

    /// The certificate for what a client says.
    pub fn choose(&self, hello: &ClientHello<'_>) -> Option<Arc<Entry>> {
        let takes = Takes::of(hello);
        let name = hello.server_name().map(str::to_ascii_lowercase);
        self.table.load().find(name.as_deref(), takes, self.strict).cloned()
    }
}
