//! `global` (manual 3).

pub(super) const LINES: &str = "
chroot {chroot}
close-spread-time {close_spread_time}
cluster-secret {cluster_secret}
cpu-affinity {cpu_affinity.affinity} [{cpu_affinity.argument}]
cpu_maps[]: cpu-map {process} {cpu_set*}
cpu-policy {cpu_policy}
cpu_set[]: cpu-set {directive} [{set*}]
daemon ?daemon
default-path {default_path.type} [{default_path.path}]
description {description\"}
dns-accept-family {dns_accept_family}
expose-deprecated-directives ?expose_deprecated_directives
expose-experimental-directives ?expose_experimental_directives
external-check ?external_check
force-cfg-parser-pause {force_cfg_parser_pause}
gid {gid}
grace {grace}
group {group}
h1-accept-payload-with-any-method ?h1_accept_payload_with_any_method
h1_case_adjust[]: h1-case-adjust {from} {to}
h1-case-adjust-file {h1_case_adjust_file}
h1-do-not-close-on-insecure-transfer-encoding ?h1_do_not_close_on_insecure_transfer_encoding
h2-workaround-bogus-websocket-clients ?h2_workaround_bogus_websocket_clients
hard-stop-after {hard_stop_after}
harden.reject-privileged-ports.quic {harden.reject_privileged_ports.quic}
harden.reject-privileged-ports.tcp {harden.reject_privileged_ports.tcp}
httpclient.resolvers.disabled {http_client_options.resolvers_disabled}
httpclient.resolvers.id {http_client_options.resolvers_id}
httpclient.resolvers.prefer {http_client_options.resolvers_prefer}
httpclient.retries {http_client_options.retries}
httpclient.ssl.ca-file {http_client_options.ssl_ca_file}
httpclient.ssl.verify {http_client_options.ssl_verify}
httpclient.timeout.connect {http_client_options.timeout_connect}
http_err_codes[]: http-err-codes {value*}
http_fail_codes[]: http-fail-codes {value*}
insecure-fork-wanted ?insecure_fork_wanted
insecure-setuid-wanted ?insecure_setuid_wanted
limited-quic ?limited_quic
localpeer {localpeer}
log-send-hostname ?log_send_hostname.enabled [{log_send_hostname.param}]
lua-load-per-thread {lua_options.load_per_thread*}
lua_options.loads[]: lua-load {file*}
lua_options.prepend_path[]: lua-prepend-path {path} [{type}]
master-worker ?master-worker
max-threads-per-group {max_threads_per_group}
mworker-max-reloads {mworker_max_reloads}
nbthread {nbthread}
tune.quic.listen off ?no_quic
no-quic ?no_quic
node {node}
(no) numa-cpu-mapping ?numa_cpu_mapping
ocsp-update.disable {ocsp_update_options.disable}
ocsp-update.httpproxy {ocsp_update_options.httpproxy.address}:{ocsp_update_options.httpproxy.port}
ocsp-update.httpproxy {ocsp_update_options.httpproxy.address}
ocsp-update.maxdelay {ocsp_update_options.maxdelay}
ocsp-update.mindelay {ocsp_update_options.mindelay}
ocsp-update.mode {ocsp_update_options.mode}
pidfile {pidfile}
pp2-never-send-local ?pp2_never_send_local
prealloc-fd ?prealloc_fd
set-dumpable ?set_dumpable
set_var[]: set-var {name} {expr*}
set_var_fmt[]: set-var-fmt {name} {format*}
setcap {setcap}
shm-stats-file {shm_stats_file}
shm-stats-file-max-objects {shm_stats_file_max_objects}
stats calculate-max-counters {stats_calculate_max_counters}
stats-file {stats_file}
stats maxconn {stats_maxconn}
stats timeout {stats_timeout}
runtime_apis[]: stats socket {address} @bind ...
(no) strict-limits ?strict_limits
thread_group_lines[]: thread-group {group} {num_or_range*}
thread-groups {thread_groups}
uid {uid}
ulimit-n {ulimit_n}
user {user}
warn-blocked-traffic-after {warn_blocked_traffic_after}

anonkey {debug_options.anonkey}
quiet ?debug_options.quiet
stress-level {debug_options.stress_level}
zero-warning ?debug_options.zero_warning
environment_options.presetenv[]: presetenv {name} {value}
environment_options.setenv[]: setenv {name} {value}
resetenv {environment_options.resetenv*}
unsetenv {environment_options.unsetenv*}
deviceatlas-json-file {device_atlas_options.json_file}
deviceatlas-log-level {device_atlas_options.log_level}
deviceatlas-properties-cookie {device_atlas_options.properties_cookie}
deviceatlas-separator {device_atlas_options.separator}
51degrees-cache-size {fifty_one_degrees_options.cache_size}
51degrees-data-file {fifty_one_degrees_options.data_file}
51degrees-property-name-list {fifty_one_degrees_options.property_name_list*}
51degrees-property-separator {fifty_one_degrees_options.property_separator}
wurfl-cache-size {wurfl_options.cache_size}
wurfl-data-file {wurfl_options.data_file}
wurfl-information-list {wurfl_options.information_list*}
wurfl-information-list-separator {wurfl_options.information_list_separator}
wurfl-patch-file {wurfl_options.patch_file}

busy-polling ?performance_options.busy_polling
fd-hard-limit {performance_options.fd_hard_limit}
max-spread-checks {performance_options.max_spread_checks}
maxcompcpuusage {performance_options.maxcompcpuusage}
maxcomprate {performance_options.maxcomprate}
maxconn {performance_options.maxconn}
maxconnrate {performance_options.maxconnrate}
maxpipes {performance_options.maxpipes}
maxsessrate {performance_options.maxsessrate}
maxzlibmem {performance_options.maxzlibmem}
noepoll ?performance_options.noepoll
noevports ?performance_options.noevports
nogetaddrinfo ?performance_options.nogetaddrinfo
nokqueue ?performance_options.nokqueue
noktls ?performance_options.noktls
nopoll ?performance_options.nopoll
noreuseport ?performance_options.noreuseport
nosplice ?performance_options.nosplice
profiling.memory {performance_options.profiling_memory}
profiling.tasks {performance_options.profiling_tasks}
server-state-base {performance_options.server_state_base}
server-state-file {performance_options.server_state_file}
spread-checks {performance_options.spread_checks}
thread-hard-limit {performance_options.thread_hard_limit}

acme.scheduler {ssl_options.acme_scheduler}
ca-base {ssl_options.ca_base}
crt-base {ssl_options.crt_base}
issuers-chain-path {ssl_options.issuers_chain_path}
maxsslconn {ssl_options.maxsslconn}
maxsslrate {ssl_options.maxsslrate}
ssl-default-bind-ciphers {ssl_options.default_bind_ciphers}
ssl-default-bind-ciphersuites {ssl_options.default_bind_ciphersuites}
ssl-default-bind-client-sigalgs {ssl_options.default_bind_client_sigalgs}
ssl-default-bind-curves {ssl_options.default_bind_curves}
ssl-default-bind-options {ssl_options.default_bind_options*}
ssl-default-bind-sigalgs {ssl_options.default_bind_sigalgs}
ssl-default-server-ciphers {ssl_options.default_server_ciphers}
ssl-default-server-ciphersuites {ssl_options.default_server_ciphersuites}
ssl-default-server-client-sigalgs {ssl_options.default_server_client_sigalgs}
ssl-default-server-curves {ssl_options.default_server_curves}
ssl-default-server-options {ssl_options.default_server_options*}
ssl-default-server-sigalgs {ssl_options.default_server_sigalgs}
ssl-dh-param-file {ssl_options.dh_param_file}
ssl_options.engines[]: ssl-engine {name} [algo {algorithms}]
ssl-load-extra-files {ssl_options.load_extra_files*}
ssl-mode-async ?ssl_options.mode_async
ssl-passphrase-cmd {ssl_options.passphrase_cmd*}
ssl-propquery {ssl_options.propquery}
ssl-provider {ssl_options.provider}
ssl-provider-path {ssl_options.provider_path}
ssl-security-level {ssl_options.security_level}
ssl-server-verify {ssl_options.server_verify}
ssl-skip-self-issued-ca ?ssl_options.skip_self_issued_ca

tune.applet.zero-copy-forwarding {tune_options.applet_zero_copy_forwarding}
tune.cli.max-payload-size {tune_options.cli_max_payload_size}
tune.comp.maxlevel {tune_options.comp_maxlevel}
tune.defaults.purge ?tune_options.defaults_purge
tune.disable-fast-forward ?tune_options.disable_fast_forward
tune.disable-zero-copy-forwarding ?tune_options.disable_zero_copy_forwarding
tune.epoll.mask-events {tune_options.epoll_mask_events,}
tune.events.max-events-at-once {tune_options.events_max_events_at_once}
tune.fail-alloc {tune_options.fail_alloc}
tune.fd.edge-triggered {tune_options.fd_edge_triggered}
tune.glitches.kill.cpu-usage {tune_options.glitches_kill_cpu_usage}
tune.h1.be.glitches-threshold {tune_options.h1_be_glitches_threshold}
tune.h1.fe.glitches-threshold {tune_options.h1_fe_glitches_threshold}
tune.h1.zero-copy-fwd-recv {tune_options.h1_zero_copy_fwd_recv}
tune.h1.zero-copy-fwd-send {tune_options.h1_zero_copy_fwd_send}
tune.h2.be.glitches-threshold {tune_options.h2_be_glitches_threshold}
tune.h2.be.initial-window-size {tune_options.h2_be_initial_window_size}
tune.h2.be.max-concurrent-streams {tune_options.h2_be_max_concurrent_streams}
tune.h2.be.max-frames-at-once {tune_options.h2_be_max_frames_at_once}
tune.h2.be.rxbuf {tune_options.h2_be_rxbuf}
tune.h2.fe.glitches-threshold {tune_options.h2_fe_glitches_threshold}
tune.h2.fe.initial-window-size {tune_options.h2_fe_initial_window_size}
tune.h2.fe.max-concurrent-streams {tune_options.h2_fe_max_concurrent_streams}
tune.h2.fe.max-frames-at-once {tune_options.h2_fe_max_frames_at_once}
tune.h2.fe.max-rst-at-once {tune_options.h2_fe_max_rst_at_once}
tune.h2.fe.max-total-streams {tune_options.h2_fe_max_total_streams}
tune.h2.fe.rxbuf {tune_options.h2_fe_rxbuf}
tune.h2.header-table-size {tune_options.h2_header_table_size}
tune.h2.initial-window-size {tune_options.h2_initial_window_size}
tune.h2.log-errors {tune_options.h2_log_errors}
tune.h2.max-concurrent-streams {tune_options.h2_max_concurrent_streams}
tune.h2.max-frame-size {tune_options.h2_max_frame_size}
tune.h2.zero-copy-fwd-send {tune_options.h2_zero_copy_fwd_send}
tune.http.cookielen {tune_options.http_cookielen}
tune.http.logurilen {tune_options.http_logurilen}
tune.http.maxhdr {tune_options.http_maxhdr}
tune.idle-pool.shared {tune_options.idle_pool_shared}
tune.idletimer {tune_options.idletimer}
tune.listener.default-shards {tune_options.listener_default_shards}
tune.listener.multi-queue {tune_options.listener_multi_queue}
tune.max-checks-per-thread {tune_options.max_checks_per_thread}
tune.max-rules-at-once {tune_options.max_rules_at_once}
tune.maxaccept {tune_options.maxaccept}
tune.maxpollevents {tune_options.maxpollevents}
tune.maxrewrite {tune_options.maxrewrite}
tune.memory.hot-size {tune_options.memory_hot_size}
tune.notsent-lowat.client {tune_options.notsent_lowat_client}
tune.notsent-lowat.server {tune_options.notsent_lowat_server}
tune.pattern.cache-size {tune_options.pattern_cache_size}
tune.peers.max-updates-at-once {tune_options.peers_max_updates_at_once}
tune.pool-high-fd-ratio {tune_options.pool_high_fd_ratio}
tune.pool-low-fd-ratio {tune_options.pool_low_fd_ratio}
tune.pt.zero-copy-forwarding {tune_options.pt_zero_copy_forwarding}
tune.renice.runtime {tune_options.renice_runtime}
tune.renice.startup {tune_options.renice_startup}
tune.ring.queues {tune_options.ring_queues}
tune.runqueue-depth {tune_options.runqueue_depth}
tune.sched.low-latency {tune_options.sched_low_latency}
tune.stick-counters {tune_options.stick_counters}
tune.takeover-other-tg-connections {tune_options.takeover_other_tg_connections}

tune.buffers.limit {tune_buffer_options.buffers_limit}
tune.buffers.reserve {tune_buffer_options.buffers_reserve}
tune.bufsize {tune_buffer_options.bufsize}
tune.bufsize.large {tune_buffer_options.bufsize_large}
tune.bufsize.small {tune_buffer_options.bufsize_small}
tune.recv_enough {tune_buffer_options.recv_enough}
tune.pipesize {tune_buffer_options.pipesize}
tune.rcvbuf.backend {tune_buffer_options.rcvbuf_backend}
tune.rcvbuf.client {tune_buffer_options.rcvbuf_client}
tune.rcvbuf.frontend {tune_buffer_options.rcvbuf_frontend}
tune.rcvbuf.server {tune_buffer_options.rcvbuf_server}
tune.sndbuf.backend {tune_buffer_options.sndbuf_backend}
tune.sndbuf.client {tune_buffer_options.sndbuf_client}
tune.sndbuf.frontend {tune_buffer_options.sndbuf_frontend}
tune.sndbuf.server {tune_buffer_options.sndbuf_server}

tune.lua.bool-sample-conversion {tune_lua_options.bool_sample_conversion}
tune.lua.burst-timeout {tune_lua_options.burst_timeout}
tune.lua.forced-yield {tune_lua_options.forced_yield}
tune.lua.log.loggers {tune_lua_options.log_loggers}
tune.lua.log.stderr {tune_lua_options.log_stderr}
tune.lua.maxmem {tune_lua_options.maxmem}
tune.lua.openlibs {tune_lua_options.openlibs}
tune.lua.service-timeout {tune_lua_options.service_timeout}
tune.lua.session-timeout {tune_lua_options.session_timeout}
tune.lua.task-timeout {tune_lua_options.task_timeout}

tune.ssl.cachesize {tune_ssl_options.cachesize}
tune.ssl.capture-buffer-size {tune_ssl_options.capture_buffer_size}
tune.ssl.certificate-compression {tune_ssl_options.certificate_compression}
tune.ssl.default-dh-param {tune_ssl_options.default_dh_param}
tune.ssl.force-private-cache ?tune_ssl_options.force_private_cache
tune.ssl.ssl-ctx-cache-size {tune_ssl_options.ctx_cache_size}
tune.ssl.keylog {tune_ssl_options.keylog}
tune.ssl.lifetime {tune_ssl_options.lifetime}
tune.ssl.maxrecord {tune_ssl_options.maxrecord}
tune.ssl.ocsp-update.maxdelay {tune_ssl_options.ocsp_update_max_delay}
tune.ssl.ocsp-update.mindelay {tune_ssl_options.ocsp_update_min_delay}

tune.vars.global-max-size {tune_vars_options.global_max_size}
tune.vars.proc-max-size {tune_vars_options.proc_max_size}
tune.vars.reqres-max-size {tune_vars_options.reqres_max_size}
tune.vars.sess-max-size {tune_vars_options.sess_max_size}
tune.vars.txn-max-size {tune_vars_options.txn_max_size}

tune.zlib.memlevel {tune_zlib_options.memlevel}
tune.zlib.windowsize {tune_zlib_options.windowsize}

tune.quic.socket-owner {tune_quic_options.socket_owner}
tune.quic.fe.max-idle-timeout {tune_quic_options.frontend_max_idle_timeout}
tune.quic.fe.stream.max-concurrent {tune_quic_options.frontend_max_streams_bidi}
tune.quic.fe.stream.max-total {tune_quic_options.frontend_stream_max_total}
tune.quic.fe.cc.max-frame-loss {tune_quic_options.max_frame_loss}
tune.quic.fe.cc.reorder-ratio {tune_quic_options.reorder_ratio}
tune.quic.fe.sec.retry-threshold {tune_quic_options.retry_threshold}
tune.quic.mem.tx-max {tune_quic_options.frontend_max_tx_memory}
tune.quic.zero-copy-fwd-send {tune_quic_options.zero_copy_fwd_send}";
