//! `http-check` and `tcp-check` (manual 4.2). `KIND` is the property that says what a line does: `type` for the
//! one, `action` for the other.

/// Lines that both have.
pub(super) const BOTH: &str = "
KIND=comment {check_comment\"}
KIND=connect [default ?default] [port {port}] [port {port_string}] [addr {addr}] [send-proxy ?send_proxy] [via-socks4 ?via_socks4] [ssl ?ssl] [sni {sni}] [alpn {alpn}] [proto {proto}] [linger ?linger] [comment {check_comment\"}]
KIND=expect [min-recv {min_recv}] [comment {check_comment\"}] [ok-status {ok_status}] [error-status {error_status}] [tout-status {tout_status}] [on-success {on_success}] [on-error {on_error}] [status-code {status-code}] [! ?exclamation_mark] [{match} {pattern*}]
=KIND:unset-var unset-var({var_scope}.{var_name})
=KIND:set-var set-var({var_scope}.{var_name}) {var_expr*}";

pub(super) const HTTP: &str = "
type=disable-on-404
type=send-state
type=send [meth {method}] [uri-lf {uri_log_format}] [uri {uri}] [ver {version}] [headers[]: hdr {name} {fmt}] [body-lf {body_log_format}] [body {body}] [comment {check_comment\"}]
=type:set-var-fmt set-var-fmt({var_scope}.{var_name}) {var_format*}";

pub(super) const TCP: &str = "
action=send-lf {fmt} [comment {check_comment\"}]
action=send-binary-lf {hex_fmt} [comment {check_comment\"}]
action=send-binary {hex_string} [comment {check_comment\"}]
action=send {data} [comment {check_comment\"}]
=action:set-var-fmt set-var-fmt({var_scope}.{var_name}) {var_fmt*}";
