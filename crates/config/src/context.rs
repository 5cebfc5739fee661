//! What the outside world is to a configuration: environment, version, features, as one plain value.
//!
//! This crate never asks the process for any of it; the caller fills a [`Context`] and passes it in.

use std::collections::BTreeMap;

/// Environment variables as bytes. Changed by `setenv` and its kin while a configuration is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<Vec<u8>, Vec<u8>>);

impl Env {
    /// The value of a variable, if it is set (an empty value is set).
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Sets a variable, replacing its value.
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        self.0.insert(name.to_vec(), value.to_vec());
    }

    /// Removes a variable; nothing happens if it isn't set.
    pub fn unset(&mut self, name: &[u8]) {
        self.0.remove(name);
    }

    /// Removes every variable whose name isn't in `keep` (`resetenv`).
    pub fn reset(&mut self, keep: &[&[u8]]) {
        self.0.retain(|name, _| keep.contains(&name.as_slice()));
    }

    /// All variables in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }
}

impl<N: Into<Vec<u8>>, V: Into<Vec<u8>>> FromIterator<(N, V)> for Env {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(iter: T) -> Self {
        Self(iter.into_iter().map(|(n, v)| (n.into(), v.into())).collect())
    }
}

/// What `.if` conditions, variables and gated keywords are judged against.
#[derive(Clone, Debug)]
pub struct Context {
    /// The environment before the first line is read.
    pub env: Env,
    /// The version whose language is spoken, as HAProxy prints it: `3.5-dev5-50872d-2`, `3.4.1`.
    pub version: String,
    /// Names that `feature()` finds, in upper case: `OPENSSL`, `THREAD`.
    pub features: Vec<String>,
    /// Names that `enabled()` finds: `EPOLL`, `SPLICE`, `FAST-FORWARD`, ...
    pub enabled: Vec<String>,
    /// What `ssllib_name_startswith()` compares with.
    pub ssl_library: String,
    /// The version `openssl_version_atleast()` compares with, as OpenSSL writes it: `3.0.22`, `1.1.1w`.
    pub openssl_version: String,
    /// The version `awslc_api_atleast()` compares with; `None` when the library isn't AWS-LC.
    pub awslc_api: Option<u32>,
    /// What `fips_mode()` says.
    pub fips: bool,
    /// Whether `.diag` speaks (`-dD`).
    pub diagnostic_mode: bool,
}

impl Default for Context {
    /// The newest language, an empty environment but for the predefined variables, no feature.
    fn default() -> Self {
        let mut context = Self {
            env: Env::default(),
            version: VERSION.to_owned(),
            features: Vec::new(),
            enabled: Vec::new(),
            ssl_library: String::new(),
            openssl_version: String::new(),
            awslc_api: None,
            fips: false,
            diagnostic_mode: false,
        };
        context.predefine();
        context
    }
}

/// The newest version whose language this crate knows.
pub const VERSION: &str = "3.5.0";

impl Context {
    /// A context with this environment, the newest language and the predefined variables set over it.
    pub fn with_env(env: Env) -> Self {
        let mut context = Self { env, ..Self::default() };
        context.predefine();
        context
    }

    /// The branch of the version: its first two numbers (`3.5`).
    pub fn branch(&self) -> &str {
        let end = self
            .version
            .char_indices()
            .filter(|(_, c)| *c == '.')
            .nth(1)
            .or_else(|| self.version.char_indices().find(|(_, c)| *c == '-'))
            .map_or(self.version.len(), |(i, _)| i);
        self.version.get(..end).unwrap_or(&self.version)
    }

    /// Sets the variables HAProxy defines itself (manual 2.3): version, branch and the log formats.
    ///
    /// `HAPROXY_LOCALPEER`, `HAPROXY_CFGFILES`, `HAPROXY_MWORKER` and the CLI addresses depend on the
    /// process: the caller sets them.
    pub fn predefine(&mut self) {
        let (version, branch) = (self.version.clone(), self.branch().to_owned());
        self.env.set(b"HAPROXY_STARTUP_VERSION", version.as_bytes());
        self.env.set(b"HAPROXY_BRANCH", branch.as_bytes());
        for (name, value) in LOG_FORMATS {
            self.env.set(name.as_bytes(), value.as_bytes());
        }
    }

    pub(crate) fn has_feature(&self, name: &[u8]) -> bool {
        self.features.iter().any(|feature| feature.as_bytes() == name)
    }

    pub(crate) fn has_enabled(&self, name: &[u8]) -> bool {
        self.enabled.iter().any(|option| option.as_bytes() == name)
    }
}

/// The predefined log formats (manual 8.2.2 to 8.2.6), as the variables hold them.
pub const LOG_FORMATS: &[(&str, &str)] = &[
    (
        "HAPROXY_HTTP_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs \
         %{+Q}r",
    ),
    (
        "HAPROXY_HTTP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc \
         %sc %rc %sq %bq %CC %CS %hrl %hsl",
    ),
    (
        "HAPROXY_HTTPS_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs \
         %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] \
         %[ssl_fc_sni]/%sslv/%sslc",
    ),
    ("HAPROXY_TCP_LOG_FMT", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"),
    (
        "HAPROXY_TCP_CLF_LOG_FMT",
        "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc \
         %bc %sc %rc %sq %bq \"\" \"\" ",
    ),
    (
        "HAPROXY_KEYLOG_FC_LOG_FMT",
        "CLIENT_RANDOM %[ssl_fc_client_random,hex] %[ssl_fc_session_key,hex]\n\
         CLIENT_EARLY_TRAFFIC_SECRET %[ssl_fc_client_random,hex] %[ssl_fc_client_early_traffic_secret]\n\
         CLIENT_HANDSHAKE_TRAFFIC_SECRET %[ssl_fc_client_random,hex] \
         %[ssl_fc_client_handshake_traffic_secret]\n\
         SERVER_HANDSHAKE_TRAFFIC_SECRET %[ssl_fc_client_random,hex] \
         %[ssl_fc_server_handshake_traffic_secret]\n\
         CLIENT_TRAFFIC_SECRET_0 %[ssl_fc_client_random,hex] %[ssl_fc_client_traffic_secret_0]\n\
         SERVER_TRAFFIC_SECRET_0 %[ssl_fc_client_random,hex] %[ssl_fc_server_traffic_secret_0]\n\
         EXPORTER_SECRET %[ssl_fc_client_random,hex] %[ssl_fc_exporter_secret]\n\
         EARLY_EXPORTER_SECRET %[ssl_fc_client_random,hex] %[ssl_fc_early_exporter_secret]",
    ),
    (
        "HAPROXY_KEYLOG_BC_LOG_FMT",
        "CLIENT_RANDOM %[ssl_bc_client_random,hex]  %[ssl_bc_session_key,hex]\n\
         CLIENT_EARLY_TRAFFIC_SECRET %[ssl_bc_client_random,hex] %[ssl_bc_client_early_traffic_secret]\n\
         CLIENT_HANDSHAKE_TRAFFIC_SECRET %[ssl_bc_client_random,hex] \
         %[ssl_bc_client_handshake_traffic_secret]\n\
         SERVER_HANDSHAKE_TRAFFIC_SECRET %[ssl_bc_client_random,hex] \
         %[ssl_bc_server_handshake_traffic_secret]\n\
         CLIENT_TRAFFIC_SECRET_0 %[ssl_bc_client_random,hex] %[ssl_bc_client_traffic_secret_0]\n\
         SERVER_TRAFFIC_SECRET_0 %[ssl_bc_client_random,hex] %[ssl_bc_server_traffic_secret_0]\n\
         EXPORTER_SECRET %[ssl_bc_client_random,hex] %[ssl_bc_exporter_secret]\n\
         EARLY_EXPORTER_SECRET %[ssl_bc_client_random,hex] %[ssl_bc_early_exporter_secret]",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_is_the_first_two_numbers() {
        for (version, branch) in [("3.5-dev5-50872d-2", "3.5"), ("2.6.12", "2.6"), ("3.5", "3.5")] {
            let context = Context { version: version.to_owned(), ..Context::default() };
            assert_eq!(context.branch(), branch);
        }
    }
}
