//! What stands once in the sections that are no proxies, and the entries that only they have.

pub(super) const USERLIST: &str = "";
pub(super) const USERS: &str = "
user {username} insecure-password {password} =secure_password:false [groups {groups}]
user {username} password {password} =secure_password:true [groups {groups}]";
pub(super) const GROUPS: &str = "group {name} [users {users}]";

pub(super) const MAILERS: &str = "timeout mail {timeout}";
pub(super) const MAILER_ENTRIES: &str = "mailer {name} <addr:address>";

pub(super) const PEERS: &str = "
disabled ?disabled
enabled ?enabled
shards {shards}
default-bind @bind:default_bind. ...
default-server @server:default_server. ...";
pub(super) const PEER_ENTRIES: &str = "peer {name} <addr:address> [shard {shard}]";

pub(super) const RESOLVERS: &str = "
accepted_payload_size {accepted_payload_size}
parse-resolv-conf ?parse-resolv-conf
resolve_retries {resolve_retries}
hold nx {hold_nx}
hold obsolete {hold_obsolete}
hold other {hold_other}
hold refused {hold_refused}
hold timeout {hold_timeout}
hold valid {hold_valid}
timeout resolve {timeout_resolve}
timeout retry {timeout_retry}";
pub(super) const NAMESERVERS: &str = "nameserver {name} <addr:address>";

pub(super) const CACHE: &str = "
total-max-size {total_max_size}
max-object-size {max_object_size}
max-age {max_age}
max-secondary-entries {max_secondary_entries}
process-vary {process_vary}";

pub(super) const RING: &str = "
description {description\"}
format {format}
maxlen {maxlen}
size {size}
timeout connect {timeout_connect}
timeout server {timeout_server}";

pub(super) const HTTP_ERRORS: &str = "error_files[]: errorfile {code} {file}";

pub(super) const FCGI_APP: &str = "
docroot {docroot}
index {index}
path-info {path_info}
(no) option get-values ?get_values
(no) option keep-conn ?keep_conn
option max-reqs {max_reqs}
(no) option mpxs-conns ?mpxs_conns
log_stderrs[]: log-stderr global ?global
log_stderrs[]: log-stderr {address} [len {len}] [format {format}] [sample {sample.ranges}:{sample.size}] [{facility} {level} {minlevel}] [{facility} {level}] [{facility}]
pass_headers[]: pass-header {name} <cond>
set_params[]: set-param {name} {format} <cond>";

pub(super) const LOG_FORWARD: &str = "
backlog {backlog}
maxconn {maxconn}
timeout client {timeout_client}
option assume-rfc6587-ntf ?assume-rfc6587-ntf
option dont-parse-log ?dont-parse-log";

pub(super) const LOG_PROFILE: &str = "
log-tag {log_tag}
steps[]: on {step} drop ?drop [format {format}] [sd {sd}]
steps[]: on {step} !drop [format {format}] [sd {sd}]
steps[]: on {step} [format {format}] [sd {sd}]";

pub(super) const CRT_STORE: &str = "
crt-base {crt_base}
key-base {key_base}";

pub(super) const ACME: &str = "
directory {directory}
account-key {account_key}
acme-provider {acme_provider}
bits {bits}
challenge {challenge}
challenge-ready {challenge_ready,}
contact {contact}
curves {curves}
dns-delay {dns_delay}
dns-timeout {dns_timeout}
keytype {keytype}
map {map}
profile {profile}
reuse-key {reuse_key}";

/// `healthcheck` (manual 12.9).
pub(super) const HEALTHCHECK: &str = "
type type=httpchk [{httpchk_params.method} {httpchk_params.uri} {httpchk_params.version*}] [{httpchk_params.method} {httpchk_params.uri}] [{httpchk_params.uri}]
type type=mysql-check [user {mysql_check_params.username} {mysql_check_params.client_version}] [user {mysql_check_params.username}]
type type=pgsql-check [user {pgsql_check_params.username}]
type type=smtpchk [{smtpchk_params.hello} {smtpchk_params.domain}]
type {type}";
