//! What stands once in `defaults`, `frontend`, `backend` (manual 4). A section takes the lines whose properties
//! its schema has.

pub(super) const LINES: &str = "
mode {mode}
description {description\"}
disabled ?disabled
enabled ?enabled
guid {guid}
id {id}
maxconn {maxconn}
backlog {backlog}
fullconn {fullconn}
retries {retries}
retry-on {retry_on*}
default_backend {default_backend}
log-tag {log_tag}
log-format-sd {log_format_sd*}
log-format {log_format*}
log-steps {log_steps,}
error-log-format {error_log_format*}
unique-id-format {unique_id_format*}
unique-id-header {unique_id_header}
monitor-uri {monitor_uri}
monitor fail <cond:monitor_fail.cond,monitor_fail.cond_test>
use-fcgi-app {use_fcgi_app}
http-reuse {http_reuse}
http-send-name-header {http_send_name_header}
hash-balance-factor {hash_balance_factor}
hash-preserve-affinity {hash_preserve_affinity}
max-keep-alive-queue {max_keep_alive_queue}
dynamic-cookie-key {dynamic_cookie_key}
server-state-file-name {server_state_file_name}
load-server-state-from-file {load_server_state_from_file}
clitcpka-cnt {clitcpka_cnt}
clitcpka-idle {clitcpka_idle}
clitcpka-intvl {clitcpka_intvl}
srvtcpka-cnt {srvtcpka_cnt}
srvtcpka-idle {srvtcpka_idle}
srvtcpka-intvl {srvtcpka_intvl}

timeout check {check_timeout}
timeout client {client_timeout}
timeout client-fin {client_fin_timeout}
timeout connect {connect_timeout}
timeout http-keep-alive {http_keep_alive_timeout}
timeout http-request {http_request_timeout}
timeout queue {queue_timeout}
timeout server {server_timeout}
timeout server-fin {server_fin_timeout}
timeout tarpit {tarpit_timeout}
timeout tunnel {tunnel_timeout}

=balance.algorithm:hash balance hash {balance.hash_expression}
=balance.algorithm:uri balance uri [len {balance.uri_len}] [depth {balance.uri_depth}] [whole ?balance.uri_whole] [path-only ?balance.uri_path_only]
=balance.algorithm:url_param balance url_param {balance.url_param} [check_post {balance.url_param_check_post}] [max_wait {balance.url_param_max_wait}]
=balance.algorithm:hdr balance hdr({balance.hdr_name}) [use_domain_only ?balance.hdr_use_domain_only]
=balance.algorithm:random balance random({balance.random_draws})
=balance.algorithm:rdp-cookie balance rdp-cookie({balance.rdp_cookie_name})
balance {balance.algorithm}
hash-type {hash_type.method} [{hash_type.function} {hash_type.modifier}] [{hash_type.function}]

=adv_check:httpchk option httpchk [{httpchk_params.method} {httpchk_params.uri} {httpchk_params.version*}] [{httpchk_params.method} {httpchk_params.uri}] [{httpchk_params.uri}]
=adv_check:ldap-check option ldap-check
=adv_check:mysql-check option mysql-check [user {mysql_check_params.username} {mysql_check_params.client_version}] [user {mysql_check_params.username}]
=adv_check:pgsql-check option pgsql-check [user {pgsql_check_params.username}]
=adv_check:redis-check option redis-check
=adv_check:smtpchk option smtpchk [{smtpchk_params.hello} {smtpchk_params.domain}]
=adv_check:ssl-hello-chk option ssl-hello-chk
=adv_check:tcp-check option tcp-check
(no) option external-check ?external_check
external-check command {external_check_command}
external-check path {external_check_path}

option forwardfor ?forwardfor.enabled [except {forwardfor.except}] [header {forwardfor.header}] [if-none ?forwardfor.ifnone]
option originalto ?originalto.enabled [except {originalto.except}] [header {originalto.header}]
(no) option forwarded ?forwarded.enabled [proto ?forwarded.proto] [host-expr {forwarded.host_expr}] [host ?forwarded.host] [by-expr {forwarded.by_expr}] [by ?forwarded.by] [by_port-expr {forwarded.by_port_expr}] [by_port ?forwarded.by_port] [for-expr {forwarded.for_expr}] [for ?forwarded.for] [for_port-expr {forwarded.for_port_expr}] [for_port ?forwarded.for_port]
(no) option redispatch ?redispatch.enabled [{redispatch.interval}]
(no) option use-small-buffers ?use_small_buffers.enabled [queue ?use_small_buffers.queue] [l7-retries ?use_small_buffers.l7_retries] [check ?use_small_buffers.check]
=http_connection_mode:httpclose option httpclose
=http_connection_mode:http-server-close option http-server-close
=http_connection_mode:http-keep-alive option http-keep-alive
option httplog clf ?clflog
option httplog ?httplog
option tcplog ?tcplog
(no) option httpslog ?httpslog
(no) option abortonclose ?abortonclose
(no) option accept-invalid-http-request ?accept_invalid_http_request
(no) option accept-invalid-http-response ?accept_invalid_http_response
(no) option accept-unsafe-violations-in-http-request ?accept_unsafe_violations_in_http_request
(no) option accept-unsafe-violations-in-http-response ?accept_unsafe_violations_in_http_response
(no) option allbackups ?allbackups
(no) option checkcache ?checkcache
(no) option clitcpka ?clitcpka
(no) option contstats ?contstats
(no) option disable-h2-upgrade ?disable_h2_upgrade
(no) option dontlog-normal ?dontlog_normal
(no) option dontlognull ?dontlognull
(no) option h1-case-adjust-bogus-client ?h1_case_adjust_bogus_client
(no) option h1-case-adjust-bogus-server ?h1_case_adjust_bogus_server
(no) option http-buffer-request ?http-buffer-request
(no) option http-drop-request-trailers ?http-drop-request-trailers
(no) option http-drop-response-trailers ?http-drop-response-trailers
(no) option http-ignore-probes ?http_ignore_probes
(no) option http-no-delay ?http_no_delay
(no) option http-no-delay ?http-no-delay
(no) option http-pretend-keepalive ?http_pretend_keepalive
option http-restrict-req-hdr-names {http_restrict_req_hdr_names}
(no) option http-use-proxy-header ?http_use_proxy_header
(no) option idle-close-on-response ?idle_close_on_response
(no) option independent-streams ?independent_streams
(no) option log-health-checks ?log_health_checks
(no) option log-separate-errors ?log_separate_errors
(no) option logasap ?logasap
(no) option nolinger ?nolinger
(no) option persist ?persist
(no) option prefer-last-server ?prefer_last_server
(no) option socket-stats ?socket_stats
(no) option splice-auto ?splice_auto
(no) option splice-request ?splice_request
(no) option splice-response ?splice_response
(no) option spop-check ?spop_check
(no) option srvtcpka ?srvtcpka
(no) option tcp-smart-accept ?tcp_smart_accept
(no) option tcp-smart-connect ?tcp_smart_connect
(no) option tcpka ?tcpka
(no) option transparent ?transparent

cookie {cookie.name} [rewrite =cookie.type:rewrite] [insert =cookie.type:insert] [prefix =cookie.type:prefix] [indirect ?cookie.indirect] [nocache ?cookie.nocache] [postonly ?cookie.postonly] [preserve ?cookie.preserve] [httponly ?cookie.httponly] [secure ?cookie.secure] [cookie.domain[]: domain {value}] [maxidle {cookie.maxidle}] [maxlife {cookie.maxlife}] [dynamic ?cookie.dynamic] [cookie.attr[]: attr {value}]
stick-table type {stick_table.type} [len {stick_table.keylen}] [size {stick_table.size}] [expire {stick_table.expire}] [nopurge ?stick_table.nopurge] [recv-only ?stick_table.recv_only] [peers {stick_table.peers}] [srvkey {stick_table.srvkey}] [write-to {stick_table.write_to}] [store {stick_table.store}]
persist rdp-cookie({persist_rule.rdp_cookie_name}) =persist_rule.type:rdp-cookie
persist rdp-cookie =persist_rule.type:rdp-cookie
force_persist_list[]: force-persist <cond>
ignore_persist_list[]: ignore-persist <cond>
default-server @server:default_server. ...
=source.usesrc:client source <addr:source.address> usesrc client [interface {source.interface}]
=source.usesrc:clientip source <addr:source.address> usesrc clientip [interface {source.interface}]
=source.usesrc:hdr_ip source <addr:source.address> usesrc hdr_ip({source.hdr},{source.occ}) [interface {source.interface}]
=source.usesrc:hdr_ip source <addr:source.address> usesrc hdr_ip({source.hdr}) [interface {source.interface}]
=source.usesrc:address source <addr:source.address> usesrc {source.address_second}:{source.port_second} [interface {source.interface}]
=source.usesrc:address source <addr:source.address> usesrc {source.address_second} [interface {source.interface}]
source {source.address}:{source.port} [interface {source.interface}]
source {source.address} [interface {source.interface}]

email-alert from {email_alert.from}
email-alert to {email_alert.to}
email-alert level {email_alert.level}
email-alert mailers {email_alert.mailers}
email-alert myhostname {email_alert.myhostname}

error_files[]: errorfile {code} {file}
errorfiles_from_http_errors[]: errorfiles {name} [{codes+}]
errorloc302 {errorloc302.code} {errorloc302.url}
errorloc303 {errorloc303.code} {errorloc303.url}

compression algo {compression.algorithms+}
compression algo-req {compression.algo-req}
compression algo-res {compression.algos-res+}
compression type {compression.types+}
compression type-req {compression.types-req+}
compression type-res {compression.types-res+}
compression minsize-req {compression.minsize_req}
compression minsize-res {compression.minsize_res}
compression direction {compression.direction}
compression offload ?compression.offload

stats enable ?stats_options.stats_enable
stats hide-version ?stats_options.stats_hide_version
stats show-version ?stats_options.stats_show_version
stats show-legends ?stats_options.stats_show_legends
stats show-modules ?stats_options.stats_show_modules
stats show-node {stats_options.stats_show_node_name}
stats show-desc {stats_options.stats_show_desc*}
stats realm ?stats_options.stats_realm {stats_options.stats_realm_realm*}
stats refresh {stats_options.stats_refresh_delay}
stats maxconn {stats_options.stats_maxconn}
stats uri {stats_options.stats_uri_prefix}
stats admin ?stats_options.stats_admin <cond:stats_options.stats_admin_cond,stats_options.stats_admin_cond_test>
stats_options.stats_auths[]: stats auth {user}:{passwd}
stats_options.stats_http_requests[]: stats http-request {type} [realm {realm}] <cond>";
