//! Short lines of which a section has many.

/// `acl` (manual 7.1).
pub(super) const ACLS: &str = "acl {acl_name} {criterion} [{value*}]";

pub(super) const BACKEND_SWITCHING: &str = "use_backend {name} <cond>";

pub(super) const SERVER_SWITCHING: &str = "use-server {target_server} <cond>";

pub(super) const FORCE_BE_SWITCHES: &str = "force-be-switch <cond>";

pub(super) const CAPTURES: &str = "
declare capture type=request len {length}
declare capture type=response len {length}";

/// `filter` (manual 9).
pub(super) const FILTERS: &str = "
filter type=trace [name {trace_name}] [random-parsing ?trace_rnd_parsing] [random-forwarding ?trace_rnd_forwarding] [max-fwd {trace_max_fwd}] [hexdump ?trace_hexdump]
filter type=compression
filter type=comp-req
filter type=comp-res
filter type=cache {cache_name}
filter type=fcgi-app {app_name}
filter type=spoe [engine {spoe_engine}] [config {spoe_config}]
filter type=bwlim-in {bandwidth_limit_name} [default-limit {default_limit}] [default-period {default_period}] [limit {limit}] [key {key}] [table {table}] [min-size {min_size}]
filter type=bwlim-out {bandwidth_limit_name} [default-limit {default_limit}] [default-period {default_period}] [limit {limit}] [key {key}] [table {table}] [min-size {min_size}]";

/// `filter-sequence` (manual 9).
pub(super) const FILTER_SEQUENCES: &str = "filter-sequence {direction} {filters,}";

/// `log` (manual 4.2).
pub(super) const LOG_TARGETS: &str = "
no log ?nolog
log global ?global
log {address} [len {length}] [format {format}] [sample {sample_range}:{sample_size}] [profile {profile}] [{facility} {level} {minlevel}] [{facility} {level}] [{facility}]";

pub(super) const STICK_RULES: &str = "
stick type=match {pattern} [table {table}] <cond>
stick type=on {pattern} [table {table}] <cond>
stick type=store-request {pattern} [table {table}] <cond>
stick type=store-response {pattern} [table {table}] <cond>";

/// `ssl-f-use` (manual 4.2).
pub(super) const SSL_FRONT_USES: &str = "
ssl-f-use crt {certificate} [key {key}] [ocsp {ocsp}] [issuer {issuer}] [sctl {sctl}] [ocsp-update {ocsp_update}] [allow-0rtt ?allow_0rtt] [alpn {alpn}] [ca-file {ca_file}] [ciphers {ciphers}] [ciphersuites {ciphersuites}] [client-sigalgs {client_sigalgs}] [crl-file {crl_file}] [curves {curves}] [ecdhe {ecdhe}] [no-alpn ?no_alpn] [no-ca-names ?no_ca_names] [npn {npn}] [sigalgs {sigalgs}] [ssl-max-ver {ssl_max_ver}] [ssl-min-ver {ssl_min_ver}] [verify {verify}] ...";

/// `load` of a `crt-store` (manual 12.7).
pub(super) const CRT_LOADS: &str = "
load crt {certificate} [acme {acme}] [alias {alias}] [domains {domains,}] [issuer {issuer}] [key {key}] [ocsp {ocsp}] [ocsp-update {ocsp_update}] [sctl {sctl}]";

/// `table` of a `peers` section (manual 11.2).
pub(super) const TABLES: &str = "
table {name} type {type} [len {type_len}] [size {size}] [expire {expire}] [write-to {write_to}] [nopurge ?no_purge] [recv-only ?recv_only] [store {store*}]";

pub(super) const TRACES: &str = "trace {trace*}";
