//! `http-request`, `http-response`, `http-after-response`, `http-error` (manual 4.3). A family takes the lines
//! whose properties its schema has, and whose types it knows.

/// Lines after the family's keyword.
pub(super) const RULES: &str = "
type=add-header {hdr_name} {hdr_format} <cond>
type=set-header {hdr_name} {hdr_format} <cond>
type=replace-header {hdr_name} {hdr_match} {hdr_format} <cond>
type=replace-value {hdr_name} {hdr_match} {hdr_format} <cond>
type=del-header {hdr_name} [-m {hdr_method}] <cond>
type=add-headers-bin {hdr_expr} [prefix {hdr_prefix}] <cond>
type=set-headers-bin {hdr_expr} [prefix {hdr_prefix}] <cond>
type=del-headers-bin {hdr_expr} [-m {hdr_method}] <cond>
type=allow <cond>
type=auth [realm {auth_realm}] <cond>
type=cache-use {cache_name} <cond>
type=cache-store {cache_name} <cond>
type=capture {capture_sample} len {capture_len} <cond>
type=capture {capture_sample} id {capture_id} <cond>
=type:add-acl add-acl({acl_file}) {acl_keyfmt} <cond>
=type:del-acl del-acl({acl_file}) {acl_keyfmt} <cond>
=type:set-map set-map({map_file}) {map_keyfmt} {map_valuefmt} <cond>
=type:del-map del-map({map_file}) {map_keyfmt} <cond>
type=deny [deny_status {deny_status}] @content <cond>
type=deny [status {deny_status}] @content <cond>
type=tarpit [deny_status {deny_status}] @content <cond>
type=return [status {return_status_code}] @content <cond>
type=disable-l7-retry <cond>
=type:do-resolve do-resolve({var_name},{resolvers},{protocol}) {expr*} <cond>
=type:do-resolve do-resolve({var_name},{resolvers}) {expr*} <cond>
type=early-hint {hint_name} {hint_format} <cond>
type=normalize-uri {normalizer} [full ?normalizer_full] [strict ?normalizer_strict] <cond>
type=pause {timeout} <cond>
type=redirect {redir_type} {redir_value} [code {redir_code}] [{redir_option*}] <cond>
type=reject <cond>
type=replace-path {path_match} {path_fmt} <cond>
type=replace-pathq {path_match} {path_fmt} <cond>
type=replace-uri {uri-match} {uri-fmt} <cond>
type=set-method {method_fmt} <cond>
type=set-path {path_fmt} <cond>
type=set-pathq {path_fmt} <cond>
type=set-query {query-fmt} <cond>
type=set-uri {uri-fmt} <cond>
type=set-status {status} [reason {status_reason}] <cond>
type=set-timeout {timeout_type} {timeout} <cond>
=type:set-var set-var({var_scope}.{var_name}) {var_expr*} <cond>
type=strict-mode {strict_mode} <cond>
=type:track-sc track-sc{track_sc_stick_counter} {track_sc_key} [table {track_sc_table}] <cond>
type=wait-for-body time {wait_time} [at-least {wait_at_least}] <cond>
type=wait-for-handshake <cond>
@shared";

/// What an answer made here holds.
pub(super) const CONTENT: &str = "
[content-type {return_content_type}]
[return_content_format=default-errorfiles]
[return_content_format=errorfile {return_content}]
[return_content_format=errorfiles {return_content}]
[return_content_format=file {return_content}]
[return_content_format=lf-file {return_content}]
[return_content_format=string {return_content}]
[return_content_format=lf-string {return_content}]
[return_hdrs[]: hdr {name} {fmt}]";

pub(super) const ERROR_RULES: &str = "http-error type=status {status} @content";
